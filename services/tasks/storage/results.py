"""Results as they were submitted, round by round, and what was decided on each."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import insert, select, update

from tasks.storage.tables import results


def add_result(tx, result: Mapping) -> Mapping:
    """The next round of a piece; whoever adds one holds the piece's lock."""
    round_ = (
        select(sa.func.coalesce(sa.func.max(results.c.round), 0) + 1)
        .where(results.c.assignment_id == result["assignment_id"])
        .scalar_subquery()
    )
    return tx.execute(insert(results).values(**result, round=round_).returning(results)).mappings().one()


def decide_result(tx, assignment_id: str, **decision) -> str:
    """The one that waits."""
    query = update(results).where(results.c.assignment_id == assignment_id, results.c.outcome.is_(None))
    return tx.execute(query.values(**decision).returning(results.c.id)).scalar_one()


def results_of(tx, assignment_id: str, after: int, limit: int) -> list[Mapping]:
    query = select(results).where(results.c.assignment_id == assignment_id, results.c.round > after)
    return list(tx.execute(query.order_by(results.c.round).limit(limit)).mappings())
