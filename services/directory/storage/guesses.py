"""Guesses at passwords and codes, by bucket. An attempt is entered before it is checked, so that a hundred at the same
time count as a hundred; it goes when it was right, and stays for the window when it was wrong.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import unnested
from directory.storage import tables as t


def lock(tx, buckets: list[str]) -> None:
    """Whoever enters an attempt into one of these buckets at the same time waits; in one order, so nobody for ever."""
    ordered = sa.literal(sorted(buckets), sa.ARRAY(sa.Text))
    bucket = select(func.unnest(ordered).label("bucket")).subquery()
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(bucket.c.bucket, 0))))


def counted(tx, buckets: list[str], since: datetime) -> dict:
    """By bucket: how many attempts failed, how many there are with the undecided ones, and when the first was."""
    table = t.guesses.c
    query = (
        select(table.bucket, func.count().filter(table.failed).label("failed"), func.count().label("all"))
        .add_columns(func.min(table.at).label("first"))
        .where(table.bucket.in_(buckets), table.at > since)
        .group_by(table.bucket)
    )
    return {row.bucket: row for row in tx.execute(query)}


def enter(tx, attempt: str, buckets: list[str], now: datetime) -> None:
    given = unnested(bucket=(sa.Text, buckets))
    rows = select(given.c.bucket, sa.cast(attempt, t.Id), sa.false(), sa.cast(now, t.Moment))
    tx.execute(sa.insert(t.guesses).from_select(["bucket", "attempt", "failed", "at"], rows))


def fail(tx, attempt: str | None) -> None:
    tx.execute(sa.update(t.guesses).where(t.guesses.c.attempt == attempt).values(failed=True))


def forget(tx, attempt: str | None) -> None:
    tx.execute(sa.delete(t.guesses).where(t.guesses.c.attempt == attempt))


def forget_before(tx, moment: datetime) -> None:
    tx.execute(sa.delete(t.guesses).where(t.guesses.c.at < moment))


def known_sources(tx, account_id: str | None, sources: list[str]) -> set[str]:
    table = t.known_sources.c
    query = select(table.source).where(table.account_id == account_id, table.source.in_(sources))
    return set(tx.execute(query).scalars())


def forget_sources(tx, account_id: str) -> None:
    tx.execute(sa.delete(t.known_sources).where(t.known_sources.c.account_id == account_id))


def remember_source(tx, account_id: str, source: str, kind: str, now: datetime, keep: int) -> None:
    """An account signed in from here; the `keep` newest of a kind are remembered."""
    table = t.known_sources
    row = {"account_id": account_id, "source": source, "kind": kind, "last_at": now}
    tx.execute(
        insert(table).values(row).on_conflict_do_update(index_elements=["account_id", "source"], set_={"last_at": now})
    )
    of_kind = sa.and_(table.c.account_id == account_id, table.c.kind == kind)
    newest = select(table.c.source).where(of_kind).order_by(table.c.last_at.desc(), table.c.source).limit(keep)
    tx.execute(sa.delete(table).where(of_kind, table.c.source.not_in(newest)))
