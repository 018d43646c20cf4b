"""Questions about people: who they are and what they hold."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy import func, select

from chassis.rows import any_of
from directory.domain.contact import Place
from directory.domain.employees import bare
from directory.storage import entries
from directory.storage import tables as t


def entries_of_person(tx, person_id: str, day):
    query = _entry().where(t.entries.c.person_id == person_id, t.live(t.entries, day))
    return tx.execute(query.order_by(t.entries.c.rank, t.entries.c.membership_id)).all()


def entries_of_unit(tx, unit_id: str, kinds: Iterable[str], day):
    """Who heads a unit and who holds a post of these kinds in it. The head comes first: `is_head`."""
    query = (
        _entry(t.posts.c.is_head)
        .where(t.entries.c.unit_id == unit_id, t.live(t.entries, day))
        .where(sa.or_(t.posts.c.is_head, t.entries.c.post_kind.in_(kinds)))
    )
    return tx.execute(query.order_by(t.posts.c.is_head.desc(), t.entries.c.rank, t.entries.c.membership_id)).all()


def staff(tx, unit_ids: Iterable[str], day, after: tuple[int, str] | None, limit: int):
    """Who holds posts in these units, the senior first. `after` is the rank and the membership of the last one seen."""
    query = _entry(t.entries.c.rank).where(t.entries.c.unit_id == any_of(unit_ids), t.live(t.entries, day))
    if after:
        place = sa.tuple_(t.entries.c.rank, t.entries.c.membership_id)
        query = query.where(place > sa.tuple_(sa.literal(after[0]), sa.literal(after[1], t.Id)))
    return tx.execute(query.order_by(t.entries.c.rank, t.entries.c.membership_id).limit(limit)).all()


def places(tx, person_ids: Iterable[str], day) -> dict[str, list[Place]]:
    """The posts that people hold, as far as it matters for who may see what."""
    found = {person_id: [] for person_id in person_ids}
    query = (
        select(t.entries.c.person_id, t.entries.c.post_kind, t.entries.c.rank, t.units.c.id, t.units.c.kind)
        .join(t.units, t.units.c.id == t.entries.c.top_id)
        .where(t.entries.c.person_id == any_of(found), t.live(t.entries, day))
    )
    for person_id, *place in tx.execute(query):
        found[person_id].append(Place(*place))
    return found


def one(tx, person_id: str):
    return tx.execute(select(t.people).where(t.people.c.id == person_id)).one_or_none()


def is_known(tx, person_id: str) -> bool:
    """Whether there is such a person, and his name was not erased."""
    person = one(tx, person_id)
    return person is not None and person.erased_at is None


def to_change(tx, person_id: str):
    """Held until the commit."""
    return tx.execute(select(t.people).where(t.people.c.id == person_id).with_for_update()).one_or_none()


def hold(tx, versions: Mapping[str, int]) -> bool:
    """Keep these people as they are until the commit. Whether they have these versions."""
    return {row.id: row.version for row in entries.hold(tx, versions)} == versions


def numbered(tx, employee_number: str):
    """Who has this number, however it is written."""
    query = select(t.people).where(func.lower(t.people.c.employee_number) == bare(employee_number))
    return tx.execute(query).one_or_none()


def add(tx, person_id: str, values: dict) -> None:
    tx.execute(sa.insert(t.people).values(id=person_id, **values))


def change(tx, person_id: str, values: dict) -> None:
    tx.execute(sa.update(t.people).where(t.people.c.id == person_id).values(values))


def names(tx, person_ids: Iterable[str]):
    return tx.execute(select(t.people.c.id, t.people.c.name).where(t.people.c.id == any_of(person_ids))).all()


def contacts(tx, person_ids: Iterable[str]):
    """Of whoever had an account that was revoked nothing."""
    revoked = sa.exists().where(t.accounts.c.person_id == t.people.c.id, t.accounts.c.revoked_at.is_not(None))
    query = select(t.people.c.id.label("person_id"), t.people.c.email, t.people.c.mobile)
    return tx.execute(query.where(t.people.c.id == any_of(person_ids), ~revoked)).all()


def memberships(tx, person_id: str, day):
    """What a person holds on a day, the primary post first."""
    query = (
        select(
            t.memberships.c.id, t.memberships.c.primary, t.posts.c.unit_id,
            t.posts.c.id.label("post_id"), t.posts.c.title,
        )
        .join_from(t.memberships, t.posts, t.posts.c.id == t.memberships.c.post_id)
        .where(t.memberships.c.person_id == person_id, t.live(t.memberships, day), t.live(t.posts, day))
        .order_by(t.memberships.c.primary.desc(), t.posts.c.rank, t.memberships.c.id)
    )  # fmt: skip
    return tx.execute(query).all()


def delegations(tx, person_id: str, day):
    """Powers lent to a person. They end with the membership of whoever lent them."""
    grantor = t.memberships.alias()
    query = (
        select(t.delegations, t.posts.c.title)
        .join_from(t.delegations, t.posts, t.posts.c.id == t.delegations.c.grantor_post_id)
        .where(t.delegations.c.grantee_person_id == person_id, t.live(t.delegations, day), t.live(t.posts, day))
        .where(
            sa.exists().where(
                grantor.c.post_id == t.posts.c.id,
                grantor.c.valid_from <= t.delegations.c.valid_from,
                t.live(grantor, day),
            )
        )
        .order_by(t.delegations.c.valid_from, t.delegations.c.id)
    )
    return tx.execute(query).all()


def refresh_entries(tx, person_ids: Iterable[str] | None = None) -> None:
    """Make the searched lines anew, for these people or (None) for everybody."""
    entries.refresh(tx, person_ids)


def if_open(field: str):
    """In lists stands what everybody may see, whoever asks."""
    shown_to = func.coalesce(t.people.c.shown_to[field].astext, "city")
    return sa.case((shown_to == "city", t.people.c[field])).label(field)


def _entry(*more):
    return (
        select(
            t.people.c.id, t.people.c.name, if_open("phone"), if_open("email"), t.posts.c.id.label("post_id"),
            t.posts.c.kind.label("post_kind"), t.posts.c.title, t.units.c.id.label("unit_id"),
            t.units.c.full_name.label("unit_name"), t.entries.c.membership_id, *more,
        )
        .join_from(t.entries, t.people, t.people.c.id == t.entries.c.person_id)
        .join(t.posts, t.posts.c.id == t.entries.c.post_id)
        .join(t.units, t.units.c.id == t.entries.c.unit_id)
    )  # fmt: skip
