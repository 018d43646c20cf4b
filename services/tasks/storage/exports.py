"""What goes out as files and reports: lines of the orders that somebody sees, and the figures of a period.

A line is about a unit that leads, or about one's own piece where one does not see the whole. A period's figures and the
lists that they count are made of the same conditions.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from chassis.rows import any_of
from kernel.working_time import WorkingDays
from tasks.storage import boxes, calendar
from tasks.storage.standing import CLOSED
from tasks.storage.tables import assignments

_POSTS = "ANY(CAST(:posts AS uuid[]))"
_SEEN = f"""
    t.id IN (
        SELECT o.task_id FROM assignments o WHERE o.post_id = {_POSTS} AND o.parent_id IS NULL
        UNION SELECT g.id FROM tasks g WHERE g.assigner_post_id = {_POSTS}
        UNION SELECT g.id FROM tasks g WHERE g.leader_post_ids && CAST(:posts AS uuid[])
        UNION SELECT f.task_id FROM followers f WHERE f.post_id = {_POSTS})
    AND CASE WHEN
        t.assigner_post_id = {_POSTS} OR t.leader_post_ids && CAST(:posts AS uuid[])
        OR EXISTS (SELECT 1 FROM followers f WHERE f.task_id = t.id AND f.post_id = {_POSTS})
        OR t.mode = 'joint' AND EXISTS (
            SELECT 1 FROM assignments o WHERE o.task_id = t.id AND o.post_id = {_POSTS} AND o.role = 'lead'
                AND o.parent_id IS NULL AND o.state <> 'revoked')
    THEN a.role = 'lead' ELSE a.post_id = {_POSTS} END"""  # noqa: S608 (no value is written in)
_BOXES = {
    "issued": f"t.assigner_post_id = {_POSTS}",
    "received": f"t.id IN (SELECT o.task_id FROM assignments o WHERE o.post_id = {_POSTS})",  # noqa: S608
    "followed": f"t.id IN (SELECT f.task_id FROM followers f WHERE f.post_id = {_POSTS})",  # noqa: S608
}
_LATE = calendar.missed("a.current_due", "a.done_at")
_RED = f"NOT a.under_correction AND {calendar.overdue()}"
_BEGIN, _END = "CAST(:begin AS timestamptz)", "CAST(:end AS timestamptz)"
_OPEN = f"a.assigned_at < {_END} AND (a.closed_at IS NULL OR a.closed_at >= {_END})"
_COMPLETED = f"a.state IN ('completed', 'archived') AND a.closed_at >= {_BEGIN} AND a.closed_at < {_END}"
OF_PERIOD = {
    "given": f"a.assigned_at >= {_BEGIN} AND a.assigned_at < {_END}",
    "completed": _COMPLETED,
    "completed_on_time": f"{_COMPLETED} AND ({_LATE}) IS NOT TRUE",
    "completed_late": f"{_COMPLETED} AND {_LATE}",
    "due": f"a.current_due >= {_BEGIN} AND a.current_due < {_END}",
    "open": _OPEN,
    "overdue": f"{_OPEN} AND {_RED}",
}
_COUNTS = {
    "carried_over": f"a.assigned_at < {_BEGIN}",
    "given": OF_PERIOD["given"],
    "completed_on_time": OF_PERIOD["completed_on_time"],
    "completed_late": OF_PERIOD["completed_late"],
    "revoked": f"a.state = 'revoked' AND a.closed_at < {_END}",
    "in_progress_in_time": f"{_OPEN} AND ({_RED}) IS NOT TRUE",
    "in_progress_overdue": OF_PERIOD["overdue"],
}
COUNTED = tuple(_COUNTS)


def lines(
    tx, posts: Sequence[str] | None, wanted: Mapping, days: WorkingDays, at: datetime,
    before: tuple[str, str] | None, limit: int,
) -> list[Mapping]:  # fmt: skip
    """A page of pieces, the newest order first; `posts` None: of somebody who sees the whole city."""
    conditions = ["a.parent_id IS NULL", "t.issued_at IS NOT NULL", "a.role = 'lead'" if posts is None else _SEEN]
    conditions += boxes.of_order(wanted) + boxes.of_piece(wanted) + _chosen(wanted)
    if before:
        conditions.append("(a.task_id, a.id) < (CAST(:before_task AS uuid), CAST(:before AS uuid))")
    query = f"""
        WITH {calendar.CALENDAR}
        SELECT {boxes.columns(assignments, "a")}
        FROM assignments a JOIN tasks t ON t.id = a.task_id WHERE {" AND ".join(conditions)}
        ORDER BY a.task_id DESC, a.id DESC LIMIT {int(limit)}"""  # noqa: S608 (names of our columns, our conditions)
    task_id, id_ = before or (None, None)
    given = boxes.values(wanted, days, at) | {name: wanted[name] for name in ("begin", "end")} | {
        "posts": list(posts or wanted["box_posts"]), "before_task": task_id, "before": id_
    }  # fmt: skip
    return boxes.rows(tx, query, given, assignments)


def _chosen(wanted: Mapping) -> list[str]:
    """What of a list is chosen only when it goes out."""
    found = [_BOXES[wanted["box"]]] if wanted["box"] else []
    if wanted["state"] in ("open", "closed"):
        found.append(f"a.state {'NOT IN' if wanted['state'] == 'open' else 'IN'} {CLOSED}")
    elif wanted["state"]:
        found.append("a.state = :state")
    if wanted["in_period"]:
        found.append(OF_PERIOD[wanted["in_period"]])
    return found


def beside(tx, task_ids: Sequence[str]) -> list[Mapping]:
    """The units that help with these orders, or know of them."""
    query = sa.select(assignments.c.task_id, assignments.c.role, assignments.c.unit_name)
    query = query.where(assignments.c.task_id == any_of(task_ids), assignments.c.parent_id.is_(None))
    query = query.where(assignments.c.role != "lead", assignments.c.state != "revoked")
    return list(tx.execute(query.order_by(assignments.c.unit_code)).mappings())


def figures(tx, unit_id: str | None, begin: datetime, end: datetime, days: WorkingDays, at: datetime) -> list[Mapping]:
    """By unit: what was open or given in the period, and what became of it. Each piece is in one of the first two
    counts, and in one of the others.
    """
    counts = ", ".join(f"count(*) FILTER (WHERE {condition}) AS {name}" for name, condition in _COUNTS.items())
    query = f"""
        SELECT a.unit_id::text AS unit_id, max(a.unit_code) AS unit_code, max(a.unit_name) AS unit_name, {counts}
        FROM assignments a JOIN tasks t ON t.id = a.task_id
        WHERE a.parent_id IS NULL AND a.role = 'lead' AND a.assigned_at < {_END}
            AND (a.closed_at IS NULL OR a.closed_at >= {_BEGIN})
            {"AND a.unit_id = CAST(:unit_id AS uuid)" if unit_id else ""}
        GROUP BY a.unit_id ORDER BY max(a.unit_code)"""  # noqa: S608 (our own conditions)
    values = calendar.given(days, at) | {"begin": begin, "end": end} | ({"unit_id": unit_id} if unit_id else {})
    return list(tx.execute(sa.text(query), values).mappings())


def late(tx, unit_id: str | None, end: datetime, days: WorkingDays, at: datetime, limit: int) -> list[Mapping]:
    """What was overdue at the end of the period, the oldest deadline first."""
    query = f"""
        SELECT t.title, t.code, t.urgency, a.unit_name, a.current_due, a.suspended_at
        FROM assignments a JOIN tasks t ON t.id = a.task_id
        WHERE a.parent_id IS NULL AND a.role = 'lead' AND {OF_PERIOD["overdue"]}
            {"AND a.unit_id = CAST(:unit_id AS uuid)" if unit_id else ""}
        ORDER BY a.current_due, a.id LIMIT {int(limit)}"""  # noqa: S608 (our own conditions)
    values = calendar.given(days, at) | {"end": end} | ({"unit_id": unit_id} if unit_id else {})
    return list(tx.execute(sa.text(query), values).mappings())
