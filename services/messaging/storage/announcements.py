"""Announcements, the addresses by which they are read, and what each person has seen of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy import and_, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, distinct_on, insert

from chassis.rows import Id, Written, any_of, size_for, unnested
from kernel.directory_copy import Address, reached
from kernel.directory_copy import tables as copy
from kernel.working_time import today

metadata = sa.MetaData()
Moment = sa.DateTime(timezone=True)

announcements = sa.Table(
    "announcements", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("version", sa.Integer),
    sa.Column("state", sa.Text),
    sa.Column("title", sa.Text),
    sa.Column("text", sa.Text),
    sa.Column("addressed", JSONB),
    sa.Column("importance", sa.Text),
    sa.Column("valid_from", Moment),
    sa.Column("valid_until", Moment),
    sa.Column("acknowledge", sa.Boolean),
    sa.Column("acknowledge_by", Moment),
    sa.Column("unit_id", Id),
    sa.Column("for_city", sa.Boolean),
    sa.Column("by_post_id", Id),
    sa.Column("by_title", sa.Text),
    sa.Column("writer_post_id", Id),
    sa.Column("writers", ARRAY(Id)),
    sa.Column("approver_person_id", Id),
    sa.Column("written_at", Moment),
    sa.Column("published_at", Moment),
    sa.Column("withdrawn_at", Moment),
    sa.Column("reason", sa.Text),
    sa.Column("expired_at", Moment),
    sa.Column("sha256", sa.Text),
)  # fmt: skip
addresses = sa.Table(
    "announcement_addresses", metadata,
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("published_at", Moment, primary_key=True),
    sa.Column("announcement_id", Id, primary_key=True),
    sa.Column("valid_until", Moment),
)  # fmt: skip
marks = sa.Table(
    "announcement_marks", metadata,
    sa.Column("announcement_id", Id, primary_key=True),
    sa.Column("person_id", Id, primary_key=True),
    sa.Column("seen_at", Moment),
    sa.Column("acknowledged_at", Moment),
)  # fmt: skip
attached = sa.Table(
    "announcement_files", metadata,
    sa.Column("announcement_id", Id, primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("file_id", Id),
    sa.Column("name", sa.Text),
    sa.Column("media_type", sa.Text),
    sa.Column("size", sa.BigInteger),
)  # fmt: skip

LATELY = timedelta(days=90)
Position = tuple[datetime, str]


def add(tx, row: Mapping) -> None:
    tx.execute(insert(announcements).values(**row))


def change(tx, announcement_id: str, **changes) -> None:
    tx.execute(update(announcements).where(announcements.c.id == announcement_id).values(**changes))


def discard(tx, announcement_id: str) -> None:
    tx.execute(sa.delete(announcements).where(announcements.c.id == announcement_id))


def lock(tx, announcement_id: str) -> None:
    tx.execute(select(announcements.c.id).where(announcements.c.id == announcement_id).with_for_update())


def find(tx, announcement_id: str, person_id: str) -> Mapping | None:
    return tx.execute(_shown(person_id).where(announcements.c.id == announcement_id)).mappings().one_or_none()


def publish(tx, row: Mapping, keys: Iterable[str], now: datetime) -> None:
    """As many rows as there are addresses, whoever they reach."""
    given = unnested(address=(sa.Text(), sorted(set(keys))))
    known = {
        "announcement_id": sa.literal(row["id"], Id), "published_at": sa.literal(now, Moment),
        "valid_until": sa.literal(row["valid_until"], Moment),
    }  # fmt: skip
    tx.execute(insert(addresses).from_select(["address", *known], select(given.c.address, *known.values())))


def unpublish(tx, announcement_id: str) -> None:
    tx.execute(sa.delete(addresses).where(addresses.c.announcement_id == announcement_id))


def received(
    tx,
    person_id: str,
    keys: Sequence[str],
    now: datetime,
    before: Position | None,
    limit: int,
    *,
    past: bool = False,
    since: datetime | None = None,
) -> list[Mapping]:
    """What reaches one by these addresses: of each the newest are walked, however many there have ever been."""
    values = {"person_id": person_id, "keys": list(keys), "now": now, "since": since}
    values |= {"before_at": before[0], "before_id": before[1]} if before is not None else {}
    known = {name: value for name, value in values.items() if value is not None}
    return tx.rows(_received(frozenset(known), size_for(limit), past), known)[:limit]


def unseen(tx, person_id: str, keys: Sequence[str], now: datetime, among: int) -> list[Mapping]:
    """Of the newest that reach one now, none of them older than some months, those that one has not seen."""
    newest = received(tx, person_id, keys, now, None, among, since=now - LATELY)
    return [row for row in newest if row["seen_at"] is None]


def ours(tx, person_id: str, posts: Sequence[str], before: str | None, limit: int) -> list[Mapping]:
    """What was written in these posts, in whatever state it is."""
    query = _shown(person_id).where(announcements.c.writer_post_id == any_of(posts))
    return _by_id(tx, query, before, limit)


def to_approve(
    tx, person_id: str, for_city: bool, unit_ids: Iterable[str], before: str | None, limit: int
) -> list[Mapping]:
    """What waits for a word: that which is for the city, if that is one's to give, and that of these units."""
    mine = and_(~announcements.c.for_city, announcements.c.unit_id == any_of(unit_ids))
    query = _shown(person_id).where(announcements.c.state == "submitted")
    return _by_id(tx, query.where(or_(mine, announcements.c.for_city) if for_city else mine), before, limit)


