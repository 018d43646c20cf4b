"""Beginning conversations, and who takes part in them from when until when."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, unnested
from kernel.directory_copy.tables import memberships
from messaging.storage.tables import conversations, participants

_of_its_own = (participants.c.until_number.is_(None), participants.c.unit_id.is_(None))


def begin(tx, conversation: Mapping, one_for: Sequence[str] = ()) -> tuple[str, bool]:
    """Its id, and whether it is new: for each value of the columns `one_for` there is one."""
    new = insert(conversations).values(**conversation)
    if one_for:
        new = new.on_conflict_do_update(index_elements=list(one_for), set_={"kind": new.excluded.kind})
    id_ = tx.execute(new.returning(conversations.c.id)).scalar_one()
    return id_, id_ == conversation["id"]


def hold(tx, conversation_id: str) -> Mapping:
    """Whoever changes the conversation too, or speaks in it, waits."""
    query = select(conversations).where(conversations.c.id == conversation_id).with_for_update(key_share=True)
    return tx.execute(query).mappings().one()


def next_version(tx, conversation_id: str, **changes) -> Mapping:
    """Of a conversation that is held, with what is changed of itself."""
    changing = sa.update(conversations).where(conversations.c.id == conversation_id)
    changing = changing.values(version=conversations.c.version + 1, **changes)
    return tx.execute(changing.returning(conversations)).mappings().one()


def add(tx, conversation_id: str, named: Sequence[Mapping], from_number: int, now: datetime) -> int:
    """How many take part now who did not. Whoever had left sees from here on what he is shown now."""
    columns = {name: (Id, [each[name] for each in named]) for name in ("post_id", "person_id", "unit_id")}
    rows = unnested(**columns, role=(sa.Text(), [each["role"] for each in named]))
    common = (sa.literal(conversation_id, Id), sa.literal(from_number), sa.literal(now))
    names = ["conversation_id", "from_number", "joined_at", "post_id", "person_id", "unit_id", "role"]
    new = insert(participants).from_select(names, select(*common, *rows.c))
    again = new.on_conflict_do_update(
        index_elements=["conversation_id", "addressee"],
        set_={"until_number": None} | {name: new.excluded[name] for name in ("role", "from_number", "joined_at")},
        where=participants.c.until_number.is_not(None),
    )
    return len(tx.execute(again.returning(participants.c.addressee)).all())


def count(tx, conversation_id: str) -> int:
    query = select(func.count()).where(participants.c.conversation_id == conversation_id)
    return tx.execute(query.where(participants.c.until_number.is_(None))).scalar_one()


def find(tx, conversation_id: str, addressee: str) -> Mapping | None:
    """Who takes part now under this id."""
    query = select(participants, participants.c.addressee.label("id")).where(*_one(conversation_id, addressee))
    return tx.execute(query.where(participants.c.until_number.is_(None))).mappings().one_or_none()


def change(tx, conversation_id: str, addressee: str, **changes) -> None:
    tx.execute(sa.update(participants).where(*_one(conversation_id, addressee)).values(**changes))


def owner_of(tx, conversation_id: str, day: date) -> Mapping | None:
    """Whoever owns it, and whether somebody is `there` for it."""
    query = select(participants.c.addressee.label("id"), _there(day).label("there"))
    query = query.where(participants.c.conversation_id == conversation_id, *_of_its_own)
    return tx.execute(query.where(participants.c.role == "owner")).mappings().one_or_none()


def heir_of(tx, conversation_id: str, day: date) -> str | None:
    """Of those beside the owner who are there the one that has taken part the longest; who only follows comes last."""
    query = select(participants.c.addressee).where(participants.c.conversation_id == conversation_id, *_of_its_own)
    query = query.where(participants.c.role != "owner", _there(day))
    query = query.order_by(participants.c.role == "follower", participants.c.joined_at, participants.c.addressee)
    return tx.execute(query.limit(1)).scalar_one_or_none()


def owned_by(tx, person_id: str) -> list[str]:
    query = select(participants.c.conversation_id).where(participants.c.addressee == person_id, *_of_its_own)
    return list(tx.execute(query.where(participants.c.role == "owner").order_by("conversation_id")).scalars())


def _one(conversation_id: str, addressee: str) -> tuple:
    return participants.c.conversation_id == conversation_id, participants.c.addressee == addressee


def _there(day: date):
    """A person who holds a post, or a post that somebody holds."""
    return sa.exists().where(
        or_(memberships.c.person_id == participants.c.person_id, memberships.c.post_id == participants.c.post_id),
        memberships.c.valid_from <= day,
        or_(memberships.c.valid_to.is_(None), memberships.c.valid_to > day),
    )
