"""Urgings, and whose pieces are late."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import any_of, unnested
from tasks.storage.pieces import is_open, overdue
from tasks.storage.tables import assignments, tasks, urgings


def late_pieces(tx, task_id: str, only: str, day_begins: datetime, now: datetime) -> list[Mapping]:
    """The units' own pieces of an order that are overdue, or not received; nobody ends them until the commit."""
    query = select(assignments).join_from(assignments, tasks, tasks.c.id == assignments.c.task_id)
    query = query.where(assignments.c.task_id == task_id, assignments.c.parent_id.is_(None), is_open)
    query = query.where(overdue() if only == "overdue" else assignments.c.state == "assigned")
    query = query.order_by(assignments.c.id).with_for_update(read=True, of=assignments)
    given = {"day_begins": day_begins, "now": now} if only == "overdue" else {}
    return list(tx.execute(query, given).mappings())


def add_urgings(tx, shared: Mapping, each: Sequence[Mapping]) -> list[Mapping]:
    """In one insert; where the same is asked already and not answered, no second time."""
    own = ("id", "assignment_id", "to_post_id")
    rows = unnested(**{name: (urgings.c[name].type, [one[name] for one in each]) for name in own})
    values = {name: sa.literal(value, urgings.c[name].type) for name, value in shared.items()}
    new = insert(urgings).from_select([*own, *values], select(*rows.c, *values.values())).on_conflict_do_nothing()
    return sorted(tx.execute(new.returning(urgings)).mappings(), key=lambda row: row["id"])


def open_kinds(tx, assignment_id: str, from_post_id: str) -> set[str]:
    query = select(urgings.c.kind).where(urgings.c.assignment_id == assignment_id, urgings.c.answered_at.is_(None))
    return set(tx.execute(query.where(urgings.c.from_post_id == from_post_id)).scalars())


def find_urging(tx, urging_id: str) -> Mapping | None:
    return tx.execute(select(urgings).where(urgings.c.id == urging_id)).mappings().one_or_none()


def change_urging(tx, urging_id: str, **changes) -> Mapping:
    query = update(urgings).where(urgings.c.id == urging_id).values(**changes).returning(urgings)
    return tx.execute(query).mappings().one()


def urgings_of(tx, assignment_id: str, after: str | None, limit: int) -> list[Mapping]:
    query = select(urgings).where(urgings.c.assignment_id == assignment_id).order_by(urgings.c.id).limit(limit)
    if after is not None:
        query = query.where(urgings.c.id > after)
    return list(tx.execute(query).mappings())


def end_urgings(tx, assignment_ids: Iterable[str], now: datetime) -> list[Mapping]:
    """What nobody need answer any more, because its piece is closed."""
    query = update(urgings).where(urgings.c.assignment_id == any_of(assignment_ids), urgings.c.answered_at.is_(None))
    query = query.values(version=urgings.c.version + 1, answered_at=now)
    return list(tx.execute(query.returning(urgings)).mappings())


def hand_over_urgings(tx, assignment_ids: Iterable[str]) -> list[Mapping]:
    """Whoever owns the pieces now answers: a new version, so that hearers can tell."""
    query = update(urgings).where(urgings.c.assignment_id == any_of(assignment_ids), urgings.c.answered_at.is_(None))
    query = query.where(assignments.c.id == urgings.c.assignment_id)
    query = query.values(version=urgings.c.version + 1, to_post_id=assignments.c.post_id)
    return list(tx.execute(query.returning(urgings)).mappings())
