"""One function per verb: one transaction, at most one event."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chassis import clock
from chassis.paging import a_moment, a_number, an_id, page, position
from contracts import reminders as contract
from kernel.capacity import actor_for
from kernel.directory_copy import posts_of_kind
from reminders import storage
from reminders.domain.items import (
    BREAK_GLASS_USED,
    LOOK_AFTER_IT,
    THE_PLATFORM,
    TO_RECEIVE,
    URGENCY_RANKS,
    Item,
    after_change,
    link_to_assignment,
    link_to_audit,
    subject_at,
)  # fmt: skip

OVERVIEW_ITEMS = 50
URGENCIES = {rank: urgency for urgency, rank in URGENCY_RANKS.items()}


def raise_items(tx, order: Mapping, version: int) -> None:
    """An order was given: the head of every unit in it has something to receive."""
    shared = {
        "kind": TO_RECEIVE,
        "version": 1,
        "task_id": order["task_id"],
        "title": order["title"],
        "from_title": order["assigner_title"],
        "urgency_rank": URGENCY_RANKS[order["urgency"]],
        "raised_at": order["issued_at"],
    }
    each = [
        {
            "id": clock.new_id(),
            "subject_id": piece["id"],
            "post_id": piece["post_id"],
            "unit_id": piece["unit_id"],
            "due": piece["current_due"],
            "link": link_to_assignment(piece["id"]),
        }
        for piece in order["assignments"]
    ]
    _say_raised(tx, storage.raise_all(tx, shared, each), subject=order["task_id"], version=version)


def follow_assignment(tx, change: Mapping) -> None:
    """An assignment moved: what waited for it no longer does, or waits again."""
    row = storage.keep_place(
        tx,
        {
            "id": clock.new_id(),
            "kind": TO_RECEIVE,
            "subject_id": change["assignment_id"],
            "post_id": change["post_id"],
            "unit_id": change["unit_id"],
            "task_id": change["task_id"],
            "title": change["title"],
            "link": link_to_assignment(change["assignment_id"]),
        },
    )
    before = Item(row["open"], row["version"], row["known"])
    after = after_change(before, change["after"], change["version"])
    if after == before:
        return
    earlier_owner = row["post_id"]
    row = storage.change(
        tx, row["id"],
        version=after.version, open=after.open, post_id=change["post_id"], unit_id=change["unit_id"],
        raised_at=change["at"] if after.open else row["raised_at"],
        closed_at=None if after.open else change["at"],
    )  # fmt: skip
    if after.shows and not (before.shows and row["post_id"] == earlier_owner):
        _say_raised(tx, [row], subject=change["assignment_id"], version=change["version"])
    elif before.shows and not after.shows:
        _say_closed(tx, [row], subject=change["assignment_id"], version=change["version"], at=change["at"])


def raise_break_glass(tx, use: Mapping, version: int) -> None:
    """Somebody has signed in with the sealed account: every other administrator hears of it, each time anew, and has
    it before him until the account is sealed again.
    """
    account_id, at = use["account_id"], use["at"]
    if storage.break_glass_version(tx, account_id, version) > version:
        return  # it has been sealed since
    rows = []
    for post_id, unit_id in posts_of_kind(tx, "administrator", at, without=use["person_id"]):
        place = {
            "id": clock.new_id(), "kind": BREAK_GLASS_USED, "subject_id": subject_at(account_id, post_id),
            "post_id": post_id, "unit_id": unit_id, "task_id": None, "title": LOOK_AFTER_IT,
            "link": link_to_audit(account_id),
        }  # fmt: skip
        kept = storage.keep_place(tx, place)
        rows.append(storage.change(
            tx, kept["id"], version=version, open=True, known=True, from_title=THE_PLATFORM,
            urgency_rank=URGENCY_RANKS["express"], due=at, raised_at=at, closed_at=None,
        ))  # fmt: skip
    _say_raised(tx, rows, subject=account_id, version=version)


def close_break_glass(tx, sealing: Mapping, version: int) -> None:
    """It has been sealed again."""
    storage.break_glass_version(tx, sealing["account_id"], version)
    rows = storage.close_all(tx, BREAK_GLASS_USED, version, sealing["at"])
    _say_closed(tx, rows, subject=sealing["account_id"], version=version, at=sealing["at"])


def _say_raised(tx, rows: Sequence[Mapping], subject: str, version: int) -> None:
    if rows:
        shared = ("kind", "task_id", "title", "from_title", "raised_at")
        data = {name: rows[0][name] for name in shared} | {"urgency": URGENCIES[rows[0]["urgency_rank"]], "items": rows}
        tx.emit(contract.action_items_raised, subject=subject, version=version, data=data)


def _say_closed(tx, rows: Sequence[Mapping], subject: str, version: int, at: datetime) -> None:
    if rows:
        data = {name: rows[0][name] for name in ("kind", "task_id")} | {"closed_at": at, "items": rows}
        tx.emit(contract.action_items_closed, subject=subject, version=version, data=data)


def list_action_items(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_action_items, claims, now)
    after = position(request["cursor"], _moment_or_never, a_number, an_id)
    rows = storage.burning(tx, actor.serves, request["kind"], after, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["due"], row["urgency_rank"], row["id"]])
    return {"items": [_shown(row) for row in rows], "next_cursor": next_cursor}


def get_overview(tx, claims: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_overview, claims, now)
    counts = storage.counts(tx, actor.serves)
    rows = storage.burning(tx, actor.serves, None, None, OVERVIEW_ITEMS)
    return {
        "counts": counts,
        "total": sum(row["count"] for row in counts),
        "items": [_shown(row) for row in rows],
    }


def _shown(row: Mapping) -> dict:
    return dict(row, urgency=URGENCIES[row["urgency_rank"]])


def _moment_or_never(value: object) -> datetime | None:
    return None if value is None else a_moment(value)
