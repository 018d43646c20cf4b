"""Conversations as those see them who take part."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, select, tuple_

from chassis.rows import Id, any_of
from kernel.directory_copy.tables import posts as copy_posts
from messaging.domain.case import PARTS
from messaging.storage.messages import mark_of, unread_count
from messaging.storage.tables import Moment, conversations, participants, read_marks

_rank = sa.case({part: rank for rank, part in enumerate(PARTS)}, value=participants.c.role)


def conversations_of(
    tx, person_id: str, posts: Sequence[str], task_id: str | None, before: tuple[datetime, str] | None, limit: int
) -> list[Mapping]:
    """A page of the conversations that these posts take part in, the most lately active first."""
    query = _seen_by(person_id, posts).order_by(conversations.c.active_at.desc(), conversations.c.id.desc())
    if task_id is not None:
        query = query.where(conversations.c.task_id == task_id)
    if before is not None:
        active_at, conversation_id = before
        position = (sa.literal(active_at, Moment), sa.literal(conversation_id, Id))
        query = query.where(tuple_(conversations.c.active_at, conversations.c.id) < tuple_(*position))
    return list(tx.execute(query.limit(limit)).mappings())


def find_conversation(tx, person_id: str, posts: Sequence[str], conversation_id: str) -> Mapping | None:
    query = _seen_by(person_id, posts).where(conversations.c.id == conversation_id)
    return tx.execute(query).mappings().one_or_none()


def _seen_by(person_id: str, posts: Sequence[str]):
    """Conversations of these posts: with the strongest part that one of them has, and what this person has not read."""
    mine = (
        select(participants.c.conversation_id, func.min(_rank).label("rank"))
        .where(participants.c.post_id == any_of(posts))
        .group_by(participants.c.conversation_id)
        .subquery()
    )
    strongest = sa.case(dict(enumerate(PARTS)), value=mine.c.rank)
    return (
        select(conversations, unread_count.label("unread"), strongest.label("role"))
        .join_from(conversations, mine, mine.c.conversation_id == conversations.c.id)
        .outerjoin(read_marks, mark_of(person_id))
    )


def participants_of(tx, conversation_id: str, after: tuple[int, str] | None, limit: int) -> list[Mapping]:
    """A page of who takes part: the responsible first."""
    query = (
        select(participants.c.post_id, copy_posts.c.unit_id, participants.c.role, _rank.label("rank"))
        .join_from(participants, copy_posts, copy_posts.c.id == participants.c.post_id)
        .where(participants.c.conversation_id == conversation_id)
        .order_by(_rank, participants.c.post_id)
        .limit(limit)
    )
    if after is not None:
        rank, post_id = after
        query = query.where(tuple_(_rank, participants.c.post_id) > tuple_(sa.literal(rank), sa.literal(post_id, Id)))
    return list(tx.execute(query).mappings())


def post_ids_of(tx, conversation_id: str) -> list[str]:
    query = select(participants.c.post_id).where(participants.c.conversation_id == conversation_id)
    return list(tx.execute(query.order_by(participants.c.post_id)).scalars())
