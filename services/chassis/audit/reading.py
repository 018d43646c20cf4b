"""Pages of the log, newest first."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

metadata = sa.MetaData()
log = sa.Table(
    "audit_log", metadata,
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True)),
    sa.Column("action", sa.Text),
    sa.Column("subject", sa.Text),
    sa.Column("actor", JSONB),
    sa.Column("details", JSONB),
    sa.Column("hash", sa.LargeBinary),
)  # fmt: skip


def entries(
    tx,
    *,
    action: str | None,
    subject: str | None,
    actor: str | None,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    limit: int,
):
    """Entries numbered lower than `before`, from `since` up to, without, `until`."""
    column = log.c
    wanted = [
        (action, column.action == action),
        (subject, column.subject == subject),
        (actor, column.actor["sub"].astext == actor),
        (since, column.at >= since),
        (until, column.at < until),
        (before, column.number < before),
    ]
    query = sa.select(log).where(*(condition for given, condition in wanted if given is not None))
    return tx.execute(query.order_by(column.number.desc()).limit(limit)).mappings().all()
