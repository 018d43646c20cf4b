"""The table of action items and every query on it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, any_of, unnested

metadata = sa.MetaData()
Moment = sa.DateTime(timezone=True)
NEVER = "infinity"  # the due of what has no deadline: sorts last, and needs no NULL in a page's cursor

items = sa.Table(
    "action_items", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("kind", sa.Text),
    sa.Column("subject_id", Id),
    sa.Column("version", sa.Integer),
    sa.Column("open", sa.Boolean),
    sa.Column("post_id", Id),
    sa.Column("unit_id", Id),
    sa.Column("task_id", Id),
    sa.Column("title", sa.Text),
    sa.Column("link", sa.Text),
    sa.Column("from_title", sa.Text),
    sa.Column("urgency_rank", sa.SmallInteger),
    sa.Column("due", Moment),
    sa.Column("raised_at", Moment),
    sa.Column("closed_at", Moment),
)  # fmt: skip

break_glass = sa.Table(
    "break_glass", metadata,
    sa.Column("account_id", Id, primary_key=True),
    sa.Column("version", sa.Integer),
)  # fmt: skip

_never = sa.cast(sa.literal(NEVER), Moment)
_due = func.nullif(items.c.due, _never, type_=Moment).label("due")
_shown = (*(column for column in items.c if column.name != "due"), _due)
_FACTS = ("kind", "post_id", "unit_id", "task_id", "title", "link", "from_title", "urgency_rank", "due")


def raise_all(tx, shared: Mapping, each: Sequence[Mapping]) -> list[Mapping]:
    """One item for each subject, in one statement; returns those that are new. Of another subject more is known."""
    own = ("id", "subject_id", "post_id", "unit_id", "link")
    rows = unnested(
        **{name: (items.c[name].type, [item[name] for item in each]) for name in own},
        due_or_none=(Moment, [item["due"] for item in each]),
    )
    values = {name: sa.literal(value, items.c[name].type) for name, value in (shared | {"open": True}).items()}
    chosen = [*(rows.c[name] for name in own), func.coalesce(rows.c.due_or_none, _never), *values.values()]
    new = insert(items).from_select([*own, "due", *values], select(*chosen))
    raised = tx.execute(new.on_conflict_do_nothing(index_elements=["subject_id"]).returning(*_shown)).mappings()
    return sorted(raised, key=lambda row: row["id"])


def keep_places(tx, known: Sequence[Mapping]) -> list[Mapping]:
    """The items of these subjects, locked; a closed one that nobody sees is made where there is none yet."""
    rows = _given(known, ("id", "subject_id"))
    places = select(*rows.c, sa.literal(0), sa.false()).order_by(rows.c.subject_id)
    new = insert(items).from_select(["id", "subject_id", *_FACTS, "version", "open"], places)
    tx.execute(new.on_conflict_do_nothing(index_elements=["subject_id"]))
    query = select(*_shown).where(items.c.subject_id == any_of(item["subject_id"] for item in known))
    return list(tx.execute(query.order_by(items.c.subject_id).with_for_update()).mappings())


def change_all(tx, changed: Sequence[Mapping]) -> list[Mapping]:
    """Items as they are known now, in one statement."""
    names = ("version", "open", "raised_at", "closed_at")
    rows = _given(changed, ("subject_id",), names)
    query = update(items).where(items.c.subject_id == rows.c.subject_id)
    query = query.values({name: rows.c[name] for name in (*_FACTS, *names)}).returning(*_shown)
    return sorted(tx.execute(query).mappings(), key=lambda row: row["id"])


def _given(each: Sequence[Mapping], first: Sequence[str], last: Sequence[str] = ()):
    """Rows with an item's facts; what has no deadline sorts last."""
    names = (*first, *_FACTS, *last)
    rows = unnested(**{name: (items.c[name].type, [item[name] for item in each]) for name in names})
    columns = [rows.c[name] if name != "due" else func.coalesce(rows.c.due, _never).label("due") for name in names]
    return select(*columns).subquery()


def close_all(tx, kind: str, before: int, at: datetime) -> list[Mapping]:
    """Those of a kind that stand open for an earlier version of what they are about."""
    closing = update(items).where(items.c.kind == kind, items.c.open, items.c.version < before)
    return list(tx.execute(closing.values(open=False, version=before, closed_at=at).returning(*_shown)).mappings())


def break_glass_version(tx, account_id: str, version: int) -> int:
    """The newest version of the sealed account that was heard of; held until the commit."""
    new = insert(break_glass).values(account_id=account_id, version=version)
    newest = func.greatest(break_glass.c.version, new.excluded.version)
    noted = new.on_conflict_do_update(index_elements=["account_id"], set_={"version": newest})
    return tx.execute(noted.returning(break_glass.c.version)).scalar_one()


def burning(
    tx, posts: Sequence[str], kind: str | None, after: tuple[datetime | None, int, str] | None, limit: int
) -> list[Mapping]:
    """A page of what these posts must act on: what is due first comes first, then what is most urgent."""
    order = (items.c.due, items.c.urgency_rank, items.c.id)
    query = select(*_shown).where(items.c.post_id == any_of(posts), items.c.open).order_by(*order).limit(limit)
    if kind is not None:
        query = query.where(items.c.kind == kind)
    if after is not None:
        due, rank, item_id = after
        position = (_never if due is None else sa.literal(due, Moment), sa.literal(rank), sa.literal(item_id, Id))
        query = query.where(tuple_(*order) > tuple_(*position))
    return list(tx.execute(query).mappings())


def counts(tx, posts: Sequence[str]) -> list[Mapping]:
    query = (
        select(items.c.kind, func.count().label("count"))
        .where(items.c.post_id == any_of(posts), items.c.open)
        .group_by(items.c.kind)
        .order_by(items.c.kind)
    )
    return list(tx.execute(query).mappings())
