"""Corrections and disputes: the log of what was proposed and decided."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import insert, select, update

from chassis.rows import any_of
from tasks.storage.pieces import handed_over
from tasks.storage.tables import assignments, corrections, results


def add_correction(tx, correction: Mapping) -> Mapping:
    """The next round of a piece, which stands apart while it is open; whoever adds one holds the piece's lock."""
    round_ = (
        select(sa.func.coalesce(sa.func.max(corrections.c.round), 0) + 1)
        .where(corrections.c.assignment_id == correction["assignment_id"])
        .scalar_subquery()
    )
    set_apart(tx, correction["assignment_id"], True)
    return tx.execute(insert(corrections).values(**correction, round=round_).returning(corrections)).mappings().one()


def set_apart(tx, assignment_id: str, apart: bool) -> None:
    tx.execute(update(assignments).where(assignments.c.id == assignment_id).values(under_correction=apart))


def find_correction(tx, correction_id: str) -> Mapping | None:
    return tx.execute(select(corrections).where(corrections.c.id == correction_id)).mappings().one_or_none()


def change_correction(tx, correction_id: str, **changes) -> Mapping:
    query = update(corrections).where(corrections.c.id == correction_id).values(**changes).returning(corrections)
    return tx.execute(query).mappings().one()


def is_pending(tx, assignment_id: str) -> bool:
    query = select(sa.exists().where(corrections.c.assignment_id == assignment_id, corrections.c.state == "pending"))
    return tx.execute(query).scalar_one()


def hand_over_corrections(tx, deciders: Sequence[tuple[str, str, str]]) -> list[Mapping]:
    """By piece, who decided until now and who decides: a new version, so that hearers can tell."""
    rows = handed_over(deciders)
    query = update(corrections).where(corrections.c.assignment_id == rows.c.assignment_id)
    query = query.where(corrections.c.state == "pending", corrections.c.decides_post_id == rows.c.before)
    query = query.values(version=corrections.c.version + 1, decides_post_id=rows.c.after)
    return list(tx.execute(query.returning(corrections)).mappings())


def end_corrections(tx, assignment_ids: Iterable[str], now: datetime) -> list[Mapping]:
    """What nobody need decide any more, because its piece was revoked or archived."""
    query = update(corrections).where(
        corrections.c.assignment_id == any_of(assignment_ids), corrections.c.state == "pending"
    )
    query = query.values(state="withdrawn", version=corrections.c.version + 1, decided_at=now)
    ended = list(tx.execute(query.returning(corrections)).mappings())
    for each in ended:
        set_apart(tx, each["assignment_id"], False)
    return ended


def corrections_of(tx, assignment_id: str, after: int, limit: int) -> Sequence[Mapping]:
    query = select(corrections).where(corrections.c.assignment_id == assignment_id, corrections.c.round > after)
    return list(tx.execute(query.order_by(corrections.c.round).limit(limit)).mappings())


def last_result(tx, assignment_id: str) -> Mapping | None:
    """The one that was approved, or waits to be."""
    query = select(results).where(results.c.assignment_id == assignment_id)
    query = query.where(sa.or_(results.c.outcome == "approved", results.c.outcome.is_(None)))
    return tx.execute(query.order_by(results.c.round.desc()).limit(1)).mappings().one_or_none()


def change_result(tx, result_id: str, **changes) -> None:
    tx.execute(update(results).where(results.c.id == result_id).values(**changes))
