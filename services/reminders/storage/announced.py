"""Announcements that people are nudged about, a part of them after another."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from chassis.rows import Id
from kernel.directory_copy import Address, reached
from kernel.working_time import today

metadata = sa.MetaData()
Moment = sa.DateTime(timezone=True)

announced = sa.Table(
    "announced", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("open", sa.Boolean),
    sa.Column("importance", sa.Text),
    sa.Column("title", sa.Text),
    sa.Column("by_title", sa.Text),
    sa.Column("addressed", JSONB),
    sa.Column("published_at", Moment),
    sa.Column("valid_until", Moment),
    sa.Column("part", sa.Integer),
    sa.Column("told_up_to", Id),
)  # fmt: skip


def begin(tx, announcement: Mapping) -> None:
    """Nothing, if it is known: what was withdrawn stays so, whatever is heard first."""
    tx.execute(insert(announced).values(open=True, part=0, **announcement).on_conflict_do_nothing())


def end(tx, announcement_id: str) -> None:
    gone = insert(announced).values(id=announcement_id, open=False, part=0)
    left = dict.fromkeys(("importance", "title", "by_title", "addressed", "published_at", "valid_until"))
    tx.execute(gone.on_conflict_do_update(index_elements=["id"], set_={"open": False, **left}))


def claim(tx) -> Mapping | None:
    """The one that has waited longest; another process takes another."""
    query = select(announced).where(announced.c.open).order_by(announced.c.published_at).limit(1)
    return tx.execute(query.with_for_update(skip_locked=True)).mappings().one_or_none()


def next_readers(tx, announcement: Mapping, action: str, now: datetime, limit: int) -> Sequence[str]:
    """So many of those whom it reaches, after those who were told."""
    addresses = [Address(each["kind"], each["id"]) for each in announcement["addressed"]]
    people = reached(addresses, action).subquery()
    query = select(people.c.person_id).order_by(people.c.person_id).limit(limit)
    if announcement["told_up_to"] is not None:
        query = query.where(people.c.person_id > announcement["told_up_to"])
    return tx.execute(query, {"day": today(now)}).scalars().all()


def went_on(tx, announcement_id: str, told_up_to: str | None) -> None:
    """None: all were told."""
    values = {"told_up_to": told_up_to, "part": announced.c.part + 1} if told_up_to else {"open": False}
    tx.execute(update(announced).where(announced.c.id == announcement_id).values(**values))
