"""Whose conversations there are, and who takes part. Only who takes part knows that a conversation exists."""

from collections.abc import Mapping
from datetime import datetime

from chassis.paging import a_moment, a_number, an_id, page, position
from contracts import messaging as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.errors import Refused
from messaging.storage import conversations as storage


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
    return dict(own(tx, actor, request["id"]))


def own(tx, actor: Actor, conversation_id: str) -> Mapping:
    """One that the actor takes part in; any other is as if it were not there."""
    conversation = storage.find_conversation(tx, actor.person_id, actor.serves, conversation_id)
    if conversation is None:
        raise Refused("not_found", "There is no such conversation for you.")
    return conversation


def list_participants(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_participants, claims, now)
    conversation = own(tx, actor, request["conversation_id"])
    after = position(request["cursor"], a_number, an_id)
    rows = storage.participants_of(tx, conversation["id"], after, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["rank"], row["post_id"]])
    return {"items": rows, "next_cursor": next_cursor}
