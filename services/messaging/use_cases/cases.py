"""The conversation that every order brings with it, and who takes part in it as the order goes its way."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from chassis import clock
from contracts import messaging as contract
from messaging.domain.case import changed_parts, part_of_piece, participants, parts_of_order
from messaging.storage import cases as storage
from messaging.use_cases.conversations import NOBODY, change_of

CHANGES_PART = frozenset({"reassigned", "moved", "revoked", "corrected", "completed", "reopened"})


def open_case(tx, order: Mapping) -> None:
    """An order was given: whom it names can speak with one another about it."""
    conversation = {
        "id": clock.new_id(),
        "kind": "case",
        "name": order["title"],
        "task_id": order["task_id"],
        "created_at": order["issued_at"],
        "active_at": order["issued_at"],
        "ordered": True,
    }
    parts = storage.add_parts(tx, order["task_id"], parts_of_order(order))
    storage.open_case(tx, conversation, participants(parts))
    if any(part.done_at for part in parts):
        storage.settle(tx, order["task_id"])


def follow_pieces(tx, pieces: Iterable[Mapping], at: datetime) -> None:
    """Who answers for a unit's piece of an order now takes part, and who did no longer does; whoever need not do it
    any more only follows. When all that leads is done nothing more is said, until one of them is opened again. What a
    unit does inside is no matter of the others. Who takes part otherwise by it is told so, and all when it is closed or
    opened again.
    """
    by_task = defaultdict(list)
    for piece in pieces:
        if piece["parent_id"] is None and piece["change"] in CHANGES_PART:
            by_task[piece["task_id"]].append(piece)
    told = []
    for task_id in sorted(by_task):
        parts = [part_of_piece(each, at) for each in by_task[task_id]]
        versions = [each["version"] for each in by_task[task_id]]
        posts = storage.change_parts(tx, task_id, parts, versions)
        if posts := posts | storage.end_carried_over(tx, task_id, *_owners_until_now(by_task[task_id])):
            told += _set_participants(tx, task_id, posts) + _settle(tx, task_id)
    if told:
        tx.emit(contract.parts_changed, subject=clock.new_id(), version=1, data={"changed": told, "at": at})


def _set_participants(tx, task_id: str, posts: set[str]) -> list[dict]:
    after = participants(storage.parts_of(tx, task_id, posts))
    conversation, before = storage.set_participants(tx, task_id, posts, after)
    if conversation is None:
        return []
    return [
        change_of(conversation, change, [NOBODY | {"post_id": post_id, "role": role}])
        for change, post_id, role in changed_parts(before, after)
    ]


def _settle(tx, task_id: str) -> list[dict]:
    settled = storage.settle(tx, task_id)
    if settled is None:
        return []
    named = participants(storage.parts_of(tx, task_id)).items()
    change = "reopened" if settled["closed_at"] is None else "closed"
    return [change_of(settled, change, [NOBODY | {"post_id": post_id, "role": role} for post_id, role in named])]


def _owners_until_now(pieces: Iterable[Mapping]) -> tuple[list[str], list[str]]:
    """And those of them whom the order names beside its pieces."""
    former = [each["former"] or {"post_id": each["post_id"], "follows": False} for each in pieces]
    return [each["post_id"] for each in former], [each["post_id"] for each in former if each["follows"]]
