"""The tables of orders and every query on them.

Ids are UUIDv7, so the order of ids is the order of issue: lists are sorted and cut by id alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import and_, case, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB

from chassis.rows import any_bound, any_of, unnested
from tasks.domain.assignment import CLOSED

metadata = sa.MetaData()
Id = sa.Uuid(as_uuid=False)
Moment = sa.DateTime(timezone=True)

tasks = sa.Table(
    "tasks", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("state", sa.Text),
    sa.Column("version", sa.Integer),
    sa.Column("title", sa.Text),
    sa.Column("title_key", sa.Text),
    sa.Column("content", sa.Text),
    sa.Column("expected_result", sa.Text),
    sa.Column("mode", sa.Text),
    sa.Column("urgency", sa.Text),
    sa.Column("source", sa.Text),
    sa.Column("original_due", Moment),
    sa.Column("assigner_post_id", Id),
    sa.Column("assigner_person_id", Id),
    sa.Column("assigner_title", sa.Text),
    sa.Column("issued_at", Moment),
)  # fmt: skip
assignments = sa.Table(
    "assignments", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("task_id", Id),
    sa.Column("unit_id", Id),
    sa.Column("unit_code", sa.Text),
    sa.Column("unit_name", sa.Text),
    sa.Column("post_id", Id),
    sa.Column("role", sa.Text),
    sa.Column("state", sa.Text),
    sa.Column("version", sa.Integer),
    sa.Column("original_due", Moment),
    sa.Column("current_due", Moment),
    sa.Column("accepted_at", Moment),
    sa.Column("done_at", Moment),
)  # fmt: skip
followers = sa.Table(
    "followers", metadata,
    sa.Column("task_id", Id, primary_key=True),
    sa.Column("post_id", Id, primary_key=True),
)  # fmt: skip
history = sa.Table(
    "history", metadata,
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("task_id", Id),
    sa.Column("assignment_id", Id),
    sa.Column("version", sa.Integer),
    sa.Column("verb", sa.Text),
    sa.Column("actor_person_id", Id),
    sa.Column("acting_for", Id),
    sa.Column("at", Moment),
    sa.Column("reason", sa.Text),
    sa.Column("data", JSONB),
)  # fmt: skip

# Written out, not bound: only then does the planner know that the partial indexes on open pieces fit.
_open = assignments.c.state.not_in(sa.bindparam("closed", sorted(CLOSED), expanding=True, literal_execute=True))


def add_task(tx, task: Mapping, pieces: Sequence[Mapping], follower_ids: Sequence[str]) -> None:
    """An order with all its pieces: one insert for each table, however many units it names."""
    tx.execute(insert(tasks).values(**task))
    if follower_ids:
        rows = unnested(post_id=(Id, follower_ids))
        tx.execute(insert(followers).from_select(["task_id", "post_id"], select(sa.literal(task["id"], Id), *rows.c)))
    own = ("id", "unit_id", "unit_code", "unit_name", "post_id", "role", "current_due")
    rows = unnested(**{name: (assignments.c[name].type, [piece[name] for piece in pieces]) for name in own})
    shared = {
        "task_id": sa.literal(task["id"], Id),
        "state": sa.literal(pieces[0]["state"]),
        "version": sa.literal(pieces[0]["version"]),
        "original_due": rows.c.current_due,
    }
    tx.execute(insert(assignments).from_select([*own, *shared], select(*rows.c, *shared.values())))


def record_issue(tx, event: Mapping) -> None:
    """The issue in the history: of the order, and of each of its pieces."""
    tx.execute(insert(history).values(**event))
    names = [name for name in event if name != "assignment_id"]
    values = [sa.literal(event[name], history.c[name].type).label(name) for name in names]
    pieces = select(*values, assignments.c.id).where(assignments.c.task_id == event["task_id"])
    tx.execute(insert(history).from_select([*names, "assignment_id"], pieces.order_by(assignments.c.id)))


def record(tx, event: Mapping) -> None:
    tx.execute(insert(history).values(**event))


def history_of(tx, assignment_id: str) -> list[Mapping]:
    query = select(history).where(history.c.assignment_id == assignment_id).order_by(history.c.version)
    return list(tx.execute(query).mappings())


def similar_orders(tx, assigner_post_id: str, title_key: str, since: datetime, most: int = 5) -> list[Mapping]:
    """Open orders of the same post with the same title, the newest first."""
    query = (
        select(tasks.c.id, tasks.c.title, tasks.c.issued_at)
        .where(tasks.c.assigner_post_id == assigner_post_id, tasks.c.title_key == title_key)
        .where(tasks.c.issued_at >= since)
        .where(sa.exists().where(assignments.c.task_id == tasks.c.id, _open))
        .order_by(tasks.c.id.desc())
        .limit(most)
    )
    return list(tx.execute(query).mappings())


_TASK = select(tasks).where(tasks.c.id == sa.bindparam("id", type_=Id))


def find_task(tx, task_id: str) -> Mapping | None:
    return tx.execute(_TASK, {"id": task_id}).mappings().one_or_none()


def box(tx, name: str, posts: Sequence[str], before: str | None, limit: int) -> list[Mapping]:
    """A page of orders that these posts gave, received or follow; the newest first."""
    mine = {
        "issued": tasks.c.assigner_post_id == any_of(posts),
        "received": tasks.c.id.in_(select(assignments.c.task_id).where(assignments.c.post_id == any_of(posts))),
        "followed": tasks.c.id.in_(select(followers.c.task_id).where(followers.c.post_id == any_of(posts))),
    }
    query = select(tasks).where(mine[name]).order_by(tasks.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(tasks.c.id < before)
    return list(tx.execute(query).mappings())


_FOLLOWERS = select(followers).where(followers.c.task_id == any_bound("ids")).order_by(followers.c.post_id)


def followers_of(tx, task_ids: Iterable[str]) -> dict[str, list[str]]:
    found = {}
    for row in tx.execute(_FOLLOWERS, {"ids": list(task_ids)}):
        found.setdefault(row.task_id, []).append(row.post_id)
    return found


_OWN_ROLES = select(assignments.c.task_id, assignments.c.role).where(
    assignments.c.task_id == any_bound("ids"), assignments.c.post_id == any_bound("posts")
)


def own_roles(tx, task_ids: Iterable[str], posts: Sequence[str]) -> dict[str, set[str]]:
    """By order: the roles of the pieces that these posts answer for."""
    found = {}
    for row in tx.execute(_OWN_ROLES, {"ids": list(task_ids), "posts": list(posts)}):
        found.setdefault(row.task_id, set()).add(row.role)
    return found


def _overdue():
    """domain.due.overdue_before, in SQL."""
    day_begins, now = (sa.bindparam(name, type_=Moment) for name in ("day_begins", "now"))
    return and_(_open, assignments.c.current_due < case((tasks.c.urgency == "express", now), else_=day_begins))


_COUNTS = {
    "assigned": func.count(),
    "accepted": func.count(assignments.c.accepted_at),
    "submitted": func.count().filter(assignments.c.state.in_(("result_submitted", "completed", "archived"))),
    "completed": func.count().filter(assignments.c.state.in_(("completed", "archived"))),
    "overdue": func.count().filter(_overdue()),
}
_ROLL_UPS = (
    select(tasks.c.id, *(count.label(name) for name, count in _COUNTS.items()))
    .join_from(tasks, assignments, assignments.c.task_id == tasks.c.id)
    .where(
        or_(
            tasks.c.id == any_bound("whole"),
            and_(tasks.c.id == any_bound("own"), assignments.c.post_id == any_bound("posts")),
        )
    )
    .group_by(tasks.c.id)
)


def roll_ups(
    tx, whole: Collection[str], own: Collection[str], posts: Sequence[str], day_begins: datetime, now: datetime
) -> dict[str, dict]:
    """How far the pieces are, by order: all the pieces of `whole`, only these posts' pieces of `own`."""
    given = {"whole": list(whole), "own": list(own), "posts": list(posts), "day_begins": day_begins, "now": now}
    return {row["id"]: {name: row[name] for name in _COUNTS} for row in tx.execute(_ROLL_UPS, given).mappings()}


