"""What directives and urgings ask, of whom, and whom they have reached."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, Written, any_bound, any_of, unnested
from kernel.directory_copy.tables import memberships
from kernel.directory_copy.tables import posts as copy_posts
from kernel.directory_copy.tables import units as copy_units
from kernel.working_time import today
from messaging.storage.cases import case_parts
from messaging.storage.tables import Moment, messages, metadata, participants

directives = sa.Table(
    "directives", metadata,
    sa.Column("message_id", Id, primary_key=True),
    sa.Column("urgency", sa.Text),
    sa.Column("answer_by", Moment),
)  # fmt: skip
receipts = sa.Table(
    "receipts", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("version", sa.Integer),
    sa.Column("message_id", Id),
    sa.Column("conversation_id", Id),
    sa.Column("number", sa.Integer),
    sa.Column("post_id", Id),
    sa.Column("unit_id", Id),
    sa.Column("of_task", sa.Boolean),
    sa.Column("delivered_at", Moment),
    sa.Column("seen_at", Moment),
    sa.Column("seen_person_id", Id),
    sa.Column("acknowledged_at", Moment),
    sa.Column("acknowledged_person_id", Id),
    sa.Column("acting_for", Id),
    sa.Column("ended_at", Moment),
)  # fmt: skip

_urging_id = sa.case((receipts.c.of_task, receipts.c.id)).label("urging_id")
_WAITING = Written(
    select(func.count().label("many")).where(
        receipts.c.post_id == any_bound("posts"), receipts.c.ended_at.is_(None), ~receipts.c.of_task
    )
)


def posts_taking_part(tx, conversation_id: str, now: datetime) -> list[Mapping]:
    """Those that stand, with their units and kinds, whether somebody holds them today, and what part each has: by
    itself, because somebody who takes part in person holds it, or as one of a unit that does.
    """
    part, day = participants.c, today(now)
    there = (part.conversation_id == conversation_id, part.until_number.is_(None))
    held = memberships.c
    today_held = _stands(held, day)
    parts = sa.union_all(
        select(part.post_id, part.role).where(*there, part.post_id.is_not(None)),
        select(held.post_id, part.role).join(memberships, held.person_id == part.person_id).where(*there, *today_held),
        select(copy_posts.c.id, part.role).join(copy_posts, copy_posts.c.unit_id == part.unit_id).where(*there),
    ).subquery("parts")
    query = (
        select(copy_posts.c.id.label("post_id"), copy_posts.c.unit_id, copy_units.c.full_name.label("unit_name"))
        .add_columns(copy_posts.c.kind, parts.c.role.label("part"))
        .add_columns(sa.exists().where(held.post_id == copy_posts.c.id, *today_held).label("is_held"))
        .distinct(copy_posts.c.id)
        .join_from(parts, copy_posts, copy_posts.c.id == parts.c.post_id)
        .join(copy_units, copy_units.c.id == copy_posts.c.unit_id)
        .where(*_stands(copy_posts.c, day))
        .order_by(copy_posts.c.id)
    )
    return list(tx.execute(query).mappings())


def _stands(fact, day: date) -> tuple:
    return fact.valid_from <= day, sa.or_(fact.valid_to.is_(None), fact.valid_to > day)


def add_directive(tx, message: Mapping, urgency: str, answer_by: datetime) -> None:
    """Nothing, if it is kept already: of a task's urging what became of it may be heard first."""
    new = insert(directives).values(message_id=message["id"], urgency=urgency, answer_by=answer_by)
    tx.execute(new.on_conflict_do_nothing())


