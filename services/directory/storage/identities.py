"""Identities of other issuers, and the accounts that they open."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from directory.storage import tables as t

AT_MOST = 50  # as many issuers as a city will ever trust


def account_of_person(tx, person_id: str) -> str | None:
    """His account's id, if it may be used; locked, so that its identities change one at a time."""
    account = t.accounts.c
    usable = (account.person_id == person_id, account.revoked_at.is_(None), account.kind == "personal")
    return tx.execute(select(account.id).where(*usable).with_for_update()).scalar_one_or_none()


def of_account(tx, account_id: str):
    identity = t.identities
    found = select(identity).where(identity.c.account_id == account_id).order_by(identity.c.id).limit(AT_MOST)
    return tx.execute(found).all()


def of_person(tx, person_id: str):
    identity = t.identities
    found = select(identity).join(t.accounts, identity.c.account_id == t.accounts.c.id)
    return tx.execute(found.where(t.accounts.c.person_id == person_id).order_by(identity.c.id).limit(AT_MOST)).all()


def add(tx, *, id: str, account_id: str, issuer: str, subject: str, linked_at: datetime) -> bool:
    """Whether it was free."""
    row = {"id": id, "account_id": account_id, "issuer": issuer, "subject": subject, "linked_at": linked_at}
    added = insert(t.identities).values(row).on_conflict_do_nothing(index_elements=["issuer", "subject"])
    return tx.execute(added.returning(t.identities.c.id)).first() is not None


def remove(tx, identity_id: str) -> None:
    tx.execute(sa.delete(t.identities).where(t.identities.c.id == identity_id))


def note_removal(tx, account_id: str, issuer: str, person_id: str, now: datetime) -> None:
    noted = {"removed_by": person_id, "removed_at": now}
    added = insert(t.identity_removals).values(account_id=account_id, issuer=issuer, **noted)
    tx.execute(added.on_conflict_do_update(index_elements=["account_id", "issuer"], set_=noted))


def last_remover(tx, account_id: str, issuer: str) -> str | None:
    removal = t.identity_removals.c
    query = select(removal.removed_by).where(removal.account_id == account_id, removal.issuer == issuer)
    return tx.execute(query).scalar_one_or_none()
