"""What was said about a task until it closed, and the seals on it."""

from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id
from messaging.storage.tables import Moment, conversations, messages, metadata

transcripts = sa.Table(
    "transcripts", metadata,
    sa.Column("conversation_id", Id, primary_key=True),
    sa.Column("closed_at", Moment, primary_key=True),
    sa.Column("through_number", sa.Integer),
    sa.Column("count", sa.Integer),
    sa.Column("form", sa.Integer),
    sa.Column("sha256", sa.Text),
    sa.Column("sealed_at", Moment),
    sa.Column("expired_at", Moment),
)  # fmt: skip
AT_ONCE = 500  # messages in memory


def next_to_seal(tx) -> Mapping | None:
    """A closed conversation, locked; what another process has in hand is left to it."""
    to_seal = (
        conversations.c.closed_at.is_not(None),
        conversations.c.sealed_for.is_distinct_from(conversations.c.closed_at),
    )
    query = select(conversations).where(*to_seal).order_by(conversations.c.id).limit(1)
    return tx.execute(query.with_for_update(skip_locked=True)).mappings().one_or_none()


def said(tx, conversation_id: str, after: int, through: int, limit: int | None = None) -> Iterator[Mapping]:
    """In the order in which it was said."""
    query = select(messages).where(messages.c.conversation_id == conversation_id, messages.c.number > after)
    query = query.where(messages.c.number <= through).order_by(messages.c.number).limit(limit)
    return tx.execute(query.execution_options(yield_per=AT_ONCE)).mappings()


def keep(tx, transcript: Mapping) -> None:
    new = insert(transcripts).values(**transcript)
    again = {name: new.excluded[name] for name in transcript if name not in ("conversation_id", "closed_at")}
    tx.execute(new.on_conflict_do_update(index_elements=["conversation_id", "closed_at"], set_=again))
    sealed = sa.update(conversations).where(conversations.c.id == transcript["conversation_id"])
    tx.execute(sealed.values(sealed_for=transcript["closed_at"]))


def find(tx, conversation: Mapping) -> Mapping | None:
    """Of the closing that stands."""
    query = select(transcripts).where(transcripts.c.conversation_id == conversation["id"])
    return tx.execute(query.where(transcripts.c.closed_at == conversation["closed_at"])).mappings().one_or_none()
