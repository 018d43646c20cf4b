"""What was said, and how far each person has read it."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from messaging.storage.tables import conversations, messages, read_marks


def messages_of(tx, conversation: Mapping, before: int | None, limit: int) -> list[Mapping]:
    """A page of what this conversation shows to whoever it was found for."""
    query = select(messages).where(messages.c.conversation_id == conversation["id"])
    if conversation["from_number"] > 1:
        query = query.where(messages.c.number >= conversation["from_number"])
    if conversation["until_number"] is not None:
        query = query.where(messages.c.number <= conversation["until_number"])
    if before is not None:
        query = query.where(messages.c.number < before)
    return list(tx.execute(query.order_by(messages.c.number.desc()).limit(limit)).mappings())


def next_number(tx, conversation_id: str, now: datetime, even_closed: bool = False) -> int | None:
    """The number of the message to be written; whoever speaks at the same time waits, so there are no gaps. None where
    nothing is said any more.
    """
    query = update(conversations).where(conversations.c.id == conversation_id)
    if not even_closed:
        query = query.where(conversations.c.closed_at.is_(None))
    query = query.values(
        last_number=conversations.c.last_number + 1, active_at=func.greatest(conversations.c.active_at, now)
    ).returning(conversations.c.last_number)
    return tx.execute(query).scalar_one_or_none()


def add_message(tx, message: Mapping) -> None:
    tx.execute(insert(messages).values(**message))


def mark_read(tx, person_id: str, conversation_id: str, number: int) -> None:
    """Up to this number, or to the last one there is; a mark never moves back."""
    last = select(conversations.c.last_number).where(conversations.c.id == conversation_id).scalar_subquery()
    mark = insert(read_marks).values(
        person_id=person_id, conversation_id=conversation_id, number=func.least(sa.literal(number, sa.BigInteger), last)
    )
    tx.execute(
        mark.on_conflict_do_update(
            index_elements=["person_id", "conversation_id"],
            set_={"number": func.greatest(read_marks.c.number, mark.excluded.number)},
        )
    )
