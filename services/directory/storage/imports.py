"""Imports: the files as they came, what they would change, and what of the directory they change."""

from collections import Counter

import sqlalchemy as sa
from sqlalchemy import select

from chassis.imports import Imports
from chassis.rows import any_of
from directory.domain.differences import PERSON_COLUMNS, Holding, Person, Post, PostKey, Unit
from directory.storage import tables as t
from directory.storage.bulk import batches
from directory.storage.exports import numbered_posts

files = Imports(t.imports, t.import_parts, t.import_rows)

# the directory as it is


def units_present(tx, day, scope: frozenset[str] | None) -> dict[str, Unit]:
    above = t.units.alias()
    with_posts = set(tx.execute(select(t.posts.c.unit_id).where(t.live(t.posts, day)).distinct()).scalars())
    query = select(t.units, above.c.code.label("parent_code")).where(t.live(t.units, day))
    query = query.outerjoin_from(t.units, above, above.c.id == t.units.c.parent_id)
    names = ("kind", "name", "full_name", "full_name_en", "parent_code")
    return {
        row.code: Unit(
            row.id, {name: getattr(row, name) for name in names}, row.id in with_posts, scope is None or row.id in scope
        )
        for row in tx.execute(query)
    }


def ended_codes(tx, day) -> frozenset[str]:
    return frozenset(tx.execute(select(t.units.c.code).where(~t.live(t.units, day))).scalars())


def posts_present(tx, day, scope: frozenset[str] | None) -> dict[PostKey, Post]:
    """By unit, kind, title and number."""
    post = numbered_posts(day).subquery()
    held = sa.exists().where(t.memberships.c.post_id == post.c.id, _not_over(t.memberships, day))
    query = select(post, t.units.c.code, held.label("is_held")).where(t.live(t.units, day))
    query = query.join_from(post, t.units, t.units.c.id == post.c.unit_id)
    return {
        (row.code, row.kind, row.title, row.number): Post(
            row.id, row.code, {"is_head": row.is_head, "rank": row.rank}, row.is_held,
            scope is None or row.unit_id in scope,
        )
        for row in tx.execute(query)
    }  # fmt: skip


def people_present(tx, day) -> dict[str, Person]:
    """Whoever has a number, with what he holds now or is to hold."""
    named = [t.people.c[name] for name in PERSON_COLUMNS]
    rows = tx.execute(
        select(t.people.c.employee_number, t.people.c.id, t.people.c.version, *named)
        .where(t.people.c.employee_number.is_not(None)).order_by(t.people.c.employee_number)
    )  # fmt: skip
    people = {
        number: Person(id_, dict(zip(PERSON_COLUMNS, values, strict=True)), version=version)
        for number, id_, version, *values in rows
    }
    by_id = {person.id: person for person in people.values()}
    for row in tx.execute(_holdings(day)):
        if row.person_id in by_id:
            planned = row.valid_from > day
            by_id[row.person_id].holdings.append(Holding(row.id, row.post_id, row.primary, planned))
    return people


def unnumbered(tx, day) -> tuple[frozenset[str], dict[str, int]]:
    """Of people without a number, whom no file can name: their addresses, and how many hold each post."""
    nobody = t.people.c.employee_number.is_(None)
    emails = tx.execute(select(t.people.c.email).where(nobody, t.people.c.email.is_not(None))).scalars()
    holding = _holdings(day).join(t.people, t.people.c.id == t.memberships.c.person_id).where(nobody)
    return frozenset(emails), Counter(row.post_id for row in tx.execute(holding))


def _holdings(day):
    columns = [t.memberships.c[name] for name in ("id", "person_id", "post_id", "primary", "valid_from")]
    return select(*columns).where(_not_over(t.memberships, day)).order_by(t.memberships.c.id)


def _not_over(table, day):
    return sa.or_(table.c.valid_to.is_(None), table.c.valid_to > day)


# writing


def whole_rows(tx, kind: str, ids: list[str]) -> dict[str, dict]:
    """The rows of units, posts or memberships as they stand, by id."""
    table = {"unit": t.units, "post": t.posts, "membership": t.memberships}[kind]
    found = {}
    for some in batches(ids):
        found |= {row.id: dict(row._mapping) for row in tx.execute(select(table).where(table.c.id == any_of(some)))}
    return found
