"""Local accounts: what they are checked against, their second factors, and ending them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import array_agg

from chassis.rows import all_of
from directory.storage import tables as t


@dataclass(frozen=True)
class Care:
    """Whose accounts somebody looks after: never his own, nor of whoever holds or is to hold a post elsewhere than in
    these units (None: anywhere), of a guarded kind, or heading the unit `but_head_of`.
    """

    person_id: str
    unit_ids: list[str] | None
    guarded: frozenset[str]
    but_head_of: str | None = None


def in_care(care: Care, person_id: sa.ColumnElement, day) -> sa.ColumnElement[bool]:
    held, post = t.memberships.alias(), t.posts.alias()
    barred = [post.c.kind.in_(care.guarded)]
    if care.unit_ids is not None:
        barred.append(post.c.unit_id != all_of(care.unit_ids))
    if care.but_head_of is not None:
        barred.append(sa.and_(post.c.is_head, post.c.unit_id == care.but_head_of))
    kept_out = sa.exists().where(held.c.person_id == person_id, t.not_over(held, day), post.c.id == held.c.post_id)
    return sa.and_(person_id != care.person_id, ~kept_out.where(sa.or_(*barred)))


def usable(tx, username: str, day):
    """The account of this name, if it may be used: not revoked, and its person holds a post. With `post_kinds`."""
    query = _with_posts(day).where(t.accounts.c.username == username, t.accounts.c.revoked_at.is_(None))
    account = tx.execute(query).one_or_none()
    return account if account is not None and account.post_kinds else None


def of_identity(tx, issuer: str, subject: str, day):
    """The account that an identity opens, if it may be used, and by an identity at all."""
    identity = t.identities
    query = _with_posts(day).join(identity, identity.c.account_id == t.accounts.c.id)
    query = query.where(identity.c.issuer == issuer, identity.c.subject == subject)
    account = tx.execute(query.where(t.accounts.c.revoked_at.is_(None))).one_or_none()
    return account if account is not None and account.kind == "personal" and account.post_kinds else None


def of_person(tx, person_id: str, day):
    """A person's account, whatever its state, with `post_kinds`, his name and what it still lacks."""
    return tx.execute(_with_posts(day).where(t.accounts.c.person_id == person_id)).one_or_none()


def of_id(tx, account_id: str, day):
    return tx.execute(_with_posts(day).where(t.accounts.c.id == account_id)).one_or_none()


def lock(tx, account_id: str) -> None:
    """From here on nobody else changes it until the commit."""
    tx.execute(select(t.accounts.c.id).where(t.accounts.c.id == account_id).with_for_update())


def hold_of_person(tx, person_id: str):
    """A person's account, whatever its state; nobody else changes it until the commit."""
    return tx.execute(select(t.accounts).where(t.accounts.c.person_id == person_id).with_for_update()).one_or_none()


def still(tx, account_id: str, version: int) -> bool:
    """Whether nothing of it has changed since; from here on nothing does until the commit."""
    query = select(t.accounts.c.version).where(t.accounts.c.id == account_id).with_for_update()
    return tx.execute(query).scalar_one_or_none() == version


def rehash(tx, account_id: str, old: str, new: str) -> None:
    account = t.accounts
    unchanged = sa.and_(account.c.id == account_id, account.c.password_hash == old)
    tx.execute(sa.update(account).where(unchanged).values(password_hash=new))


def change(tx, account_id: str, **values) -> int:
    """Set what is given under a new version, and answer that."""
    account = t.accounts
    changed = sa.update(account).where(account.c.id == account_id).values(version=account.c.version + 1, **values)
    return tx.execute(changed.returning(account.c.version)).scalar_one()


def note(tx, account_id: str, **values) -> None:
    """Set what makes no difference to anybody's sessions."""
    tx.execute(sa.update(t.accounts).where(t.accounts.c.id == account_id).values(**values))


def use_totp_step(tx, account_id: str, step: int) -> bool:
    """Whether a one-time code of this time step may count now: each step counts once, and none before the last."""
    account = t.accounts
    unused = sa.or_(account.c.totp_last_step.is_(None), account.c.totp_last_step < step)
    used = sa.update(account).where(account.c.id == account_id, unused).values(totp_last_step=step)
    return tx.execute(used).rowcount == 1


def use_recovery_code(tx, account_id: str, code_hash: bytes, now: datetime) -> bool:
    code = t.recovery_codes
    unused = sa.and_(code.c.account_id == account_id, code.c.code_hash == code_hash, code.c.used_at.is_(None))
    return tx.execute(sa.update(code).where(unused).values(used_at=now)).rowcount == 1


def replace_recovery_codes(tx, account_id: str, hashes: Iterable[bytes]) -> None:
    code = t.recovery_codes
    tx.execute(sa.delete(code).where(code.c.account_id == account_id))
    if rows := [{"account_id": account_id, "code_hash": each} for each in hashes]:
        tx.execute(sa.insert(code), rows)


def recovery_codes_left(tx, account_id: str) -> int:
    code = t.recovery_codes.c
    query = select(func.count()).where(code.account_id == account_id, code.used_at.is_(None))
    return tx.execute(query).scalar_one()


def revoke(tx, account_id: str, by: str, now: datetime):
    """The account as it is after the revocation; None if it does not exist or was revoked before."""
    account = t.accounts
    changed = {"revoked_at": now, "revoked_by": by, "version": account.c.version + 1}
    revoked = sa.update(account).where(account.c.id == account_id, account.c.revoked_at.is_(None)).values(changed)
    return tx.execute(revoked.returning(account)).one_or_none()


def posts_of(tx, person_id: str, day):
    """The unit and kind of each post that a person holds or is to hold; of whoever has none, those of his last one."""
    held = (
        select(t.posts.c.unit_id, t.posts.c.kind, t.not_over(t.memberships, day).label("now"))
        .join_from(t.memberships, t.posts, t.posts.c.id == t.memberships.c.post_id)
        .where(t.memberships.c.person_id == person_id)
        .order_by(sa.desc("now"), t.memberships.c.valid_from.desc())
    )
    rows = tx.execute(held).all()
    return [row for row in rows if row.now] or rows[:1]


def words_of(tx, account) -> list[str]:
    """What anybody knows of an account's owner: its name, his names, his numbers, the names of his units and those
    above them.
    """
    person = tx.execute(select(t.people).where(t.people.c.id == account.person_id)).one()
    held = select(t.posts.c.unit_id).join(t.memberships, t.memberships.c.post_id == t.posts.c.id)
    path = select(t.units).where(t.units.c.id.in_(held.where(t.memberships.c.person_id == account.person_id)))
    path = path.cte("path", recursive=True)
    path = path.union(select(t.units).join(path, path.c.parent_id == t.units.c.id))
    found = [account.username, person.name, person.email, person.phone]
    for unit in tx.execute(select(path.c.code, path.c.name, path.c.full_name)):
        found += unit
    return [word for word in found if word]


def _with_posts(day):
    held = (
        select(array_agg(t.posts.c.kind))
        .join_from(t.memberships, t.posts, t.posts.c.id == t.memberships.c.post_id)
        .where(t.memberships.c.person_id == t.accounts.c.person_id, t.live(t.memberships, day), t.live(t.posts, day))
        .scalar_subquery()
    )
    return select(t.accounts, func.coalesce(held, sa.literal([], sa.ARRAY(sa.Text))).label("post_kinds"))
