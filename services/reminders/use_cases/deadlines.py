"""Reminders that come before a deadline go where it goes."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from reminders.domain.personal import followed, is_running, times
from reminders.storage import personal as storage


def follow_pieces(tx, pieces: Iterable[Mapping], at: datetime, now: datetime) -> None:
    """Pieces moved on then: their deadlines, and whether they still wait for their owners."""
    heard = [(piece["assignment_id"], piece["version"], piece["current_due"], piece["after"]) for piece in pieces]
    _hear(tx, [_fact(id_, version, due, is_running(state)) for id_, version, due, state in heard], at, now)


def hear_deadline(tx, piece: Mapping, now: datetime) -> Mapping:
    """What is known newest of a piece of which tasks has told."""
    said = (piece["assignment_id"], piece["version"], piece["due"], is_running(piece["state"]))
    [known] = storage.hear_deadlines(tx, [_fact(*said)], now)
    return known


def _fact(assignment_id: str, version: int, due: datetime | None, running: bool) -> dict:
    return {"assignment_id": assignment_id, "version": version, "due": due, "running": running}


def _hear(tx, facts: list[dict], at: datetime, now: datetime) -> None:
    newest = {fact["assignment_id"]: fact for fact in sorted(facts, key=lambda fact: fact["version"])}
    if not newest:
        return
    known = {row["assignment_id"]: row for row in storage.hear_deadlines(tx, list(newest.values()), at)}
    rows = storage.following(tx, list(newest))
    if not rows:
        return
    due = {row["id"]: known[row["follows_id"]] for row in rows}
    said = storage.recorded_from(tx, list(due), now)
    moved = [
        {"id": row["id"], **times(followed(due[row["id"]], due[row["id"]]["due"] in said.get(row["id"], ()), now), row)}
        for row in rows
    ]
    storage.move_on(tx, moved)
