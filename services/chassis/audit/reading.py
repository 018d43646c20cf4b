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
    wanted = [
        (log.c.action.__eq__, action),
        (log.c.subject.__eq__, subject),
        (log.c.actor["sub"].astext.__eq__, actor),
        (log.c.at.__ge__, since),
        (log.c.at.__lt__, until),
        (log.c.number.__lt__, before),
    ]
    query = sa.select(log).where(*(holds(value) for holds, value in wanted if value is not None))
    return tx.execute(query.order_by(log.c.number.desc()).limit(limit)).mappings().all()