def add_receipts(tx, message: Mapping, asked: Sequence[Mapping], *, of_task: bool = False) -> None:
    """Who is asked; of whom something later is known already only learns which message it was."""
    names = ("id", "post_id", "unit_id")
    rows = unnested(
        id=(Id, [each["receipt_id"] for each in asked]),
        **{name: (Id, [each[name] for each in asked]) for name in names[1:]},
    )
    of_message = {
        "version": sa.literal(1), "message_id": sa.literal(message["id"], Id), "number": sa.literal(message["number"]),
        "conversation_id": sa.literal(message["conversation_id"], Id), "of_task": sa.literal(of_task),
    }  # fmt: skip
    chosen = select(*(rows.c[name] for name in names), *of_message.values()).order_by(rows.c.id)
    new = insert(receipts).from_select([*names, *of_message], chosen)
    known = {name: new.excluded[name] for name in ("message_id", "conversation_id", "number")}
    tx.execute(new.on_conflict_do_update(index_elements=["id"], set_=known))


def follow_urgings(tx, each: Sequence[Mapping]) -> None:
    """Whom tasks' urgings ask now, and whether they still do; what is older than what is known changes nothing."""
    names = ("id", "version", "post_id", "unit_id", "ended_at")
    rows = unnested(**{name: (receipts.c[name].type, [one[name] for one in each]) for name in names})
    chosen = select(*(rows.c[name] for name in names), sa.true()).order_by(rows.c.id)
    new = insert(receipts).from_select([*names, "of_task"], chosen)
    is_same = receipts.c.post_id == new.excluded.post_id
    of_post = {name: sa.case((is_same, receipts.c[name])) for name in ("delivered_at", "seen_at", "seen_person_id")}
    followed = new.on_conflict_do_update(
        index_elements=["id"],
        set_={name: new.excluded[name] for name in names[1:]} | of_post,
        where=receipts.c.version < new.excluded.version,
    )
    tx.execute(followed)


def acknowledge(tx, receipt_id: str, person_id: str, acting_for: str | None, at: datetime) -> Mapping:
    """It is given and seen by then, whatever client told so."""
    query = update(receipts).where(receipts.c.id == receipt_id)
    query = query.values(
        acknowledged_at=at,
        acknowledged_person_id=person_id,
        acting_for=acting_for,
        ended_at=func.coalesce(receipts.c.ended_at, at),
        delivered_at=func.coalesce(receipts.c.delivered_at, at),
        seen_at=func.coalesce(receipts.c.seen_at, at),
        seen_person_id=func.coalesce(receipts.c.seen_person_id, sa.literal(person_id, Id)),
    )
    return tx.execute(query.returning(*_SHOWN)).mappings().one()


def acknowledged_on_task(tx, receipt_id: str, person_id: str, acting_for: str | None, at: datetime) -> None:
    query = update(receipts).where(receipts.c.id == receipt_id)
    tx.execute(query.values(acknowledged_at=at, acknowledged_person_id=person_id, acting_for=acting_for))


def end(tx, message_id: str, at: datetime) -> list[Mapping]:
    """Nothing is asked any more by this message; returns all whom it asked."""
    query = update(receipts).where(receipts.c.message_id == message_id)
    query = query.values(ended_at=func.coalesce(receipts.c.ended_at, at))
    asked = (receipts.c.id.label("receipt_id"), receipts.c.post_id, receipts.c.unit_id)
    return sorted(tx.execute(query.returning(*asked)).mappings(), key=lambda row: row["receipt_id"])


def note_delivered(tx, ids: Collection[str], at: datetime) -> None:
    query = update(receipts).where(receipts.c.id == any_of(ids), receipts.c.delivered_at.is_(None))
    tx.execute(query.values(delivered_at=at))


def note_seen(
    tx, conversation_id: str, numbers: range, posts: Iterable[str], person_id: str, at: datetime
) -> list[Mapping]:  # fmt: skip
    """What nobody of these posts had seen, with the posts that have asked it."""
    query = update(receipts).where(
        receipts.c.conversation_id == conversation_id,
        receipts.c.post_id == any_of(posts),
        receipts.c.seen_at.is_(None),
        receipts.c.number >= numbers.start,
        receipts.c.number < numbers.stop,
        messages.c.id == receipts.c.message_id,
    )
    given = func.coalesce(receipts.c.delivered_at, at)
    seen = query.values(seen_at=at, seen_person_id=person_id, delivered_at=given)
    told = (receipts.c.id.label("receipt_id"), *(receipts.c[name] for name in ("message_id", "number", "post_id")))
    seen = seen.returning(*told, receipts.c.unit_id, messages.c.sender_post_id)
    return sorted(tx.execute(seen).mappings(), key=lambda row: row["receipt_id"])


