"""The searched lines, made from the tables of units, posts, people and memberships. They hold nothing of their own."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from chassis import clock
from chassis.rows import among, any_of, unnested
from directory.domain import contact
from directory.domain.names import initials
from directory.domain.searching import END, post_form
from directory.storage import tables as t
from kernel.working_time import today

AT_ONCE = 500  # lines written by one statement: their keys take long, and no statement may
HELD = (
    select(
        t.memberships.c.id.label("membership_id"), t.memberships.c.person_id, t.memberships.c.post_id,
        t.memberships.c.valid_from, t.memberships.c.valid_to, t.posts.c.unit_id, t.posts.c.kind.label("post_kind"),
        t.posts.c.rank, t.posts.c.title, t.people.c.folded, t.people.c.given, t.people.c.phone, t.people.c.mobile,
        t.people.c.shown_to,
    )
    .join_from(t.memberships, t.people, t.people.c.id == t.memberships.c.person_id)
    .join(t.posts, t.posts.c.id == t.memberships.c.post_id)
    .order_by(t.posts.c.rank, t.memberships.c.id)  # the senior lie together
)  # fmt: skip
UNITS = select(
    t.units.c.id, t.units.c.parent_id, t.units.c.kind, t.units.c.code, t.units.c.name, t.units.c.full_name
)  # fmt: skip
COLUMNS = tuple(column.name for column in t.entries.c)


def refresh(tx, person_ids: Iterable[str] | None = None) -> None:
    """Bring the lines of these people, or (None) of everybody, up to date. Whoever has left a post is not found by it,
    and only what differs is written. Who does it for a person waits for who does, and then sees what he wrote.
    """
    old, new = select(t.entries), held(today(clock.now()))
    if person_ids is not None:
        ids = list(person_ids)
        hold(tx, ids)
        old, new = old.where(t.entries.c.person_id == any_of(ids)), new.where(t.people.c.id == any_of(ids))
    units = {unit.id: unit for unit in tx.execute(UNITS)}
    known = {row["membership_id"]: dict(row) for row in tx.execute(old).mappings()}
    right = {line["membership_id"]: line for line in lines(units, tx.execute(new))}
    wrong = [id_ for id_, line in known.items() if right.get(id_) != line]
    tx.execute(sa.delete(t.entries).where(t.entries.c.membership_id.in_(among(wrong))))
    made = [line for id_, line in right.items() if known.get(id_) != line]
    for first in range(0, len(made), AT_ONCE):
        some = made[first : first + AT_ONCE]
        rows = unnested(**{name: (t.entries.c[name].type, [line[name] for line in some]) for name in COLUMNS})
        tx.execute(sa.insert(t.entries).from_select(COLUMNS, select(*(rows.c[name] for name in COLUMNS))))
    _learn(tx, made)


def held(day: date) -> sa.Select:
    """What is held on a day or will be."""
    return HELD.where(t.not_over(t.memberships, day))


def hold(tx, person_ids: Iterable[str]) -> list:
    """People with their versions, kept as they are until the commit: always in one order, so that no two who hold
    several wait for each other.
    """
    query = select(t.people.c.id, t.people.c.version).where(t.people.c.id.in_(among(person_ids)))
    return tx.execute(query.order_by(t.people.c.id).with_for_update(key_share=True)).all()


def lines(units: Mapping, held: Iterable) -> Iterator[dict]:
    """A line for each row of what is held."""
    known = {}
    for row in held:
        if row.post_id not in known:
            path = path_to_top(units, row.unit_id)
            unit = path[0]
            codes = [each.code for each in path]
            known[row.post_id] = path[-1].id, post_form(row.title, unit.name, unit.full_name, codes)
        top_id, form = known[row.post_id]
        short = initials(row.folded)
        yield {
            "membership_id": row.membership_id,
            "person_id": row.person_id,
            "post_id": row.post_id,
            "unit_id": row.unit_id,
            "top_id": top_id,
            "post_kind": row.post_kind,
            "rank": row.rank,
            "named": row.folded,
            "given": row.given,
            "words": f"{row.folded}{END} {short}{END}{form}",
            "digits": contact.searchable_digits(row.phone, row.mobile, row.shown_to),
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
        }


def path_to_top(units: Mapping, unit_id) -> list:
    """A unit and those above it, up to the one that stands for it outside: a division's department or ward."""
    path = [units[unit_id]]
    while path[-1].kind == "division" and path[-1].parent_id is not None:
        path.append(units[path[-1].parent_id])
    return path


def words(made: Iterable[dict]) -> dict[str, int]:
    """How many lines have each word."""
    counted: dict[str, int] = {}
    for line in made:
        for word in {*line["words"].replace(END, "").split()}:
            counted[word] = counted.get(word, 0) + 1
    return counted


def post_words(made: Iterable[dict]) -> set[str]:
    """The words of posts and units, without those of names."""
    forms = {line["words"].split(END, 2)[2] for line in made}
    return {word for form in forms for word in form.replace(END, "").split()}


def _learn(tx, made: list[dict]) -> None:
    counted = words(made)
    _keep(tx, t.vocabulary, word=(sa.Text, list(counted)), lines=(sa.Integer, list(counted.values())))
    _keep(tx, t.post_words, word=(sa.Text, sorted(post_words(made))))


def _keep(tx, table: sa.Table, **columns) -> None:
    rows = unnested(**columns)
    kept = insert(table).from_select(list(columns), select(*(rows.c[name] for name in columns)))
    tx.execute(kept.on_conflict_do_nothing())
