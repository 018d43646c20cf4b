"""One function per verb: one transaction, at most one event. Only who takes part knows that a conversation exists."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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
from messaging.domain.case import part_of_piece, participants, parts_of_order

CHANGES_PART = frozenset({"reassigned", "moved", "revoked", "corrected"})


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
    parts = storage.add_parts(tx, order["task_id"], parts_of_order(order))
    storage.open_case(tx, conversation, participants(parts))


def follow_pieces(tx, pieces: Iterable[Mapping]) -> None:
    """Who answers for a unit's piece of an order now takes part, and who did no longer does; whoever need not do it
    any more only follows. What a unit does inside is no matter of the others.
    """
    by_task = defaultdict(list)
    for piece in pieces:
        if piece["parent_id"] is None and piece["change"] in CHANGES_PART:
            by_task[piece["task_id"]].append(piece)
    for task_id in sorted(by_task):
        parts = [(each["assignment_id"], each["post_id"], part_of_piece(each)) for each in by_task[task_id]]
        versions = [each["version"] for each in by_task[task_id]]
        posts = storage.change_parts(tx, task_id, parts, versions)
        if posts := posts | storage.end_carried_over(tx, task_id, *_owners_until_now(by_task[task_id])):
            storage.set_participants(tx, task_id, posts, participants(storage.parts_of(tx, task_id, posts)))


def _owners_until_now(pieces: Iterable[Mapping]) -> tuple[list[str], list[str]]:
    """And those of them whom the order names beside its pieces."""
    former = [each["former"] or {"post_id": each["post_id"], "follows": False} for each in pieces]
    return [each["post_id"] for each in former], [each["post_id"] for each in former if each["follows"]]


def post_urging(tx, urging: Mapping) -> None:
    """It is said to all who take part, and names nobody: who is late is not told to his neighbours. What is heard
    before the order itself finds its conversation begun.
    """
    if urging["inside"]:
        return
    at = urging["at"]
    begun = {
        "id": clock.new_id(), "kind": "case", "name": urging["title"], "task_id": urging["task_id"],
        "created_at": at, "active_at": at,
    }  # fmt: skip
    conversation = storage.begin_case(tx, begun)
    message = {
        "id": urging["act_id"],
        "conversation_id": conversation["id"],
        "number": storage.next_number(tx, conversation["id"], at),
        "kind": "urging",
        "text": urging["text"],
        "sender_person_id": urging["actor_person_id"],
        "sender_post_id": urging["from_post_id"],
        "sender_title": urging["from_title"],
        "acting_for": urging["acting_for"],
        "sent_at": at,
    }
    _add(tx, message, conversation["name"], storage.post_ids_of(tx, conversation["id"]))


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
    _add(tx, message, conversation["name"], participant_post_ids)
    return message


def _add(tx, message: Mapping, conversation_name: str, participant_post_ids: Sequence[str]) -> None:
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
    conversation = _own(tx, actor, request["conversation_id"])
    storage.mark_read(tx, actor.person_id, conversation["id"], request["number"])
    return {}


def get_unread(tx, claims: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_unread, claims, now)
    return dict(storage.unread(tx, actor.person_id, actor.serves))
