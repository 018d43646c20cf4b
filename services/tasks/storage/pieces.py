"""Pieces: one unit's share of an order."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import and_, case, select, update

from chassis.rows import Id, any_of
from tasks.domain.assignment import CLOSED
from tasks.storage.tables import Moment, assignments, tasks

# Written out, not bound: only then does the planner know that the partial indexes on open pieces fit.
is_open = assignments.c.state.not_in(sa.bindparam("closed", sorted(CLOSED), expanding=True, literal_execute=True))


def overdue() -> sa.ColumnElement[bool]:
    """domain.due.overdue_before, in SQL."""
    day_begins, now = (sa.bindparam(name, type_=Moment) for name in ("day_begins", "now"))
    return and_(is_open, assignments.c.current_due < case((tasks.c.urgency == "express", now), else_=day_begins))


def pieces_of(
    tx, task_id: str, posts: Sequence[str] | None, state: str | None, after: str | None, limit: int
) -> list[Mapping]:
    """A page of an order's pieces, in the order of issue; `posts` None means everybody's."""
    query = select(assignments).where(assignments.c.task_id == task_id).order_by(assignments.c.id).limit(limit)
    if posts is not None:
        query = query.where(assignments.c.post_id == any_of(posts))
    if state is not None:
        query = query.where(assignments.c.state == state)
    if after is not None:
        query = query.where(assignments.c.id > after)
    return list(tx.execute(query).mappings())


_PIECE = select(assignments).where(assignments.c.id == sa.bindparam("id", type_=Id))


_PIECE_TO_CHANGE = _PIECE.with_for_update()


def find_piece(tx, assignment_id: str, *, lock: bool = False) -> Mapping | None:
    return tx.execute(_PIECE_TO_CHANGE if lock else _PIECE, {"id": assignment_id}).mappings().one_or_none()


def move_piece(tx, assignment_id: str, **changes) -> Mapping:
    query = update(assignments).where(assignments.c.id == assignment_id).values(**changes).returning(assignments)
    return tx.execute(query).mappings().one()
