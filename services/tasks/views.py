"""What an order and its pieces look like to one actor: as much of them as he may see."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from chassis.paging import an_id, page, position
from kernel.actor import Actor
from kernel.directory_copy import working_days
from kernel.errors import Refused
from tasks.domain.assignment import Piece, allowed
from tasks.domain.due import due_state, overdue_before
from tasks.domain.sight import Sight, sight_of
from tasks.storage import orders as storage
from tasks.storage import pieces

FIRST_PIECES = 50
NO_PIECE = {"assigned": 0, "accepted": 0, "submitted": 0, "completed": 0, "overdue": 0}


def not_found() -> Refused:
    return Refused("not_found", "There is no such thing for you.")


def sights(tx, tasks: Sequence[Mapping], actor: Actor) -> dict[str, tuple[Sight, list[str]]]:
    """By order: how much the actor sees of it, and who follows it."""
    ids = [task["id"] for task in tasks]
    followers = storage.followers_of(tx, ids)
    roles = storage.own_roles(tx, ids, actor.serves)
    return {
        task["id"]: (
            sight_of(actor, task, followers.get(task["id"], ()), roles.get(task["id"], ())),
            followers.get(task["id"], []),
        )
        for task in tasks
    }


def visible_task(tx, task_id: str, actor: Actor) -> tuple[Mapping, Sight, list[str]]:
    """Refuses as if it did not exist when the actor may not see the order."""
    task = storage.find_task(tx, task_id)
    sight, followers = sights(tx, [task], actor)[task_id] if task else (Sight.NONE, [])
    if sight is Sight.NONE:
        raise not_found()
    return task, sight, followers


def summaries(tx, tasks: Sequence[Mapping], sight: Mapping[str, Sight], actor: Actor, now: datetime) -> list[dict]:
    whole = [task["id"] for task in tasks if sight[task["id"]] is Sight.WHOLE]
    own = [task["id"] for task in tasks if sight[task["id"]] is Sight.OWN]
    roll_ups = storage.roll_ups(tx, whole, own, actor.serves, overdue_before("normal", now), now)
    return [dict(task, roll_up=roll_ups.get(task["id"], NO_PIECE)) for task in tasks]


def task_view(
    tx, task: Mapping, sight: Sight, followers: Sequence[str], actor: Actor, now: datetime, warnings: Iterable = ()
) -> dict:
    """The order with its roll-up and its first pieces. The level below is not told who follows."""
    [summary] = summaries(tx, [task], {task["id"]: sight}, actor, now)
    pieces = pieces_page(tx, task, sight, actor, now, limit=FIRST_PIECES)
    return summary | {
        "followers": followers if sight is Sight.WHOLE else [],
        "assignments": pieces,
        "warnings": list(warnings),
    }


def pieces_page(
    tx, task: Mapping, sight: Sight, actor: Actor, now: datetime, *,
    limit: int, cursor: str | None = None, state: str | None = None,
) -> dict:  # fmt: skip
    posts = None if sight is Sight.WHOLE else actor.serves
    after = position(cursor, an_id)
    rows = pieces.pieces_of(tx, task["id"], posts, state, after[0] if after else None, limit + 1)
    rows, next_cursor = page(rows, limit, lambda row: [row["id"]])
    return {"items": with_due_states(tx, rows, task["urgency"], now), "next_cursor": next_cursor}


def visible_piece(tx, assignment_id: str, actor: Actor, *, lock: bool = False) -> tuple[Mapping, Mapping, list[str]]:
    row = pieces.find_piece(tx, assignment_id, lock=lock)
    if row is None:
        raise not_found()
    task, sight, followers = visible_task(tx, row["task_id"], actor)
    if sight is not Sight.WHOLE and row["post_id"] not in actor.serves:
        raise not_found()
    return row, task, followers


def piece_view(tx, row: Mapping, task: Mapping, actor: Actor, now: datetime) -> dict:
    """One piece, with the part of its order that the level below may see."""
    [seen] = with_due_states(tx, [row], task["urgency"], now)
    shared = ("title", "content", "expected_result", "urgency", "assigner_title")
    return seen | {name: task[name] for name in shared} | {"allowed": allowed(piece_of(row, task), actor)}


def with_due_states(tx, rows: Sequence[Mapping], urgency: str, now: datetime) -> list[dict]:
    days = working_days(tx)
    return [
        dict(row, due_state=due_state(row["current_due"], urgency, now, days, row["done_at"]).name) for row in rows
    ]  # fmt: skip


def piece_of(row: Mapping, task: Mapping) -> Piece:
    """The row as the rules look at it."""
    return Piece(
        role=row["role"],
        post_id=row["post_id"],
        assigner_post_id=task["assigner_post_id"],
        state=row["state"],
        version=row["version"],
        accepted_at=row["accepted_at"],
        done_at=row["done_at"],
    )
