"""One function per verb: one transaction, at most one event. Only who takes part knows that a conversation exists."""

from collections.abc import Mapping
from datetime import datetime

from chassis import clock
from chassis.contract import schema
from chassis.idempotency import answer_once
from chassis.paging import a_moment, a_number, an_id, page, position
from contracts import messaging as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import require_fresh_if_lent
from kernel.errors import Refused
from messaging import storage
from messaging.domain.case import participants


def open_case(tx, order: Mapping) -> None:
    """An order was given: whom it names can speak with one another about it."""
    conversation = {
        "id": clock.new_id(),
        "kind": "case",
        "name": order["title"],
        "task_id": order["task_id"],
        "created_at": order["issued_at"],
        "active_at": order["issued_at"],
    }
    storage.open_case(tx, conversation, participants(order))


def list_conversations(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_conversations, claims, now)
    before = position(request["cursor"], a_moment, an_id)
    rows = storage.conversations_of(
        tx, actor.person_id, actor.serves, request["task_id"], before, request["limit"] + 1
    )  # fmt: skip
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["active_at"], row["id"]])
    return {"items": rows, "next_cursor": next_cursor}


def get_conversation(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_conversation, claims, now)
    return dict(_own(tx, actor, request["id"]))


def _own(tx, actor: Actor, conversation_id: str) -> Mapping:
    conversation = storage.find_conversation(tx, actor.person_id, actor.serves, conversation_id)
    if conversation is None:
        raise Refused("not_found", "There is no such conversation for you.")
    return conversation


def list_participants(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_participants, claims, now)
    conversation = _own(tx, actor, request["conversation_id"])
    after = position(request["cursor"], a_number, an_id)
    rows = storage.participants_of(tx, conversation["id"], after, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["rank"], row["post_id"]])
    return {"items": rows, "next_cursor": next_cursor}


def list_messages(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_messages, claims, now)
    conversation = _own(tx, actor, request["conversation_id"])
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
    conversation = _own(tx, actor, conversation_id)
    participant_post_ids = storage.post_ids_of(tx, conversation_id)
    require_fresh_if_lent(tx, actor, participant_post_ids, now)
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
    storage.add_message(tx, message)
    storage.mark_read(tx, actor.person_id, conversation_id, message["number"])  # who speaks has read
    tx.emit(
        contract.message_posted,
        subject=conversation_id,
        version=message["number"],
        data=message
        | {
            "conversation_name": conversation["name"],
            "participant_post_ids": participant_post_ids,
        },
    )
    return message


def mark_read(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.mark_read, claims, now)
    conversation = _own(tx, actor, request["conversation_id"])
    storage.mark_read(tx, actor.person_id, conversation["id"], request["number"])
    return {}


def get_unread(tx, claims: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_unread, claims, now)
    return dict(storage.unread(tx, actor.person_id, actor.serves))
