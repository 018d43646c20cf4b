"""Requests for more time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import insert, select, update

from chassis.rows import Id, any_of
from tasks.storage.tables import extensions


def add_extension(tx, extension: Mapping) -> Mapping:
    """The next round of a piece; whoever adds one holds the piece's lock."""
    round_ = (
        select(sa.func.coalesce(sa.func.max(extensions.c.round), 0) + 1)
        .where(extensions.c.assignment_id == extension["assignment_id"])
        .scalar_subquery()
    )
    return tx.execute(insert(extensions).values(**extension, round=round_).returning(extensions)).mappings().one()


def find_extension(tx, extension_id: str) -> Mapping | None:
    return tx.execute(select(extensions).where(extensions.c.id == extension_id)).mappings().one_or_none()


def change_extension(tx, extension_id: str, **changes) -> Mapping:
    query = update(extensions).where(extensions.c.id == extension_id).values(**changes).returning(extensions)
    return tx.execute(query).mappings().one()


# Written out, not bound: only then does the planner know that the partial index fits.
is_undecided = extensions.c.state.in_((sa.literal_column("'pending'"), sa.literal_column("'awaiting_superior'")))


def is_pending(tx, assignment_id: str) -> bool:
    query = select(sa.exists().where(extensions.c.assignment_id == assignment_id, is_undecided))
    return tx.execute(query).scalar_one()


def withdraw_pending(tx, assignment_ids: Iterable[str], by: str, now: datetime) -> list[Mapping]:
    """What nobody need decide any more, because its piece is closed."""
    query = update(extensions).where(extensions.c.assignment_id == any_of(assignment_ids), is_undecided)
    query = query.values(
        state="withdrawn", version=extensions.c.version + 1,
        decided_by_person_id=sa.func.coalesce(extensions.c.decided_by_person_id, sa.cast(by, Id)),
        decided_at=sa.func.coalesce(extensions.c.decided_at, now),
    )  # fmt: skip
    return list(tx.execute(query.returning(extensions)).mappings())


def hand_over_pending(tx, assignment_ids: Iterable[str]) -> list[Mapping]:
    """Another post decides on them now: a new version, so that hearers can tell."""
    query = update(extensions).where(
        extensions.c.assignment_id == any_of(assignment_ids), extensions.c.state == "pending"
    )
    return list(tx.execute(query.values(version=extensions.c.version + 1).returning(extensions)).mappings())


def extensions_of(tx, assignment_id: str, after: int, limit: int) -> Sequence[Mapping]:
    query = select(extensions).where(extensions.c.assignment_id == assignment_id, extensions.c.round > after)
    return list(tx.execute(query.order_by(extensions.c.round).limit(limit)).mappings())
