"""What was said, and how far each person has read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import TSVECTOR, insert

from chassis.rows import Id
from messaging.domain.saying import Pace
from messaging.storage.pacing import paces
from messaging.storage.tables import (
    Moment,
    conversations,
    message_versions,
    messages,
    read_marks,
)
from messaging.storage.words import words_of

SHOWN = [column for column in messages.c if column.name not in ("words", "request_hash", "sha256")]

# One round trip for what all who speak at once wait for. Who says the same again gets no number, who speaks too fast no
# mark.
_TURN = sa.text("""
    WITH numbered AS (
        UPDATE conversations SET last_number = last_number + 1, active_at = greatest(active_at, :now)
        WHERE id = :conversation_id AND closed_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM messages WHERE conversation_id = :conversation_id AND sender_person_id = :person_id
            AND client_id = :client_id)
        RETURNING last_number, active_at
    ), paced AS (
        INSERT INTO paces (person_id, until) SELECT :person_id, :now + :each_everywhere FROM numbered
        ON CONFLICT (person_id) DO UPDATE SET until = greatest(paces.until, :now) + :each_everywhere
        WHERE paces.until <= :now + :ahead_everywhere
        RETURNING 1
    ), marked AS (
        INSERT INTO read_marks (person_id, conversation_id, number, paced_until)
        SELECT :person_id, :conversation_id, last_number, :now + :each FROM numbered
        ON CONFLICT (person_id, conversation_id) DO UPDATE
        SET number = excluded.number, paced_until = greatest(read_marks.paced_until, :now) + :each
        WHERE read_marks.paced_until IS NULL OR read_marks.paced_until <= :now + :ahead
        RETURNING 1
    )
    SELECT last_number, active_at, EXISTS (SELECT 1 FROM marked) AND EXISTS (SELECT 1 FROM paced) AS in_pace
    FROM numbered
