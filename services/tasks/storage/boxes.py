"""Boxes: pages of orders and of pieces, the newest first, chosen by what a person asks for.

Each post's own list is walked along an index until the page is full, then they are laid together: a page costs what it
shows, however full a box is.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from kernel.working_time import WorkingDays
from tasks.storage import calendar
from tasks.storage.standing import CLOSED
from tasks.storage.tables import assignments, tasks

_LEADS = "a.parent_id IS NULL AND a.role = 'lead'"
_NOT_DONE = ("no_deadline", "on_track", "due_soon", "due_today", "overdue")
_D = str.maketrans("Đđ", "dd")
_OF_ORDER = {
    "source": "t.source = :source",
    "urgency": "t.urgency = :urgency",
    "field": "t.field = :field",
    "q": "t.search @@ to_tsquery('simple', :q)",
}


def searching(request: Mapping) -> Mapping | None:
    """What is asked for, its words as the index of texts has them; None when there is no word in it."""
    if request["q"] is None:
        return request
    text = "".join(c for c in unicodedata.normalize("NFD", request["q"]) if not "\u0300" <= c <= "\u036f")
    words = re.findall(r"[a-z0-9]+", text.translate(_D).lower())
    return dict(request, q=" & ".join(words) + ":*") if words else None


def columns(table: sa.Table, alias: str) -> str:
    return ", ".join(f"{alias}.{column.name}" for column in table.c)


def rows(tx, query: str, values: Mapping, table: sa.Table) -> list[Mapping]:
    statement = sa.text(query).columns(**{column.name: column.type for column in table.c})
    return list(tx.execute(statement, values).mappings())


def of_piece(wanted: Mapping) -> list[str]:
    """What is asked of a piece `a`, beside its order."""
    found = ["a.unit_id = CAST(:unit_id AS uuid)"] if wanted["unit_id"] else []
    if wanted["due"]:
        found.append(f"({calendar.due_state()}) = :due")
        found.append(f"a.state NOT IN {CLOSED}" if wanted["due"] in _NOT_DONE else "a.done_at IS NOT NULL")
        if wanted["due"] == "overdue":
            found.append("a.current_due < :at")
    return found


def of_order(wanted: Mapping) -> list[str]:
    return [condition for name, condition in _OF_ORDER.items() if wanted[name]]


def values(wanted: Mapping, days: WorkingDays, now: datetime) -> dict:
    found = {name: wanted[name] for name in (*_OF_ORDER, "unit_id", "due", "state") if wanted[name]}
    return found | calendar.given(days, now)


def _all(*conditions: str) -> str:
    return " AND ".join(conditions)


_RECEIVED = """
    SELECT DISTINCT a.task_id AS id FROM assignments a JOIN tasks t ON t.id = a.task_id
    WHERE a.post_id = mine.post_id AND {conditions}
    ORDER BY a.task_id DESC LIMIT {limit}"""
_ISSUED = """
    SELECT t.id FROM tasks t
    WHERE t.assigner_post_id = mine.post_id AND {conditions}
    ORDER BY t.id DESC LIMIT {limit}"""
_FOLLOWED = """
    SELECT f.task_id AS id FROM followers f JOIN tasks t ON t.id = f.task_id
    WHERE f.post_id = mine.post_id AND {conditions}
    ORDER BY f.task_id DESC LIMIT {limit}"""
_ORDERS = """
    WITH {calendar}, page AS (
        SELECT DISTINCT found.id FROM unnest(CAST(:posts AS uuid[])) AS mine (post_id)
            CROSS JOIN LATERAL ({walk}) AS found
        ORDER BY found.id DESC LIMIT {limit})
    SELECT {columns} FROM page JOIN tasks t ON t.id = page.id ORDER BY t.id DESC"""


def orders(
    tx, box: str, posts: Sequence[str], wanted: Mapping, days: WorkingDays, now: datetime, before: str | None,
    limit: int,
) -> list[Mapping]:  # fmt: skip
    """A page of orders that these posts gave, received or follow.

    Of what was received the posts' own pieces are asked, else the units' pieces.
    """
    walk, id_ = {
        "issued": (_ISSUED, "t.id"), "received": (_RECEIVED, "a.task_id"), "followed": (_FOLLOWED, "f.task_id")
    }[box]  # fmt: skip
    conditions = [f"{id_} < CAST(:before AS uuid)"] if before else ["true"]
    conditions += of_order(wanted) + _in_state(wanted, own=box == "received")
    query = _ORDERS.format(
        calendar=calendar.CALENDAR, columns=columns(tasks, "t"), limit=limit,
        walk=walk.format(conditions=_all(*conditions), limit=limit),
    )  # fmt: skip
    return rows(tx, query, values(wanted, days, now) | {"posts": list(posts), "before": before}, tasks)


def _in_state(wanted: Mapping, own: bool) -> list[str]:
    """An order is open as long as a piece is that it is about: one's own, else one that leads."""
    state, of_pieces, found = wanted["state"], of_piece(wanted), []
    if state == "revoked":
        found.append("t.state = 'revoked'")
    if own:
        if state in ("open", "closed"):
            of_pieces.append(f"a.state {'NOT IN' if state == 'open' else 'IN'} {CLOSED}")
        return found + of_pieces
    some = "EXISTS (SELECT 1 FROM assignments a WHERE a.task_id = t.id AND {})"
    if of_pieces:
        found.append(some.format(_all("a.parent_id IS NULL", *of_pieces)))
    if state in ("open", "closed"):
        has_open = some.format(_all(_LEADS, f"a.state NOT IN {CLOSED}"))
        found.append(f"t.state = 'issued' AND {'' if state == 'open' else 'NOT '}{has_open}")
    return found