def due(tx, now: datetime) -> Mapping | None:
    """One that was approved for a time that has come, locked; others look after others."""
    query = select(announcements).where(announcements.c.state == "approved", announcements.c.valid_from <= now)
    query = query.order_by(announcements.c.valid_from).limit(1).with_for_update(skip_locked=True)
    return tx.execute(query).mappings().one_or_none()


def see(tx, announcement_id: str, person_id: str, now: datetime) -> bool:
    """Whether it is for the first time."""
    mark = insert(marks).values(announcement_id=announcement_id, person_id=person_id, seen_at=now)
    return tx.execute(mark.on_conflict_do_nothing().returning(marks.c.person_id)).first() is not None


def acknowledge(tx, announcement_id: str, person_id: str, now: datetime) -> bool:
    """The first time counts; whether this is it."""
    mark = insert(marks).values(
        announcement_id=announcement_id, person_id=person_id, seen_at=now, acknowledged_at=now
    )  # fmt: skip
    first = mark.on_conflict_do_update(
        index_elements=["announcement_id", "person_id"], set_={"acknowledged_at": now},
        where=marks.c.acknowledged_at.is_(None),
    )  # fmt: skip
    return tx.execute(first.returning(marks.c.person_id)).first() is not None


def reach(tx, announcement_id: str, to: Iterable[Address], action: str, now: datetime) -> list[Mapping]:
    """Unit by unit, in the order of their codes: who could see it by the posts that are held now, and who has."""
    people = reached(to, action).subquery()
    mine = and_(marks.c.person_id == people.c.person_id, marks.c.announcement_id == announcement_id)
    held, unit, top = copy.memberships, copy.units.alias(), copy.units.alias()
    day = sa.bindparam("day", type_=sa.Date)
    live = and_(held.c.valid_from <= day, or_(held.c.valid_to.is_(None), held.c.valid_to > day))
    home = (
        select(held.c.person_id, func.coalesce(top.c.id, unit.c.id).label("unit_id"))
        .ext(distinct_on(held.c.person_id))
        .join_from(held, copy.posts, copy.posts.c.id == held.c.post_id)
        .join(unit, unit.c.id == copy.posts.c.unit_id)
        .outerjoin(top, and_(top.c.id == unit.c.parent_id, unit.c.kind == "division"))
        .where(live)
        .order_by(held.c.person_id, held.c.primary.desc(), held.c.id)
        .subquery()
    )
    units = copy.units
    query = (
        select(
            units.c.id.label("unit_id"), units.c.full_name.label("unit_name"), units.c.code,
            func.count().label("could_see"), func.count(marks.c.seen_at).label("seen"),
            func.count(marks.c.acknowledged_at).label("acknowledged"),
        )
        .join_from(people, home, home.c.person_id == people.c.person_id)
        .join(units, units.c.id == home.c.unit_id)
        .outerjoin(marks, mine)
        .group_by(units.c.id, units.c.full_name, units.c.code)
        .order_by(units.c.code, units.c.id)
    )  # fmt: skip
    return list(tx.execute(query, {"day": today(now)}).mappings())


