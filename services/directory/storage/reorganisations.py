"""What was decided about units: done, or planned for a day ahead."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy import select

from directory.storage import tables as t

TABLE = t.reorganisations


def add(tx, **columns) -> dict:
    return dict(tx.execute(sa.insert(TABLE).values(columns).returning(TABLE)).one()._mapping)


def one(tx, id_: str, *, lock: bool = False) -> dict | None:
    query = select(TABLE).where(TABLE.c.id == id_)
    row = tx.execute(query.with_for_update() if lock else query).one_or_none()
    return dict(row._mapping) if row else None


def change(tx, id_: str, **columns) -> dict:
    changed = sa.update(TABLE).where(TABLE.c.id == id_).values(version=TABLE.c.version + 1, **columns)
    return dict(tx.execute(changed.returning(TABLE)).one()._mapping)


def due(tx, day: date, limit: int) -> list[str]:
    """Plans whose day has come, in the order of their days."""
    query = select(TABLE.c.id).where(TABLE.c.state == "planned", TABLE.c.on_day <= day)
    return list(tx.execute(query.order_by(TABLE.c.on_day, TABLE.c.id).limit(limit)).scalars())


def page(tx, *, state: str | None, unit_id: str | None, entered_as: str | None, before: str | None, limit: int):
    """The latest entered first."""
    query = select(TABLE).order_by(TABLE.c.id.desc()).limit(limit)
    if state:
        query = query.where(TABLE.c.state == state)
    if unit_id:
        query = query.where(TABLE.c.unit_ids.contains([unit_id]))
    if entered_as:
        query = query.where(TABLE.c.entered_as == entered_as)
    if before:
        query = query.where(TABLE.c.id < before)
    return tx.execute(query).all()
