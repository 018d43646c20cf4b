"""What an order and its pieces look like to one actor: as much of them as he may see."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from chassis.paging import a_number, an_id, page, position
from kernel.actor import Actor
from kernel.directory_copy import has_clerk, working_days
from kernel.errors import Refused
from tasks.domain.assignment import Piece, allowed
from tasks.domain.beside import allowed_beside
from tasks.domain.drafting import NOT_ISSUED, allowed_steps
from tasks.domain.due import NOT_DUE, due_state, overdue_before
from tasks.domain.extension import children_could_have_longer
from tasks.domain.order import may_revoke
from tasks.domain.sight import Sight, sees_piece, sight_of
from tasks.storage import orders as storage
from tasks.storage import pieces, prompts

FIRST_PIECES = 50
NO_PIECE = {"assigned": 0, "accepted": 0, "submitted": 0, "completed": 0, "overdue": 0, "revoked": 0}


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


def visible_task(tx, task_id: str, actor: Actor, *, lock: bool = False) -> tuple[Mapping, Sight, list[str]]:
    """Refuses as if it did not exist when the actor may not see the order."""
    task = storage.find_task(tx, task_id, lock=lock)
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
    hidden = dict.fromkeys(("content", "expected_result", "transcript")) if sight is Sight.BELOW else {}
    return summary | {"transcript": transcript_of(task)} | hidden | {
        "allowed": allowed_of(task, actor),
        "followers": followers if sight is Sight.WHOLE else [],
        "assignments": pieces,
        "warnings": list(warnings),
    }  # fmt: skip


def transcript_of(task: Mapping) -> dict | None:
    """The seal of what was said about it, once it has closed."""
    if task["talk_sealed_at"] is None:
        return None
    return {
        "conversation_id": task["talk_id"], "count": task["talk_count"], "sha256": task["talk_sha256"],
        "sealed_at": task["talk_sealed_at"],
    }  # fmt: skip


def allowed_of(task: Mapping, actor: Actor) -> list[str]:
    """What the actor may do with the order as a whole."""
    if task["state"] in NOT_ISSUED:
        return allowed_steps(task, actor)
    return ["revoke"] if task["state"] == "issued" and may_revoke(task, actor) else []


def pieces_page(
    tx, task: Mapping, sight: Sight, actor: Actor, now: datetime, *,
    limit: int, cursor: str | None = None, state: str | None = None, only: str | None = None,
) -> dict:  # fmt: skip
    posts = None if sight is Sight.WHOLE else actor.serves
    after = position(cursor, an_id)
    rows = pieces.pieces_of(tx, task["id"], posts, state, after[0] if after else None, limit + 1, only=only, now=now)
    rows, next_cursor = page(rows, limit, lambda row: [row["id"]])
    return {"items": with_due_states(tx, rows, task["urgency"], now), "next_cursor": next_cursor}


def visible_piece(tx, assignment_id: str, actor: Actor, *, lock: bool = False) -> tuple[Mapping, Mapping, list[str]]:
    row = pieces.find_piece(tx, assignment_id, lock=lock)
    if row is None:
        raise not_found()
    task, sight, followers = _task_of(tx, row, actor)
    above = pieces.posts_above(tx, row["id"]) if row["parent_id"] else ()
    if not sees_piece(actor, task, sight, row, above):
        raise not_found()
    return row, task, followers


def visible_inside(tx, assignment_id: str, actor: Actor) -> tuple[Mapping, Mapping]:
    """A piece of which the actor sees what was passed on from it."""
    row, task, _ = visible_piece(tx, assignment_id, actor)
    above = [row["post_id"], *(pieces.posts_above(tx, row["id"]) if row["parent_id"] else ())]
    child = {"post_id": None, "parent_id": row["id"]}
    if not sees_piece(actor, task, Sight.NONE, child, above):
        raise not_found()
    return row, task


def _task_of(tx, row: Mapping, actor: Actor) -> tuple[Mapping, Sight, list[str]]:
    """Of a piece whose order the actor need not see: he may be above it only in its unit."""
    task = storage.find_task(tx, row["task_id"])
    sight, followers = sights(tx, [task], actor)[task["id"]]
    return task, sight, followers


def piece_view(
    tx, row: Mapping, task: Mapping, followers: Sequence[str], actor: Actor, now: datetime
) -> dict:  # fmt: skip
    """One piece, with the part of its order that the level below may see."""
    [seen] = with_due_states(tx, [row], task["urgency"], now)
    parent = pieces.find_piece(tx, row["parent_id"]) if row["parent_id"] else None
    piece = piece_of(tx, row, task)
    if piece.state == "completed":
        piece = with_clerk(tx, piece, now)
    about = prompts.open_about(tx, row["id"], actor.post_id)
    may = allowed(with_children(piece, about), actor) + allowed_beside(
        piece, actor, followers,
        latest=parent and parent["current_due"], under_correction=row["under_correction"],
        extension_pending=about["extension_pending"], urged=about["urged"],
    )  # fmt: skip
    clause = task.get("clause")
    shown = {"clause": clause, "urgency": task["urgency"], "allowed": may, "title": title_of(row, task)}
    if parent is None:
        text = {name: task[name] for name in ("content", "expected_result", "assigner_title")}
        return seen | shown | text | {"parent": None}
    above = {name: parent[name] for name in ("unit_name", "current_due")}
    return seen | shown | {
        "content": row["content"],
        "expected_result": None,
        "assigner_title": parent["unit_name"],
        "parent": above | {"title": title_of(parent, task), "clause": clause},
    }  # fmt: skip


def receiving_level(tx, row: Mapping, task: Mapping) -> str:
    """Who ordered it, as he is called: above the city's units the leader, inside one the owner of the parent."""
    if row["parent_id"] is None:
        return task["assigner_title"]
    return pieces.find_piece(tx, row["parent_id"])["unit_name"]


