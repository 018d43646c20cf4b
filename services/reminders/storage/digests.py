"""The morning's digest: whom it is for."""

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, unnested
from kernel.directory_copy import serving
from reminders.storage.deliveries import deliveries
from reminders.storage.items import items
from reminders.storage.nudges import metadata
from reminders.storage.preferences import settings

_days = sa.Table("digest_days", metadata, sa.Column("day", sa.Date, primary_key=True))


def begin_day(tx, day: date) -> bool:
    """Whether this day's digests are still to be planned; they are by this transaction."""
    new = insert(_days).values(day=day).on_conflict_do_nothing().returning(_days.c.day)
    return tx.execute(new).first() is not None


def for_whom(tx, day: date, action: str) -> list[str]:
    """Everybody for whom, or for a post that he serves in this matter, something waits, unless he wants none."""
    served = serving(action).subquery()
    of_posts = select(served.c.person_id).where(sa.exists().where(items.c.addressee == served.c.post_id, items.c.open))
    of_persons = select(items.c.person_id).where(items.c.person_id.is_not(None), items.c.open)
    people = sa.union(of_posts, of_persons).subquery()
    unwanted = sa.exists().where(settings.c.person_id == people.c.person_id, sa.not_(settings.c.digest))
    return list(tx.execute(select(people.c.person_id).where(~unwanted), {"day": day}).scalars())


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
