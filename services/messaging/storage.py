"""The tables of conversations and every query on them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import and_, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, any_of, unnested
from kernel.directory_copy.tables import posts as copy_posts
from messaging.domain.case import PARTS

metadata = sa.MetaData()
Moment = sa.DateTime(timezone=True)

conversations = sa.Table(
    "conversations", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("kind", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("task_id", Id),
    sa.Column("last_number", sa.Integer),
    sa.Column("created_at", Moment),
    sa.Column("active_at", Moment),
)  # fmt: skip
participants = sa.Table(
    "participants", metadata,
    sa.Column("conversation_id", Id, primary_key=True),
    sa.Column("post_id", Id, primary_key=True),
    sa.Column("role", sa.Text),
)  # fmt: skip
case_parts = sa.Table(
    "case_parts", metadata,
    sa.Column("task_id", Id, primary_key=True),
    sa.Column("source_id", Id, primary_key=True),
    sa.Column("version", sa.Integer),
    sa.Column("post_id", Id),
    sa.Column("role", sa.Text),
)  # fmt: skip
messages = sa.Table(
    "messages", metadata,
    sa.Column("id", Id),
    sa.Column("conversation_id", Id, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text),
    sa.Column("text", sa.Text),
    sa.Column("sender_person_id", Id),
    sa.Column("sender_post_id", Id),
    sa.Column("sender_title", sa.Text),
    sa.Column("acting_for", Id),
    sa.Column("sent_at", Moment),
)  # fmt: skip
read_marks = sa.Table(
    "read_marks", metadata,
    sa.Column("person_id", Id, primary_key=True),
    sa.Column("conversation_id", Id, primary_key=True),
    sa.Column("number", sa.Integer),
)  # fmt: skip

_rank = sa.case({part: rank for rank, part in enumerate(PARTS)}, value=participants.c.role)


def open_case(tx, conversation: Mapping, parts: Mapping[str, str]) -> None:
    """A task's conversation with all who take part. An urging that was heard before may have begun it."""
    new = insert(conversations).values(**conversation)
    known = {
        "name": new.excluded.name,
        "created_at": new.excluded.created_at,
        "active_at": func.greatest(conversations.c.active_at, new.excluded.active_at),
    }
    new = new.on_conflict_do_update(index_elements=["task_id"], set_=known)
    conversation_id = tx.execute(new.returning(conversations.c.id)).scalar_one()
    rows = unnested(post_id=(Id, list(parts)), role=(sa.Text(), list(parts.values())))
    chosen = select(sa.literal(conversation_id, Id), *rows.c)
    new = insert(participants).from_select(["conversation_id", "post_id", "role"], chosen)
    role = {"role": new.excluded.role}
    tx.execute(new.on_conflict_do_update(index_elements=["conversation_id", "post_id"], set_=role))


def begin_case(tx, conversation: Mapping) -> Mapping:
    """The task's conversation, locked; where its order was not heard yet, one in which nobody takes part so far."""
    new = insert(conversations).values(**conversation)
    same = new.on_conflict_do_update(index_elements=["task_id"], set_={"kind": new.excluded.kind})
    return tx.execute(same.returning(conversations)).mappings().one()


Part = tuple[str, str, str]


def add_parts(tx, task_id: str, parts: Sequence[Part]) -> list[Part]:
    """Why posts take part, as the order says; where a later change was heard already, what that said."""
    new = _new_parts(task_id, parts, [1] * len(parts)).on_conflict_do_nothing()
    added = tx.execute(new.returning(case_parts.c.source_id)).all()
    return list(parts) if len(added) == len(parts) else parts_of(tx, task_id)


