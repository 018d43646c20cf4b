"""Pieces: one unit's share of an order, and what is passed on from it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import and_, case, func, or_, select, update

from chassis.rows import Id, any_bound, any_of, unnested
from kernel.directory_copy.tables import posts as copy_posts
from tasks.domain.assignment import CLOSED
from tasks.domain.due import overdue_before
from tasks.storage.tables import Moment, assignments, tasks


def is_open_in(table) -> sa.ColumnElement[bool]:
    """Written out, not bound: only then does the planner know that the partial indexes on open pieces fit."""
    return table.c.state.not_in(sa.bindparam("closed", sorted(CLOSED), expanding=True, literal_execute=True))


is_open = is_open_in(assignments)
keeps_open = and_(assignments.c.parent_id.is_(None), assignments.c.role == "lead", is_open)  # the order that it leads


def overdue() -> sa.ColumnElement[bool]:
    """domain.due.overdue_before, in SQL: missed by now, and already when the clock was stopped, if it was. What is
    under correction stands apart.
    """
    day_begins, now = (sa.bindparam(name, type_=Moment) for name in ("day_begins", "now"))
    stopped = assignments.c.suspended_at
    day_of_stop = func.date_trunc("day", stopped, "Asia/Ho_Chi_Minh", type_=Moment)
    return and_(
        is_open,
        assignments.c.under_correction.is_(False),
        assignments.c.current_due < case((tasks.c.urgency == "express", now), else_=day_begins),
        or_(
            stopped.is_(None),
            assignments.c.current_due < case((tasks.c.urgency == "express", stopped), else_=day_of_stop),
        ),
    )


def rolled_up() -> dict[str, sa.ColumnElement[bool]]:
    """Which of an order's pieces each figure of its roll-up counts; the first ones have reached the point at least."""
    wanted, state = assignments.c.state != "revoked", assignments.c.state
    return {
        "assigned": wanted,
        "not_received": state == "assigned",
        "accepted": and_(wanted, assignments.c.accepted_at.is_not(None)),
        "submitted": state.in_(("result_submitted", "completed", "archived")),
        "completed": state.in_(("completed", "archived")),
        "overdue": overdue(),
        "revoked": ~wanted,
    }


def find_pieces(tx, assignment_ids: Iterable[str]) -> list[Mapping]:
    query = select(assignments).where(assignments.c.id == any_of(assignment_ids)).order_by(assignments.c.id)
    return list(tx.execute(query).mappings())


def pieces_of(
    tx, task_id: str, posts: Sequence[str] | None, state: str | None, after: str | None, limit: int,
    *, only: str | None = None, now: datetime,
) -> list[Mapping]:  # fmt: skip
    """A page of an order's pieces, in the order of issue; `posts` None means everybody's, without what the units pass
    on inside. `only`: what a figure of the roll-up counts.
    """
    query = select(assignments).where(assignments.c.task_id == task_id).order_by(assignments.c.id).limit(limit)
    if posts is None:
        query = query.where(assignments.c.parent_id.is_(None))
    else:
        query = query.where(assignments.c.post_id == any_of(posts))
    if state is not None:
        query = query.where(assignments.c.state == state)
    if after is not None:
        query = query.where(assignments.c.id > after)
    given = {}
    if only is not None:
        query = query.join(tasks, tasks.c.id == assignments.c.task_id)
        query = query.where(assignments.c.parent_id.is_(None), rolled_up()[only])
        given = {"day_begins": overdue_before("normal", now), "now": now} if only == "overdue" else {}
    return list(tx.execute(query, given).mappings())


def children_of(tx, parent_id: str, after: str | None, limit: int) -> list[Mapping]:
    query = select(assignments).where(assignments.c.parent_id == parent_id).order_by(assignments.c.id).limit(limit)
    if after is not None:
        query = query.where(assignments.c.id > after)
    return list(tx.execute(query).mappings())


_PIECE = select(assignments).where(assignments.c.id == sa.bindparam("id", type_=Id))


_PIECE_TO_CHANGE = _PIECE.with_for_update()


def find_piece(tx, assignment_id: str, *, lock: bool = False) -> Mapping | None:
    return tx.execute(_PIECE_TO_CHANGE if lock else _PIECE, {"id": assignment_id}).mappings().one_or_none()


def lock_parent(tx, assignment_id: str) -> None:
    """Before the piece itself: whoever looks at how what was passed on stands to its parent sees neither move."""
    row = find_piece(tx, assignment_id)
    if row is not None and row["parent_id"]:
        find_piece(tx, row["parent_id"], lock=True)


def _above():
    parents = select(assignments.c.parent_id).where(assignments.c.id == any_bound("ids"))
    above = select(assignments.c.id, assignments.c.parent_id, assignments.c.post_id, assignments.c.state)
    chain = above.where(assignments.c.id.in_(parents)).cte(recursive=True)
    chain = chain.union(above.where(assignments.c.id == chain.c.parent_id))
    return select(chain.c.post_id, chain.c.state)


_ABOVE = _above()


def above(tx, assignment_ids: Iterable[str]) -> list[sa.Row]:
    """Owner and state of what these pieces were passed on from, up to the units' own pieces."""
    return tx.execute(_ABOVE, {"ids": list(assignment_ids)}).all()


def posts_above(tx, *assignment_ids: str) -> set[str]:
    return {row.post_id for row in above(tx, assignment_ids)}


_LEAD_POSTS = (
    select(assignments.c.task_id, assignments.c.post_id)
    .where(assignments.c.task_id == any_bound("ids"), assignments.c.parent_id.is_(None))
    .where(assignments.c.role == "lead", assignments.c.state != "revoked")
)


