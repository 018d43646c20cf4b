"""What is taken out. `after` is the place, an id and a number, of the last row that was read."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id
from messaging.storage.announcements import announcements, marks
from messaging.storage.directives import receipts
from messaging.storage.files import files
from messaging.storage.tables import (
    Moment,
    conversation_settings,
    message_versions,
    messages,
    metadata,
    participants,
    read_marks,
)

exports = sa.Table(
    "exports", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("conversation_id", Id),
    sa.Column("person_id", Id),
    sa.Column("reason", sa.Text),
    sa.Column("through_number", sa.Integer),
    sa.Column("begun_at", Moment),
)  # fmt: skip
After = tuple[str, int] | None


def begin_export(tx, export: Mapping) -> None:
    tx.execute(insert(exports).values(**export))


def find_export(tx, export_id: str, person_id: str, since: datetime) -> Mapping | None:
    query = select(exports).where(exports.c.id == export_id, exports.c.person_id == person_id)
    return tx.execute(query.where(exports.c.begun_at > since)).mappings().one_or_none()


# of a conversation


def _is_of(export: Mapping) -> tuple:
    of = messages.c.conversation_id == export["conversation_id"]
    return of, messages.c.number <= export["through_number"]


def said_in(tx, export: Mapping, after: After, limit: int) -> list[Mapping]:
    query = select(messages).where(*_is_of(export), messages.c.number > (after[1] if after else 0))
    return list(tx.execute(query.order_by(messages.c.number).limit(limit)).mappings())


def versions_in(tx, export: Mapping, after: After, limit: int) -> list[Mapping]:
    return _versions(tx, _is_of(export), after, limit)


def receipts_in(tx, export: Mapping, after: After, limit: int) -> list[Mapping]:
    query = select(receipts).join(messages, messages.c.id == receipts.c.message_id).where(*_is_of(export))
    return _by_id(tx, query, receipts.c.id, after, limit)


def taking_part_in(tx, export: Mapping, after: After, limit: int) -> list[Mapping]:
    query = select(participants).where(participants.c.conversation_id == export["conversation_id"])
    return _by_id(tx, query, participants.c.addressee, after, limit)


# of a person


def said_by(tx, person_id: str, after: After, limit: int) -> list[Mapping]:
    query = select(messages).where(messages.c.sender_person_id == person_id)
    return _walked(tx, query, (messages.c.conversation_id, messages.c.number), after, limit)


def versions_by(tx, person_id: str, after: After, limit: int) -> list[Mapping]:
    return _versions(tx, (messages.c.sender_person_id == person_id,), after, limit)


def receipts_by(tx, person_id: str, after: After, limit: int) -> list[Mapping]:
    """Of what he has seen or acknowledged, and not what another has."""
    seen, acknowledged = receipts.c.seen_person_id == person_id, receipts.c.acknowledged_person_id == person_id
    query = select(
        *(receipts.c[name] for name in ("id", "message_id", "conversation_id", "number", "post_id")),
        sa.case((seen, receipts.c.seen_at)).label("seen_at"),
        *(sa.case((acknowledged, receipts.c[name])).label(name) for name in ("acknowledged_at", "acting_for")),
    )
    return _by_id(tx, query.where(or_(seen, acknowledged)), receipts.c.id, after, limit)


def announced_by(tx, person_id: str, after: After, limit: int) -> list[Mapping]:
    """What he had a hand in."""
    shown = ("id", "state", "title", "text", "written_at", "published_at", "withdrawn_at", "expired_at")
    query = select(*(announcements.c[name] for name in shown)).where(announcements.c.writers.contains([person_id]))
    return _by_id(tx, query, announcements.c.id, after, limit)


def seen_by(tx, person_id: str, after: After, limit: int) -> list[Mapping]:
    return _by_id(tx, select(marks).where(marks.c.person_id == person_id), marks.c.announcement_id, after, limit)


def parts_of(tx, person_id: str, after: After, limit: int) -> list[Mapping]:
    """In person: in what he takes part by a post is the post's."""
    shown = ("conversation_id", "role", "from_number", "until_number", "joined_at")
    query = select(*(participants.c[name] for name in shown)).where(participants.c.addressee == person_id)
    return _by_id(tx, query, participants.c.conversation_id, after, limit)


def settings_of(tx, person_id: str, after: After, limit: int) -> list[Mapping]:
    table = conversation_settings.c
    return _by_id(tx, select(table).where(table.person_id == person_id), table.conversation_id, after, limit)


def read_by(tx, person_id: str, after: After, limit: int) -> list[Mapping]:
    query = select(read_marks.c.conversation_id, read_marks.c.number).where(read_marks.c.person_id == person_id)
    return _by_id(tx, query, read_marks.c.conversation_id, after, limit)


def handed_in_by(tx, person_id: str, after: After, limit: int) -> list[Mapping]:
    shown = (files.c.id, files.c.name, files.c.media_type, files.c.size, files.c.sha256, files.c.uploaded_at)
    query = select(*shown).where(files.c.uploaded_by_person_id == person_id)
    return _by_id(tx, query, files.c.id, after, limit)


def _versions(tx, of: Iterable, after: After, limit: int) -> list[Mapping]:
    query = select(message_versions).join(messages, messages.c.id == message_versions.c.message_id).where(*of)
    return _walked(tx, query, (message_versions.c.message_id, message_versions.c.version), after, limit)


def _walked(tx, query, place: tuple, after: After, limit: int) -> list[Mapping]:
    if after is not None:
        query = query.where(tuple_(*place) > tuple_(sa.literal(after[0], Id), sa.literal(after[1])))
    return list(tx.execute(query.order_by(*place).limit(limit)).mappings())


def _by_id(tx, query, id_, after: After, limit: int) -> list[Mapping]:
    if after is not None:
        query = query.where(id_ > sa.literal(after[0], Id))
    return list(tx.execute(query.order_by(id_).limit(limit)).mappings())
