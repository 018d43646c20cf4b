"""The morning's digest: whom it is for, and what waits for him."""

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, unnested
from kernel.directory_copy import tables as t
from kernel.working_time import today
from reminders.domain.deliveries import Digest
from reminders.storage.deliveries import deliveries
from reminders.storage.items import NEVER, items
from reminders.storage.nudges import Moment, metadata
from reminders.storage.preferences import settings

BURNING = 10
_days = sa.Table("digest_days", metadata, sa.Column("day", sa.Date, primary_key=True))

_due = func.nullif(items.c.due, sa.cast(sa.literal(NEVER), Moment), type_=Moment).label("due")


def begin_day(tx, day: date) -> bool:
    """Whether this day's digests are still to be planned; they are by this transaction."""
    new = insert(_days).values(day=day).on_conflict_do_nothing().returning(_days.c.day)
    return tx.execute(new).first() is not None


def for_whom(tx, day: date) -> list[str]:
    """Everybody for whose posts something waits, unless he wants none."""
    held = t.memberships
    wants = sa.not_(sa.exists().where(settings.c.person_id == held.c.person_id, sa.not_(settings.c.digest)))
    waiting = sa.exists().where(items.c.post_id == held.c.post_id, items.c.open)
    return list(tx.execute(select(held.c.person_id).where(*_live(day), waiting, wants).distinct()).scalars())


def add(tx, each: Sequence[tuple[str, str]], day: date, now: datetime, rank: int) -> None:
    """New deliveries, by their ids and people; whoever has one of that day gets no other."""
    rows = unnested(id=(Id, [one[0] for one in each]), person_id=(Id, [one[1] for one in each]))
    shared = {
        "channel": "email", "state": "waiting", "urgency_rank": rank, "any_hour": False, "digest_on": day,
        "due_at": now, "made_at": now,
    }  # fmt: skip
    values = [sa.literal(value, deliveries.c[name].type) for name, value in shared.items()]
    new = insert(deliveries).from_select(["id", "person_id", *shared], select(rows.c.id, rows.c.person_id, *values))
    tx.execute(new.on_conflict_do_nothing())


def of_person(tx, person_id: str, now: datetime) -> Digest:
    """What waits for the posts that he holds: counts by kind, and what burns most."""
    posts = select(t.memberships.c.post_id).where(t.memberships.c.person_id == person_id, *_live(today(now)))
    waiting = (items.c.post_id.in_(posts), items.c.open)
    late = items.c.due < now
    counts = select(items.c.kind, func.count().label("count"), func.count().filter(late).label("late"))
    counts = tx.execute(counts.where(*waiting).group_by(items.c.kind).order_by(items.c.kind)).mappings()
    burning = select(items.c.title, items.c.link, _due, late.label("late"))
    order = (items.c.due, items.c.urgency_rank, items.c.id)
    burning = tx.execute(burning.where(*waiting).order_by(*order).limit(BURNING)).mappings()
    return Digest(list(counts), list(burning))


def _live(day: date) -> tuple:
    held = t.memberships.c
    return held.valid_from <= day, sa.or_(held.valid_to.is_(None), held.valid_to > day)
