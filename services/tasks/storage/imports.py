"""Imports: the files as they came, the orders that they are about, and what is parked of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.imports import LOCK, Imports
from chassis.rows import Id, any_of
from tasks.storage import tables as t
from tasks.storage.tables import assignments, history, parked_tasks, progress_reports, results, tasks

files = Imports(t.imports, t.import_parts, t.import_rows)


def write_alone(tx) -> None:
    """Until the commit nobody else brings in tasks: two lines of one code would make two orders."""
    tx.execute(select(func.pg_advisory_xact_lock(LOCK + 1)))


def take_up(tx, import_id: str) -> None:
    """From here on its rows say what was done, not what would be."""
    tx.execute(sa.delete(t.import_rows).where(t.import_rows.c.import_id == import_id))


# what is here


def orders_of(tx, codes: Iterable[str], ids: Iterable[str], *, lock: bool) -> list[Mapping]:
    """Issued orders by their codes, and by their ids those without."""
    known = or_(tasks.c.code.in_(list(codes)), tasks.c.id == any_of(ids))
    query = select(tasks).where(known, tasks.c.issued_at.is_not(None)).order_by(tasks.c.id)
    return list(tx.execute(query.with_for_update(key_share=True) if lock else query).mappings())


def pieces_of_all(tx, task_ids: Iterable[str], *, lock: bool) -> list[Mapping]:
    """The units' own pieces of many orders."""
    query = select(assignments).where(assignments.c.task_id == any_of(task_ids), assignments.c.parent_id.is_(None))
    query = query.order_by(assignments.c.task_id, assignments.c.id)
    return list(tx.execute(query.with_for_update() if lock else query).mappings())


def moved_here(tx, assignment_ids: Iterable[str]) -> set[str]:
    """Those of these pieces that somebody has moved, reported on, or asked something about since they came in."""
    ids = any_of(assignment_ids)
    lived = [
        select(each.c.assignment_id).where(each.c.assignment_id == ids)
        for each in (t.extensions, t.blockers, t.corrections)
    ]
    lived.append(select(history.c.assignment_id).where(history.c.assignment_id == ids, history.c.verb != "import"))
    reported = select(progress_reports.c.assignment_id).where(progress_reports.c.assignment_id == ids)
    lived.append(reported.where(progress_reports.c.imported.is_(False)))
    return set(tx.execute(sa.union(*lived)).scalars())


def last_results(tx, assignment_ids: Iterable[str]) -> dict[str, Mapping]:
    return _newest(tx, results, results.c.round, assignment_ids)


def last_reports(tx, assignment_ids: Iterable[str]) -> dict[str, Mapping]:
    return _newest(tx, progress_reports, progress_reports.c.number, assignment_ids)


def _newest(tx, table: sa.Table, order, assignment_ids: Iterable[str]) -> dict[str, Mapping]:
    query = select(table).where(table.c.assignment_id == any_of(assignment_ids))
    query = query.ext(distinct_on(table.c.assignment_id))
    rows = tx.execute(query.order_by(table.c.assignment_id, order.desc())).mappings()
    return {row["assignment_id"]: row for row in rows}


# writing


def add_orders(tx, rows: Sequence[Mapping]) -> list[Mapping]:
    if not rows:
        return []
    return list(tx.execute(insert(tasks).returning(tasks), list(rows)).mappings())


def change_order(tx, task_id: str, **changes) -> Mapping:
    changed = update(tasks).where(tasks.c.id == task_id).values(version=tasks.c.version + 1, **changes)
    return tx.execute(changed.returning(tasks)).mappings().one()


def add_results(tx, rows: Sequence[Mapping]) -> None:
    if rows:
        tx.execute(insert(results), list(rows))


def change_result(tx, result_id: str, **changes) -> None:
    tx.execute(update(results).where(results.c.id == result_id).values(**changes))


def add_reports(tx, rows: Sequence[Mapping]) -> None:
    if rows:
        tx.execute(insert(progress_reports), list(rows))


# what is parked


def park(tx, rows: Sequence[Mapping]) -> None:
    """A line that is parked already is parked as it says now."""
    for row in rows:
        new = upsert(parked_tasks).values(**row)
        said = {
            name: new.excluded[name] for name in ("import_id", "line", "code", "cells", "each", "faults", "parked_at")
        }
        changed = new.on_conflict_do_update(
            index_elements=["same"], set_=said | {"version": parked_tasks.c.version + 1}
        )
        tx.execute(changed)


def unpark(tx, same: Collection[str]) -> None:
    """What has come again, and is complete."""
    if same:
        tx.execute(sa.delete(parked_tasks).where(parked_tasks.c.same.in_(list(same))))


def parked(tx, after: str | None, limit: int) -> list[Mapping]:
    query = select(parked_tasks).order_by(parked_tasks.c.id).limit(limit)
    if after is not None:
        query = query.where(parked_tasks.c.id > sa.cast(after, Id))
    return list(tx.execute(query).mappings())


def find_parked(tx, parked_id: str) -> Mapping | None:
    query = select(parked_tasks).where(parked_tasks.c.id == parked_id).with_for_update()
    return tx.execute(query).mappings().one_or_none()


def change_parked(tx, parked_id: str, **changes) -> Mapping:
    changed = update(parked_tasks).where(parked_tasks.c.id == parked_id)
    changed = changed.values(version=parked_tasks.c.version + 1, **changes).returning(parked_tasks)
    return tx.execute(changed).mappings().one()


def is_parked(tx, same: str, but: str) -> bool:
    """Whether another line than this one is known by the same."""
    return tx.execute(select(sa.exists().where(parked_tasks.c.same == same, parked_tasks.c.id != but))).scalar_one()


def discard_parked(tx, parked_id: str) -> None:
    tx.execute(sa.delete(parked_tasks).where(parked_tasks.c.id == parked_id))