def change_parts(tx, task_id: str, parts: Sequence[Part], versions: Sequence[int]) -> set[str]:
    """The posts that this concerns, before and after; none, if something later was heard already."""
    tx.execute(_new_parts(task_id, parts, [0] * len(parts)).on_conflict_do_nothing())  # whoever writes them now, first
    query = select(case_parts.c.source_id, case_parts.c.post_id).where(case_parts.c.task_id == task_id)
    query = query.where(case_parts.c.source_id == any_of(source_id for source_id, _, _ in parts))
    before = {
        row.source_id: row.post_id for row in tx.execute(query.order_by(case_parts.c.source_id).with_for_update())
    }
    new = _new_parts(task_id, parts, versions)
    changed = new.on_conflict_do_update(
        index_elements=["task_id", "source_id"],
        set_={name: new.excluded[name] for name in ("version", "post_id", "role")},
        where=case_parts.c.version < new.excluded.version,
    )
    after = {row.source_id: row.post_id for row in tx.execute(changed.returning(case_parts))}
    return {before[source_id] for source_id in after} | set(after.values())


def end_carried_over(tx, task_id: str, owners: Iterable[str], followers: Sequence[str]) -> set[str]:
    """Parts from before it was known why a post takes part: that of the owner of a piece ends with the piece's first
    change; whom the order names beside its pieces follows. Answers the posts that this concerns.
    """
    carried = (case_parts.c.task_id == task_id, case_parts.c.version == 0)
    gone = sa.delete(case_parts).where(*carried, case_parts.c.source_id == any_of(owners))
    ended = set(tx.execute(gone.returning(case_parts.c.source_id)).scalars())
    if named := [(post_id, post_id, "follower") for post_id in dict.fromkeys(followers)]:
        tx.execute(_new_parts(task_id, named, [1] * len(named)).on_conflict_do_nothing())
    return ended.union(followers)


def _new_parts(task_id: str, parts: Sequence[Part], versions: Sequence[int]):
    sources, posts, roles = zip(*parts, strict=True)
    rows = unnested(
        source_id=(Id, list(sources)), version=(sa.Integer(), list(versions)), post_id=(Id, list(posts)),
        role=(sa.Text(), list(roles)),
    )  # fmt: skip
    chosen = select(sa.literal(task_id, Id), *rows.c).order_by(rows.c.source_id)
    return insert(case_parts).from_select(["task_id", "source_id", "version", "post_id", "role"], chosen)


def parts_of(tx, task_id: str, posts: Iterable[str] | None = None) -> list[Part]:
    query = select(case_parts.c.source_id, case_parts.c.post_id, case_parts.c.role)
    query = query.where(case_parts.c.task_id == task_id)
    if posts is not None:
        query = query.where(case_parts.c.post_id == any_of(posts))
    return [tuple(row) for row in tx.execute(query)]


def set_participants(tx, task_id: str, posts: Iterable[str], parts: Mapping[str, str]) -> None:
    """These posts take part as said, and those of them of whom nothing is said no more. Without a conversation yet
    its order will say it.
    """
    query = select(conversations.c.id).where(conversations.c.task_id == task_id).with_for_update(key_share=True)
    conversation_id = tx.execute(query).scalar_one_or_none()
    if conversation_id is None:
        return
    gone = participants.c.post_id == any_of(set(posts) - parts.keys())
    tx.execute(sa.delete(participants).where(participants.c.conversation_id == conversation_id, gone))
    if parts:
        rows = unnested(post_id=(Id, list(parts)), role=(sa.Text(), list(parts.values())))
        chosen = select(sa.literal(conversation_id, Id), *rows.c)
        new = insert(participants).from_select(["conversation_id", "post_id", "role"], chosen)
        tx.execute(
            new.on_conflict_do_update(
                index_elements=["conversation_id", "post_id"], set_={"role": new.excluded.role}
            )
        )  # fmt: skip


def conversations_of(
    tx, person_id: str, posts: Sequence[str], task_id: str | None, before: tuple[datetime, str] | None, limit: int
) -> list[Mapping]:
    """A page of the conversations that these posts take part in, the most lately active first."""
    query = _seen_by(person_id, posts).order_by(conversations.c.active_at.desc(), conversations.c.id.desc())
    if task_id is not None:
        query = query.where(conversations.c.task_id == task_id)
    if before is not None:
        active_at, conversation_id = before
        position = (sa.literal(active_at, Moment), sa.literal(conversation_id, Id))
        query = query.where(tuple_(conversations.c.active_at, conversations.c.id) < tuple_(*position))
    return list(tx.execute(query.limit(limit)).mappings())


