"""What has happened, in the order in which it did; never changed."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import insert, select

from tasks.storage.tables import assignments, history


def record_issue(tx, event: Mapping) -> None:
    """The issue in the history: of the order, and of each of its pieces."""
    tx.execute(insert(history).values(**event))
    names = [name for name in event if name != "assignment_id"]
    values = [sa.literal(event[name], history.c[name].type).label(name) for name in names]
    pieces = select(*values, assignments.c.id).where(assignments.c.task_id == event["task_id"])
    tx.execute(insert(history).from_select([*names, "assignment_id"], pieces.order_by(assignments.c.id)))


def record(tx, event: Mapping) -> None:
    tx.execute(insert(history).values(**event))


def history_of(tx, assignment_id: str) -> list[Mapping]:
    query = select(history).where(history.c.assignment_id == assignment_id).order_by(history.c.version)
    return list(tx.execute(query).mappings())
