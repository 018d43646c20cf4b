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
from messaging.use_cases import asking, conversations


def list_messages(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_messages, claims, now)
    conversation = conversations.own(tx, actor, request["conversation_id"])
    before = position(request["cursor"], a_number)
    rows = storage.messages_of(tx, conversation["id"], before[0] if before else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["number"]])
    return {"items": asking.shown(tx, actor, rows), "next_cursor": next_cursor}


def post_message(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.post_message, claims, now)
    conversation_id, text = request["conversation_id"], request["text"]
    return answer_once(
        tx,
        who=actor.person_id,
        key=request["idempotency_key"],
        request=[contract.post_message.full_name, actor.post_id, conversation_id, text, *asking.said(request)],
        produce=lambda: schema(contract.post_message.reply).dump(_post(tx, actor, request, now)),
    )


def _post(tx, actor: Actor, request: dict, now: datetime) -> dict:
    conversation_id = request["conversation_id"]
    conversation = conversations.own(tx, actor, conversation_id)
    participant_post_ids = post_ids_of(tx, conversation_id)
    require_fresh_if_lent(tx, actor, now, participant_post_ids)
    asked = asking.asked_by(tx, actor, conversation, request, now)
    message = {
        "id": clock.new_id(),
        "conversation_id": conversation_id,
        "number": storage.next_number(tx, conversation_id, now),
        "kind": request["kind"],
        "text": request["text"],
        "sender_person_id": actor.person_id,
        "sender_post_id": actor.post_id,
        "sender_title": actor.post_title,
        "acting_for": actor.acting_for,
        "sent_at": now,
    }
    storage.mark_read(tx, actor.person_id, conversation_id, message["number"])  # who speaks has read
    said = asking.keep(tx, message, asked) if asked else {}
    say(tx, message, conversation["name"], participant_post_ids, said)
    return message | {"asking": said.get("asking")}


def say(
    tx, message: Mapping, conversation_name: str, participant_post_ids: Sequence[str], asks: Mapping | None = None
) -> None:
    """The message, whatever its kind, is kept and told to all who take part: the act's one event. `asks`: what it asks
    of whom.
    """
    storage.add_message(tx, message)
    tx.emit(
        contract.message_posted,
        subject=message["conversation_id"],
        version=message["number"],
        data=message
        | {
            "conversation_name": conversation_name,
            "participant_post_ids": participant_post_ids,
        }
        | (asks or {}),
    )


def mark_read(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.mark_read, claims, now)
    conversation = conversations.own(tx, actor, request["conversation_id"])
    storage.mark_read(tx, actor.person_id, conversation["id"], request["number"])
    asking.note_seen(tx, actor, conversation["id"], request["number"], now)
    return {}


def get_unread(tx, claims: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_unread, claims, now)
    return dict(storage.unread(tx, actor.person_id, actor.serves)) | {"directives": asking.count_waiting(tx, actor)}
