"""What is said, and how far each person has read it."""

from collections.abc import Mapping
from datetime import datetime

from chassis import clock
from chassis.contract import schema
from chassis.idempotency import answer_once
from chassis.paging import a_number, page, position
from contracts import messaging as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.errors import Refused
from messaging.domain.conversations import Addressees
from messaging.storage import messages as storage
from messaging.storage.conversations import addressees_of
from messaging.storage.conversations import unread as count_unread
from messaging.use_cases import announcements, conversations


def list_messages(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_messages, claims, now)
    conversation = conversations.own(tx, actor, request["conversation_id"])
    before = position(request["cursor"], a_number)
    rows = storage.messages_of(tx, conversation, before[0] if before else None, request["limit"] + 1)
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
    conversation = conversations.writable(tx, actor, conversation_id)
    reached = addressees_of(tx, conversation_id)
    conversations.require_fresh_if_lent(tx, actor, reached, now)
    number = storage.next_number(tx, conversation_id, now)
    if number is None:  # closed since
        raise Refused("conversation_closed")
    message = {
        "id": clock.new_id(),
        "conversation_id": conversation_id,
        "number": number,
        "kind": "text",
        "text": text,
        "sender_person_id": actor.person_id,
        "sender_post_id": actor.post_id,
        "sender_title": actor.post_title,
        "acting_for": actor.acting_for,
        "sent_at": now,
    }
    storage.mark_read(tx, actor.person_id, conversation_id, message["number"])  # who speaks has read
    say(tx, message, conversation["name"], reached)
    return message


def say(tx, message: Mapping, conversation_name: str | None, reached: Addressees) -> None:
    """The message, whatever its kind, is kept and told to all who take part: the act's one event."""
    storage.add_message(tx, message)
    tx.emit(
        contract.message_posted,
        subject=message["conversation_id"],
        version=message["number"],
        data=message | {"conversation_name": conversation_name} | reached.told(),
    )


def mark_read(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.mark_read, claims, now)
    conversation = conversations.own(tx, actor, request["conversation_id"])
    storage.mark_read(tx, actor.person_id, conversation["id"], request["number"])
    return {}


def get_unread(tx, claims: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_unread, claims, now)
    unread = dict(count_unread(tx, actor.person_id, conversations.ids_of(actor), now))
    return unread | {"announcements": announcements.unseen(tx, actor, now)}
