"""Orders: their rows, boxes and roll-ups."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, insert, select

from chassis.rows import Id, Written, any_bound, any_of, unnested
from tasks.domain.sight import PASSED_ON, REVOKED
from tasks.storage.pieces import is_open, keeps_open, overdue, rolled_up
from tasks.storage.tables import Moment, assignments, followers, tasks


def add_task(tx, task: Mapping) -> Mapping:
    return tx.execute(insert(tasks).values(**task).returning(tasks)).mappings().one()


def add_pieces(tx, task: Mapping, pieces: Sequence[Mapping], follower_ids: Sequence[str]) -> None:
    """All the pieces of an order: one insert for each table, however many units it names."""
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
        "assigner_post_id": sa.literal(task["assigner_post_id"], Id),
        "assigned_at": sa.literal(task["issued_at"], Moment),
        "returns": sa.literal(0),
        "under_correction": sa.false(),
    }
    tx.execute(insert(assignments).from_select([*own, *shared], select(*rows.c, *shared.values())))


def similar_orders(tx, assigner_post_id: str, title_key: str, since: datetime, most: int = 5) -> list[Mapping]:
    """Open orders of the same post with the same title, the newest first."""
    query = (
        select(tasks.c.id, tasks.c.title, tasks.c.issued_at)
        .where(tasks.c.assigner_post_id == assigner_post_id, tasks.c.title_key == title_key)
        .where(tasks.c.issued_at >= since)
        .where(sa.exists().where(assignments.c.task_id == tasks.c.id, keeps_open))
        .order_by(tasks.c.id.desc())
        .limit(most)
    )
    return list(tx.execute(query).mappings())


_TASK = select(tasks).where(tasks.c.id == sa.bindparam("id", type_=Id))


_TASK_TO_CHANGE = _TASK.with_for_update(key_share=True)  # its pieces point at it, and may be written meanwhile


def find_task(tx, task_id: str, *, lock: bool = False) -> Mapping | None:
    return tx.execute(_TASK_TO_CHANGE if lock else _TASK, {"id": task_id}).mappings().one_or_none()


def find_tasks(tx, task_ids: Iterable[str]) -> dict[str, Mapping]:
    rows = tx.execute(select(tasks).where(tasks.c.id == any_of(task_ids))).mappings()
    return {row["id"]: row for row in rows}


def move_task(tx, task_id: str, **changes) -> Mapping:
    query = sa.update(tasks).where(tasks.c.id == task_id).values(**changes).returning(tasks)
    return tx.execute(query).mappings().one()


def file_transcript(tx, sealed: Mapping) -> None:
    later = func.coalesce(tasks.c.talk_sealed_at < sealed["sealed_at"], True)
    query = sa.update(tasks).where(tasks.c.id == sealed["task_id"]).where(later)
    tx.execute(query.values(
        talk_id=sealed["conversation_id"], talk_count=sealed["count"], talk_sha256=sealed["sha256"],
        talk_sealed_at=sealed["sealed_at"],
    ))  # fmt: skip


_FOLLOWERS = select(followers).where(followers.c.task_id == any_bound("ids")).order_by(followers.c.post_id)


def followers_of(tx, task_ids: Iterable[str]) -> dict[str, list[str]]:
    found = {}
    for row in tx.execute(_FOLLOWERS, {"ids": list(task_ids)}):
        found.setdefault(row.task_id, []).append(row.post_id)
    return found


_OWN_ROLES = select(
    assignments.c.task_id,
    sa.case(
        (assignments.c.parent_id.is_not(None), PASSED_ON),
        (assignments.c.state == "revoked", REVOKED),
        else_=assignments.c.role,
    ).label("role"),
).where(assignments.c.task_id == any_bound("ids"), assignments.c.post_id == any_bound("posts"))


def own_roles(tx, task_ids: Iterable[str], posts: Sequence[str]) -> dict[str, set[str]]:
    """By order: the roles of the pieces that these posts answer for."""
    found = {}
    for row in tx.execute(_OWN_ROLES, {"ids": list(task_ids), "posts": list(posts)}):
        found.setdefault(row.task_id, set()).add(row.role)
    return found


_COUNTS = {name: func.count().filter(counts) for name, counts in rolled_up().items() if name != "not_received"}


_ROLL_UPS = (  # a piece passed on inside a unit is part of that unit's own
    select(assignments.c.task_id, *(count.label(name) for name, count in _COUNTS.items()))
    .join_from(assignments, tasks, tasks.c.id == assignments.c.task_id)
    .where(assignments.c.task_id == any_bound("ids"), assignments.c.parent_id.is_(None))
    .group_by(assignments.c.task_id)
)
_OWN_ROLL_UPS = _ROLL_UPS.where(assignments.c.post_id == any_bound("posts"))


def roll_ups(
    tx, whole: Collection[str], own: Collection[str], posts: Sequence[str], day_begins: datetime, now: datetime
) -> dict[str, dict]:
    """How far the pieces are, by order: all the pieces of `whole`, only these posts' pieces of `own`."""
    found, given = [], {"posts": list(posts), "day_begins": day_begins, "now": now}
    for query, ids in ((_ROLL_UPS, whole), (_OWN_ROLL_UPS, own)):
        if ids:
            found += tx.execute(query, given | {"ids": list(ids)}).mappings()
    return {row["task_id"]: {name: row[name] for name in _COUNTS} for row in found}


def _summary():
    joined = sa.join(assignments, tasks, tasks.c.id == assignments.c.task_id)
    received = (
        select(func.count().label("to_do"), func.count().filter(overdue()).label("overdue"))
        .select_from(joined)
        .where(assignments.c.post_id == any_bound("posts"), is_open)
        .subquery()
    )
    issued = (
        select(
            func.count(tasks.c.id.distinct()).label("issued_open"),
            func.count(tasks.c.id.distinct()).filter(overdue()).label("issued_overdue"),
        )
        .select_from(joined)
        .where(tasks.c.assigner_post_id == any_bound("posts"), keeps_open)
        .subquery()
    )
    return select(received, issued).join_from(received, issued, sa.true())


_SUMMARY = Written(_summary())


def summary(tx, posts: Sequence[str], day_begins: datetime, now: datetime) -> dict[str, int]:
    """Open pieces that these posts answer for, and open orders that they gave."""
    [found] = tx.rows(_SUMMARY, {"posts": posts, "day_begins": day_begins, "now": now})
    return found
