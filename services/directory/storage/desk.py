"""The desk: what people have lost, told by one official, decided by another."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import any_of
from directory.storage import tables as t
from directory.storage.accounts import Care, in_care


def open_or_add(tx, row: dict) -> str:
    """The id of the request that is open for this account and kind already, or of the new one.

    One that nobody decided in time makes room.
    """
    table = t.recoveries
    same = sa.and_(table.c.account_id == row["account_id"], table.c.kind == row["kind"], table.c.state == "asked")
    late = sa.and_(same, table.c.expires_at <= row["asked_at"])
    tx.execute(sa.update(table).where(late).values(state="refused", decided_at=table.c.expires_at))
    added = insert(table).values(row).on_conflict_do_nothing().returning(table.c.id)
    return tx.execute(added).scalar_one_or_none() or tx.execute(select(table.c.id).where(same)).scalar_one()


def one(tx, recovery_id: str, day):
    return tx.execute(_recovery(day).where(t.recoveries.c.id == recovery_id)).one_or_none()


def decide(tx, recovery_id: str, state: str, person_id: str, now: datetime) -> bool:
    """Whether it was still open; only one decides."""
    table = t.recoveries
    still_open = sa.and_(table.c.id == recovery_id, table.c.state == "asked", table.c.expires_at > now)
    decided = sa.update(table).where(still_open).values(state=state, decided_by=person_id, decided_at=now)
    return tx.execute(decided).rowcount == 1


def forget(tx, account_id: str) -> None:
    """What was asked for, decided or not; the audit log has it."""
    tx.execute(sa.delete(t.recoveries).where(t.recoveries.c.account_id == account_id))


def waiting(tx, now: datetime, day, *, care: Care, before_id: str | None, limit: int):
    """What waits for a decision about people in this care, newest first."""
    table = t.recoveries.c
    query = _recovery(day).where(table.state == "asked", table.expires_at > now).order_by(table.id.desc()).limit(limit)
    query = query.where(in_care(care, t.accounts.c.person_id, day))
    if before_id:
        query = query.where(table.id < before_id)
    if care.unit_ids is not None:
        query = query.where(
            sa.exists()
            .where(t.memberships.c.person_id == t.accounts.c.person_id, t.not_over(t.memberships, day))
            .where(t.posts.c.id == t.memberships.c.post_id, t.posts.c.unit_id == any_of(care.unit_ids))
        )
    return tx.execute(query).all()


def _recovery(day):
    """With whom it is about, as who asked and who decides see him."""
    asker, post, person_id = t.people.alias(), t.posts.alias(), t.accounts.c.person_id
    held = t.memberships.alias()
    held = (
        select(held.c.post_id).where(held.c.person_id == person_id, held.c.primary, t.live(held, day))
        .order_by(held.c.valid_from.desc(), held.c.id).limit(1).lateral()
    )  # fmt: skip
    return (
        select(
            t.recoveries, person_id, t.people.c.name.label("person_name"), asker.c.name.label("asked_by_name"),
            post.c.title, t.units.c.full_name.label("unit_name"),
        )
        .join_from(t.recoveries, t.accounts, t.accounts.c.id == t.recoveries.c.account_id)
        .join(t.people, t.people.c.id == person_id)
        .join(asker, asker.c.id == t.recoveries.c.asked_by)
        .outerjoin(held, sa.true())
        .outerjoin(post, post.c.id == held.c.post_id)
        .outerjoin(t.units, t.units.c.id == post.c.unit_id)
    )  # fmt: skip
