"""Who has a calendar feed."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id

metadata = sa.MetaData()
Moment = sa.DateTime(timezone=True)

feeds = sa.Table(
    "calendar_feeds", metadata,
    sa.Column("person_id", Id, primary_key=True),
    sa.Column("token_hash", sa.Text),
    sa.Column("sealed", sa.Text),
    sa.Column("made_at", Moment),
)  # fmt: skip


def keep(tx, person_id: str, token_hash: str, sealed: str | None, now: datetime) -> None:
    """A former token reads nothing any more."""
    new = insert(feeds).values(person_id=person_id, token_hash=token_hash, sealed=sealed, made_at=now)
    renewed = {name: new.excluded[name] for name in ("token_hash", "sealed", "made_at")}
    tx.execute(new.on_conflict_do_update(index_elements=["person_id"], set_=renewed))


def remove(tx, person_id: str) -> bool:
    return (
        tx.execute(delete(feeds).where(feeds.c.person_id == person_id).returning(feeds.c.person_id)).first() is not None
    )


def sealed_of(tx, person_id: str) -> str | None:
    return tx.execute(select(feeds.c.sealed).where(feeds.c.person_id == person_id)).scalar_one_or_none()


def find(tx, token_hash: str) -> Mapping | None:
    return tx.execute(select(feeds).where(feeds.c.token_hash == token_hash)).mappings().one_or_none()
