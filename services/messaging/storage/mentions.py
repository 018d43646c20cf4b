"""Who of those whom a message names takes part, how many they are, and who has read that he is named."""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, or_, select

from chassis.rows import Id, any_of
from contracts import messaging as contract
from kernel.directory_copy import serving
from kernel.directory_copy.tables import memberships
from kernel.directory_copy.tables import posts as copy_posts
from kernel.working_time import today
from messaging.domain.conversations import Addressees
from messaging.storage.tables import conversation_settings, read_marks

LOOKED_THROUGH = 1000  # of what mentions somebody, the newest; of what is older nobody waits to be told
_READ = sa.text("""
    WITH before AS (
        SELECT number, mentions_read FROM read_marks
        WHERE person_id = :person_id AND conversation_id = :conversation_id AND mentions_read < number FOR UPDATE
    ), noted AS (
        UPDATE read_marks SET mentions_read = before.number FROM before
        WHERE person_id = :person_id AND conversation_id = :conversation_id
    )
    SELECT id::text FROM (
        SELECT id, number, sender_person_id, mentions FROM messages
        WHERE conversation_id = :conversation_id AND mentions IS NOT NULL AND number >= :from_number
            AND number > (SELECT before.mentions_read FROM before) AND number <= (SELECT before.number FROM before)
        ORDER BY number DESC LIMIT :most
    ) AS newest
    WHERE sender_person_id <> :person_id AND EXISTS (
        SELECT FROM jsonb_to_recordset(mentions) AS mention (kind text, id text)
        WHERE kind = 'all' OR mention.id = ANY (CAST(:own AS text[]))
    )
    ORDER BY number DESC
""").bindparams(sa.bindparam("person_id", type_=Id), sa.bindparam("conversation_id", type_=Id))


def taking_part(
    tx, reached: Addressees, named: Mapping[str, Collection[str]], now: datetime
) -> set[tuple[str, str]]:  # fmt: skip
    """Of these posts, people and units, by kind: people in person, through posts that they serve, or as one of the
    staff; posts also as one of the staff's; units also through any post.
    """
    day = today(now)
    there = or_(copy_posts.c.id == any_of(reached.post_ids), copy_posts.c.unit_id == any_of(reached.unit_ids))
    found = {("person", id_) for id_ in reached.person_ids} | {("unit", id_) for id_ in reached.unit_ids}
    if ids := named.get("post"):
        query = select(copy_posts.c.id).where(copy_posts.c.id == any_of(ids), there)
        found |= {("post", id_) for id_ in tx.execute(query).scalars()}
    if ids := named.get("unit"):
        query = select(copy_posts.c.unit_id).where(copy_posts.c.unit_id == any_of(ids), there)
        found |= {("unit", id_) for id_ in tx.execute(query).scalars()}
    if ids := named.get("person"):
        every = serving(contract.list_messages.full_name).subquery()
        query = select(every.c.person_id).where(every.c.person_id == any_of(ids))
        query = query.where(every.c.post_id == any_of(reached.post_ids))
        found |= {("person", id_) for id_ in tx.execute(query, {"day": day}).scalars()}
        query = select(memberships.c.person_id).where(memberships.c.person_id == any_of(ids))
        query = query.join(copy_posts, copy_posts.c.id == memberships.c.post_id)
        query = query.where(copy_posts.c.unit_id == any_of(reached.unit_ids), memberships.c.valid_from <= day)
        query = query.where(or_(memberships.c.valid_to.is_(None), memberships.c.valid_to > day))
        found |= {("person", id_) for id_ in tx.execute(query).scalars()}
    return found


def count_called(
    tx, reached: Addressees, units: Collection[str] | None, beside: Collection[str], now: datetime
) -> int:  # fmt: skip
    """How many are called by naming these units, or all, beside the staff of some: a unit that takes part is its staff,
    of another one those posts that do.
    """
    named = set(reached.unit_ids if units is None else units).intersection(reached.unit_ids).difference(beside)
    by_posts = len(reached.post_ids) + len(reached.person_ids)
    if units is not None:
        others = set(units).difference(reached.unit_ids, beside)
        there = (copy_posts.c.id == any_of(reached.post_ids), copy_posts.c.unit_id == any_of(others))
        by_posts = tx.execute(select(func.count()).select_from(copy_posts).where(*there)).scalar_one()
    day = today(now)
    staff = (
        select(func.count(memberships.c.person_id.distinct()))
        .join(copy_posts, copy_posts.c.id == memberships.c.post_id)
        .where(copy_posts.c.unit_id == any_of(named), memberships.c.valid_from <= day)
        .where(or_(memberships.c.valid_to.is_(None), memberships.c.valid_to > day))
    )
    return by_posts + (tx.execute(staff).scalar_one() if named else 0)


def muted(tx, conversation_id: str, now: datetime) -> list[str]:
    """Who does not want to hear of this conversation now."""
    settings = conversation_settings.c
    query = select(settings.person_id).where(settings.conversation_id == conversation_id, settings.muted_until > now)
    return list(tx.execute(query.order_by(settings.person_id)).scalars())


def leave_unread(tx, message: Mapping) -> None:
    """Mentions that an edit adds: whoever has read past them has not read them. Whoever reads on just now waits, and
    finds them.
    """
    others = (
        read_marks.c.conversation_id == message["conversation_id"],
        read_marks.c.person_id != message["sender_person_id"],
    )
    tx.execute(select(sa.literal(1)).where(*others).order_by(read_marks.c.person_id).with_for_update(key_share=True))
    unread = sa.update(read_marks).where(*others, read_marks.c.mentions_read >= message["number"])
    tx.execute(unread.values(mentions_read=message["number"] - 1))


def mentions_read(tx, person_id: str, conversation: Mapping, own: Collection[str]) -> list[str]:
    """The messages that name him, or what he takes part as, and that he has read since this was asked last."""
    given = {"person_id": person_id, "conversation_id": conversation["id"], "from_number": conversation["from_number"]}
    given |= {"own": list(own), "most": LOOKED_THROUGH}
    return list(tx.execute(_READ, given).scalars())
