"""What was said, and how far each person has read it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import and_, func, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import any_of
from messaging.storage.tables import conversations, messages, participants, read_marks

unread_count = conversations.c.last_number - func.coalesce(read_marks.c.number, 0)


def mark_of(person_id: str):
    return and_(read_marks.c.conversation_id == conversations.c.id, read_marks.c.person_id == person_id)


def unread(tx, person_id: str, posts: Sequence[str]) -> Mapping:
    mine = select(participants.c.conversation_id).where(participants.c.post_id == any_of(posts))
    query = (
        select(func.count().label("conversations"), func.coalesce(func.sum(unread_count), 0).label("messages"))
        .select_from(conversations.outerjoin(read_marks, mark_of(person_id)))
        .where(conversations.c.id.in_(mine), unread_count > 0)
    )
    return tx.execute(query).mappings().one()


def messages_of(tx, conversation_id: str, before: int | None, limit: int) -> list[Mapping]:
    query = select(messages).where(messages.c.conversation_id == conversation_id)
    if before is not None:
        query = query.where(messages.c.number < before)
    return list(tx.execute(query.order_by(messages.c.number.desc()).limit(limit)).mappings())


def next_number(tx, conversation_id: str, now: datetime) -> int:
    """The number of the message to be written; whoever speaks at the same time waits, so there are no gaps."""
    query = (
        update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(
            last_number=conversations.c.last_number + 1,
            active_at=func.greatest(conversations.c.active_at, now),
        )
        .returning(conversations.c.last_number)
    )
    return tx.execute(query).scalar_one()


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