""").bindparams(
    sa.bindparam("now", type_=Moment), sa.bindparam("conversation_id", type_=Id), sa.bindparam("person_id", type_=Id),
    *(sa.bindparam(name, type_=sa.Interval) for name in ("each", "ahead", "each_everywhere", "ahead_everywhere")),
)  # fmt: skip
_ADD = (
    insert(messages)
    .values(
        {column.name: sa.bindparam(column.name) for column in messages.c if column.name != "words"}
        | {"words": func.array_to_tsvector(func.string_to_array(sa.bindparam("words", type_=sa.Text), " "))}
    )
    .on_conflict_do_nothing()
    .returning(messages.c.number)
)
_OPTIONAL = (
    "client_id", "request_hash", "reply_to", "reply_to_number", "mentions", "files", "edited_at", "ended_at",
    "ended_by_person_id", "ended_reason", "expired_at", "sha256",
)  # fmt: skip
AS_NEW = dict.fromkeys(_OPTIONAL) | {"version": 1, "state": "said"}


@dataclass(frozen=True)
class Turn:
    """To speak: as which number, and when. Times in a conversation never go back."""

    number: int
    at: datetime
    in_pace: bool


class SaidMeanwhile(Exception):
    """The same message was sent twice at once, and the other one has been faster."""


def messages_of(tx, conversation_id: str, numbers: range, limit: int) -> list[Mapping]:
    """Those with such a number, the newest first."""
    query = (
        select(*SHOWN)
        .where(messages.c.conversation_id == conversation_id)
        .where(messages.c.number >= numbers.start, messages.c.number < numbers.stop)
    )
    return list(tx.execute(query.order_by(messages.c.number.desc()).limit(limit)).mappings())


def find_message(tx, message_id: str, *, lock: bool = False) -> Mapping | None:
    query = select(*SHOWN).where(messages.c.id == message_id)
    return tx.execute(query.with_for_update() if lock else query).mappings().one_or_none()


def leave_unsealed(tx, message_id: str) -> None:
    """Until the commit the message's conversation is not sealed; whether it was closed is to be looked at after this.
    Nobody who speaks waits for it.
    """
    of_it = select(messages.c.conversation_id).where(messages.c.id == message_id).scalar_subquery()
    query = select(conversations.c.id).where(conversations.c.id == of_it)
    tx.execute(query.with_for_update(read=True, key_share=True))


def sent_before(tx, conversation_id: str, person_id: str, client_id: str) -> Mapping | None:
    query = select(*SHOWN, messages.c.request_hash).where(
        messages.c.conversation_id == conversation_id, messages.c.sender_person_id == person_id,
        messages.c.client_id == client_id,
    )  # fmt: skip
    return tx.execute(query).mappings().one_or_none()


def take_turn(
    tx, conversation_id: str, person_id: str, client_id: str, pace: Pace, now: datetime
) -> Turn | None:  # fmt: skip
    """To say what has not been said; who speaks has read. None: it was said before, or nothing is said there now."""
    values = {"now": now, "conversation_id": conversation_id, "person_id": person_id, "client_id": client_id}
    values |= {"each": pace.each, "ahead": pace.ahead}
    values |= {"each_everywhere": pace.everywhere.each, "ahead_everywhere": pace.everywhere.ahead}
    row = tx.execute(_TURN, values).one_or_none()
    return row and Turn(row.last_number, row.active_at, row.in_pace)


def turn_waits(tx, conversation_id: str, person_id: str, pace: Pace, now: datetime) -> timedelta:
    """How long, for whoever was too fast."""
    here = select(read_marks.c.paced_until - pace.ahead).where(
        read_marks.c.person_id == person_id, read_marks.c.conversation_id == conversation_id
    )
    everywhere = select(paces.c.until - pace.everywhere.ahead).where(paces.c.person_id == person_id)
    latest = func.greatest(here.scalar_subquery(), everywhere.scalar_subquery())
    return tx.execute(select(latest)).scalar_one() - now


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
    """Raises SaidMeanwhile."""
    names = [file["name"] for file in message.get("files") or ()]
    words = " ".join(words_of(message["conversation_id"], message["text"], *names))
    if tx.execute(_ADD, AS_NEW | message | {"words": words}).one_or_none() is None:
        raise SaidMeanwhile


def change_message(tx, message: Mapping, changed_by: str, now: datetime, **changes) -> Mapping:
    """What it said until now is kept."""
    kept = {"message_id": message["id"], "version": message["version"], "text": message["text"]}
    kept |= {"mentions": message["mentions"], "until": now, "changed_by_person_id": changed_by}
    tx.execute(insert(message_versions).values(**kept))
    if "text" in changes:
        names = [file["name"] for file in message["files"] or ()] if changes.get("state", "said") == "said" else []
        words = " ".join(words_of(message["conversation_id"], changes["text"], *names))
        changes["words"] = sa.cast(func.array_to_tsvector(func.string_to_array(words, " ")), TSVECTOR)
    query = update(messages).where(messages.c.id == message["id"])
    changed = query.values(version=message["version"] + 1, **changes).returning(*SHOWN)
    return tx.execute(changed).mappings().one()


def versions_of(tx, message_id: str, before: int | None, limit: int) -> list[Mapping]:
    """What it said before, the latest first."""
    query = select(message_versions).where(message_versions.c.message_id == message_id)
    if before is not None:
        query = query.where(message_versions.c.version < before)
    return list(tx.execute(query.order_by(message_versions.c.version.desc()).limit(limit)).mappings())


def mark_read(tx, person_id: str, conversation_id: str, number: int) -> bool:
    """Whether the mark moves; it never moves back."""
    mark = insert(read_marks).values(person_id=person_id, conversation_id=conversation_id, number=number)
    further = mark.on_conflict_do_update(
        index_elements=["person_id", "conversation_id"],
        set_={"number": mark.excluded.number},
        where=read_marks.c.number < mark.excluded.number,
    )
    return tx.execute(further.returning(read_marks.c.number)).one_or_none() is not None
