"""What has been kept long enough, what must be kept all the same, and what was taken out."""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, any_of
from chassis.wire import to_json
from messaging.storage.announcements import addresses, announcements, attached, marks
from messaging.storage.directives import receipts
from messaging.storage.tables import Moment, conversations, messages, metadata
from messaging.storage.transcripts import transcripts

KEEPING_LOCK = 0x6B656570  # no hold is placed while something expires

holds = sa.Table(
    "legal_holds", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("conversation_id", Id),
    sa.Column("reason", sa.Text),
    sa.Column("placed_by_person_id", Id),
    sa.Column("placed_at", Moment),
    sa.Column("lifted_by_person_id", Id),
    sa.Column("lifted_at", Moment),
    sa.Column("lift_reason", sa.Text),
)  # fmt: skip
_EXPIRE = sa.text("""
    WITH given AS (
        SELECT * FROM json_to_recordset(CAST(:given AS json)) AS given (id uuid, sha256 text)
    ), versions AS (
        DELETE FROM message_versions WHERE message_id IN (SELECT id FROM given)
    ), asked AS (
        DELETE FROM directives WHERE message_id IN (SELECT id FROM given)
    ), reached AS (
        DELETE FROM receipts WHERE message_id IN (SELECT id FROM given)
    ), expired AS (
        UPDATE messages m SET text = '', words = NULL, mentions = NULL, files = NULL, ended_reason = NULL,
            expired_at = :now, sha256 = given.sha256
        FROM given WHERE m.id = given.id RETURNING m.conversation_id, m.number
    )
    UPDATE transcripts t SET expired_at = :now FROM expired
    WHERE t.conversation_id = expired.conversation_id AND t.through_number >= expired.number AND t.expired_at IS NULL
""")


def expiring(tx) -> None:
    """Until the commit nobody places a hold; those that were placed are seen from here on."""
    tx.execute(select(func.pg_advisory_xact_lock_shared(KEEPING_LOCK)))


def holding(tx) -> None:
    tx.execute(select(func.pg_advisory_xact_lock(KEEPING_LOCK)))


def messages_over(tx, kind: str, before: datetime, after: Mapping | None, limit: int) -> list[Mapping]:
    """The next ones that were said before then, and not expired yet, locked. What an order brings is counted from the
    day on which all of it is done; of what is held there is none.
    """
    held = select(holds.c.id).where(holds.c.conversation_id == messages.c.conversation_id, holds.c.lifted_at.is_(None))
    ended = sa.or_(conversations.c.task_id.is_(None), conversations.c.closed_at < before)
    query = (
        select(messages)
        .join_from(messages, conversations, conversations.c.id == messages.c.conversation_id)
        .where(messages.c.kind == kind, messages.c.sent_at < before, messages.c.expired_at.is_(None))
        .where(ended, ~held.exists())
        .order_by(messages.c.sent_at, messages.c.id)
        .limit(limit)
        .with_for_update(of=messages, skip_locked=True)
    )
    if after is not None:
        position = sa.literal(after["sent_at"], Moment), sa.literal(after["id"], Id)
        query = query.where(tuple_(messages.c.sent_at, messages.c.id) > tuple_(*position))
    return list(tx.execute(query).mappings())


def sealed_at(tx, ids: Collection[str]) -> dict[str, datetime]:
    """When each of these messages was sealed last; those alone that were."""
    seals, one = transcripts.c, messages.c
    of_it = sa.and_(seals.conversation_id == one.conversation_id, seals.through_number >= one.number)
    query = select(one.id, func.max(seals.sealed_at)).join_from(messages, transcripts, of_it)
    return dict(tx.execute(query.where(one.id == any_of(ids)).group_by(one.id)).all())


def expire_messages(tx, hashes: Mapping[str, str], now: datetime) -> None:
    """What was said goes, with whom it has reached; the number, the kind, the time and the ids of who said it stay."""
    given = [{"id": message_id, "sha256": sha256} for message_id, sha256 in hashes.items()]
    tx.execute(_EXPIRE, {"now": now, "given": to_json(given)})


def forget_receipts(tx, before: datetime, limit: int) -> list[str]:
    """Of what was urged inside a unit: they have no message here with which they would go."""
    over = select(receipts.c.id).where(receipts.c.message_id.is_(None), receipts.c.ended_at < before)
    over = over.order_by(receipts.c.ended_at).limit(limit).with_for_update(skip_locked=True)
    gone = sa.delete(receipts).where(receipts.c.id.in_(over))
    return list(tx.execute(gone.returning(receipts.c.id)).scalars())


def announcements_over(tx, before: datetime, limit: int) -> list[Mapping]:
    """Published before then, and withdrawn or over before then too: what has no end is kept as long as it is valid."""
    ends = func.coalesce(announcements.c.withdrawn_at, announcements.c.valid_until)
    query = select(announcements).where(announcements.c.expired_at.is_(None), announcements.c.published_at < before)
    query = query.where(ends < before).order_by(announcements.c.published_at).limit(limit)
    return list(tx.execute(query.with_for_update(skip_locked=True)).mappings())


def never_announced(tx, before: datetime, limit: int) -> list[str]:
    """Last written at before then, and never published: drafts that were left lying, or withdrawn."""
    query = select(announcements.c.id).where(
        announcements.c.published_at.is_(None), announcements.c.state != "approved"
    )
    query = query.where(announcements.c.written_at < before)
    query = query.order_by(announcements.c.written_at).limit(limit)
    return list(tx.execute(query.with_for_update(skip_locked=True)).scalars())


def expire_announcement(tx, announcement_id: str, sha256: str, now: datetime) -> None:
    """With who has seen it."""
    changed = update(announcements).where(announcements.c.id == announcement_id)
    tx.execute(changed.values(title="", text=None, reason=None, expired_at=now, sha256=sha256))
    for table in (addresses, marks, attached):
        tx.execute(sa.delete(table).where(table.c.announcement_id == announcement_id))


def last_number(tx, conversation_id: str) -> int | None:
    query = select(conversations.c.last_number).where(conversations.c.id == conversation_id)
    return tx.execute(query).scalar_one_or_none()


def standing_hold(tx, conversation_id: str) -> Mapping | None:
    query = select(holds).where(holds.c.conversation_id == conversation_id, holds.c.lifted_at.is_(None))
    return tx.execute(query).mappings().one_or_none()


def place_hold(tx, hold: Mapping) -> Mapping:
    return tx.execute(insert(holds).values(**hold).returning(holds)).mappings().one()


def lift_hold(tx, hold_id: str, **lifted) -> Mapping:
    query = update(holds).where(holds.c.id == hold_id).values(**lifted)
    return tx.execute(query.returning(holds)).mappings().one()


def all_holds(tx, before: str | None, limit: int) -> list[Mapping]:
    query = select(holds).order_by(holds.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(holds.c.id < sa.literal(before, Id))
    return list(tx.execute(query).mappings())
