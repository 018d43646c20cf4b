"""Questions about units, audiences and the posts in them."""

import sqlalchemy as sa
from sqlalchemy import func, select

from chassis.rows import any_of
from directory.storage import tables as t

NOW = t.units


def _unit(table) -> tuple:
    return tuple(table.c[name] for name in ["id", "code", "kind", "name", "full_name", "full_name_en", "parent_id"])


UNIT = _unit(NOW)


def page(tx, day, *, kind, parent_id, words, after_code, limit, table=NOW):
    """Units in the order of their codes. `words` are the folded beginnings of words that the name or code has.
    `table` is the units as they are, or as they were (`history.units_on`).
    """
    query = select(*_unit(table)).where(t.live(table, day)).order_by(table.c.code).limit(limit)
    if kind:
        query = query.where(table.c.kind == kind)
    if parent_id:
        query = query.where(table.c.parent_id == parent_id)
    if after_code:
        query = query.where(table.c.code > after_code)
    for word in words:
        query = query.where(table.c.folded.like(f"% {word}%"))
    return tx.execute(query).all()


def one(tx, unit_id: str, day, table=NOW):
    query = select(*_unit(table), table.c.version).where(table.c.id == unit_id, t.live(table, day))
    return tx.execute(query).one_or_none()


def divisions(tx, unit_id: str, day, table=NOW):
    query = select(*_unit(table)).where(table.c.parent_id == unit_id, table.c.kind == "division", t.live(table, day))
    return tx.execute(query.order_by(table.c.code)).all()


def path(tx, unit_id: str | None) -> list[str]:
    """A unit and those above it now."""
    up = select(t.units.c.id, t.units.c.parent_id).where(t.units.c.id == unit_id).cte("up", recursive=True)
    up = up.union_all(select(t.units.c.id, t.units.c.parent_id).join(up, t.units.c.id == up.c.parent_id))
    return list(tx.execute(select(up.c.id)).scalars())


def with_sub_units(tx, *unit_ids: str) -> list[str]:
    """Units and everything below them."""
    tree = select(t.units.c.id).where(t.units.c.id == any_of(unit_ids)).cte("tree", recursive=True)
    tree = tree.union(select(t.units.c.id).join(tree, t.units.c.parent_id == tree.c.id))
    return list(tx.execute(select(tree.c.id)).scalars())


def audiences(tx):
    return tx.execute(
        select(
            t.audiences.c.id.label("name"), t.audiences.c.title, t.audiences.c.title_en,
            func.cardinality(t.audiences.c.unit_ids).label("unit_count"),
        ).where(t.audiences.c.retired_on.is_(None)).order_by(sa.desc("unit_count"), t.audiences.c.id)
    ).all()  # fmt: skip


def audience(tx, name: str):
    return tx.execute(select(t.audiences).where(t.audiences.c.id == name)).one_or_none()


def members(tx, name: str, day, after_code: str | None, limit: int):
    """The units of an audience that stand on a day, in the order of their codes."""
    of_it = select(func.unnest(t.audiences.c.unit_ids)).where(t.audiences.c.id == name)
    query = select(*UNIT).where(t.units.c.id.in_(of_it), t.live(t.units, day)).order_by(t.units.c.code).limit(limit)
    if after_code:
        query = query.where(t.units.c.code > after_code)
    return tx.execute(query).all()


def at_the_top(tx, day, code: str | None = None):
    """The units right below the highest, to be taken `whole`, and that itself, alone; or the one unit of this code."""
    root = t.units.alias()
    top = sa.exists().where(root.c.id == t.units.c.parent_id, root.c.parent_id.is_(None))
    query = select(t.units.c.id, t.units.c.code, sa.or_(sa.literal(code is not None), top).label("whole"))
    query = query.where(t.live(t.units, day)).order_by(t.units.c.code)
    if code:
        return tx.execute(query.where(t.units.c.code == code)).all()
    return tx.execute(query.where(sa.or_(t.units.c.parent_id.is_(None), top))).all()
