"""Documents, their clauses, and how far the orders from them are."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.rows import Id, any_of, unnested
from tasks.domain.document import Standing
from tasks.storage.pieces import keeps_open
from tasks.storage.tables import assignments, clauses, documents, moved_documents, superior_reports, task_clauses, tasks

NO_IDS = sa.cast(sa.literal("{}"), ARRAY(Id))


def add_document(tx, document: Mapping, its_clauses: Sequence[Mapping]) -> Mapping:
    row = tx.execute(insert(documents).values(**document).returning(documents)).mappings().one()
    _add_clauses(tx, row["id"], its_clauses)
    return row


def replace_clauses(tx, document_id: str, its_clauses: Sequence[Mapping]) -> None:
    tx.execute(sa.delete(clauses).where(clauses.c.document_id == document_id))
    _add_clauses(tx, document_id, its_clauses)


def _add_clauses(tx, document_id: str, its_clauses: Sequence[Mapping]) -> None:
    if not its_clauses:
        return
    own = ("label", "text", "due_on", "reporting")
    rows = unnested(
        number=(sa.Integer, list(range(1, len(its_clauses) + 1))),
        **{name: (clauses.c[name].type, [each[name] for each in its_clauses]) for name in own},
    )
    new = insert(clauses).from_select(["document_id", "number", *own], select(sa.literal(document_id, Id), *rows.c))
    tx.execute(new)


def find_document(tx, document_id: str, *, lock: bool = False) -> Mapping | None:
    query = select(documents).where(documents.c.id == document_id)
    if lock:
        query = query.with_for_update()
    return tx.execute(query).mappings().one_or_none()


def known_document(tx, source: str, number: str, issued_on: date) -> Mapping | None:
    """The same document, entered or arrived before; one that was refused may come again."""
    query = select(documents).where(
        documents.c.source == source, documents.c.number == number, documents.c.issued_on == issued_on
    )
    query = query.where(documents.c.state.in_(("arrived", "received"))).order_by(documents.c.id).limit(1)
    return tx.execute(query.with_for_update()).mappings().one_or_none()


def lock_entry(tx, source: str, number: str, issued_on: date) -> None:
    """Of two who bring the same document at once, one waits for the other."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{source} {number} {issued_on}", 0))))


def by_origin(tx, origin: str, origin_id: str) -> Mapping | None:
    query = select(documents).where(documents.c.origin == origin, documents.c.origin_id == origin_id)
    return tx.execute(query.with_for_update()).mappings().one_or_none()


def change_document(tx, document_id: str, **changes) -> Mapping:
    query = update(documents).where(documents.c.id == document_id).values(**changes).returning(documents)
    return tx.execute(query).mappings().one()


def list_documents(tx, box: str, source: str | None, after: tuple | None, limit: int) -> list[Mapping]:
    """A page. Reports that are owed: the most pressing first; else the newest first."""
    query = select(documents).limit(limit)
    if box == "report_due":
        query = query.where(documents.c.report_due_on.is_not(None)).order_by(documents.c.report_due_on, documents.c.id)
        if after:
            ends = sa.tuple_(sa.literal(after[0], sa.Date), sa.literal(after[1], Id))
            query = query.where(sa.tuple_(documents.c.report_due_on, documents.c.id) > ends)
    else:
        query = query.order_by(documents.c.id.desc())
        if after:
            query = query.where(documents.c.id < after[0])
    if box == "to_receive":
        query = query.where(documents.c.state == sa.literal_column("'arrived'"))
    if box == "to_assign":
        query = query.where(documents.c.state == sa.literal_column("'received'"), documents.c.settled.is_(False))
    if source:
        query = query.where(documents.c.source == source)
    return list(tx.execute(query).mappings())


def clauses_of(tx, document_id: str) -> list[Mapping]:
    """Each with the orders that are given because of it, and whether one waits to be given."""
    given = func.array_agg(aggregate_order_by(tasks.c.id, tasks.c.id), type_=ARRAY(Id))
    query = (
        select(
            clauses,
            func.coalesce(given.filter(tasks.c.state == "issued"), NO_IDS).label("task_ids"),
            func.bool_or(tasks.c.state.in_(("draft", "awaiting_issue"))).label("drafted"),
        )
        .outerjoin(
            task_clauses,
            and_(task_clauses.c.document_id == clauses.c.document_id, task_clauses.c.number == clauses.c.number),
        )
        .outerjoin(tasks, tasks.c.id == task_clauses.c.task_id)
        .where(clauses.c.document_id == document_id)
        .group_by(clauses.c.document_id, clauses.c.number)
        .order_by(clauses.c.number)
    )
    return list(tx.execute(query).mappings())


