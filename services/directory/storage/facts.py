"""The facts that the other services copy: their versions, their feed, and writing them."""

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from directory.storage import tables as t
from directory.storage.bulk import put

# kind -> table, and what of a row the others may know
FACTS = {
    "unit": (t.units, "code kind name full_name full_name_en parent_id valid_from valid_to"),
    "post": (t.posts, "unit_id kind title is_head rank valid_from valid_to"),
    "membership": (t.memberships, "person_id post_id primary valid_from valid_to"),
    "delegation": (
        t.delegations,
        "grantor_post_id grantee_person_id kind scope valid_from valid_to document_number",
    ),
    "audience": (t.audiences, "title title_en unit_ids"),
    "working_day": (t.working_days, "working name"),
}


def newest(tx) -> int:
    return tx.execute(select(t.directory_version.c.newest)).scalar_one_or_none() or 0


def claim_versions(tx, count: int) -> int:
    """Take the next `count` versions; the answer is the newest before them. Writers of facts wait for one another."""
    counter = t.directory_version.c.newest
    raised = insert(t.directory_version).values(only=True, newest=count)
    raised = raised.on_conflict_do_update(index_elements=["only"], set_={"newest": counter + count})
    return tx.execute(raised.returning(counter)).scalar_one() - count


def write(tx, kind: str, rows: list[dict]) -> None:
    """Insert whole rows or put them in the place of those with the same id."""
    put(tx, FACTS[kind][0], rows)


def after(tx, version: int, limit: int) -> list[dict]:
    """The next facts, in the order of their versions."""
    feeds = [_feed(kind).where(FACTS[kind][0].c.version > version).order_by("version").limit(limit) for kind in FACTS]
    feed = sa.union_all(*(one.subquery().select() for one in feeds)).subquery()
    return _plain(tx.execute(select(feed).order_by(feed.c.version).limit(limit)))


def of_versions(tx, kind: str, first: int, last: int) -> list[dict]:
    version = FACTS[kind][0].c.version
    return _plain(tx.execute(_feed(kind).where(version.between(first, last)).order_by(version)))


def _feed(kind: str):
    table, names = FACTS[kind]
    fact = func.jsonb_build_object(*(part for name in names.split() for part in (sa.literal(name), table.c[name])))
    return select(
        sa.literal(kind).label("kind"), sa.cast(table.c.id, sa.Text).label("id"), table.c.version, fact.label("fact")
    )


def _plain(rows) -> list[dict]:
    return [{"kind": row.kind, "id": row.id, "version": row.version, "fact": row.fact} for row in rows]
