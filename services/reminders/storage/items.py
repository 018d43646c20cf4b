"""The table of action items and every query on it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache

import sqlalchemy as sa
from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from chassis.rows import Id, Written, any_of, ids_bound, size_for, unnested
from reminders.domain.burning import NEVER, NO_MATTER, Dues

metadata = sa.MetaData()
Moment = sa.DateTime(timezone=True)

items = sa.Table(
    "action_items", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("kind", sa.Text),
    sa.Column("subject_id", Id),
    sa.Column("version", sa.Integer),
    sa.Column("open", sa.Boolean),
    sa.Column("post_id", Id),
    sa.Column("unit_id", Id),
    sa.Column("person_id", Id),
    sa.Column("origin", sa.Text),
    sa.Column("task_id", Id),
    sa.Column("title", sa.Text),
    sa.Column("link", sa.Text),
    sa.Column("from_title", sa.Text),
    sa.Column("urgency_rank", sa.SmallInteger),
    sa.Column("due", Moment),
    sa.Column("raised_at", Moment),
    sa.Column("closed_at", Moment),
    sa.Column("unplaced", JSONB),
    sa.Column("tried", sa.BigInteger),
    sa.Column("nudge_at", Moment),
    sa.Column("addressee", Id, sa.Computed("coalesce(person_id, post_id)")),
)  # fmt: skip

break_glass = sa.Table(
    "break_glass", metadata,
    sa.Column("account_id", Id, primary_key=True),
    sa.Column("version", sa.Integer),
)  # fmt: skip

_never = sa.cast(sa.literal(NEVER), Moment)
_HIDDEN = ("due", "unplaced", "tried", "nudge_at", "addressee")
_FACTS = (
    "kind", "post_id", "unit_id", "person_id", "origin", "task_id", "title", "link", "from_title", "urgency_rank",
    "due",
)  # fmt: skip


def _shown(of=items.c) -> tuple:
    """What has no deadline has the last of all in the table: it sorts last, and a page's cursor needs no NULL."""
    return (
        *(of[column.name] for column in items.c if column.name not in _HIDDEN),
        func.nullif(of.due, _never, type_=Moment).label("due"),
    )


def raise_all(tx, shared: Mapping, each: Sequence[Mapping]) -> list[Mapping]:
    """One item for each subject, in one statement; returns those that are new. Of
    another subject more is known.
    """
    own = ("id", "subject_id", "post_id", "unit_id", "link")
    rows = unnested(
        **{name: (items.c[name].type, [item[name] for item in each]) for name in own},
        due_or_none=(Moment, [item["due"] for item in each]),
    )
    stated = shared | {"open": True, "nudge_at": shared["raised_at"]}
    values = {name: sa.literal(value, items.c[name].type) for name, value in stated.items()}
    chosen = [*(rows.c[name] for name in own), func.coalesce(rows.c.due_or_none, _never), *values.values()]
    new = insert(items).from_select([*own, "due", *values], select(*chosen))
    raised = tx.execute(new.on_conflict_do_nothing(index_elements=["subject_id"]).returning(*_shown())).mappings()
    return sorted(raised, key=lambda row: row["id"])


def keep_places(tx, known: Sequence[Mapping]) -> list[Mapping]:
    """The items of these subjects, locked; a closed one that nobody sees is made where there is none yet."""
    rows = _given(known, ("id", "subject_id"))
    places = select(*rows.c, sa.literal(0), sa.false()).order_by(rows.c.subject_id)
    new = insert(items).from_select(["id", "subject_id", *_FACTS, "version", "open"], places)
    tx.execute(new.on_conflict_do_nothing(index_elements=["subject_id"]))
    query = select(*_shown()).where(items.c.subject_id == any_of(item["subject_id"] for item in known))
    return list(tx.execute(query.order_by(items.c.subject_id).with_for_update()).mappings())


def change_all(tx, changed: Sequence[Mapping]) -> list[Mapping]:
    """Items as they are known now, in one statement. Whoever is still to be nudged is, unless it says when."""
    names = ("version", "open", "raised_at", "closed_at", "unplaced", "tried")
    rows = _given(changed, ("subject_id",), (*names, "nudge_at"))
    values = {name: rows.c[name] for name in (*_FACTS, *names)}
    values["nudge_at"] = func.coalesce(rows.c.nudge_at, items.c.nudge_at)
    query = update(items).where(items.c.subject_id == rows.c.subject_id).values(values).returning(*_shown())
    return sorted(tx.execute(query).mappings(), key=lambda row: row["id"])


def _given(each: Sequence[Mapping], first: Sequence[str], last: Sequence[str] = ()):
    """Rows with an item's facts; what has no deadline sorts last, and what it does not say is empty."""
    names = (*first, *_FACTS, *last)
    rows = unnested(**{name: (items.c[name].type, [item.get(name) for item in each]) for name in names})
    columns = [rows.c[name] if name != "due" else func.coalesce(rows.c.due, _never).label("due") for name in names]
    return select(*columns).subquery()


