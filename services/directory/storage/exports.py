"""The lines that go out, page by page in the order of ids: every query walks along a primary key."""

import sqlalchemy as sa
from sqlalchemy import func, select

from chassis.rows import any_of
from directory.domain import contact
from directory.storage import tables as t


def _page(tx, query, scope, unit_id, after, limit, place, second_place):
    query = query.add_columns(place.label("place"), second_place.label("second_place"))
    if scope is not None:
        query = query.where(unit_id == any_of(scope))
    if after is not None:
        query = query.where(sa.tuple_(place, second_place) > sa.tuple_(*(sa.cast(id_, t.Id) for id_ in after)))
    return tx.execute(query.order_by(place, second_place).limit(limit)).all()


def _units(tx, day, scope, after, limit):
    unit, above = t.units, t.units.alias()
    query = select(unit.c.code, unit.c.kind, unit.c.name, unit.c.full_name, unit.c.full_name_en)
    query = query.add_columns(above.c.code.label("parent_code")).where(t.live(unit, day))
    query = query.outerjoin_from(unit, above, above.c.id == unit.c.parent_id)
    return _page(tx, query, scope, unit.c.id, after, limit, unit.c.id, unit.c.id)


def numbered_posts(day):
    """The live posts, equal ones of a unit counted in the order in which they were made."""
    post = t.posts
    equal = (post.c.unit_id, post.c.kind, post.c.title)
    number = func.row_number().over(partition_by=equal, order_by=(post.c.valid_from, post.c.id))
    return select(post, number.label("number")).where(t.live(post, day))


def _posts(tx, day, scope, after, limit):
    post = numbered_posts(day).subquery()
    query = select(
        t.units.c.code.label("unit_code"), post.c.kind, post.c.title, post.c.number, post.c.is_head, post.c.rank
    )
    query = query.join_from(post, t.units, t.units.c.id == post.c.unit_id).where(t.live(t.units, day))
    return _page(tx, query, scope, post.c.unit_id, after, limit, post.c.id, post.c.id)


def _people(tx, day, scope, after, limit):
    person, held, post = t.people, t.memberships, numbered_posts(day).subquery()
    query = (
        select(
            person.c.id, person.c.shown_to, person.c.employee_number, person.c.name,
            *(person.c[field] for field in contact.FIELDS),
            t.units.c.code.label("unit_code"), post.c.kind.label("post_kind"), post.c.title.label("post_title"),
            post.c.number.label("post_number"), held.c.primary,
        )
        .join_from(person, held, held.c.person_id == person.c.id)
        .join(post, post.c.id == held.c.post_id)
        .join(t.units, t.units.c.id == post.c.unit_id)
        .where(t.live(held, day), t.live(t.units, day))
    )  # fmt: skip
    return _page(tx, query, scope, post.c.unit_id, after, limit, person.c.id, held.c.id)


LINES = {"units": _units, "posts": _posts, "people": _people}
