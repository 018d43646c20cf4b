"""Whom one speaks to by naming a person, a unit, a kind of post or an audience: read from either end.

A unit is everybody who serves a post of it or of its divisions; a kind of post whoever serves such a post; an audience
of units whoever serves their heads, and the whole city everybody. So an address is one text, whoever it reaches:
nothing is written for each of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import select

from chassis.rows import Written, any_bound, any_of
from kernel.directory_copy import tables as t
from kernel.directory_copy.queries import _live, serving
from kernel.working_time import today

WHOLE_CITY = "whole-city"
KINDS = ("person", "unit", "post_kind", "audience")


@dataclass(frozen=True)
class Address:
    """`kind` is person, unit, post_kind or audience."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


def addresses_of(tx, person_id: str, serves: Sequence[str], now: datetime) -> list[str]:
    """Every address by which one who serves these posts is reached now."""
    found = tx.rows(ADDRESSES, {"posts": serves}) if serves else ()
    return [str(Address("person", person_id)), *(row["address"] for row in found)]


def reached(addresses: Iterable[Address], action: str):
    """Everybody who is reached now by any of these, each once, as a query of `person_id`; `day` is to be bound.

    Who serves a post for other matters than `action` only is not reached by it.
    """
    given = list(addresses)
    ids = {kind: [each.id for each in given if each.kind == kind] for kind in KINDS}
    held = serving(action).subquery()
    here = select(held.c.person_id).join(t.posts, t.posts.c.id == held.c.post_id)
    parts = []
    if WHOLE_CITY in ids["audience"]:
        parts.append(select(held.c.person_id))
    elif ids["audience"]:
        units = select(sa.func.unnest(t.audiences.c.unit_ids)).where(t.audiences.c.id.in_(ids["audience"]))
        parts.append(here.where(t.posts.c.is_head, t.posts.c.unit_id.in_(units)))
    if ids["unit"]:
        tree = select(t.units.c.id).where(t.units.c.id == any_of(ids["unit"])).cte(recursive=True)
        inside = select(t.units.c.id).where(t.units.c.parent_id == tree.c.id, t.units.c.kind == "division")
        tree = tree.union(inside)
        parts.append(here.where(t.posts.c.unit_id.in_(select(tree.c.id))))
    if ids["post_kind"]:
        parts.append(here.where(t.posts.c.kind.in_(ids["post_kind"])))
    if ids["person"]:
        known = select(t.memberships.c.person_id).where(t.memberships.c.person_id == any_of(ids["person"]))
        parts.append(known.where(_live(t.memberships)))
    return select(sa.union_all(*parts).subquery().c.person_id).distinct()


def standing(tx, addresses: Iterable[Address], now: datetime) -> set[Address]:
    """Those of these that mean somebody now."""
    given = list(addresses)

    def ids(kind: str) -> list[str]:
        return [each.id for each in given if each.kind == kind]

    bound = {"day": today(now)}
    people = select(t.memberships.c.person_id).where(t.memberships.c.person_id == any_of(ids("person")))
    units = select(t.units.c.id).where(t.units.c.id == any_of(ids("unit")), _live(t.units))
    audiences = select(t.audiences.c.id).where(t.audiences.c.id.in_(ids("audience")))
    found = {each for each in given if each.kind == "post_kind"}
    for kind, query in (("person", people.where(_live(t.memberships))), ("unit", units), ("audience", audiences)):
        if ids(kind):
            found |= {Address(kind, str(id_)) for id_ in tx.execute(query, bound).scalars()}
    return found


def units_concerned(tx, addresses: Iterable[Address], now: datetime) -> set[str] | None:
    """The units to which these say something; None where that is not certain units: a kind of post, an audience."""
    given = list(addresses)
    if any(each.kind in ("post_kind", "audience") for each in given):
        return None
    people = [each.id for each in given if each.kind == "person"]
    named = {each.id for each in given if each.kind == "unit"}
    query = (
        select(t.posts.c.unit_id)
        .distinct()
        .join_from(t.memberships, t.posts, t.posts.c.id == t.memberships.c.post_id)
        .where(t.memberships.c.person_id == any_of(people), _live(t.memberships))
    )
    return named | (set(tx.execute(query, {"day": today(now)}).scalars()) if people else set())


def _addresses():
    mine = select(t.posts.c.unit_id, t.posts.c.kind, t.posts.c.is_head).where(t.posts.c.id == any_bound("posts"))
    mine = mine.cte("mine")
    unit = (t.units.c.id, t.units.c.parent_id, t.units.c.kind)
    above = select(*unit).where(t.units.c.id.in_(select(mine.c.unit_id))).cte("above", recursive=True)
    above = above.union(select(*unit).where(t.units.c.id == above.c.parent_id, above.c.kind == "division"))
    text = sa.Text()
    headed = sa.exists().where(mine.c.is_head, mine.c.unit_id == sa.any_(t.audiences.c.unit_ids))
    return sa.union(
        select((sa.literal("unit:", text) + sa.cast(above.c.id, text)).label("address")),
        select(sa.literal("post_kind:", text) + mine.c.kind),
        select(sa.literal("audience:", text) + t.audiences.c.id).where(sa.or_(t.audiences.c.id == WHOLE_CITY, headed)),
    )


ADDRESSES = Written(_addresses())
