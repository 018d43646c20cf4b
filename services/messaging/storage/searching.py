"""Messages by their words."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import TSQUERY

from chassis.rows import Id
from messaging.storage.conversations import PARTS
from messaging.storage.messages import SHOWN
from messaging.storage.tables import Moment, conversations, messages
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
    mine = PARTS.subquery()
    one = conversations.c
    known = select(mine.c.from_number, mine.c.until_number, one.id, one.name, one.last_number)
    known = known.join_from(mine, conversations, one.id == mine.c.conversation_id)
    if wanted["conversation_id"]:
        known = known.where(one.id == wanted["conversation_id"])
    known = known.cte("mine")
    sought = sa.cast(as_query(words), TSQUERY)
    found = sa.union_all(
        _newest(known, known.c.last_number <= SMALL, sought.op("&&")(_itself(known)), wanted, before, limit),
        _newest(known, known.c.last_number > SMALL, sought, wanted, before, limit),
    ).subquery()
    query = select(found).order_by(found.c.sent_at.desc(), found.c.conversation_id.desc(), found.c.number.desc())
    return list(tx.execute(query.limit(limit), {"own": own}).mappings())


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