def find_conversation(tx, person_id: str, posts: Sequence[str], conversation_id: str) -> Mapping | None:
    query = _seen_by(person_id, posts).where(conversations.c.id == conversation_id)
    return tx.execute(query).mappings().one_or_none()


def _seen_by(person_id: str, posts: Sequence[str]):
    """Conversations of these posts: with the strongest part that one of them has, and what this person has not read."""
    mine = (
        select(participants.c.conversation_id, func.min(_rank).label("rank"))
        .where(participants.c.post_id == any_of(posts))
        .group_by(participants.c.conversation_id)
        .subquery()
    )
    strongest = sa.case(dict(enumerate(PARTS)), value=mine.c.rank)
    return (
        select(conversations, _unread.label("unread"), strongest.label("role"))
        .join_from(conversations, mine, mine.c.conversation_id == conversations.c.id)
        .outerjoin(read_marks, _mark_of(person_id))
    )


_unread = conversations.c.last_number - func.coalesce(read_marks.c.number, 0)


def _mark_of(person_id: str):
    return and_(read_marks.c.conversation_id == conversations.c.id, read_marks.c.person_id == person_id)


def unread(tx, person_id: str, posts: Sequence[str]) -> Mapping:
    mine = select(participants.c.conversation_id).where(participants.c.post_id == any_of(posts))
    query = (
        select(func.count().label("conversations"), func.coalesce(func.sum(_unread), 0).label("messages"))
        .select_from(conversations.outerjoin(read_marks, _mark_of(person_id)))
        .where(conversations.c.id.in_(mine), _unread > 0)
    )
    return tx.execute(query).mappings().one()


def participants_of(tx, conversation_id: str, after: tuple[int, str] | None, limit: int) -> list[Mapping]:
    """A page of who takes part: the responsible first."""
    query = (
        select(participants.c.post_id, copy_posts.c.unit_id, participants.c.role, _rank.label("rank"))
        .join_from(participants, copy_posts, copy_posts.c.id == participants.c.post_id)
        .where(participants.c.conversation_id == conversation_id)
        .order_by(_rank, participants.c.post_id)
        .limit(limit)
    )
    if after is not None:
        rank, post_id = after
        query = query.where(tuple_(_rank, participants.c.post_id) > tuple_(sa.literal(rank), sa.literal(post_id, Id)))
    return list(tx.execute(query).mappings())


def post_ids_of(tx, conversation_id: str) -> list[str]:
    query = select(participants.c.post_id).where(participants.c.conversation_id == conversation_id)
    return list(tx.execute(query.order_by(participants.c.post_id)).scalars())


def messages_of(tx, conversation_id: str, before: int | None, limit: int) -> list[Mapping]:
    query = select(messages).where(messages.c.conversation_id == conversation_id)
    if before is not None:
        query = query.where(messages.c.number < before)
    return list(tx.execute(query.order_by(messages.c.number.desc()).limit(limit)).mappings())


def next_number(tx, conversation_id: str, now: datetime) -> int:
    """The number of the message to be written; whoever speaks at the same time waits, so there are no gaps."""
    query = (
        update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(
            last_number=conversations.c.last_number + 1,
            active_at=func.greatest(conversations.c.active_at, now),
        )
        .returning(conversations.c.last_number)
    )
    return tx.execute(query).scalar_one()


def add_message(tx, message: Mapping) -> None:
    tx.execute(insert(messages).values(**message))


def mark_read(tx, person_id: str, conversation_id: str, number: int) -> None:
    """Up to this number, or to the last one there is; a mark never moves back."""
    last = select(conversations.c.last_number).where(conversations.c.id == conversation_id).scalar_subquery()
    mark = insert(read_marks).values(
        person_id=person_id, conversation_id=conversation_id, number=func.least(sa.literal(number, sa.BigInteger), last)
    )
    tx.execute(
        mark.on_conflict_do_update(
            index_elements=["person_id", "conversation_id"],
            set_={"number": func.greatest(read_marks.c.number, mark.excluded.number)},
        )
    )
