"""Orders that recur, and what came of each occurrence."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import insert, or_, select

from chassis.rows import Id
from tasks.storage.tables import occurrences, templates

_is_active = templates.c.state == sa.literal_column("'active'")  # written out: only then the partial index fits


def add(tx, row: Mapping) -> Mapping:
    return tx.execute(insert(templates).values(**row).returning(templates)).mappings().one()


def change(tx, template_id: str, **changes) -> Mapping:
    query = sa.update(templates).where(templates.c.id == template_id).values(**changes).returning(templates)
    return tx.execute(query).mappings().one()


def discard(tx, template_id: str) -> None:
    tx.execute(sa.delete(templates).where(templates.c.id == template_id))


def find(tx, template_id: str, *, lock: bool = False) -> Mapping | None:
    query = select(templates).where(templates.c.id == template_id)
    return tx.execute(query.with_for_update() if lock else query).mappings().one_or_none()


def seen_by(
    tx, unit_id: str | None, posts: Sequence[str], before: str | None, limit: int, *, everything: bool
) -> list[Mapping]:
    """A page of a unit's (without one, of the first of these posts), and of those drafted for these posts."""
    query = select(templates).order_by(templates.c.id.desc()).limit(limit)
    if not everything:
        own = templates.c.unit_id == unit_id if unit_id else templates.c.post_id.in_(posts)
        query = query.where(or_(own, templates.c.leader_post_ids.overlap(sa.cast(list(posts), sa.ARRAY(Id)))))
    if before is not None:
        query = query.where(templates.c.id < before)
    return list(tx.execute(query).mappings())


_WHEN = ("id", "rrule", "starts_on", "ends_on", "day_off", "offset", "next_on")


def waiting(tx, until: date) -> list[Mapping]:
    """When active ones come whose next occurrence is on a day or before it."""
    query = select(*(templates.c[name] for name in _WHEN)).where(_is_active, templates.c.next_on <= until)
    return list(tx.execute(query.order_by(templates.c.next_on)).mappings())


def record(tx, template_id: str, days: Iterable[date], outcome: str, at: datetime, **more) -> None:
    """Of an occurrence something comes once: the key refuses a second time."""
    rows = [{"template_id": template_id, "occurrence": day, "outcome": outcome, "at": at, **more} for day in days]
    if rows:
        tx.execute(insert(occurrences), rows)


def occurrences_of(tx, template_id: str, before: date | None, limit: int) -> list[Mapping]:
    query = select(occurrences).where(occurrences.c.template_id == template_id)
    if before is not None:
        query = query.where(occurrences.c.occurrence < before)
    return list(tx.execute(query.order_by(occurrences.c.occurrence.desc()).limit(limit)).mappings())