def title_of(row: Mapping, task: Mapping) -> str:
    return row["title"] or task["title"]


def with_due_states(tx, rows: Sequence[Mapping], urgency: str, now: datetime) -> list[dict]:
    days = working_days(tx)
    found = []
    for row in rows:
        stands = [
            due_state(row[due], urgency, now, days, row["done_at"], row["suspended_at"])
            if row["state"] != "revoked"
            else NOT_DUE
            for due in ("current_due", "original_due")
        ]
        state = {"due_state": stands[0].name, "due_days": stands[0].days, "original_due_state": stands[1].name}
        found.append(dict(row) | state)
    return found


AS_IT_STANDS = (
    "role", "post_id", "assigner_post_id", "state", "version", "unit_id", "current_due", "accepted_at",
    "declined_at", "submitted_at", "submitted_by_person_id", "suspended_at", "done_at", "closed_at", "grade", "returns",
    "refusals",     "proposed_unit_id",
)  # fmt: skip


def piece_of(tx, row: Mapping, task: Mapping) -> Piece:
    """The row as the rules look at it."""
    lead = pieces.lead_posts(tx, [task["id"]]).get(task["id"]) if supports(row, task) else None
    return replace(
        plain_piece(row),
        leader_post_ids=() if row["parent_id"] else tuple(task.get("leader_post_ids") or ()),
        approver_post_id=approver(lead, row["post_id"]),
    )


def supports(row: Mapping, task: Mapping) -> bool:
    return task["mode"] == "joint" and row["role"] == "support" and row["parent_id"] is None


def approver(lead_post_id: str | None, owner_post_id: str) -> str | None:
    """Who leads joint work decides on what supports him; on what is his own as well, whoever ordered it."""
    return None if lead_post_id == owner_post_id else lead_post_id


def with_clerk(tx, piece: Piece, now: datetime) -> Piece:
    """The piece, with what is asked only where it may be archived."""
    return replace(piece, has_clerk=has_clerk(tx, piece.unit_id, now))


def with_children(piece: Piece, about: Mapping) -> Piece:
    """The piece, with what is asked only where something may have been passed on from it."""
    could = children_could_have_longer(piece.state, piece.current_due, about["first_due"])
    return replace(piece, may_extend_children=could, asked_about_children=about["asked_about_children"])


def plain_piece(row: Mapping) -> Piece:
    """The row, without those who decide on it beside its assigner."""
    return Piece(is_child=row["parent_id"] is not None, **{name: row[name] for name in AS_IT_STANDS})


def by_rounds(
    request: Mapping, read: Callable[[int, int], Sequence[Mapping]], shown: Callable[[Mapping], dict]
) -> dict:
    """A page of what is counted in rounds: `read(after, limit)`."""
    after = position(request["cursor"], a_number)
    rows = read(after[0] if after else 0, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["round"]])
    return {"items": [shown(row) for row in rows], "next_cursor": next_cursor}
