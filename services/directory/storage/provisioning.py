"""Outside identity systems, and people and units as they see them."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from chassis.later import Later
from chassis.rows import any_of
from directory.domain.names import given_name, search_form
from directory.domain.organisation import Membership
from directory.domain.provisioning import GENERIC_POST, PROTECTED_POSTS, Held, Taken
from directory.storage import people
from directory.storage import tables as t

CLIENT = t.scim_clients.c
COMPARED = ("name", "phone", "mobile", "email")  # with what the directory has learnt since
scim_filter = Later("directory.storage.scim_filter")


# clients


def add_client(tx, **columns) -> bool:
    """False when a client of this name works already."""
    added = insert(t.scim_clients).values(**columns, endings=0, endings_on=date.min)
    return tx.execute(added.on_conflict_do_nothing().returning(CLIENT.id)).first() is not None


def clients(tx):
    return tx.execute(select(t.scim_clients).order_by(CLIENT.created_at)).all()


def client_by_token(tx, token_hash: bytes):
    query = select(CLIENT.id).where(CLIENT.token_hash == token_hash, CLIENT.revoked_at.is_(None))
    return tx.execute(query).one_or_none()


def live_client(tx, client_id: str):
    query = select(t.scim_clients).where(CLIENT.id == client_id, CLIENT.revoked_at.is_(None))
    return tx.execute(query).one_or_none()


def change_client(tx, name: str, **values) -> str | None:
    """The id of the living client of this name, if there is one."""
    changed = sa.update(t.scim_clients).where(CLIENT.name == name, CLIENT.revoked_at.is_(None)).values(**values)
    return tx.execute(changed.returning(CLIENT.id)).scalar_one_or_none()


def spend(tx, client_id: str, count: int, day: date) -> bool:
    """Whether a client may take away so many people more on this day; then they are counted."""
    today = sa.case((CLIENT.endings_on == day, CLIENT.endings), else_=0) + count
    spent = (
        sa.update(t.scim_clients)
        .where(CLIENT.id == client_id, today <= CLIENT.endings_a_day)
        .values(endings=today, endings_on=day)
    )
    return tx.execute(spent).rowcount == 1


# users


USERS = t.accounts.outerjoin(t.provisioned, t.provisioned.c.person_id == t.accounts.c.person_id)


def _known_to(client, query):
    """Those whom a client may know."""
    query = query.where(t.accounts.c.kind == "personal", t.provisioned.c.deleted_at.is_(None))
    return query.where(t.provisioned.c.client_id == client.id) if client.reach == "own" else query


def _joined(client, *columns):
    """With all that is asked about them."""
    here = USERS.join(t.people, t.people.c.id == t.accounts.c.person_id).outerjoin(
        t.external_ids,
        sa.and_(t.external_ids.c.person_id == t.accounts.c.person_id, t.external_ids.c.client_id == client.id),
    )
    return _known_to(client, select(*columns).select_from(here))


def user_page(tx, client, wanted, day: date, offset: int, limit: int) -> tuple[int, list]:
    """How many there are, and some in the order of their ids. To count and walk over all, accounts are enough."""
    if wanted is None:
        ids = _known_to(client, select(t.accounts.c.person_id).select_from(USERS))
    else:
        ids = _joined(client, t.accounts.c.person_id).where(scim_filter.users(wanted, client.id, day))
    total = tx.execute(select(func.count()).select_from(ids.subquery())).scalar_one()
    if not limit or offset >= total:
        return total, []
    page = ids.order_by(t.accounts.c.person_id).offset(offset).limit(limit)
    return total, users(tx, client, list(tx.execute(page).scalars()))


def users(tx, client, person_ids: Iterable[str]) -> list:
    return tx.execute(_users(client).where(t.accounts.c.person_id == any_of(person_ids)).order_by(t.people.c.id)).all()


def lock_user(tx, client, person_id: str):
    """The user, whom nobody else changes until the commit."""
    tx.execute(select(t.accounts.c.id).where(t.accounts.c.person_id == person_id).with_for_update())
    return tx.execute(_users(client).where(t.accounts.c.person_id == person_id)).one_or_none()


def _users(client):
    said = t.provisioned.c
    return _joined(
        client, t.people.c.id, t.people.c.name, t.people.c.phone, t.people.c.mobile, t.people.c.email,
        t.people.c.employee_number, t.people.c.shown_to, t.accounts.c.id.label("account_id"),
        (said.client_id == client.id).label("own"),
        t.accounts.c.username, t.accounts.c.revoked_at, t.accounts.c.revoked_by, t.external_ids.c.external_id,
        said.said,
        said.name.label("said_name"), said.phone.label("said_phone"), said.mobile.label("said_mobile"),
        said.email.label("said_email"), said.created_at, said.changed_at,
    )  # fmt: skip


def units_of(tx, person_ids: Iterable[str], day: date):
    """In which units people hold posts: (person_id, unit_id, unit_name), each once."""
    query = (
        select(t.memberships.c.person_id, t.units.c.id.label("unit_id"), t.units.c.full_name.label("unit_name"))
        .distinct()
        .join_from(t.memberships, t.posts, t.posts.c.id == t.memberships.c.post_id)
        .join(t.units, t.units.c.id == t.posts.c.unit_id)
        .where(t.memberships.c.person_id == any_of(person_ids), t.live(t.memberships, day), t.live(t.posts, day))
        .where(t.live(t.units, day))
        .order_by(t.memberships.c.person_id, t.units.c.id)
    )
    return tx.execute(query).all()


def add_person(tx, person_id: str, taken: Taken) -> None:
    tx.execute(sa.insert(t.people).values(id=person_id, **_columns(taken)))


def change_person(tx, person_id: str, taken: Taken) -> int:
    """Answers the person's new version."""
    changed = {"version": t.people.c.version + 1, **_columns(taken)}
    update = sa.update(t.people).where(t.people.c.id == person_id).values(**changed)
    return tx.execute(update.returning(t.people.c.version)).scalar_one()


