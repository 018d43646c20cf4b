"""The organisation for those who decide about it: read as the domain sees it, written as facts."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date

import sqlalchemy as sa
from sqlalchemy import func, select

from chassis.rows import among, any_of
from directory.domain.names import search_form
from directory.domain.organisation import Audience, Delegation, Membership, Organisation, Post, Unit
from directory.domain.reorganisation import Changes
from directory.storage import tables as t

PLURAL = {
    "unit": "units", "post": "posts", "membership": "memberships", "delegation": "delegations",
    "audience": "audiences",
}  # fmt: skip


def load(tx, day: date, unit_ids: Iterable[str]) -> Organisation:
    """All units, ended ones too, and whatever else a change of these units on that day could concern."""
    return filled(tx, only_units(tx), day, unit_ids)


def only_units(tx) -> Organisation:
    """With the audiences: what it takes to say who may change a unit."""
    city = Organisation(audiences={row.id: Audience(row.id, tuple(row.unit_ids)) for row in tx.execute(AUDIENCES)})
    city.units = {row.id: Unit(**row._mapping) for row in tx.execute(UNITS)}
    city.codes = frozenset(unit.code for unit in city.units.values())
    return city


def filled(tx, city: Organisation, day: date, unit_ids: Iterable[str], *, holders: bool = True) -> Organisation:
    """With the posts of these units and of what is below them, and (`holders`) who holds them and what these lent."""
    trees = {each.id for id_ in unit_ids if id_ in city.units for each in city.tree(id_, day)}
    city.posts = posts(tx, t.posts.c.unit_id == any_of(trees))
    if not holders:
        return city
    city.memberships = memberships(tx, t.memberships.c.post_id == any_of(city.posts))
    people = {each.person_id for each in city.memberships.values()}
    city.memberships |= memberships(tx, t.memberships.c.person_id == any_of(people), _open_after(t.memberships, day))
    others = {each.post_id for each in city.memberships.values()} - city.posts.keys()
    city.posts |= posts(tx, t.posts.c.id == any_of(others))
    city.delegations = delegations(tx, t.delegations.c.grantor_post_id == any_of(city.posts), day)
    return city


def posts(tx, *conditions) -> dict[str, Post]:
    return {row.id: Post(**row._mapping) for row in tx.execute(POSTS.where(*conditions))}


def memberships(tx, *conditions) -> dict[str, Membership]:
    return {row.id: Membership(**row._mapping) for row in tx.execute(MEMBERSHIPS.where(*conditions))}


def delegations(tx, condition, day: date) -> dict[str, Delegation]:
    """Those that hold on a day or later."""
    found = tx.execute(DELEGATIONS.where(condition, t.delegations.c.valid_to > day))
    return {row.id: Delegation(**row._mapping) for row in found}


def as_rows(tx, changes: Changes) -> dict[str, list[dict]]:
    """Whole rows, as facts are written: what a change does not name stays as it is."""
    found = {}
    for kind, plural in PLURAL.items():
        table, changed = getattr(t, plural), getattr(changes, plural)
        if changed:
            ids = list(changed) if kind == "audience" else among(changed)
            known = tx.execute(select(table).where(table.c.id.in_(ids))).mappings()
            before = {row["id"]: dict(row) for row in known}
            found[kind] = [before.get(id_, {}) | _columns(fact) for id_, fact in changed.items()]
    return found


def keep_former(tx, changes: Changes, day: date) -> None:
    """How units and posts were, and who follows whom."""
    units = [each for each in changes.former if isinstance(each, Unit)]
    posts = [each for each in changes.former if isinstance(each, Post)]
    if units:
        tx.execute(sa.insert(t.unit_states), [
            {
                "unit_id": each.id, "name": each.name, "full_name": each.full_name, "full_name_en": each.full_name_en,
                "folded": folded(each), "parent_id": each.parent_id, "valid_from": each.valid_from,
                "valid_to": each.valid_to,
            }
            for each in units
        ])  # fmt: skip
    if posts:
        tx.execute(sa.insert(t.post_states), [
            {"post_id": each.id, "title": each.title, "valid_from": each.valid_from, "valid_to": each.valid_to}
            for each in posts
        ])  # fmt: skip
    if changes.successors:
        tx.execute(sa.insert(t.unit_successors), [asdict(each) | {"on_day": day} for each in changes.successors])


def folded(unit: Unit) -> str:
    return search_form(f"{unit.full_name} {unit.code}")


def people_of(tx, unit_ids: Iterable[str], day: date) -> set[str]:
    """Who holds a post in these units on a day or later."""
    query = (
        select(t.memberships.c.person_id)
        .join_from(t.memberships, t.posts, t.posts.c.id == t.memberships.c.post_id)
        .where(t.posts.c.unit_id == any_of(unit_ids), _open_after(t.memberships, day))
    )
    return set(tx.execute(query).scalars())


def _columns(fact) -> dict:
    columns = {name: value for name, value in asdict(fact).items() if name != "changed_on"}
    if isinstance(fact, Unit):
        columns["folded"] = folded(fact)
    if isinstance(fact, Audience):
        columns["unit_ids"] = list(fact.unit_ids)
    return columns


def _open_after(table, day: date):
    return sa.or_(table.c.valid_to.is_(None), table.c.valid_to > day)


def _with_changed_on(table, states, key: str, *columns: str):
    """One look into the index for each row: there may be thousands, and former states of few of them."""
    last = select(func.max(states.c.valid_to)).where(states.c[key] == table.c.id).scalar_subquery()
    return select(*(table.c[name] for name in columns), func.coalesce(last, table.c.valid_from).label("changed_on"))


UNITS = _with_changed_on(
    t.units, t.unit_states, "unit_id",
    "id", "code", "kind", "name", "full_name", "full_name_en", "parent_id", "valid_from", "valid_to",
)  # fmt: skip
POSTS = _with_changed_on(
    t.posts, t.post_states, "post_id", "id", "unit_id", "kind", "title", "is_head", "rank", "valid_from", "valid_to"
)
MEMBERSHIPS = select(*(c for c in t.memberships.c if c.name != "version"))
DELEGATIONS = select(*(c for c in t.delegations.c if c.name != "version"))
AUDIENCES = select(t.audiences.c.id, t.audiences.c.unit_ids).order_by(t.audiences.c.id)
