"""What helps to assign well: the load of units, open orders that are alike, how long work has taken.

`plain` and `document_numbers` are the database's own functions (migration 0006): what is stored and what is looked for
are folded by the same hand.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.rows import any_of
from tasks.storage.pieces import is_open, keeps_open, overdue
from tasks.storage.tables import assignments, extensions, tasks

CANDIDATES = 100  # by words, and as many by documents, open or not
LOOKED_AT = 500  # characters of a content
PAST_ORDERS = 50  # like one in its words,
OF_SOURCE = 100  # or the latest of its source

# Written out, not bound: only then does the planner know that the indexes fit.
_issued = tasks.c.state == sa.literal_column("'issued'")
_named = sa.literal_column(
    "document_numbers(tasks.title || ' ' || tasks.content || ' ' || coalesce(tasks.document_number, ''))",
    ARRAY(sa.Text),
)
_plain_title = sa.literal_column("tasks.title_plain", sa.Text)
_works = sa.and_(assignments.c.parent_id.is_(None), assignments.c.role != sa.literal_column("'inform'"))
_THRESHOLD = sa.text("SELECT set_config('pg_trgm.similarity_threshold', :threshold, true)")


def loads(
    tx, unit_ids: Collection[str], day: tuple[datetime, datetime], week: tuple[datetime, datetime]
) -> dict[str, Mapping]:
    """By unit: open pieces that it leads or supports, and how many are due in either span."""

    def due_in(span: tuple[datetime, datetime]):
        return func.count().filter(assignments.c.current_due >= span[0], assignments.c.current_due < span[1])

    query = (
        select(assignments.c.unit_id, func.count().label("open"), due_in(day).label("due_same_day"))
        .add_columns(due_in(week).label("due_same_week"))
        .where(assignments.c.unit_id == any_of(unit_ids), _works, is_open)
        .group_by(assignments.c.unit_id)
    )
    return {row["unit_id"]: row for row in tx.execute(query).mappings()}


def overdue_pieces(tx, unit_ids: Collection[str], day_begins: datetime, now: datetime) -> dict[str, int]:
    query = (
        select(assignments.c.unit_id, func.count().label("count"))
        .join_from(assignments, tasks, tasks.c.id == assignments.c.task_id)
        .where(assignments.c.unit_id == any_of(unit_ids), _works, overdue())
        .where(assignments.c.current_due < sa.bindparam("now"))
        .group_by(assignments.c.unit_id)
    )
    return {row.unit_id: row.count for row in tx.execute(query, {"day_begins": day_begins, "now": now})}


def documents_in(tx, text: str) -> list[str]:
    """The numbers of the documents that a text names."""
    return tx.execute(select(func.document_numbers(text, type_=ARRAY(sa.Text)))).scalar_one()


def alike(
    tx, title: str, content: str, documents: Sequence[str], unit_ids: Collection[str], least: float
) -> list[Mapping]:
    """Open orders whose title is like this one, or that name one of these documents."""
    _count_as_alike(tx, least)
    named_too = _named.overlap(sa.cast(list(documents), ARRAY(sa.Text)))
    by_document = select(tasks.c.id).where(_issued, named_too).order_by(tasks.c.id.desc()).limit(CANDIDATES)
    by_words = _alike(title).limit(CANDIDATES).subquery().select()
    found = sa.union(by_words, by_document.subquery().select()).subquery()
    shared = select(func.count()).where(
        assignments.c.task_id == tasks.c.id, assignments.c.unit_id == any_of(unit_ids), _works, is_open
    )
    # counted for each candidate, not joined: the open pieces of the whole city are many more
    open_leads = select(func.count()).where(assignments.c.task_id == tasks.c.id, keeps_open).scalar_subquery()
    query = select(
        tasks,
        func.similarity(_plain_title, func.plain(title)).label("title_likeness"),
        func.similarity(_beginning(tasks.c.content), _beginning(content)).label("content_likeness"),
        _named.label("documents"),
        shared.scalar_subquery().label("shared_units"),
    ).join_from(tasks, found, found.c.id == tasks.c.id)
    return list(tx.execute(query.where(open_leads > 0)).mappings())


def _count_as_alike(tx, least: float) -> None:
    tx.execute(_THRESHOLD, {"threshold": str(least)})


def _alike(title: str):
    """By the share of letter triples in common, the most alike first."""
    wanted = func.plain(title)
    query = select(tasks.c.id).where(_issued, _plain_title.op("%")(wanted))
    return query.order_by(func.similarity(_plain_title, wanted).desc(), tasks.c.id.desc())


def _beginning(text):
    return func.plain(func.left(text, LOOKED_AT))


def done_like(tx, title: str, least: float) -> list[tuple[date, date, int, int]]:
    """How long the pieces of orders with such a title took: first day, last day, how many, how many got more time."""
    _count_as_alike(tx, least)
    return _done_of(tx, _alike(title).limit(PAST_ORDERS))


def done_of_source(tx, source: str, urgency: str) -> list[tuple[date, date, int, int]]:
    """The same of the latest orders from this source that were as urgent."""
    latest = select(tasks.c.id).where(_issued, tasks.c.source == source, tasks.c.urgency == urgency)
    return _done_of(tx, latest.order_by(tasks.c.id.desc()).limit(OF_SOURCE))


def _done_of(tx, orders) -> list[tuple[date, date, int, int]]:
    chosen = orders.add_columns(tasks.c.received_on).subquery()
    done_on = sa.cast(func.timezone("Asia/Ho_Chi_Minh", assignments.c.done_at), sa.Date).label("done_on")
    got_time = sa.exists().where(
        extensions.c.assignment_id == assignments.c.id, extensions.c.state.in_(("granted", "granted_partly"))
    )
    query = (
        select(chosen.c.received_on, done_on, func.count(), func.count().filter(got_time))
        .join_from(chosen, assignments, assignments.c.task_id == chosen.c.id)
        .where(assignments.c.parent_id.is_(None), assignments.c.role == "lead", assignments.c.done_at.is_not(None))
        .where(assignments.c.state.in_(("completed", "archived")))
        .group_by(chosen.c.received_on, done_on)
    )
    return [tuple(row) for row in tx.execute(query)]
