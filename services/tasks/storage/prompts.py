"""What the owners of pieces are asked about what they passed on. Whoever asks or ends it holds the piece's lock."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import and_, func, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, any_bound, any_of, unnested
from tasks.storage.extensions import is_undecided
from tasks.storage.pieces import is_open_in
from tasks.storage.tables import Moment, assignments, extensions, prompts, tasks, urgings

_below = assignments.alias("below")
_to_work_on = _below.c.role != "inform"
_still_open = is_open_in(_below)


def _owners_of_children():
    own = ("id", "state", "parent_id", "post_id", "unit_id", "assigner_post_id", "current_due")
    return (
        select(
            *(assignments.c[name] for name in own),
            func.coalesce(assignments.c.title, tasks.c.title).label("title"),
            tasks.c.assigner_title,
            func.count().filter(_still_open).label("still_open"),
            func.min(_below.c.current_due).filter(_still_open).label("first_due"),
        )
        .join_from(assignments, _below, and_(_below.c.parent_id == assignments.c.id, _to_work_on))
        .join(tasks, tasks.c.id == assignments.c.task_id)
        .where(assignments.c.id == any_bound("ids"))
        .group_by(assignments.c.id, tasks.c.id)
        .order_by(assignments.c.id)
    )


_OWNERS_OF_CHILDREN = _owners_of_children()


def owners_of_children(tx, assignment_ids: Iterable[str]) -> list[Mapping]:
    """Those of these pieces from which something to be worked on was passed on, and how that stands."""
    return list(tx.execute(_OWNERS_OF_CHILDREN, {"ids": list(assignment_ids)}).mappings())


def ask(tx, wanted: Sequence[tuple[str, str]], now: datetime) -> list[Mapping]:
    """By piece and kind; returns those that were not asked already."""
    rows = _given(wanted)
    first = (func.gen_random_uuid(), sa.literal(1), sa.true(), sa.literal(now, Moment))
    names = ("assignment_id", "kind", "id", "version", "open", "raised_at")
    new = insert(prompts).from_select(names, select(*rows.c, *first))
    anew = {"version": prompts.c.version + 1, "open": True, "raised_at": new.excluded.raised_at}
    key = [prompts.c.assignment_id, prompts.c.kind]
    asked = new.on_conflict_do_update(index_elements=key, set_=anew, where=prompts.c.open.is_(False))
    return list(tx.execute(asked.returning(prompts)).mappings())


def end(tx, ended: Sequence[tuple[str, str]]) -> list[Mapping]:
    """By piece and kind; returns those that were asked until now."""
    rows = _given(ended)
    over = update(prompts).where(prompts.c.assignment_id == rows.c.assignment_id, prompts.c.kind == rows.c.kind)
    over = over.where(prompts.c.open).values(version=prompts.c.version + 1, open=False)
    return list(tx.execute(over.returning(prompts)).mappings())


def _given(places: Sequence[tuple[str, str]]):
    ids, kinds = zip(*places, strict=True)
    return unnested(assignment_id=(Id, ids), kind=(sa.Text, kinds))


def hand_over(tx, assignment_ids: Collection[str]) -> list[Mapping]:
    """Another post is asked now: a new version, so that hearers can tell."""
    query = update(prompts).where(prompts.c.assignment_id == any_of(assignment_ids), prompts.c.open)
    return list(tx.execute(query.values(version=prompts.c.version + 1).returning(prompts)).mappings())


def _open_about():
    piece, post = (sa.bindparam(name, type_=Id) for name in ("id", "post_id"))
    asked = select(prompts.c.id).where(prompts.c.assignment_id == piece, prompts.c.open)
    pending = select(extensions.c.id).where(extensions.c.assignment_id == piece, is_undecided)
    first_due = select(func.min(_below.c.current_due)).where(_below.c.parent_id == piece, _to_work_on, _still_open)
    urged = select(func.array_agg(urgings.c.kind)).where(urgings.c.assignment_id == piece)
    urged = urged.where(urgings.c.from_post_id == post, urgings.c.answered_at.is_(None))
    return select(
        sa.exists(asked.where(prompts.c.kind == "children_to_extend")).label("asked_about_children"),
        sa.exists(pending).label("extension_pending"),
        first_due.scalar_subquery().label("first_due"),
        func.coalesce(urged.scalar_subquery(), sa.literal([], sa.ARRAY(sa.Text))).label("urged"),
    )


_OPEN_ABOUT = _open_about()


def open_about(tx, assignment_id: str, post_id: str) -> Mapping:
    """What stands open about a piece, as far as it says what may be done now: a request for more time, what this post
    has urged, when the first of what was passed on is due, and whether its owner is asked about that.
    """
    return tx.execute(_OPEN_ABOUT, {"id": assignment_id, "post_id": post_id}).mappings().one()
