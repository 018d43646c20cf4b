"""Conversations as those see them who take part.

`addressees` are the ids under which somebody takes part: of the posts that he serves, his own, those of his units.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, Written, any_bound
from kernel.directory_copy.tables import posts as copy_posts
from kernel.directory_copy.tables import units as copy_units
from messaging.domain.conversations import ROLES, Addressees, addressees
from messaging.storage.tables import Moment, conversation_settings, conversations, participants, read_marks

_rank = sa.case({role: rank for rank, role in enumerate(ROLES)}, value=participants.c.role)
_present = participants.c.until_number.is_(None)
_pinned = func.coalesce(conversation_settings.c.pinned, False)


def _parts() -> sa.Select:
    """What the ids `own` together are in each conversation, and which of its messages that shows."""
    part = participants.c
    return (
        select(
            part.conversation_id,
            func.bool_or(_present).label("present"),
            func.coalesce(func.min(_rank).filter(_present), func.min(_rank)).label("rank"),
            # of several parts that are over, what one of them shows for certain
            func.coalesce(func.min(part.from_number).filter(_present), func.max(part.from_number)).label("from_number"),
            sa.case((~func.bool_or(_present), func.max(part.until_number))).label("until_number"),
        )
        .where(part.addressee == any_bound("own"))
        .group_by(part.conversation_id)
    )


class _Seen(NamedTuple):
    query: sa.Select
    mine: sa.Subquery
    unread: sa.ColumnElement


def _seen_by() -> _Seen:
    """Conversations of whoever the ids `own` are: in the strongest part that one of them has, with what the person
    `person_id` has not read, from the first message that they show; where nobody takes part any more, to the last one.
    """
    mine = PARTS.subquery("mine")
    read = func.greatest(func.coalesce(read_marks.c.number, 0), mine.c.from_number - 1)
    unread = sa.case((mine.c.present, func.greatest(conversations.c.last_number - read, 0)), else_=0)
    one, settings = conversations.c, conversation_settings
    query = (
        select(
            one.id, one.kind, one.task_id, one.unit_id, one.version, one.created_at, one.active_at, one.closed_at,
            func.least(one.last_number, mine.c.until_number).label("last_number"),
            func.coalesce(copy_units.c.full_name, one.name).label("name"),
            sa.case((one.first_person_id == _PERSON, one.second_person_id), else_=one.first_person_id)
            .label("person_id"),
            sa.case(dict(enumerate(ROLES)), value=mine.c.rank).label("role"), (~mine.c.present).label("left"),
            mine.c.from_number, mine.c.until_number, unread.label("unread"), _pinned.label("pinned"),
            settings.c.muted_until,
        )
        .join_from(conversations, mine, mine.c.conversation_id == one.id)
        .outerjoin(read_marks, _of_person(read_marks))
        .outerjoin(settings, _of_person(settings))
        .outerjoin(copy_units, copy_units.c.id == one.unit_id)
    )  # fmt: skip
    return _Seen(query, mine, unread)


def _of_person(table):
    return and_(table.c.conversation_id == conversations.c.id, table.c.person_id == _PERSON)


# made once: whoever speaks waits for these, and making one takes longer than running it
_PERSON = sa.bindparam("person_id", type_=Id)
PARTS = _parts()
_SEEN = _seen_by()
_ONE = _SEEN.query.where(conversations.c.id == sa.bindparam("conversation_id", type_=Id))
_ADDRESSEES = (
    select(participants.c.post_id, participants.c.person_id, participants.c.unit_id)
    .where(participants.c.conversation_id == sa.bindparam("conversation_id", type_=Id), _present)
    .order_by(participants.c.addressee)
)
_ADDRESSEES_WHO_SEE = _ADDRESSEES.where(participants.c.from_number <= sa.bindparam("number"))


def _unread() -> sa.Select:
    muted = func.coalesce(conversation_settings.c.muted_until > sa.bindparam("now", type_=Moment), False)
    told = _SEEN.query.with_only_columns(_SEEN.unread.label("unread"), muted.label("muted")).where(_SEEN.unread > 0)
    told = told.subquery()
    parts = {"": ~told.c.muted, "muted_": told.c.muted}
    counts = [func.count().filter(part).label(f"{name}conversations") for name, part in parts.items()]
    sums = [
        func.coalesce(func.sum(told.c.unread).filter(part), 0).label(f"{name}messages") for name, part in parts.items()
    ]
    return select(*counts, *sums)


_UNREAD = Written(_unread())


def conversations_of(
    tx, person_id: str, own: Sequence[str], chosen: Mapping, before: tuple[int, datetime, str] | None, limit: int
) -> list[Mapping]:
    """A page of the conversations in which somebody takes part, or in which he no longer does: first those that he has
    pinned, each the most lately active first.
    """
    query = _SEEN.query.where(_SEEN.mine.c.present == (not chosen["left"]))
    query = query.order_by(_pinned.desc(), conversations.c.active_at.desc(), conversations.c.id.desc())
    for name in ("task_id", "kind"):
        if chosen[name] is not None:
            query = query.where(conversations.c[name] == chosen[name])
    if before is not None:
        pinned, active_at, conversation_id = before
        position = (sa.literal(bool(pinned)), sa.literal(active_at, Moment), sa.literal(conversation_id, Id))
        query = query.where(tuple_(_pinned, conversations.c.active_at, conversations.c.id) < tuple_(*position))
    return list(tx.execute(query.limit(limit), {"person_id": person_id, "own": own}).mappings())


def find_conversation(tx, person_id: str, own: Sequence[str], conversation_id: str) -> Mapping | None:
    values = {"person_id": person_id, "own": own, "conversation_id": conversation_id}
    return tx.execute(_ONE, values).mappings().one_or_none()


def find_bare(tx, conversation_id: str) -> Mapping:
    """As it is, whoever takes part."""
    return tx.execute(select(conversations).where(conversations.c.id == conversation_id)).mappings().one()


def unread(tx, person_id: str, own: Sequence[str], now: datetime) -> Mapping:
    """How many messages in how many conversations, those that he has muted apart."""
    [found] = tx.rows(_UNREAD, {"person_id": person_id, "own": own, "now": now})
    return found


def participants_of(tx, conversation_id: str, after: tuple[int, str] | None, limit: int) -> list[Mapping]:
    """A page of who takes part now: the owner and the responsible first."""
    query = (
        select(
            participants.c.addressee.label("id"), participants.c.post_id, participants.c.person_id,
            func.coalesce(participants.c.unit_id, copy_posts.c.unit_id).label("unit_id"), participants.c.role,
            participants.c.from_number, participants.c.joined_at, _rank.label("rank"),
        )
        .join_from(participants, copy_posts, copy_posts.c.id == participants.c.post_id, isouter=True)
        .where(participants.c.conversation_id == conversation_id, _present)
        .order_by(_rank, participants.c.addressee)
        .limit(limit)
    )  # fmt: skip
    if after is not None:
        rank, addressee = after
        query = query.where(
            tuple_(_rank, participants.c.addressee) > tuple_(sa.literal(rank), sa.literal(addressee, Id))
        )
    return list(tx.execute(query).mappings())


def addressees_of(tx, conversation_id: str, number: int | None = None) -> Addressees:
    """Whom it reaches now; those of them who see the message of this number."""
    values = {"conversation_id": conversation_id}
    if number is None:
        return addressees(tx.execute(_ADDRESSEES, values).mappings())
    return addressees(tx.execute(_ADDRESSEES_WHO_SEE, values | {"number": number}).mappings())


def set_settings(tx, person_id: str, conversation_id: str, changes: Mapping) -> None:
    new = insert(conversation_settings).values(person_id=person_id, conversation_id=conversation_id, **changes)
    tx.execute(new.on_conflict_do_update(index_elements=["person_id", "conversation_id"], set_=dict(changes)))


def count_pinned(tx, person_id: str) -> int:
    query = select(func.count()).where(conversation_settings.c.person_id == person_id, conversation_settings.c.pinned)
    return tx.execute(query).scalar_one()
