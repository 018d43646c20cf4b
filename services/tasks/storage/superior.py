"""Requests to superiors, and reports to them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from chassis.rows import any_of, unnested
from tasks.domain.assignment import CLOSED
from tasks.storage.tables import (
    assignments,
    documents,
    report_lines,
    superior_reports,
    superior_requests,
    tasks,
)

# requests


def add_request(tx, request: Mapping) -> Mapping:
    return tx.execute(insert(superior_requests).values(**request).returning(superior_requests)).mappings().one()


def find_request(tx, request_id: str, *, lock: bool = False) -> Mapping | None:
    query = select(superior_requests).where(superior_requests.c.id == request_id)
    return tx.execute(query.with_for_update() if lock else query).mappings().one_or_none()


def change_request(tx, request_id: str, **changes) -> Mapping:
    query = update(superior_requests).where(superior_requests.c.id == request_id).values(**changes)
    return tx.execute(query.returning(superior_requests)).mappings().one()


def end_requests(tx, extension_ids: Iterable[str]) -> None:
    """What nobody need ask a superior any more."""
    query = update(superior_requests).where(
        superior_requests.c.id == any_of(extension_ids), superior_requests.c.state == "awaiting"
    )
    tx.execute(query.values(state="withdrawn", version=superior_requests.c.version + 1))


def list_requests(tx, state: str | None, before: str | None, limit: int) -> list[Mapping]:
    query = select(superior_requests).order_by(superior_requests.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(superior_requests.c.state == sa.literal(state, literal_execute=True))
    if before is not None:
        query = query.where(superior_requests.c.id < before)
    return list(tx.execute(query).mappings())


# reports


def tasks_to_report(
    tx, source: str, document_id: str | None, done_since: datetime | None, limit: int
) -> list[Mapping]:  # fmt: skip
    """Every order from this source that is in force, with its leads' pieces as one: who they are, and when the last of
    them was done, if all are. The clock stands still when it does for all who are not done. Those finished before
    `done_since` are left out.
    """
    leads = and_(
        assignments.c.task_id == tasks.c.id, assignments.c.parent_id.is_(None), assignments.c.role == "lead",
        assignments.c.state != "revoked",
    )  # fmt: skip
    closed = assignments.c.state.in_(sorted(CLOSED))
    is_done, stands_still = func.bool_and(closed), func.bool_and(closed | assignments.c.suspended_at.is_not(None))
    last = func.max(assignments.c.done_at)
    done_at = sa.case((is_done, last))
    units = func.array_agg(aggregate_order_by(assignments.c.unit_name, assignments.c.unit_code), type_=ARRAY(sa.Text))
    query = (
        select(
            tasks.c.id, tasks.c.title, tasks.c.urgency, tasks.c.clause, tasks.c.document_id, tasks.c.superior_due,
            documents.c.number.label("document_number"), done_at.label("done_at"), units.label("units"),
            sa.case((stands_still, func.max(assignments.c.suspended_at))).label("suspended_at"),
        )
        .join_from(tasks, assignments, leads)
        .outerjoin(documents, documents.c.id == tasks.c.document_id)
        .where(tasks.c.source == source, tasks.c.state == sa.literal_column("'issued'"))
        .group_by(tasks.c.id, documents.c.number)
        .order_by(tasks.c.id)
        .limit(limit)
    )  # fmt: skip
    if document_id is not None:
        query = query.where(tasks.c.document_id == document_id)
    if done_since is not None:
        query = query.having(sa.or_(done_at.is_(None), done_at >= done_since))
    return list(tx.execute(query).mappings())


def add_report(tx, report: Mapping, lines: Sequence[Mapping]) -> Mapping:
    """The report with all its lines, in two inserts."""
    row = tx.execute(insert(superior_reports).values(**report).returning(superior_reports)).mappings().one()
    if lines:
        names = list(lines[0])
        given = unnested(**{name: (report_lines.c[name].type, [line[name] for line in lines]) for name in names})
        own = select(sa.literal(row["id"], superior_reports.c.id.type), *given.c)
        tx.execute(insert(report_lines).from_select(["report_id", *names], own))
    return row


def find_report(tx, report_id: str, *, lock: bool = False) -> Mapping | None:
    query = select(superior_reports).where(superior_reports.c.id == report_id)
    return tx.execute(query.with_for_update() if lock else query).mappings().one_or_none()


def change_report(tx, report_id: str, **changes) -> Mapping:
    query = update(superior_reports).where(superior_reports.c.id == report_id).values(**changes)
    return tx.execute(query.returning(superior_reports)).mappings().one()


def list_reports(tx, source: str | None, state: str | None, before: str | None, limit: int) -> list[Mapping]:
    query = select(superior_reports).order_by(superior_reports.c.id.desc()).limit(limit)
    for column, wanted in ((superior_reports.c.source, source), (superior_reports.c.state, state)):
        if wanted is not None:
            query = query.where(column == wanted)
    if before is not None:
        query = query.where(superior_reports.c.id < before)
    return list(tx.execute(query).mappings())


def lines_of(tx, report_id: str, wanted: str | None, after: int, limit: int) -> list[Mapping]:
    query = select(report_lines).where(report_lines.c.report_id == report_id, report_lines.c.number > after)
    if wanted is not None:
        query = query.where(report_lines.c.report_class == wanted)
    return list(tx.execute(query.order_by(report_lines.c.number).limit(limit)).mappings())
