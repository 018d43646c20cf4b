"""Personal reminders, what came of their occurrences, and the deadlines that some follow."""

import operator
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from chassis.rows import Id, any_of, unnested

metadata = sa.MetaData()
Moment = sa.DateTime(timezone=True)

reminders = sa.Table(
    "reminders", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("version", sa.Integer),
    sa.Column("person_id", Id),
    sa.Column("title", sa.Text),
    sa.Column("note", sa.Text),
    sa.Column("link", sa.Text),
    sa.Column("urgency_rank", sa.SmallInteger),
    sa.Column("starts_at", sa.DateTime),
    sa.Column("zone", sa.Text),
    sa.Column("before_minutes", sa.Integer),
    sa.Column("rrule", sa.Text),
    sa.Column("working_day", JSONB(none_as_null=True)),
    sa.Column("ends_at", sa.DateTime),
    sa.Column("follows_id", Id),
    sa.Column("occurs_at", Moment),
    sa.Column("next_at", Moment),
    sa.Column("timed_version", sa.Integer),
    sa.Column("calendar", sa.Text),
    sa.Column("origin_uid", sa.Text),
    sa.Column("origin_sequence", sa.Integer),
    sa.Column("changed_at", Moment),
)  # fmt: skip
occurrences = sa.Table(
    "reminder_occurrences", metadata,
    sa.Column("reminder_id", Id, primary_key=True),
    sa.Column("occurrence", Moment, primary_key=True),
    sa.Column("outcome", sa.Text),
    sa.Column("missed", sa.Integer),
    sa.Column("fired_at", Moment),
    sa.Column("settled_at", Moment),
)  # fmt: skip
deadlines = sa.Table(
    "followed_deadlines", metadata,
    sa.Column("assignment_id", Id, primary_key=True),
    sa.Column("version", sa.Integer),
    sa.Column("due", Moment),
    sa.Column("running", sa.Boolean),
    sa.Column("at", Moment),
)  # fmt: skip

_never = sa.literal_column("'infinity'::timestamptz", Moment)
_TIMES = ("occurs_at", "next_at")
_shown = [
    func.nullif(column, _never, type_=Moment).label(column.name) if column.name in _TIMES else column
    for column in reminders.c
]
_active = reminders.c.occurs_at < _never


def _stored(row: Mapping) -> dict:
    return {name: _never if name in _TIMES and value is None else value for name, value in row.items()}


def add(tx, row: Mapping) -> Mapping:
    return tx.execute(insert(reminders).values(**_stored(row)).returning(*_shown)).mappings().one()


def change(tx, reminder_id: str, **changes) -> Mapping:
    query = update(reminders).where(reminders.c.id == reminder_id).values(**_stored(changes))
    return tx.execute(query.returning(*_shown)).mappings().one()


def discard(tx, reminder_ids: Sequence[str]) -> None:
    tx.execute(delete(reminders).where(reminders.c.id == any_of(reminder_ids)))


def discard_all(tx, person_id: str) -> list[str]:
    """Of a person; answers which."""
    gone = delete(reminders).where(reminders.c.person_id == person_id)
    return list(tx.execute(gone.returning(reminders.c.id)).scalars())


def find(tx, reminder_id: str, person_id: str, *, lock: bool = False) -> Mapping | None:
    query = select(*_shown).where(reminders.c.id == reminder_id, reminders.c.person_id == person_id)
    return tx.execute(query.with_for_update() if lock else query).mappings().one_or_none()


def of_person(
    tx, person_id: str, state: str | None, after: tuple[datetime | None, str] | None, limit: int
) -> list[Mapping]:
    """A page of somebody's: what comes first stands first, what has ended last."""
    order = (reminders.c.occurs_at, reminders.c.id)
    query = select(*_shown).where(reminders.c.person_id == person_id).order_by(*order).limit(limit)
    if state is not None:
        query = query.where(_active if state == "active" else sa.not_(_active))
    if after is not None:
        occurs_at, reminder_id = after
        query = query.where(
            tuple_(*order) > tuple_(_never if occurs_at is None else occurs_at, sa.literal(reminder_id, Id))
        )
    return list(tx.execute(query).mappings())


def in_calendar(tx, person_id: str, since: datetime, limit: int) -> list[Mapping]:
    """Somebody's that wait, and those that were said for an occurrence since then."""
    said = sa.exists().where(
        occurrences.c.reminder_id == reminders.c.id, occurrences.c.occurrence >= since, occurrences.c.outcome == "fired"
    )
    query = select(*_shown).where(reminders.c.person_id == person_id, sa.or_(_active, said))
    return list(tx.execute(query.order_by(reminders.c.occurs_at, reminders.c.id).limit(limit)).mappings())