def close_all(tx, kind: str, before: int, at: datetime) -> list[Mapping]:
    """Those of a kind that stand open for an earlier version of what they are about."""
    closing = update(items).where(items.c.kind == kind, items.c.open, items.c.version < before)
    return list(tx.execute(closing.values(open=False, version=before, closed_at=at).returning(*_shown())).mappings())


def break_glass_version(tx, account_id: str, version: int) -> int:
    """The newest version of the sealed account that was heard of; held until the commit."""
    new = insert(break_glass).values(account_id=account_id, version=version)
    newest = func.greatest(break_glass.c.version, new.excluded.version)
    noted = new.on_conflict_do_update(index_elements=["account_id"], set_={"version": newest})
    return tx.execute(noted.returning(break_glass.c.version)).scalar_one()


# what siblings said for posts that nobody knows yet


def count_unplaced(tx, origin: str, but: str, most: int) -> int:
    """Of a sibling, without this subject, counted up to so many."""
    some = select(items.c.subject_id).where(
        items.c.origin == origin, items.c.unplaced.is_not(None), items.c.subject_id != but
    )
    return tx.execute(select(func.count()).select_from(some.limit(most).subquery())).scalar_one()


def next_unplaced(tx, version: int, limit: int) -> list[Mapping]:
    """Those that were not tried since the directory's facts were at this version: each taken by one process only."""
    query = select(*(items.c[name] for name in ("id", "subject_id", "version", "origin", "unplaced")))
    query = query.where(items.c.unplaced.is_not(None), items.c.tried < version)
    query = query.order_by(items.c.tried).limit(limit).with_for_update(skip_locked=True)
    return list(tx.execute(query).mappings())


def note_tried(tx, ids: Collection[str], version: int) -> None:
    tx.execute(update(items).where(items.c.id == any_of(ids)).values(tried=version))


# about what somebody is still to be nudged


def claim_to_nudge(tx, now: datetime, limit: int) -> list[Mapping]:
    """Of each urgency what has waited longest, so many; each is taken by one process only."""
    return list(tx.execute(_to_nudge(limit), {"now": now}).mappings())


def nudge_next(tx, rows: Sequence[Mapping], at: datetime | None) -> None:
    """Never, if None."""
    if rows:
        tx.execute(update(items).where(items.c.id == any_of(row["id"] for row in rows)).values(nudge_at=at))


def need_no_nudge(tx, subject_ids: Collection[str]) -> None:
    tx.execute(update(items).where(items.c.subject_id == any_of(subject_ids)).values(nudge_at=None))


# what people read


def find_open(tx, item_id: str, addressees: Sequence[str]) -> Mapping | None:
    query = select(*_shown()).where(items.c.id == item_id, items.c.addressee == any_of(addressees), items.c.open)
    return tx.execute(query).mappings().one_or_none()


def burning(tx, addressees: Sequence[str], limit: int, **wanted) -> list[Mapping]:
    """A page of what they must act on: what is due first comes first, then what is most urgent. Of each no more is read
    than is shown, however much there is. `wanted`: `dues`, `kind`, `origin`, `after`, and who is left out, `asleep`.
    """
    values = _values(**wanted)
    return tx.rows(_burning(frozenset(values), size_for(limit)), values | {"addressees": addressees})[:limit]


def newly_late(
    tx, addressees: Sequence[str], dues: Dues, limit: int, bound: int, asleep: Collection[str]
) -> tuple[list[Mapping], int]:
    """The first of what became late, and how many there are; of each addressee no more than so many are counted."""
    values = _values(dues=dues, asleep=asleep)
    query = _first_and_count(frozenset(values), limit, bound)
    rows = tx.rows(query, values | {"addressees": addressees})
    return rows, rows[0]["among"] if rows else 0


def put_off(tx, ids: Collection[str], limit: int, **wanted) -> list[Mapping]:
    """A page of these few."""
    values = _values(**wanted)
    query = select(*_shown()).where(items.c.id == any_of(ids), items.c.open, *_conditions(values))
    return list(tx.execute(query.order_by(*_order()).limit(limit), values).mappings())


def counts(tx, addressees: Sequence[str], kinds: Sequence[str], bound: int) -> dict[str, int]:
    """How many of each kind, of each addressee no more than so many: what stands open need not be read to its end."""
    wanted = {"addressees": addressees, "kinds": list(kinds)}
    return {row["kind"]: row["many"] for row in tx.rows(_counts(bound), wanted)}


