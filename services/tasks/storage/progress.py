"""Reports, and what stops the work."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import insert, select, update

from chassis.rows import any_of
from tasks.storage.pieces import handed_over
from tasks.storage.tables import assignments, blockers, progress_reports


def add_report(tx, report: Mapping) -> Mapping:
    """The next one of a piece; whoever adds one holds the piece's lock."""
    number = (
        select(sa.func.coalesce(sa.func.max(progress_reports.c.number), 0) + 1)
        .where(progress_reports.c.assignment_id == report["assignment_id"])
        .scalar_subquery()
    )
    new = insert(progress_reports).values(**report, number=number).returning(progress_reports)
    return tx.execute(new).mappings().one()


def reports_of(tx, assignment_id: str, before: int | None, limit: int) -> list[Mapping]:
    """A page, the newest first."""
    query = select(progress_reports).where(progress_reports.c.assignment_id == assignment_id)
    if before is not None:
        query = query.where(progress_reports.c.number < before)
    return list(tx.execute(query.order_by(progress_reports.c.number.desc()).limit(limit)).mappings())


def reported_at(tx, assignment_id: str) -> list[datetime]:
    query = select(progress_reports.c.reported_at).where(progress_reports.c.assignment_id == assignment_id)
    return list(tx.execute(query).scalars())


def add_blocker(tx, blocker: Mapping) -> Mapping:
    return tx.execute(insert(blockers).values(**blocker).returning(blockers)).mappings().one()


def find_blocker(tx, blocker_id: str) -> Mapping | None:
    return tx.execute(select(blockers).where(blockers.c.id == blocker_id)).mappings().one_or_none()


def change_blocker(tx, blocker_id: str, **changes) -> Mapping:
    query = update(blockers).where(blockers.c.id == blocker_id).values(**changes).returning(blockers)
    return tx.execute(query).mappings().one()


def blockers_of(tx, assignment_id: str, after: str | None, limit: int) -> list[Mapping]:
    query = select(blockers).where(blockers.c.assignment_id == assignment_id).order_by(blockers.c.id).limit(limit)
    if after is not None:
        query = query.where(blockers.c.id > after)
    return list(tx.execute(query).mappings())


def hand_over_blockers(tx, deciders: Sequence[tuple[str, str, str]]) -> list[Mapping]:
    """By piece, who decided until now and who decides: a new version, so that hearers can tell. The city's own levels
    stay as they are.
    """
    rows = handed_over(deciders)
    query = update(blockers).where(blockers.c.assignment_id == rows.c.assignment_id, blockers.c.resolved_at.is_(None))
    query = query.where(blockers.c.decides_post_id == rows.c.before, blockers.c.level.in_(("assigner", "lead")))
    query = query.values(version=blockers.c.version + 1, decides_post_id=rows.c.after)
    return list(tx.execute(query.returning(blockers)).mappings())


def blocked_supports(tx, task_ids: Iterable[str]) -> list[Mapping]:
    """What supports joint work and waits for whoever leads it to decide; locked."""
    blocked = sa.exists().where(
        blockers.c.assignment_id == assignments.c.id, blockers.c.resolved_at.is_(None), blockers.c.level == "lead"
    )
    query = select(assignments).where(assignments.c.task_id == any_of(task_ids), assignments.c.parent_id.is_(None))
    query = query.where(assignments.c.role == "support", blocked).order_by(assignments.c.id)
    return list(tx.execute(query.with_for_update()).mappings())


def end_blockers(tx, assignment_ids: Iterable[str], now: datetime) -> list[Mapping]:
    """What nobody need decide any more, because its piece is closed."""
    query = update(blockers).where(blockers.c.assignment_id == any_of(assignment_ids), blockers.c.resolved_at.is_(None))
    query = query.values(version=blockers.c.version + 1, resolved_at=now)
    return list(tx.execute(query.returning(blockers)).mappings())
