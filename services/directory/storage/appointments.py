"""Questions about posts, who holds them, and what was lent."""

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa
from sqlalchemy import func, select

from chassis.rows import among, any_of
from directory.storage import tables as t

MEMBERSHIP, DELEGATION = t.memberships.c, t.delegations.c


# conditions


def by_id(membership_id: str):
    return MEMBERSHIP.id == membership_id


def by_ids(ids: Iterable[str]):
    return MEMBERSHIP.id.in_(among(ids))


def of_post(post_id: str):
    return MEMBERSHIP.post_id == post_id


def of_person(person_id: str):
    return MEMBERSHIP.person_id == person_id


def held_by(person_id: str, day: date):
    return sa.and_(of_person(person_id), t.live(t.memberships, day))


def of_person_or_post(person_id: str, post_id: str):
    return sa.or_(of_person(person_id), of_post(post_id))


def of_people(ids: Iterable[str]):
    return MEMBERSHIP.person_id.in_(among(ids))


def of_posts(ids: Iterable[str]):
    return MEMBERSHIP.post_id.in_(among(ids))


def lent_by(*post_ids: str):
    return DELEGATION.grantor_post_id.in_(among(post_ids))


def delegation_by_id(id_: str):
    return DELEGATION.id == id_


def posts_by_id(ids: Iterable[str]):
    return t.posts.c.id == any_of(ids)


# rows


def post(tx, id_: str):
    return tx.execute(select(t.posts).where(t.posts.c.id == id_)).one_or_none()


def membership(tx, id_: str):
    return tx.execute(select(t.memberships).where(MEMBERSHIP.id == id_)).one_or_none()


def held_of_kinds(tx, kinds: Iterable[str], day: date) -> dict[str, int]:
    """How many memberships of posts of each kind hold, or are to begin."""
    query = (
        select(t.posts.c.kind, func.count())
        .join_from(t.posts, t.memberships, t.memberships.c.post_id == t.posts.c.id)
        .where(t.posts.c.kind.in_(kinds), t.not_over(t.memberships, day))
    )
    return dict(tx.execute(query.group_by(t.posts.c.kind)).all())


def delegation(tx, id_: str):
    return tx.execute(_delegations().where(DELEGATION.id == id_)).one_or_none()


def ranks(tx, post_ids: Iterable[str]) -> dict[str, int]:
    found = tx.execute(select(t.posts.c.id, t.posts.c.rank).where(t.posts.c.id.in_(among(post_ids))))
    return {row.id: row.rank for row in found}


def posts_page(tx, unit_id: str, day: date, after: tuple | None, limit: int):
    """A unit's posts that stand or will, the most senior first."""
    query = select(t.posts).where(t.posts.c.unit_id == unit_id)
    query = query.where(sa.or_(t.posts.c.valid_to.is_(None), t.posts.c.valid_to > day))
    if after:
        query = query.where(sa.tuple_(t.posts.c.rank, t.posts.c.id) > after)
    return tx.execute(query.order_by(t.posts.c.rank, t.posts.c.id).limit(limit)).all()


def holders(tx, post_id: str, before: tuple | None, limit: int):
    """Who holds a post, did or will, the latest first; `until` is the day after the last, the end of time if open."""
    until = func.coalesce(MEMBERSHIP.valid_to, sa.literal(date.max))
    place = (until, MEMBERSHIP.valid_from, MEMBERSHIP.id)
    query = (
        select(
            MEMBERSHIP.id.label("membership_id"), MEMBERSHIP.version, MEMBERSHIP.person_id, t.people.c.name,
            MEMBERSHIP.primary, MEMBERSHIP.valid_from, MEMBERSHIP.valid_to, until.label("until"),
        )
        .join_from(t.memberships, t.people, t.people.c.id == MEMBERSHIP.person_id)
        .where(MEMBERSHIP.post_id == post_id)
        .order_by(*(each.desc() for each in place))
        .limit(limit)
    )  # fmt: skip
    if before:
        query = query.where(sa.tuple_(*place) < before)
    return tx.execute(query).all()


def delegations_page(tx, person_id: str, day: date, after: str | None, limit: int):
    """What a person's posts have lent and what he was lent, as far as it holds on a day or later."""
    own_posts = select(MEMBERSHIP.post_id).where(MEMBERSHIP.person_id == person_id, t.live(t.memberships, day))
    concerned = sa.or_(DELEGATION.grantee_person_id == person_id, DELEGATION.grantor_post_id.in_(own_posts))
    query = _delegations().where(concerned, DELEGATION.valid_to > day)
    if after:
        query = query.where(DELEGATION.id > after)
    return tx.execute(query.order_by(DELEGATION.id).limit(limit)).all()


def delegations_of_post(tx, post_id: str, day: date, after: str | None, limit: int):
    """What a post has lent, as far as it holds on a day or later."""
    query = _delegations().where(lent_by(post_id), DELEGATION.valid_to > day)
    if after:
        query = query.where(DELEGATION.id > after)
    return tx.execute(query.order_by(DELEGATION.id).limit(limit)).all()


def _delegations():
    return (
        select(t.delegations, t.posts.c.title.label("grantor_title"), t.people.c.name.label("grantee_name"))
        .join_from(t.delegations, t.posts, t.posts.c.id == DELEGATION.grantor_post_id)
        .join(t.people, t.people.c.id == DELEGATION.grantee_person_id)
    )
