"""Who has a calendar feed, and what stands in it beside his reminders."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, any_of
from reminders.storage.items import NEVER, Moment, items

metadata = sa.MetaData()
feeds = sa.Table(
    "calendar_feeds", metadata,
    sa.Column("person_id", Id, primary_key=True),
    sa.Column("token_hash", sa.Text),
    sa.Column("made_at", Moment),
)  # fmt: skip


def keep(tx, person_id: str, token_hash: str, now: datetime) -> None:
    """A former token reads nothing any more."""
    new = insert(feeds).values(person_id=person_id, token_hash=token_hash, made_at=now)
    renewed = {"token_hash": new.excluded.token_hash, "made_at": new.excluded.made_at}
    tx.execute(new.on_conflict_do_update(index_elements=["person_id"], set_=renewed))


def remove(tx, person_id: str) -> bool:
    return (
        tx.execute(delete(feeds).where(feeds.c.person_id == person_id).returning(feeds.c.person_id)).first() is not None
    )


def find(tx, token_hash: str) -> Mapping | None:
    return tx.execute(select(feeds).where(feeds.c.token_hash == token_hash)).mappings().one_or_none()


def open_deadlines(tx, posts: Sequence[str], limit: int) -> list[Mapping]:
    """What these posts must act on and by when, what is due first first."""
    names = ("id", "title", "from_title", "due", "link", "raised_at")
    has_deadline = items.c.due < sa.cast(sa.literal(NEVER), Moment)
    query = select(*(items.c[name] for name in names)).where(items.c.post_id == any_of(posts), items.c.open)
    return list(tx.execute(query.where(has_deadline).order_by(items.c.due, items.c.id).limit(limit)).mappings())