_PIECES = """
    WITH {calendar}
    SELECT {columns} FROM unnest(CAST(:whose AS uuid[])) AS mine (id)
        CROSS JOIN LATERAL (
            SELECT a.* FROM assignments a JOIN tasks t ON t.id = a.task_id
            WHERE a.{whose} = mine.id AND {conditions}
            ORDER BY a.id DESC LIMIT {limit}) AS found
    ORDER BY found.id DESC LIMIT {limit}"""
_OF_FOLLOWED = """
    WITH {calendar}, page AS (
        SELECT DISTINCT found.task_id, found.id FROM unnest(CAST(:whose AS uuid[])) AS mine (id)
            CROSS JOIN LATERAL (
                SELECT a.task_id, a.id FROM followers f JOIN tasks t ON t.id = f.task_id
                    JOIN assignments a ON a.task_id = f.task_id
                WHERE f.post_id = mine.id AND a.parent_id IS NULL AND {conditions}
                ORDER BY f.task_id DESC, a.id DESC LIMIT {limit}) AS found
        ORDER BY found.task_id DESC, found.id DESC LIMIT {limit})
    SELECT {columns} FROM page JOIN assignments found ON found.id = page.id
    ORDER BY found.task_id DESC, found.id DESC"""
_TO_DECIDE = """
    WITH {calendar}, waiting AS (
        SELECT a.id FROM assignments a
            WHERE a.assigner_post_id = CAST(:post AS uuid) AND a.state IN ('declined', 'result_submitted')
        UNION
        SELECT e.assignment_id FROM extensions e JOIN assignments a ON a.id = e.assignment_id
            WHERE e.state = 'pending' AND a.assigner_post_id = CAST(:post AS uuid)
        UNION
        SELECT a.id FROM assignments mine JOIN assignments a ON a.task_id = mine.task_id
            WHERE mine.post_id = CAST(:post AS uuid) AND mine.role = 'lead' AND mine.parent_id IS NULL
                AND mine.state NOT IN {closed} AND a.role = 'support' AND a.parent_id IS NULL
                AND a.state = 'result_submitted'
        UNION
        SELECT a.id FROM tasks t JOIN assignments a ON a.task_id = t.id
            WHERE t.leader_post_ids @> ARRAY[CAST(:post AS uuid)] AND t.leader_post_ids <> '{{}}'
                AND t.state = 'issued' AND a.parent_id IS NULL
                AND (a.state IN ('declined', 'result_submitted')
                    OR EXISTS (SELECT 1 FROM extensions e WHERE e.assignment_id = a.id AND e.state = 'pending')))
    SELECT {columns} FROM waiting JOIN assignments a ON a.id = waiting.id JOIN tasks t ON t.id = a.task_id
    WHERE {conditions}
        AND CASE WHEN a.state = 'result_submitted' AND a.role = 'support' AND a.parent_id IS NULL AND t.mode = 'joint'
            THEN NOT EXISTS (SELECT 1 FROM assignments l WHERE l.task_id = t.id AND l.role = 'lead'
                AND l.parent_id IS NULL AND l.state <> 'revoked'
                AND l.post_id NOT IN (CAST(:post AS uuid), a.post_id))
            ELSE a.post_id <> CAST(:post AS uuid) END
    ORDER BY a.id DESC LIMIT {limit}"""
_AFTER_FOLLOWED = """f.task_id <= CAST(:before_task AS uuid)
    AND (f.task_id, a.id) < (CAST(:before_task AS uuid), CAST(:before AS uuid))"""
WHOSE = {"to_me": "post_id", "by_me": "assigner_post_id", "my_unit": "unit_id"}


def pieces(
    tx, box: str, whose: Sequence[str], wanted: Mapping, days: WorkingDays, now: datetime,
    before: tuple[str, str] | None, limit: int, *, within: Sequence[str] | None = None,
) -> list[Mapping]:  # fmt: skip
    """A page of pieces: `whose` are the posts, or for `my_unit` the units; `within` leaves only what these posts own
    or gave.
    """
    followed, to_decide = box == "followed", box == "to_decide"
    conditions = ["true", *of_order(wanted), *of_piece(wanted)]
    if wanted["state"]:
        conditions.append("a.state = :state")
    if within is not None:
        conditions.append(
            "(a.post_id = ANY(CAST(:within AS uuid[])) OR a.assigner_post_id = ANY(CAST(:within AS uuid[])))"
        )
    if before and followed:
        conditions.append(_AFTER_FOLLOWED)
    elif before:
        conditions.append("a.id < CAST(:before AS uuid)")
    template = _OF_FOLLOWED if followed else _TO_DECIDE if to_decide else _PIECES
    query = template.format(
        calendar=calendar.CALENDAR, columns=columns(assignments, "a" if to_decide else "found"), limit=limit,
        whose=WHOSE.get(box), conditions=_all(*conditions), closed=CLOSED,
    )  # fmt: skip
    task_id, id_ = before or (None, None)
    given = values(wanted, days, now) | {
        "whose": list(whose), "post": whose[0] if whose else None, "before_task": task_id, "before": id_,
        "within": None if within is None else list(within),
    }  # fmt: skip
    return rows(tx, query, given, assignments)
