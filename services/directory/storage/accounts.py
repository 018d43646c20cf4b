"""Local accounts: what they are checked against, and ending them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import select

from directory.storage import tables as t


def by_username(tx, username: str):
    return tx.execute(select(t.accounts).where(t.accounts.c.username == username)).one_or_none()


def use_totp_step(tx, account_id: str, step: int) -> bool:
    """Whether a one-time code of this time step may count now: each step counts once, and none before the last."""
    account = t.accounts
    unused = sa.or_(account.c.totp_last_step.is_(None), account.c.totp_last_step < step)
    used = sa.update(account).where(account.c.id == account_id, unused).values(totp_last_step=step)
    return tx.execute(used).rowcount == 1


def revoke(tx, account_id: str, now: datetime):
    """The account as it is after the revocation; None if it does not exist or was revoked before."""
    account = t.accounts
    changed = {"revoked_at": now, "version": account.c.version + 1}
    revoked = sa.update(account).where(account.c.id == account_id, account.c.revoked_at.is_(None)).values(changed)
    return tx.execute(revoked.returning(account)).one_or_none()


def exists(tx, account_id: str) -> bool:
    return tx.execute(select(t.accounts.c.id).where(t.accounts.c.id == account_id)).one_or_none() is not None
