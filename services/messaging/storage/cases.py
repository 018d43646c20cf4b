"""The conversations of orders, and why posts take part in them."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, any_of, unnested
from messaging.domain.case import Part
from messaging.storage.tables import Moment, conversations, metadata, participants

case_parts = sa.Table(
    "case_parts", metadata,
    sa.Column("task_id", Id, primary_key=True),
    sa.Column("source_id", Id, primary_key=True),
    sa.Column("version", sa.Integer),
    sa.Column("post_id", Id),
    sa.Column("role", sa.Text),
    sa.Column("leads", sa.Boolean),
    sa.Column("done_at", Moment),
    sa.Column("done_version", sa.Integer),
)  # fmt: skip
_part = [case_parts.c[name] for name in Part._fields]


def open_case(tx, conversation: Mapping, parts: Mapping[str, str]) -> None:
    """A task's conversation with all who take part. An urging that was heard before may have begun it."""
    new = insert(conversations).values(**conversation)
    known = {
        "name": new.excluded.name,
        "created_at": new.excluded.created_at,
        "ordered": True,
        "active_at": func.greatest(conversations.c.active_at, new.excluded.active_at),
    }
    new = new.on_conflict_do_update(index_elements=["task_id"], set_=known)
    conversation_id = tx.execute(new.returning(conversations.c.id)).scalar_one()
    rows = unnested(post_id=(Id, list(parts)), role=(sa.Text(), list(parts.values())))
    chosen = select(sa.literal(conversation_id, Id), *rows.c)
    new = insert(participants).from_select(["conversation_id", "post_id", "role"], chosen)
    role = {"role": new.excluded.role}
    tx.execute(new.on_conflict_do_update(index_elements=["conversation_id", "addressee"], set_=role))


def begin_case(tx, conversation: Mapping) -> Mapping:
    """The task's conversation, locked; where its order was not heard yet, one in which nobody takes part so far."""
    new = insert(conversations).values(**conversation)
    same = new.on_conflict_do_update(index_elements=["task_id"], set_={"kind": new.excluded.kind})
    return tx.execute(same.returning(conversations)).mappings().one()


def add_parts(tx, task_id: str, parts: Sequence[Part]) -> list[Part]:
    """Why posts take part, as the order says; where a later change was heard already, what that said."""
    new = _new_parts(task_id, parts, [1] * len(parts)).on_conflict_do_nothing()
    added = tx.execute(new.returning(case_parts.c.source_id)).all()
    return list(parts) if len(added) == len(parts) else parts_of(tx, task_id)


def change_parts(tx, task_id: str, parts: Sequence[Part], versions: Sequence[int]) -> set[str]:
    """The posts that this concerns, before and after; none, if something later was heard already."""
    tx.execute(_new_parts(task_id, parts, [0] * len(parts)).on_conflict_do_nothing())  # whoever writes them now, first
    query = select(case_parts.c.source_id, case_parts.c.post_id).where(case_parts.c.task_id == task_id)
    query = query.where(case_parts.c.source_id == any_of(part.source_id for part in parts))
    before = {
        row.source_id: row.post_id for row in tx.execute(query.order_by(case_parts.c.source_id).with_for_update())
    }
    new = _new_parts(task_id, parts, versions)
    later = {  # of who takes part and of what is done, each by itself
        "version": ("version", "post_id", "role", "leads"),
        "done_version": ("done_version", "done_at"),
    }
    is_later = {name: case_parts.c[name] < new.excluded[name] for name in later}
    changed = new.on_conflict_do_update(
        index_elements=["task_id", "source_id"],
        set_={
            name: sa.case((is_later[by], new.excluded[name]), else_=case_parts.c[name])
            for by, names in later.items()
            for name in names
        },
        where=sa.or_(*is_later.values()),
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
    if named := [Part(post_id, post_id, "follower") for post_id in dict.fromkeys(followers)]:
        tx.execute(_new_parts(task_id, named, [1] * len(named)).on_conflict_do_nothing())
    return ended.union(followers)


def _new_parts(task_id: str, parts: Sequence[Part], versions: Sequence[int]):
    values = zip(_part, zip(*parts, strict=True), strict=True)
    rows = unnested(
        version=(sa.Integer(), list(versions)), **{column.name: (column.type, list(given)) for column, given in values}
    )
    chosen = select(sa.literal(task_id, Id), *rows.c).order_by(rows.c.source_id)
    return insert(case_parts).from_select(["task_id", "version", *Part._fields], chosen)


def parts_of(tx, task_id: str, posts: Iterable[str] | None = None) -> list[Part]:
    query = select(*_part).where(case_parts.c.task_id == task_id)
    if posts is not None:
        query = query.where(case_parts.c.post_id == any_of(posts))
    return [Part(*row) for row in tx.execute(query)]


def set_participants(
    tx, task_id: str, posts: Collection[str], parts: Mapping[str, str]
) -> tuple[Mapping | None, dict[str, str]]:
    """These posts take part as said, and those of them of whom nothing is said no more. Answers the conversation, and
    which parts they had; without one yet its order will say it.
    """
    query = select(conversations).where(conversations.c.task_id == task_id).with_for_update(key_share=True)
    conversation = tx.execute(query).mappings().one_or_none()
    if conversation is None:
        return None, {}
    of_it = participants.c.conversation_id == conversation["id"]
    query = select(participants.c.post_id, participants.c.role).where(of_it, participants.c.post_id == any_of(posts))
    before = {row.post_id: row.role for row in tx.execute(query)}
    tx.execute(sa.delete(participants).where(of_it, participants.c.post_id == any_of(before.keys() - parts.keys())))
    if parts:
        rows = unnested(post_id=(Id, list(parts)), role=(sa.Text(), list(parts.values())))
        chosen = select(sa.literal(conversation["id"], Id), *rows.c)
        new = insert(participants).from_select(["conversation_id", "post_id", "role"], chosen)
        tx.execute(
            new.on_conflict_do_update(
                index_elements=["conversation_id", "addressee"], set_={"role": new.excluded.role}
            )
        )  # fmt: skip
    return conversation, before


def settle(tx, task_id: str) -> Mapping | None:
    """Closed since the last of what leads was done; open while one of them is not. Its row is locked already. Answers
    the conversation if that has changed.
    """
    leading = (case_parts.c.task_id == task_id, case_parts.c.leads)
    done = sa.case((func.bool_and(case_parts.c.done_at.is_not(None)), func.max(case_parts.c.done_at)))
    closed_at = select(done).where(*leading).scalar_subquery()
    closing = sa.update(conversations).where(conversations.c.task_id == task_id, conversations.c.ordered)
    closing = closing.where(conversations.c.closed_at.is_distinct_from(closed_at)).values(closed_at=closed_at)
    return tx.execute(closing.returning(conversations)).mappings().one_or_none()