def _columns(taken: Taken) -> dict:
    searched = {"folded": search_form(taken.name), "given": given_name(taken.name)}
    return {**asdict(taken), **searched}


def account_of(tx, person_id: str):
    """A person's account, and whether a client has deleted him."""
    query = select(t.accounts, t.provisioned.c.deleted_at).outerjoin_from(
        t.accounts, t.provisioned, t.provisioned.c.person_id == t.accounts.c.person_id
    )
    return tx.execute(query.where(t.accounts.c.person_id == person_id)).one_or_none()


def add_account(tx, **columns) -> bool:
    """False when the user name is taken."""
    added = insert(t.accounts).values(version=1, **columns).on_conflict_do_nothing(index_elements=["username"])
    return tx.execute(added.returning(t.accounts.c.id)).first() is not None


def is_taken(tx, client, username: str, external_id: str | None, person_id: str, number: str | None) -> bool:
    """Whether somebody else has this user name or employee number, or the client calls somebody else so."""
    holder = people.numbered(tx, number) if number else None
    if holder is not None and holder.id != person_id:
        return True
    named = select(t.accounts.c.id).where(t.accounts.c.username == username, t.accounts.c.person_id != person_id)
    outside = t.external_ids.c
    called = select(outside.person_id).where(
        outside.client_id == client.id, outside.external_id == external_id, outside.person_id != person_id
    )
    return tx.execute(sa.union_all(named, called)).first() is not None


def remember(tx, client, person_id: str, said: dict, taken: Taken, now: datetime) -> None:
    """Keep what was said, and as what it was taken."""
    told = {"said": said, "changed_at": now, **{name: getattr(taken, name) for name in COMPARED}}
    added = insert(t.provisioned).values(person_id=person_id, client_id=client.id, created_at=now, **told)
    tx.execute(added.on_conflict_do_update(index_elements=["person_id"], set_=told))


def forget(tx, client, person_id: str, taken: Taken, now: datetime) -> None:
    """No client sees this person any more; what was said goes."""
    remember(tx, client, person_id, {}, taken, now)
    tx.execute(sa.update(t.provisioned).where(t.provisioned.c.person_id == person_id).values(deleted_at=now))
    tx.execute(sa.delete(t.external_ids).where(t.external_ids.c.person_id == person_id))


def erase(tx, person_id: str, name: str, now: datetime) -> None:
    """No client sees him, whoever fed him, and nothing of what was said of him remains."""
    nothing = {"said": {}, "name": name, "phone": None, "mobile": None, "email": None}
    gone = func.coalesce(t.provisioned.c.deleted_at, now)
    fed = sa.update(t.provisioned).where(t.provisioned.c.person_id == person_id)
    tx.execute(fed.values(**nothing, deleted_at=gone))
    tx.execute(sa.delete(t.external_ids).where(t.external_ids.c.person_id == person_id))


