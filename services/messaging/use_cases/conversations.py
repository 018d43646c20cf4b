"""Whose conversations there are, and who takes part. Only who takes part knows that a conversation exists."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from chassis.paging import a_moment, a_number, an_id, page, position
from contracts import messaging as contract
from kernel import directory_copy
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.errors import Refused
from messaging.domain.conversations import PINNED_AT_MOST, Addressees, refusal_to_write
from messaging.storage import conversations as storage

NOBODY = {"post_id": None, "person_id": None, "unit_id": None}


def list_conversations(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_conversations, claims, now)
    before = position(request["cursor"], a_number, a_moment, an_id)
    rows = storage.conversations_of(tx, actor.person_id, ids_of(actor), request, before, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [int(row["pinned"]), row["active_at"], row["id"]])
    return {"items": rows, "next_cursor": next_cursor}


def get_conversation(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_conversation, claims, now)
    return dict(own(tx, actor, request["id"]))


def ids_of(actor: Actor) -> tuple[str, ...]:
    """Those under which he takes part: in person, through the posts that he serves, as one of a unit's staff."""
    return actor.person_id, *actor.serves, *actor.units


def own(tx, actor: Actor, conversation_id: str) -> Mapping:
    """One that the actor takes part in, or has left: what it shows him begins at `from_number` and, if he has left,
    ends at `until_number`. Any other is as if it were not there.
    """
    conversation = find(tx, actor, conversation_id)
    if conversation is None:
        raise Refused("not_found", "There is no such conversation for you.")
    return conversation


def find(tx, actor: Actor, conversation_id: str) -> Mapping | None:
    return storage.find_conversation(tx, actor.person_id, ids_of(actor), conversation_id)


def writable(tx, actor: Actor, conversation_id: str) -> Mapping:
    """One that the actor takes part in, and may say something in now."""
    conversation = own(tx, actor, conversation_id)
    closed = conversation["closed_at"] is not None
    if code := refusal_to_write(conversation["kind"], conversation["role"], conversation["left"], closed):
        raise Refused(code)
    return conversation


def change_of(conversation: Mapping, change: str, named: Iterable[Mapping], owner_id: str | None = None) -> dict:
    """As an event tells it: what has changed, for whom, and whose a group is now."""
    return {
        "conversation_id": conversation["id"],
        "kind": conversation["kind"],
        "name": conversation["name"],
        "version": conversation["version"],
        "change": change,
        "participants": [each | {"id": each["post_id"] or each["person_id"] or each["unit_id"]} for each in named],
        "owner_id": owner_id,
    }


def require_fresh_if_lent(tx, actor: Actor, reached: Addressees, now: datetime) -> None:
    """Who takes part in person, or as one of the staff, needs no power that was lent to him."""
    if actor.acting_for is None and (actor.person_id in reached.person_ids or set(actor.units) & set(reached.unit_ids)):
        return
    directory_copy.require_fresh_if_lent(tx, actor, now, reached.post_ids)


def list_participants(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_participants, claims, now)
    conversation = own(tx, actor, request["conversation_id"])
    if conversation["left"]:
        raise Refused("conversation_left", "Who takes part since then is not told to whoever has left.")
    after = position(request["cursor"], a_number, an_id)
    rows = storage.participants_of(tx, conversation["id"], after, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["rank"], row["id"]])
    return {"items": rows, "next_cursor": next_cursor}


def set_settings(tx, claims: dict, request: dict, now: datetime) -> dict:
    """For this person alone."""
    actor = actor_for(tx, contract.set_conversation_settings, claims, now)
    conversation, changes = own(tx, actor, request["id"]), request["settings"]
    if (
        changes.get("pinned")
        and not conversation["pinned"]
        and storage.count_pinned(tx, actor.person_id) >= PINNED_AT_MOST
    ):
        raise Refused("too_many_pinned", limit=PINNED_AT_MOST)
    if changes:
        storage.set_settings(tx, actor.person_id, conversation["id"], changes)
    return dict(own(tx, actor, conversation["id"]))
