"""What was on a day, and what became of it."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy import func, select

from directory.storage import tables as t
from directory.storage.units import UNIT


def units_on(day: date) -> sa.Subquery:
    """The units of a day as they were then, with the columns of the table itself."""
    was = t.unit_states.alias()
    states = select(
        t.units.c.id, t.units.c.code, t.units.c.kind, t.units.c.version, t.units.c.valid_from, t.units.c.valid_to,
        *(
            sa.case((was.c.unit_id.is_not(None), was.c[name]), else_=t.units.c[name]).label(name)
            for name in ("name", "full_name", "full_name_en", "folded", "parent_id")
        ),
    )  # fmt: skip
    then = sa.and_(was.c.unit_id == t.units.c.id, was.c.valid_from <= day, was.c.valid_to > day)
    return states.outerjoin_from(t.units, was, then).subquery()


def leaders_on(tx, unit_id: str, kinds, day: date):
    """Who headed a unit on a day, first, and who held a post of these kinds in it. No numbers: they are of today."""
    query = _holders(t.posts.c.unit_id == unit_id, sa.or_(t.posts.c.is_head, t.posts.c.kind.in_(kinds)), day=day)
    query = query.where(t.live(t.memberships, day), t.live(t.posts, day))
    return tx.execute(query.order_by(t.posts.c.is_head.desc(), t.posts.c.rank, t.memberships.c.id)).all()


def heads(tx, unit_id: str, before: tuple | None, limit: int):
    """Who headed a unit, the latest first. The title is the one at the end of his time."""
    last_day = func.coalesce(t.memberships.c.valid_to - 1, sa.literal(date.max, sa.Date))
    query = _holders(t.posts.c.unit_id == unit_id, t.posts.c.is_head, day=last_day)
    query = query.where(
        sa.or_(t.memberships.c.valid_to.is_(None), t.memberships.c.valid_to > t.memberships.c.valid_from)
    )
    if before:
        query = query.where(sa.tuple_(t.memberships.c.valid_from, t.memberships.c.id) < before)
    return tx.execute(
        query.order_by(t.memberships.c.valid_from.desc(), t.memberships.c.id.desc()).limit(limit)
    ).all()  # fmt: skip


def _holders(*conditions, day):
    was = t.post_states.alias()
    then = sa.and_(was.c.post_id == t.posts.c.id, was.c.valid_from <= day, was.c.valid_to > day)
    return (
        select(
            t.people.c.id, t.people.c.name, sa.null().label("phone"), sa.null().label("email"),
            t.posts.c.id.label("post_id"), t.posts.c.kind.label("post_kind"), t.posts.c.unit_id, t.posts.c.is_head,
            func.coalesce(was.c.title, t.posts.c.title).label("title"),
            t.memberships.c.id.label("membership_id"), t.memberships.c.valid_from, t.memberships.c.valid_to,
        )
        .join_from(t.memberships, t.posts, t.posts.c.id == t.memberships.c.post_id)
        .join(t.people, t.people.c.id == t.memberships.c.person_id)
        .outerjoin(was, then)
        .where(*conditions)
    )  # fmt: skip


def ever(tx, unit_id: str):
    """A unit, whether it still stands or has ended."""
    return tx.execute(
        select(*UNIT, t.units.c.valid_from, t.units.c.valid_to).where(t.units.c.id == unit_id)
    ).one_or_none()


def today(tx, unit_id: str, day: date):
    """The units that a unit is on a day: itself, or its successors and theirs."""
    heirs = select(t.units.c.id, t.units.c.valid_to).where(t.units.c.id == unit_id).cte("heirs", recursive=True)
    after = (
        select(t.units.c.id, t.units.c.valid_to)
        .join_from(heirs, t.unit_successors, t.unit_successors.c.unit_id == heirs.c.id)
        .join(t.units, t.units.c.id == t.unit_successors.c.successor_id)
        .where(heirs.c.valid_to <= day)
    )
    heirs = heirs.union(after)
    query = select(*UNIT).join_from(t.units, heirs, heirs.c.id == t.units.c.id).where(t.live(t.units, day))
    return tx.execute(query.order_by(t.units.c.code)).all()


def links(tx, unit_id: str) -> tuple[list, list]:
    """Who follows a unit, and whom it follows, directly."""
    table = t.unit_successors

    def linked(here, there):
        query = select(there.label("unit_id"), t.units.c.code, t.units.c.full_name, table.c.how, table.c.on_day)
        query = query.join_from(table, t.units, t.units.c.id == there).where(here == unit_id)
        return tx.execute(query.order_by(table.c.on_day, t.units.c.code)).all()

    return linked(table.c.unit_id, table.c.successor_id), linked(table.c.successor_id, table.c.unit_id)