def change_clauses(tx, document_id: str, numbers: Iterable[int], **changes) -> None:
    query = update(clauses).where(clauses.c.document_id == document_id, clauses.c.number.in_(list(numbers)))
    tx.execute(query.values(**changes))


def point_at_clauses(tx, document_id: str, task_id: str, numbers: Sequence[int]) -> None:
    rows = [{"document_id": document_id, "number": number, "task_id": task_id} for number in numbers]
    tx.execute(upsert(task_clauses).on_conflict_do_nothing(), rows)


def tasks_of(tx, document_id: str, after: str | None, limit: int) -> list[Mapping]:
    query = select(tasks).where(tasks.c.document_id == document_id, tasks.c.state.in_(("issued", "revoked")))
    if after is not None:
        query = query.where(tasks.c.id > after)
    return list(tx.execute(query.order_by(tasks.c.id).limit(limit)).mappings())


def standings(tx, document_ids: Sequence[str]) -> dict[str, Standing]:
    """How far they are, in two statements, however many."""
    assigned = sa.exists().where(
        task_clauses.c.document_id == clauses.c.document_id, task_clauses.c.number == clauses.c.number,
        tasks.c.id == task_clauses.c.task_id, tasks.c.state == "issued",
    )  # fmt: skip
    count = select(
        clauses.c.document_id,
        func.count().label("total"),
        func.count().filter(assigned).label("assigned"),
        func.count().filter(clauses.c.no_task_reason.is_not(None), ~assigned).label("without_task"),
    )
    count = count.where(clauses.c.document_id == any_of(document_ids)).group_by(clauses.c.document_id)
    begun = sa.exists().where(assignments.c.task_id == tasks.c.id, assignments.c.accepted_at.is_not(None))
    is_open = sa.exists().where(assignments.c.task_id == tasks.c.id, keeps_open)
    orders = (
        select(
            tasks.c.document_id,
            func.count().label("orders"),
            func.count().filter(is_open).label("open_orders"),
            func.bool_or(begun).label("begun"),
        )
        .where(tasks.c.document_id == any_of(document_ids), tasks.c.state == "issued")
        .group_by(tasks.c.document_id)
    )
    given = {row["document_id"]: row for row in tx.execute(orders).mappings()}
    none = {"orders": 0, "open_orders": 0, "begun": False}
    own = ("total", "assigned", "without_task")
    found = dict.fromkeys(document_ids, Standing(0, 0, 0, 0, 0, False))
    for row in tx.execute(count).mappings():
        far = given.get(row["document_id"], none)
        found[row["document_id"]] = Standing(*(row[name] for name in own), *(far[name] for name in none))
    return found


def reported_on(tx, document: Mapping) -> list[date]:
    """The days of reports to the superior that covered this document."""
    query = select(superior_reports.c.sent_on).where(
        superior_reports.c.source == document["source"], superior_reports.c.state == "sent",
        superior_reports.c.sent_on >= document["received_on"],
        sa.or_(superior_reports.c.document_id.is_(None), superior_reports.c.document_id == document["id"]),
    )  # fmt: skip
    return list(tx.execute(query).scalars())


def owing_reports(tx, source: str, document_id: str | None) -> list[Mapping]:
    """Documents for which a report to this superior is owed, locked."""
    query = select(documents).where(documents.c.source == source, documents.c.report_due_on.is_not(None))
    if document_id is not None:
        query = query.where(documents.c.id == document_id)
    return list(tx.execute(query.order_by(documents.c.id).with_for_update()).mappings())


def note_moved(tx, document_id: str) -> None:
    """One of its orders moved on: its status is looked at soon, by whoever follows documents. A row of its own, so that
    heads who act at once wait for nobody.
    """
    tx.execute(insert(moved_documents).values(document_id=document_id))


def next_moved(tx) -> Mapping | None:
    """One whose orders moved on, locked; what was noted of it until now is taken off."""
    noted = select(moved_documents.c.document_id).order_by(moved_documents.c.id).limit(100).subquery()
    query = select(documents).where(documents.c.id.in_(select(noted.c.document_id))).limit(1)
    row = tx.execute(query.with_for_update(skip_locked=True)).mappings().one_or_none()
    if row is not None:
        tx.execute(sa.delete(moved_documents).where(moved_documents.c.document_id == row["id"]))
    return row