# what is read

_SHOWN = (
    *(receipts.c[name] for name in (
        "id", "version", "message_id", "conversation_id", "number", "post_id", "unit_id", "delivered_at", "seen_at",
        "seen_person_id", "acknowledged_at", "acting_for", "ended_at",
    )),
    receipts.c.acknowledged_person_id.label("person_id"),
    _urging_id,
)  # fmt: skip


def is_asked(tx, message_id: str, posts: Iterable[str]) -> bool:
    """Whether one of these posts is asked something by it."""
    return tx.execute(select(sa.exists().where(*_of(message_id, posts)))).scalar_one()


def is_of_task(tx, message_id: str) -> bool:
    found = sa.exists().where(receipts.c.message_id == message_id, receipts.c.of_task)
    return tx.execute(select(found)).scalar_one()


def askings(tx, message_ids: Collection[str], posts: Iterable[str]) -> dict[str, dict]:
    """What these messages ask, and whether it is asked of these posts: two statements, however many there are."""
    query = select(directives).where(directives.c.message_id == any_of(message_ids))
    found = {row["message_id"]: {**row, "own": []} for row in tx.execute(query).mappings()}
    query = select(*_SHOWN).where(receipts.c.message_id == any_of(message_ids), receipts.c.post_id == any_of(posts))
    for row in tx.execute(query.order_by(receipts.c.id)).mappings():
        found[row["message_id"]]["own"].append(row)
    return found


def own_receipts(tx, message_id: str, posts: Iterable[str]) -> list[Mapping]:
    """Held until the commit: several may acknowledge for one post."""
    query = select(*_SHOWN).where(receipts.c.message_id == message_id, receipts.c.post_id == any_of(posts))
    return list(tx.execute(query.order_by(receipts.c.id).with_for_update()).mappings())


def receipts_of(tx, message_id: str, posts: Iterable[str] | None, after: str | None, limit: int) -> list[Mapping]:
    query = select(*_SHOWN).where(*_of(message_id, posts)).order_by(receipts.c.id).limit(limit)
    if after is not None:
        query = query.where(receipts.c.id > after)
    return list(tx.execute(query).mappings())


def counts(tx, message_id: str, posts: Iterable[str] | None) -> Mapping:
    query = select(
        func.count().label("asked"),
        *(func.count(receipts.c[f"{name}_at"]).label(name) for name in ("delivered", "seen", "acknowledged")),
    )
    return tx.execute(query.where(*_of(message_id, posts))).mappings().one()


def count_waiting(tx, posts: Sequence[str]) -> int:
    """How many messages wait until one of these posts takes note; a task's urgings are counted with its work."""
    [found] = tx.rows(_WAITING, {"posts": posts})
    return found["many"]


def followers(tx, conversation: Mapping) -> list[Mapping]:
    """Who follows what is asked in a conversation, and from which number on: in a case those whom its order names so.
    Who was informed of the order, or has lost his piece, sees the conversation, and not who of the others is late.
    """
    query = select(participants).where(
        participants.c.conversation_id == conversation["id"], participants.c.role == "follower",
        participants.c.until_number.is_(None),
    )  # fmt: skip
    if conversation["task_id"] is not None:
        named = select(case_parts.c.post_id).where(
            case_parts.c.task_id == conversation["task_id"], case_parts.c.source_id == case_parts.c.post_id
        )
        query = query.where(participants.c.post_id.in_(named))
    return list(tx.execute(query.order_by(participants.c.addressee)).mappings())


def _of(message_id: str, posts: Iterable[str] | None) -> list:
    own = [] if posts is None else [receipts.c.post_id == any_of(posts)]
    return [receipts.c.message_id == message_id, *own]