def lead_posts(tx, task_ids: Iterable[str]) -> dict[str, str]:
    """By order: the head of the unit that leads joint work."""
    return {row.task_id: row.post_id for row in tx.execute(_LEAD_POSTS, {"ids": list(task_ids)})}


def waiting_supports(tx, task_ids: Iterable[str]) -> list[Mapping]:
    """The supports' results that wait for the head of the lead unit, locked."""
    query = select(assignments).where(assignments.c.task_id == any_of(task_ids), assignments.c.parent_id.is_(None))
    query = query.where(assignments.c.role == "support", assignments.c.state == "result_submitted")
    return list(tx.execute(query.order_by(assignments.c.id).with_for_update()).mappings())


def unanswered(tx, task_id: str) -> set[str]:
    """The units whose support of joint work neither is done nor waits for a decision."""
    query = select(assignments.c.unit_id).where(assignments.c.task_id == task_id, assignments.c.parent_id.is_(None))
    query = query.where(assignments.c.role == "support", is_open, assignments.c.state != "result_submitted")
    return set(tx.execute(query).scalars())


def has_piece(tx, task_id: str, unit_id: str) -> bool:
    """Whether a unit has a piece of this order that is not revoked."""
    query = select(sa.exists().where(
        assignments.c.task_id == task_id, assignments.c.unit_id == unit_id, assignments.c.parent_id.is_(None),
        assignments.c.state != "revoked",
    ))  # fmt: skip
    return tx.execute(query).scalar_one()


def posts_with_open_child(tx, parent_id: str) -> set[str]:
    return set(tx.execute(select(assignments.c.post_id).where(assignments.c.parent_id == parent_id, is_open)).scalars())


def move_piece(tx, assignment_id: str, **changes) -> Mapping:
    query = update(assignments).where(assignments.c.id == assignment_id).values(**changes).returning(assignments)
    return tx.execute(query).mappings().one()


def move_pieces(tx, rows: Sequence[Mapping], names: Collection[str]) -> list[Mapping]:
    """Many pieces at once: each row gives its id and the columns named."""
    given = unnested(**{name: (assignments.c[name].type, [row[name] for row in rows]) for name in ("id", *names)})
    query = update(assignments).where(assignments.c.id == given.c.id).values({name: given.c[name] for name in names})
    return sorted(tx.execute(query.returning(assignments)).mappings(), key=lambda row: row["id"])


def add_pieces(tx, rows: Sequence[Mapping]) -> list[Mapping]:
    """Pieces that are passed on, in one insert."""
    given = unnested(**{name: (assignments.c[name].type, [row[name] for row in rows]) for name in rows[0]})
    new = sa.insert(assignments).from_select(list(rows[0]), select(*given.c)).returning(assignments)
    return sorted(tx.execute(new).mappings(), key=lambda row: row["id"])


def locked_below(tx, pieces: Iterable[Mapping]) -> list[Mapping]:
    """What was passed on from these pieces, at any depth, locked; the pieces themselves are locked already.

    Level by level: while a piece is locked nothing more can be passed on from it.
    """
    found, level = [], list(pieces)
    while level:
        ids = [row["id"] for row in level]
        query = select(assignments).where(assignments.c.parent_id == any_of(ids)).order_by(assignments.c.id)
        level = list(tx.execute(query.with_for_update()).mappings())
        found += level
    return found


def locked_pieces(tx, task_id: str) -> list[Mapping]:
    """All the units' own pieces of an order, locked."""
    query = select(assignments).where(assignments.c.task_id == task_id, assignments.c.parent_id.is_(None))
    return list(tx.execute(query.order_by(assignments.c.id).with_for_update()).mappings())


def locked_open_of_unit(tx, unit_id: str, limit: int) -> list[Mapping]:
    """Open pieces that belong to the post that heads, or headed, a unit; locked."""
    heads = select(copy_posts.c.id).where(copy_posts.c.unit_id == unit_id, copy_posts.c.is_head)
    query = select(assignments).where(assignments.c.unit_id == unit_id, is_open, assignments.c.post_id.in_(heads))
    return list(tx.execute(query.order_by(assignments.c.id).limit(limit).with_for_update()).mappings())


def locked_children(tx, parent_ids: Collection[str]) -> list[Mapping]:
    """Open pieces passed on directly from these, locked."""
    query = select(assignments).where(assignments.c.parent_id == any_of(parent_ids), is_open)
    return list(tx.execute(query.order_by(assignments.c.id).with_for_update()).mappings())


def last_due_below(tx, parent_id: str) -> datetime | None:
    """When the last of the open pieces passed on directly from it is due."""
    query = select(func.max(assignments.c.current_due)).where(assignments.c.parent_id == parent_id, is_open)
    return tx.execute(query).scalar_one()


def open_of_unit(tx, unit_id: str) -> int:
    heads = select(copy_posts.c.id).where(copy_posts.c.unit_id == unit_id, copy_posts.c.is_head)
    query = select(func.count()).where(assignments.c.unit_id == unit_id, is_open, assignments.c.post_id.in_(heads))
    return tx.execute(query).scalar_one()


def handed_over(deciders: Sequence[tuple[str, str, str]]):
    """Rows to select from: by piece, the post that decided and the one that decides now."""
    names = ("assignment_id", "before", "after")
    columns = zip(names, zip(*deciders, strict=True), strict=True)
    return unnested(**{name: (Id, posts) for name, posts in columns})


def moment(value: datetime | None) -> str | None:
    """As the history keeps it."""
    return value and value.isoformat()
