"""Announcements that people are nudged about, a part of them after another."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from chassis.rows import Id
from kernel.directory_copy import Address, reached
from kernel.directory_copy.tables import memberships
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
    sa.Column("addressed", JSONB(none_as_null=True)),
    sa.Column("published_at", Moment),
    sa.Column("valid_until", Moment),
    sa.Column("acknowledge", sa.Boolean),
    sa.Column("acknowledge_by", Moment),
    sa.Column("rung", sa.Text),
    sa.Column("next_at", Moment),
    sa.Column("part", sa.Integer),
    sa.Column("told_up_to", Id),
)  # fmt: skip
_KEPT = ("id", "open", "next_at", "part")  # of what is over


def begin(tx, announcement: Mapping) -> None:
    """Nothing, if it is known: what was withdrawn stays so, whatever is heard first."""
    tx.execute(insert(announced).values(open=True, part=0, **announcement).on_conflict_do_nothing())


def end(tx, announcement_id: str, at: datetime) -> None:
    gone = insert(announced).values(id=announcement_id, open=False, part=0, next_at=at)
    nothing = dict.fromkeys(column.name for column in announced.c if column.name not in _KEPT)
    over = {"open": False, "next_at": at, **nothing}
    tx.execute(gone.on_conflict_do_update(index_elements=["id"], set_=over))


def claim(tx, now: datetime) -> Mapping | None:
    """The one that has waited longest; another process takes another."""
    query = select(announced).where(announced.c.open, announced.c.next_at <= now).order_by(announced.c.next_at)
    return tx.execute(query.limit(1).with_for_update(skip_locked=True)).mappings().one_or_none()


def next_readers(
    tx, announcement: Mapping, action: str, now: datetime, at_once: int
) -> tuple[list[str], str | None]:  # fmt: skip
    """Those of the next so many people, in the order of their ids, whom it reaches, and up to whom that was (None: to
    the last). So each part costs the same, however many came before it.
    """
    everybody = memberships.c.person_id
    some = select(everybody).distinct().order_by(everybody).limit(at_once)
    people = reached([Address(each["kind"], each["id"]) for each in announcement["addressed"]], action).subquery()
    query = select(people.c.person_id)
    if announcement["told_up_to"] is not None:
        some = some.where(everybody > announcement["told_up_to"])
        query = query.where(people.c.person_id > announcement["told_up_to"])
    ids = list(tx.execute(some).scalars())
    up_to = ids[-1] if len(ids) == at_once else None
    if up_to is not None:
        query = query.where(people.c.person_id <= up_to)
    return list(tx.execute(query, {"day": today(now)}).scalars()), up_to


def went_on(tx, announcement_id: str, told_up_to: str) -> None:
    _change(tx, announcement_id, told_up_to=told_up_to, part=announced.c.part + 1)


def begin_rung(tx, announcement_id: str, rung: str, at: datetime) -> None:
    _change(tx, announcement_id, rung=rung, next_at=at, told_up_to=None, part=0)


def _change(tx, announcement_id: str, **values) -> None:
    tx.execute(update(announced).where(announced.c.id == announcement_id).values(**values))
