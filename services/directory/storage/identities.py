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


def known_of(tx, person_id: str, asked_since: datetime, after: str | None, limit: int):
    """Identities of a person, and those that wait for a second word, in the order of their issuers: of each one row."""
    linked, asked = t.identities.c, t.identity_proposals.c
    known = sa.union_all(
        select(
            linked.account_id, linked.issuer, sa.literal("linked").label("state"), linked.linked_at.label("since"),
            sa.cast(sa.null(), t.Id).label("asked_by"),
        ),
        select(asked.account_id, asked.issuer, sa.literal("asked"), asked.asked_at, asked.asked_by)
        .where(asked.asked_at > asked_since),
    ).subquery()  # fmt: skip
    query = select(known).join(t.accounts, t.accounts.c.id == known.c.account_id)
    query = query.where(t.accounts.c.person_id == person_id).order_by(known.c.issuer).limit(limit)
    if after is not None:
        query = query.where(known.c.issuer > after)
    return tx.execute(query).all()


def proposal(tx, account_id: str, issuer: str, asked_since: datetime):
    asked = t.identity_proposals.c
    query = select(t.identity_proposals).where(asked.account_id == account_id, asked.issuer == issuer)
    return tx.execute(query.where(asked.asked_at > asked_since)).one_or_none()


def propose(tx, **row) -> None:
    """In the place of what was asked for before."""
    said = {name: row[name] for name in ("subject", "asked_by", "asked_at")}
    added = insert(t.identity_proposals).values(row)
    tx.execute(added.on_conflict_do_update(index_elements=["account_id", "issuer"], set_=said))


def drop_proposals(tx, account_id: str, issuer: str | None = None) -> bool:
    """Whether there were any; of one issuer or of all."""
    asked = t.identity_proposals.c
    dropped = sa.delete(t.identity_proposals).where(asked.account_id == account_id)
    if issuer is not None:
        dropped = dropped.where(asked.issuer == issuer)
    return tx.execute(dropped).rowcount > 0


def drop_old_proposals(tx, before: datetime) -> None:
    tx.execute(sa.delete(t.identity_proposals).where(t.identity_proposals.c.asked_at <= before))
