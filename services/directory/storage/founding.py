"""Who administers the platform, and making the first who does."""

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from directory.storage import tables as t


def administrator_exists(tx, day) -> bool:
    """Whether anybody with an account of his own holds an administrator's post."""
    query = (
        select(t.accounts.c.id)
        .join_from(t.posts, t.memberships, t.memberships.c.post_id == t.posts.c.id)
        .join(t.accounts, t.accounts.c.person_id == t.memberships.c.person_id)
        .where(t.posts.c.kind == "administrator", t.live(t.posts, day), t.live(t.memberships, day))
        .where(t.accounts.c.kind == "personal", t.accounts.c.revoked_at.is_(None))
    )
    return tx.execute(query.limit(1)).first() is not None


def break_glass(tx):
    return tx.execute(select(t.accounts).where(t.accounts.c.kind == "break_glass")).one_or_none()


def root(tx, day) -> str | None:
    query = select(t.units.c.id).where(t.units.c.parent_id.is_(None), t.live(t.units, day))
    return tx.execute(query.order_by(t.units.c.code).limit(1)).scalar_one_or_none()


def add_person(tx, person_id: str, name: str, folded: str, given: str) -> None:
    tx.execute(sa.insert(t.people).values(id=person_id, name=name, folded=folded, given=given))


def add_account(tx, account_id: str, person_id: str, account: dict) -> bool:
    """Whether the user name was free."""
    row = {"id": account_id, "person_id": person_id, "version": 1, **account}
    added = insert(t.accounts).values(row).on_conflict_do_nothing(index_elements=["username"])
    return tx.execute(added.returning(t.accounts.c.id)).first() is not None
