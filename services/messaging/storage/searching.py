"""Messages by their words."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import TSQUERY

from chassis.rows import Id, any_of
from messaging.storage.messages import SHOWN
from messaging.storage.tables import Moment, conversations, messages, participants
from messaging.storage.words import as_query

Before = tuple[datetime, str, int]


def search(tx, own: Sequence[str], words: Sequence[str], wanted: Mapping, before: Before | None, limit: int):
    """A page of those that have all these words, the newest first. Each conversation is asked for its newest ones by
    itself: by the index of words, or, where a word is in every second message, walking back from the last one.
    """
    part = participants.c
    present = part.until_number.is_(None)
    first = func.coalesce(func.min(part.from_number).filter(present), func.max(part.from_number))
    last = sa.case((~func.bool_or(present), func.max(part.until_number)))
    mine = (
        select(part.conversation_id.label("id"), first.label("first"), last.label("last"))
        .where(part.addressee == any_of(own))
        .group_by(part.conversation_id)
    )
    if wanted["conversation_id"]:
        mine = mine.where(participants.c.conversation_id == wanted["conversation_id"])
    mine = mine.subquery()
    its_own = func.quote_literal(sa.literal(":") + sa.cast(mine.c.id, sa.Text)).cast(TSQUERY)
    sought = sa.cast(as_query(words), TSQUERY).op("&&")(its_own)
    found = select(*SHOWN).where(messages.c.conversation_id == mine.c.id, messages.c.words.op("@@")(sought))
    found = found.where(messages.c.number >= mine.c.first, messages.c.number <= func.coalesce(mine.c.last, 2**31 - 1))
    if wanted["sender_person_id"]:
        found = found.where(messages.c.sender_person_id == wanted["sender_person_id"])
    if wanted["since"]:
        found = found.where(messages.c.sent_at >= wanted["since"])
    if wanted["until"]:
        found = found.where(messages.c.sent_at < wanted["until"])
    if before:
        sent_at, conversation_id, number = before
        place = tuple_(messages.c.sent_at, messages.c.conversation_id, messages.c.number)
        found = found.where(
            place < tuple_(sa.literal(sent_at, Moment), sa.literal(conversation_id, Id), sa.literal(number))
        )
    found = found.order_by(messages.c.number.desc()).limit(limit).lateral()
    query = (
        select(found, conversations.c.name.label("conversation_name"))
        .select_from(mine.join(found, sa.true()).join(conversations, conversations.c.id == found.c.conversation_id))
        .order_by(found.c.sent_at.desc(), found.c.conversation_id.desc(), found.c.number.desc())
        .limit(limit)
    )
    return list(tx.execute(query).mappings())