def active_of_person(tx, person_id: str, most: int) -> int:
    """How many wait, counted up to so many."""
    some = select(reminders.c.id).where(reminders.c.person_id == person_id, _active).limit(most).subquery()
    return tx.execute(select(func.count()).select_from(some)).scalar_one()


def hold_person(tx, person_id: str) -> None:
    """Until the commit nobody else counts or imports for this person."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(person_id, 6))))


def by_origin(tx, person_id: str, uids: Sequence[str]) -> dict[str, Mapping]:
    """What invitations made, by their UIDs, locked."""
    query = select(*_shown).where(reminders.c.person_id == person_id, reminders.c.origin_uid.in_(uids))
    return {row["origin_uid"]: row for row in tx.execute(query.with_for_update()).mappings()}


def of_origin(tx, person_id: str, uid: str) -> list[Mapping]:
    """What one event made: itself, and the occurrences of it that stand apart."""
    of_event = sa.or_(reminders.c.origin_uid == uid, reminders.c.origin_uid.startswith(f"{uid}#", autoescape=True))
    query = select(*_shown).where(reminders.c.person_id == person_id, reminders.c.origin_uid.is_not(None), of_event)
    return list(tx.execute(query.with_for_update()).mappings())


# the clock

BATCH = 500  # written out: only then it is planned for as few, by the index that has them in order
CLAIM = (
    select(*_shown)
    .where(reminders.c.urgency_rank == sa.bindparam("rank"), reminders.c.next_at <= sa.bindparam("now", type_=Moment))
    .order_by(reminders.c.next_at)
    .limit(sa.literal_column(str(BATCH)))
    .with_for_update(skip_locked=True)
)


def claim_due(tx, urgency_rank: int, now: datetime) -> list[Mapping]:
    """Some of one urgency whose time has come and that nobody else is working on, the oldest first. In a transaction
    that keeps its plans: one that was made while few were due would sort all of many each time.
    """
    return list(tx.execute(CLAIM, {"rank": urgency_rank, "now": now}).mappings())


OTHERWISE = [
    select(*_shown)
    .where(is_other(reminders.c.calendar, sa.bindparam("calendar", type_=sa.Text)))
    .order_by(reminders.c.calendar)
    .limit(sa.literal_column(str(BATCH)))
    .with_for_update(skip_locked=True)
    for is_other in (operator.lt, operator.gt)
]


def claim_counted_otherwise(tx, calendar: str) -> list[Mapping]:
    """Some that wait for a day which was found by other working days than these. In a transaction that keeps its
    plans, as above: what lies on either side of these is found by walking an index.
    """
    for query in OTHERWISE:
        if rows := list(tx.execute(query, {"calendar": calendar}).mappings()):
            return rows
    return []


def move_on(tx, each: Sequence[Mapping]) -> None:
    """Each to its next occurrence, in one statement; those without one have ended."""
    names = ("id", *_TIMES, "calendar")
    rows = unnested(**{name: (reminders.c[name].type, [one.get(name) for one in each]) for name in names})
    times = {name: func.coalesce(rows.c[name], _never) for name in _TIMES}
    tx.execute(update(reminders).where(reminders.c.id == rows.c.id).values(calendar=rows.c.calendar, **times))


# occurrences


def record_fired(tx, each: Sequence[Mapping], now: datetime) -> None:
    names = ("reminder_id", "occurrence", "missed")
    rows = unnested(**{name: (occurrences.c[name].type, [one[name] for one in each]) for name in names})
    fired = select(*(rows.c[name] for name in names), sa.literal("fired"), sa.literal(now, Moment))
    new = insert(occurrences).from_select([*names, "outcome", "fired_at"], fired)
    tx.execute(new.on_conflict_do_nothing(index_elements=["reminder_id", "occurrence"]))


def settle(tx, reminder_id: str, moments: Sequence[datetime], outcome: str, now: datetime) -> None:
    rows = [
        {"reminder_id": reminder_id, "occurrence": one, "outcome": outcome, "missed": 0, "settled_at": now}
        for one in moments
    ]
    new = insert(occurrences).values(rows)
    settled = {"outcome": new.excluded.outcome, "settled_at": new.excluded.settled_at}
    tx.execute(new.on_conflict_do_update(index_elements=["reminder_id", "occurrence"], set_=settled))


def is_recorded(tx, reminder_id: str, moment: datetime) -> bool:
    query = select(occurrences.c.outcome)
    query = query.where(occurrences.c.reminder_id == reminder_id, occurrences.c.occurrence == moment)
    return tx.execute(query).first() is not None


def recorded_from(
    tx, reminder_ids: Sequence[str], since: datetime, *, settled: bool = False
) -> dict[str, set[datetime]]:  # fmt: skip
    """The occurrences of these reminders, from a moment on, that something has come of already; with `settled` only
    those that were done or skipped.
    """
    query = select(occurrences.c.reminder_id, occurrences.c.occurrence)
    query = query.where(occurrences.c.reminder_id == any_of(reminder_ids), occurrences.c.occurrence >= since)
    if settled:
        query = query.where(occurrences.c.outcome != "fired")
    found = defaultdict(set)
    for reminder_id, occurrence in tx.execute(query):
        found[reminder_id].add(occurrence)
    return found


def unsay(tx, reminder_id: str, since: datetime) -> None:
    """That these were said counts no more: it was at another time."""
    said = sa.and_(occurrences.c.reminder_id == reminder_id, occurrences.c.outcome == "fired")
    tx.execute(delete(occurrences).where(said, occurrences.c.occurrence >= since))


def occurrences_of(tx, reminder_id: str, before: datetime | None, limit: int) -> list[Mapping]:
    """The latest first."""
    query = select(occurrences).where(occurrences.c.reminder_id == reminder_id)
    if before is not None:
        query = query.where(occurrences.c.occurrence < before)
    return list(tx.execute(query.order_by(occurrences.c.occurrence.desc()).limit(limit)).mappings())


def forget_occurrences(tx, before: datetime, most: int) -> int:
    key = (occurrences.c.reminder_id, occurrences.c.occurrence)
    old = select(*key).where(occurrences.c.occurrence < before).order_by(occurrences.c.occurrence)
    old = old.limit(most).with_for_update(skip_locked=True)
    return tx.execute(delete(occurrences).where(tuple_(*key).in_(old))).rowcount


def forget_ended(tx, before: datetime, most: int) -> int:
    """Those that ended long ago: nothing has come of them since, and nothing was heard of what they follow."""
    came = sa.exists().where(occurrences.c.reminder_id == reminders.c.id, occurrences.c.occurrence >= before)
    moved = sa.exists().where(deadlines.c.assignment_id == reminders.c.follows_id, deadlines.c.at >= before)
    old = select(reminders.c.id).where(reminders.c.occurs_at == _never, reminders.c.changed_at < before)
    old = old.where(sa.not_(came), sa.not_(moved)).order_by(reminders.c.changed_at)
    old = old.limit(most).with_for_update(skip_locked=True)
    return tx.execute(delete(reminders).where(reminders.c.id.in_(old))).rowcount


# deadlines


def hear_deadlines(tx, each: Sequence[Mapping], at: datetime) -> list[Mapping]:
    """What is known newest of these pieces, held until the commit."""
    names = ("assignment_id", "version", "due", "running")
    rows = unnested(**{name: (deadlines.c[name].type, [one[name] for one in each]) for name in names})
    given = select(*(rows.c[name] for name in names), sa.literal(at, Moment))
    new = insert(deadlines).from_select([*names, "at"], given.order_by(rows.c.assignment_id))
    newer = new.excluded.version > deadlines.c.version
    changes = {
        "version": func.greatest(new.excluded.version, deadlines.c.version),
        "due": sa.case((newer, new.excluded.due), else_=deadlines.c.due),
        "running": sa.case((newer, new.excluded.running), else_=deadlines.c.running),
        "at": func.greatest(new.excluded.at, deadlines.c.at),
    }
    known = new.on_conflict_do_update(index_elements=["assignment_id"], set_=changes).returning(deadlines)
    return list(tx.execute(known).mappings())


def following(tx, assignment_ids: Sequence[str]) -> list[Mapping]:
    """The reminders that follow these pieces, locked."""
    query = select(*_shown).where(reminders.c.follows_id == any_of(assignment_ids)).order_by(reminders.c.id)
    return list(tx.execute(query.with_for_update()).mappings())


def find_deadline(tx, assignment_id: str) -> Mapping:
    return tx.execute(select(deadlines).where(deadlines.c.assignment_id == assignment_id)).mappings().one()


def forget_deadlines(tx, before: datetime, most: int) -> int:
    """Those that nobody follows, once no question can be on its way that was answered before they moved."""
    followed = sa.exists().where(reminders.c.follows_id == deadlines.c.assignment_id)
    old = select(deadlines.c.assignment_id).where(deadlines.c.at < before, sa.not_(followed))
    old = old.order_by(deadlines.c.at).limit(most).with_for_update(skip_locked=True)
    return tx.execute(delete(deadlines).where(deadlines.c.assignment_id.in_(old))).rowcount