def pieces_of(
    tx, task_id: str, posts: Sequence[str] | None, state: str | None, after: str | None, limit: int
) -> list[Mapping]:
    """A page of an order's pieces, in the order of issue; `posts` None means everybody's."""
    query = select(assignments).where(assignments.c.task_id == task_id).order_by(assignments.c.id).limit(limit)
    if posts is not None:
        query = query.where(assignments.c.post_id == any_of(posts))
    if state is not None:
        query = query.where(assignments.c.state == state)
    if after is not None:
        query = query.where(assignments.c.id > after)
    return list(tx.execute(query).mappings())


_PIECE = select(assignments).where(assignments.c.id == sa.bindparam("id", type_=Id))
_PIECE_TO_CHANGE = _PIECE.with_for_update()


def find_piece(tx, assignment_id: str, *, lock: bool = False) -> Mapping | None:
    return tx.execute(_PIECE_TO_CHANGE if lock else _PIECE, {"id": assignment_id}).mappings().one_or_none()


def move_piece(tx, assignment_id: str, **changes) -> Mapping:
    query = update(assignments).where(assignments.c.id == assignment_id).values(**changes).returning(assignments)
    return tx.execute(query).mappings().one()


def _summary():
    joined = sa.join(assignments, tasks, tasks.c.id == assignments.c.task_id)
    received = (
        select(func.count().label("to_do"), func.count().filter(_overdue()).label("overdue"))
        .select_from(joined)
        .where(assignments.c.post_id == any_bound("posts"), _open)
        .subquery()
    )
    issued = (
        select(
            func.count(tasks.c.id.distinct()).label("issued_open"),
            func.count(tasks.c.id.distinct()).filter(_overdue()).label("issued_overdue"),
        )
        .select_from(joined)
        .where(tasks.c.assigner_post_id == any_bound("posts"), _open)
        .subquery()
    )
    return select(received, issued).join_from(received, issued, sa.true())


_SUMMARY = _summary()


def summary(tx, posts: Sequence[str], day_begins: datetime, now: datetime) -> dict[str, int]:
    """Open pieces that these posts answer for, and open orders that they gave."""
    given = {"posts": list(posts), "day_begins": day_begins, "now": now}
    return dict(tx.execute(_SUMMARY, given).mappings().one())
