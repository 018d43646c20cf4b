"""What is said, and how far each person has read it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chassis import clock
from chassis.contract import schema
from chassis.idempotency import answer_once
from chassis.paging import a_number, page, position
from contracts import messaging as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import require_fresh_if_lent
from messaging.storage import messages as storage
from messaging.storage.conversations import post_ids_of
from messaging.use_cases import announcements, conversations


def list_messages(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_messages, claims, now)
    conversation = conversations.own(tx, actor, request["conversation_id"])
    before = position(request["cursor"], a_number)
    rows = storage.messages_of(tx, conversation["id"], before[0] if before else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["number"]])
    return {"items": rows, "next_cursor": next_cursor}


def post_message(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.post_message, claims, now)
    conversation_id, text = request["conversation_id"], request["text"]
    return answer_once(
        tx,
        who=actor.person_id,
        key=request["idempotency_key"],
        request=[contract.post_message.full_name, actor.post_id, conversation_id, text],
        produce=lambda: schema(contract.post_message.reply).dump(_post(tx, actor, conversation_id, text, now)),
    )


def _post(tx, actor: Actor, conversation_id: str, text: str, now: datetime) -> dict:
    conversation = conversations.own(tx, actor, conversation_id)
    participant_post_ids = post_ids_of(tx, conversation_id)
    require_fresh_if_lent(tx, actor, now, participant_post_ids)
    message = {
        "id": clock.new_id(),
        "conversation_id": conversation_id,
        "number": storage.next_number(tx, conversation_id, now),
        "kind": "text",
        "text": text,
        "sender_person_id": actor.person_id,
        "sender_post_id": actor.post_id,
        "sender_title": actor.post_title,
        "acting_for": actor.acting_for,
        "sent_at": now,
    }
    storage.mark_read(tx, actor.person_id, conversation_id, message["number"])  # who speaks has read
    say(tx, message, conversation["name"], participant_post_ids)
    return message


def say(tx, message: Mapping, conversation_name: str, participant_post_ids: Sequence[str]) -> None:
    """The message, whatever its kind, is kept and told to all who take part: the act's one event."""
    storage.add_message(tx, message)
    tx.emit(
        contract.message_posted,
        subject=message["conversation_id"],
        version=message["number"],
        data=message
        | {
            "conversation_name": conversation_name,
            "participant_post_ids": participant_post_ids,
        },
    )


def mark_read(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.mark_read, claims, now)
    conversation = conversations.own(tx, actor, request["conversation_id"])
    storage.mark_read(tx, actor.person_id, conversation["id"], request["number"])
    return {}


def get_unread(tx, claims: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_unread, claims, now)
    return dict(storage.unread(tx, actor.person_id, actor.serves)) | {
        "announcements": announcements.unseen(tx, actor, now)
    }