def counts_of(
    tx, addressees: Sequence[str], ranges: Sequence[Dues], bound: int, asleep: Collection[str]
) -> list[int]:  # fmt: skip
    """How many with a deadline in each of these ranges, counted no further either."""
    found = []
    for dues in ranges:
        values = _values(dues=dues, asleep=asleep)
        [row] = tx.rows(_count(frozenset(values), bound), values | {"addressees": addressees})
        found.append(row["many"])
    return found


# The statements are made once for each form: making one costs more than running it.


def _order(of=items.c) -> tuple:
    return of.due, of.urgency_rank, of.id


def _bound(name: str):
    return sa.cast(sa.bindparam(name, type_=sa.Text), Moment)


_EACH = select(func.unnest(ids_bound("addressees")).label("addressee")).subquery("each")
_OWN = sa.and_(items.c.addressee == _EACH.c.addressee, items.c.open)
_CONDITIONS = {
    "kind": items.c.kind == sa.bindparam("kind", type_=sa.Text),
    "origin": items.c.origin == sa.bindparam("origin", type_=sa.Text),
    "due_from": items.c.due >= _bound("due_from"),
    "due_before": items.c.due < _bound("due_before"),
    "after_id": tuple_(*_order())
    > tuple_(
        _bound("after_due"),
        sa.bindparam("after_rank", type_=sa.SmallInteger),
        sa.bindparam("after_id", type_=Id),
    ),
    "asleep": items.c.id != func.all(ids_bound("asleep")),
}


def _values(
    dues: Dues = NO_MATTER, kind: str | None = None, origin: str | None = None,
    after: tuple[datetime | None, int, str] | None = None, asleep: Collection[str] = (),
) -> dict:  # fmt: skip
    """What is wanted, as the values of a statement."""
    values = {"kind": kind, "origin": origin, "due_from": dues.start, "due_before": dues.end}
    values |= {"asleep": list(asleep) or None}
    if after is not None:
        values |= {"after_due": after[0] or NEVER, "after_rank": after[1], "after_id": after[2]}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
        if value is not None
    }


def _conditions(names: Collection[str]) -> list:
    return [condition for name, condition in _CONDITIONS.items() if name in names]


def _walk(names: frozenset[str], limit: int, columns: Sequence):
    """For each addressee along the index, until there are so many: the number is written out, so that a plan that is
    kept for all values knows it.
    """
    query = select(*columns).where(_OWN, *_conditions(names)).order_by(*_order())
    return query.limit(sa.literal_column(str(limit))).lateral("own")


@cache
def _to_nudge(limit: int):
    ranks = select(func.unnest(sa.literal_column("ARRAY[0, 1, 2, 3]::smallint[]")).label("rank")).subquery("ranks")
    due = items.c.open & (items.c.nudge_at <= sa.bindparam("now", type_=Moment))
    first = select(items).where(due, items.c.urgency_rank == ranks.c.rank).order_by(items.c.nudge_at)
    first = first.limit(sa.literal_column(str(limit))).with_for_update(skip_locked=True).lateral("first")
    return select(*_shown(first.c), first.c.nudge_at).join_from(ranks, first, sa.true())


@cache
def _burning(names: frozenset[str], limit: int):
    own = _walk(names, limit, items.c)
    query = select(*_shown(own.c)).join_from(_EACH, own, sa.true()).order_by(*_order(own.c))
    return Written(query.limit(sa.literal_column(str(limit))))


@cache
def _first_and_count(names: frozenset[str], limit: int, bound: int):
    """What is only counted is read from the index alone."""
    own = _walk(names, bound, _order())
    first = select(own.c.id, func.count().over().label("among")).join_from(_EACH, own, sa.true())
    first = first.order_by(*_order(own.c)).limit(sa.literal_column(str(limit))).subquery("first")
    query = select(*_shown(), first.c.among).join_from(first, items, items.c.id == first.c.id)
    return Written(query.order_by(*_order()))


@cache
def _count(names: frozenset[str], bound: int):
    own = _walk(names, bound, _order())
    return Written(select(func.count().label("many")).select_from(_EACH.join(own, sa.true())))


@cache
def _counts(bound: int):
    """Each walk is counted where it ends: what it yields is handed no further."""
    words = select(func.unnest(sa.bindparam("kinds", type_=ARRAY(sa.Text))).label("kind")).subquery("words")
    own = select(sa.literal_column("1")).where(_OWN, items.c.kind == words.c.kind)
    own = own.limit(sa.literal_column(str(bound))).correlate(_EACH, words).subquery("own")
    counted = select(func.count().label("many")).select_from(own).lateral("counted")
    query = select(words.c.kind, sa.cast(func.sum(counted.c.many), sa.Integer).label("many")).group_by(words.c.kind)
    return Written(query.select_from(_EACH.join(words, sa.true()).join(counted, sa.true())))