def attach(tx, announcement_id: str, files: Sequence[Mapping]) -> None:
    """These, and no others any more."""
    tx.execute(sa.delete(attached).where(attached.c.announcement_id == announcement_id))
    for place, file in enumerate(files):
        row = {"announcement_id": announcement_id, "place": place, "file_id": file["id"]}
        tx.execute(insert(attached).values(**row, **{name: file[name] for name in ("name", "media_type", "size")}))


def files_of(tx, announcement_id: str) -> list[Mapping]:
    query = select(attached, attached.c.file_id.label("id")).where(attached.c.announcement_id == announcement_id)
    return list(tx.execute(query.order_by(attached.c.place)).mappings())


def with_file(tx, file_id: str) -> list[str]:
    query = select(attached.c.announcement_id).where(attached.c.file_id == file_id).distinct()
    return list(tx.execute(query).scalars())


def _shown(person_id):
    """With the unit's name, and what this person has seen."""
    mine = and_(marks.c.announcement_id == announcements.c.id, marks.c.person_id == person_id)
    return (
        select(announcements, copy.units.c.full_name.label("unit_name"), marks.c.seen_at, marks.c.acknowledged_at)
        .join_from(announcements, copy.units, copy.units.c.id == announcements.c.unit_id)
        .outerjoin(marks, mine)
    )


# made once for each form: whoever looks at his home waits for it, and making one takes longer than running it
@cache
def _received(names: frozenset[str], limit: int, past: bool):
    given = select(func.unnest(sa.bindparam("keys", type_=ARRAY(sa.Text))).label("address")).subquery("given")
    most = sa.literal_column(str(limit))  # written out, so that a plan that is kept for all values knows it
    ends = func.coalesce(addresses.c.valid_until, sa.literal_column("'infinity'::timestamptz"))
    over = ends <= sa.bindparam("now", type_=Moment)
    walked = (
        select(addresses.c.announcement_id)
        .where(addresses.c.address == given.c.address, over if past else ~over)
        .order_by(addresses.c.published_at.desc(), addresses.c.announcement_id.desc())
        .limit(most)
    )
    if "since" in names:
        walked = walked.where(addresses.c.published_at > sa.bindparam("since", type_=Moment))
    if "before_at" in names:
        position = tuple_(sa.bindparam("before_at", type_=Moment), sa.bindparam("before_id", type_=Id))
        walked = walked.where(tuple_(addresses.c.published_at, addresses.c.announcement_id) < position)
    walked = walked.correlate(given).lateral()
    newest = select(walked.c.announcement_id).select_from(given.join(walked, sa.true()))
    query = _shown(sa.bindparam("person_id", type_=Id)).where(announcements.c.id.in_(newest))
    return Written(query.order_by(announcements.c.published_at.desc(), announcements.c.id.desc()).limit(most))


def _by_id(tx, query, before: str | None, limit: int) -> list[Mapping]:
    if before is not None:
        query = query.where(announcements.c.id < sa.literal(before, Id))
    return list(tx.execute(query.order_by(announcements.c.id.desc()).limit(limit)).mappings())
