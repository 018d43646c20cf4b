"""What has happened, in the order in which it did; never changed."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import and_, func, insert, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from chassis.rows import any_of, unnested
from tasks.storage.tables import assignments, history

# the owner and the date at the beginning: whatever comes later says what it changes
_AT_FIRST = func.jsonb_build_object(
    "unit_id", assignments.c.unit_id, "post_id", assignments.c.post_id, "current_due", assignments.c.current_due,
    "role", assignments.c.role, type_=JSONB,
)  # fmt: skip


def record_issue(tx, event: Mapping) -> None:
    """The issue in the history: of the order, which may have been a draft before, and of each of its pieces."""
    tx.execute(insert(history).values(**event))
    names = [name for name in event if name not in ("assignment_id", "version", "data")]
    values = [sa.literal(event[name], history.c[name].type).label(name) for name in names]
    own = (assignments.c.id, assignments.c.version, _AT_FIRST)
    pieces = select(*values, *own).where(assignments.c.task_id == event["task_id"]).order_by(assignments.c.id)
    tx.execute(insert(history).from_select([*names, "assignment_id", "version", "data"], pieces))


def record(tx, event: Mapping) -> None:
    tx.execute(insert(history).values(**event))


def record_all(tx, events: Sequence[Mapping]) -> None:
    """Many events in one insert."""
    if events:
        names = list(events[0])
        given = unnested(**{name: (history.c[name].type, [event[name] for event in events]) for name in names})
        tx.execute(insert(history).from_select(names, select(*given.c)))


def last_of(tx, task_id: str, assignment_id: str | None) -> Mapping:
    """A piece's last event, or the order's own."""
    query = select(history).where(history.c.task_id == task_id, history.c.assignment_id == assignment_id)
    return tx.execute(query.order_by(history.c.version.desc()).limit(1)).mappings().one()


def history_of(tx, task_id: str, assignment_id: str, after: int = 0, limit: int | None = None) -> list[Mapping]:
    """One piece's, by its versions."""
    query = select(history).where(history.c.task_id == task_id, history.c.assignment_id == assignment_id)
    query = query.where(history.c.version > after).order_by(history.c.version).limit(limit)
    return list(tx.execute(query).mappings())


def history_of_task(tx, task_id: str, posts: Sequence[str] | None, after: int, limit: int) -> list[Mapping]:
    """A page of an order's and its units' pieces'; `posts` None means everybody's, else only those that these own."""
    mine = select(assignments.c.id).where(assignments.c.task_id == task_id)
    mine = mine.where(assignments.c.parent_id.is_(None) if posts is None else assignments.c.post_id == any_of(posts))
    query = (
        select(history)
        .where(history.c.task_id == task_id, history.c.id > after)
        .where(or_(history.c.assignment_id.is_(None), and_(history.c.assignment_id.in_(mine))))
        .order_by(history.c.id)
        .limit(limit)
    )
    return list(tx.execute(query).mappings())