def begin_anew(tx, person_id: str) -> None:
    """Whoever brings a person next says what holds of him."""
    tx.execute(sa.delete(t.provisioned).where(t.provisioned.c.person_id == person_id))


def name_outside(tx, client, person_id: str, external_id: str | None) -> bool:
    """A client's own name for a person. False when another person has it."""
    table = t.external_ids
    tx.execute(sa.delete(table).where(table.c.client_id == client.id, table.c.person_id == person_id))
    if external_id is None:
        return True
    added = insert(table).values(client_id=client.id, person_id=person_id, external_id=external_id)
    return tx.execute(added.on_conflict_do_nothing().returning(table.c.person_id)).first() is not None


def is_user(tx, client, person_id: str) -> bool:
    return tx.execute(_joined(client, t.accounts.c.id).where(t.accounts.c.person_id == person_id)).first() is not None


def is_protected(tx, person_ids: Iterable[str], day: date) -> bool:
    """Whether one of them watches over the platform."""
    query = (
        select(t.memberships.c.id)
        .join_from(t.memberships, t.posts, t.posts.c.id == t.memberships.c.post_id)
        .where(t.memberships.c.person_id == any_of(person_ids), t.posts.c.kind.in_(PROTECTED_POSTS))
        .where(sa.or_(t.memberships.c.valid_to.is_(None), t.memberships.c.valid_to > day))
    )
    return tx.execute(query.limit(1)).first() is not None


# units


def group_page(tx, wanted, day: date, offset: int, limit: int) -> tuple[int, list]:
    query = select(t.units.c.id, t.units.c.code, t.units.c.kind, t.units.c.full_name).where(t.live(t.units, day))
    if wanted is not None:
        query = query.where(scim_filter.groups(wanted, day))
    total = tx.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    if not limit or offset >= total:
        return total, []
    return total, tx.execute(query.order_by(t.units.c.id).offset(offset).limit(limit)).all()


def group(tx, unit_id: str, day: date):
    query = select(t.units.c.id, t.units.c.code, t.units.c.kind, t.units.c.full_name)
    return tx.execute(query.where(t.units.c.id == unit_id, t.live(t.units, day))).one_or_none()


def unit_of_code(tx, codes: list[str], day: date) -> str | None:
    """The unit that the first of these codes names."""
    query = select(t.units.c.code, t.units.c.id).where(t.units.c.code.in_(codes), t.live(t.units, day))
    found = dict(tx.execute(query).all()) if codes else {}
    return next((found[code] for code in codes if code in found), None)


def members(tx, client, unit_ids: Iterable[str], day: date, limit: int):
    """Who holds posts in these units, among those whom the client may know: (unit_id, id), each once."""
    held = (
        select(t.posts.c.unit_id, t.memberships.c.person_id)
        .distinct()
        .join_from(t.posts, t.memberships, t.memberships.c.post_id == t.posts.c.id)
        .where(t.posts.c.unit_id == any_of(unit_ids), t.live(t.memberships, day), t.live(t.posts, day))
        .subquery()
    )
    query = _joined(client, held.c.unit_id, t.people.c.id)
    query = query.join(held, held.c.person_id == t.accounts.c.person_id)
    return tx.execute(query.order_by(held.c.unit_id, t.people.c.id).limit(limit)).all()


# who is an official where


def generic_post(tx, unit_id: str, day: date) -> str | None:
    """The post that a machine may give in a unit."""
    query = select(t.posts.c.id).where(
        t.posts.c.unit_id == unit_id, t.posts.c.kind == GENERIC_POST, sa.not_(t.posts.c.is_head), t.live(t.posts, day)
    )
    return tx.execute(query.order_by(t.posts.c.id).limit(1)).scalar_one_or_none()


def holdings(tx, person_ids: Iterable[str], day: date) -> list[Held]:
    """What these people hold now or later."""
    held = t.memberships.c
    columns = (held.id, held.person_id, held.post_id, held.primary, held.valid_from, held.valid_to)
    query = (
        select(*columns, t.posts.c.unit_id, t.posts.c.kind)
        .join_from(t.memberships, t.posts, t.posts.c.id == held.post_id)
        .where(held.person_id == any_of(person_ids))
        .where(sa.or_(held.valid_to.is_(None), held.valid_to > func.greatest(day, held.valid_from)))
        .order_by(held.id)
    )
    return [Held(Membership(*row[:6]), row.unit_id, row.kind) for row in tx.execute(query)]
