"""Messages by their words."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import TSQUERY

from chassis.rows import Id, any_of
from messaging.storage.messages import SHOWN
from messaging.storage.tables import Moment, conversations, messages, participants
from messaging.storage.words import as_query

SMALL = 1_000  # messages of a conversation
Before = tuple[datetime, str, int]


def search(
    tx, own: Sequence[str], words: Sequence[str], wanted: Mapping, before: Before | None, limit: int
) -> list[Mapping]:  # fmt: skip
    """A page of those that have all these words, the newest first, in the conversations that these ids take part in.

    Each conversation is asked by itself for its newest ones. A small one is a word in the index, so that what the city
    says elsewhere is not read. In a large one it depends on the words: rare ones are looked up, with what is in every
    second message one walks back from the last one; which, the statistics of words tell.
    """
    part = participants.c
    mine = (
        select(
            part.conversation_id.label("id"),
            func.min(part.from_number).label("from_number"),
            sa.case((~func.bool_or(part.until_number.is_(None)), func.max(part.until_number))).label("until_number"),
        )
        .where(part.addressee == any_of(own))
        .group_by(part.conversation_id)
    )
    if wanted["conversation_id"]:
        mine = mine.where(part.conversation_id == wanted["conversation_id"])
    mine = mine.subquery()
    known = select(mine, conversations.c.name, conversations.c.last_number).join(
        conversations, conversations.c.id == mine.c.id
    )
    known = known.cte("mine")
    sought = sa.cast(as_query(words), TSQUERY)
    found = sa.union_all(
        _newest(known, known.c.last_number <= SMALL, sought.op("&&")(_itself(known)), wanted, before, limit),
        _newest(known, known.c.last_number > SMALL, sought, wanted, before, limit),
    ).subquery()
    query = select(found).order_by(found.c.sent_at.desc(), found.c.conversation_id.desc(), found.c.number.desc())
    return list(tx.execute(query.limit(limit)).mappings())


def _itself(known):
    return func.quote_literal(sa.literal(":") + sa.cast(known.c.id, sa.Text)).cast(TSQUERY)


def _newest(known, which, sought, wanted: Mapping, before: Before | None, limit: int):
    m = messages.c
    found = select(*SHOWN).where(m.conversation_id == known.c.id, m.words.op("@@")(sought))
    found = found.where(m.number >= known.c.from_number)
    found = found.where(or_(known.c.until_number.is_(None), m.number <= known.c.until_number))
    if wanted["sender_person_id"]:
        found = found.where(m.sender_person_id == wanted["sender_person_id"])
    if wanted["since"]:
        found = found.where(m.sent_at >= wanted["since"])
    if wanted["until"]:
        found = found.where(m.sent_at < wanted["until"])
    if before:
        sent_at, conversation_id, number = before
        place = sa.literal(sent_at, Moment), sa.literal(conversation_id, Id), sa.literal(number)
        found = found.where(tuple_(m.sent_at, m.conversation_id, m.number) < tuple_(*place))
    found = found.order_by(m.number.desc()).limit(limit).lateral()
    return select(found, known.c.name.label("conversation_name")).select_from(known.join(found, which))
