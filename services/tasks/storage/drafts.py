"""Orders that nobody has given yet."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import select

from chassis.rows import Id
from tasks.domain.drafting import NOT_ISSUED
from tasks.storage.tables import tasks

# Written out, not bound: only then does the planner know that the partial indexes fit.
_is_draft = tasks.c.state.in_(sa.bindparam("not_issued", list(NOT_ISSUED), expanding=True, literal_execute=True))
_awaits = tasks.c.state == sa.literal_column("'awaiting_issue'")


def drafts_of(tx, unit_id: str, post_id: str | None, before: str | None, limit: int) -> list[Mapping]:
    """A page of a unit's drafts, or of one post's there; the newest first."""
    query = select(tasks).where(tasks.c.drafted_by_unit_id == unit_id, _is_draft)
    if post_id is not None:
        query = query.where(tasks.c.drafted_by_post_id == post_id)
    return _page(tx, query, before, limit)


def drafts_to_issue(tx, posts: Sequence[str], before: str | None, limit: int) -> list[Mapping]:
    """A page of what was put before these posts; the newest first."""
    mine = tasks.c.leader_post_ids.overlap(sa.cast(list(posts), sa.ARRAY(Id)))
    return _page(tx, select(tasks).where(mine, _awaits), before, limit)


def _page(tx, query, before: str | None, limit: int) -> list[Mapping]:
    if before is not None:
        query = query.where(tasks.c.id < before)
    return list(tx.execute(query.order_by(tasks.c.id.desc()).limit(limit)).mappings())


def discard_draft(tx, task_id: str) -> None:
    """Nothing points at it but its history."""
    tx.execute(sa.delete(tasks).where(tasks.c.id == task_id))
