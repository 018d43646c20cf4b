"""Facts into the copy: in the order of their versions, without holes, and any number of times."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert

from chassis.wire import to_json
from kernel.directory_copy.tables import KINDS, state

_dialect = postgresql.dialect()


@dataclass(frozen=True)
class State:
    """How far the copy is. It lacks something while `newest` is ahead of `version`."""

    version: int
    newest: int
    filled: bool
    fresh_at: datetime | None

    @property
    def complete(self) -> bool:
        return self.filled and self.version >= self.newest


EMPTY = State(version=0, newest=0, filled=False, fresh_at=None)


def read_state(tx) -> State:
    row = tx.execute(sa.select(state)).one_or_none()
    return State(row.version, row.newest, row.filled, row.fresh_at) if row else EMPTY


def hold_copy(tx) -> None:
    """The copy stays as it is until the commit; whoever holds it too does not wait."""
    tx.execute(sa.select(state.c.version).with_for_update(read=True))


def apply_page(tx, after: int, items: list[dict], newest: int, last: bool, now: datetime) -> None:
    """Facts that follow version `after`. If another process was faster they do not fit any more and are dropped."""
    here = _lock_state(tx)
    if here.version != after:
        return
    _upsert(tx, items)
    version = max([after, *(item["version"] for item in items), *([newest] if last else [])])
    changes = {"version": version, "newest": max(here.newest, newest)}
    if last:
        changes |= {"filled": True, "fresh_at": now}
    _save(tx, changes)


def apply_event(tx, data: dict) -> None:
    """Facts that changed together. With a hole before them they wait for the refill, which brings them in order."""
    here = _lock_state(tx)
    news = [item for item in data["facts"] if item["version"] > here.version]
    if not news:
        return
    newest = max(item["version"] for item in news)
    if data["previous"] > here.version:
        _save(tx, {"newest": max(here.newest, newest)})
        return
    _upsert(tx, news)
    _save(tx, {"version": newest, "newest": max(here.newest, newest)})


def apply_heartbeat(tx, newest: int, at: datetime) -> None:
    """The directory lives. Its beat makes the copy fresh only if the copy lacks nothing that it knows of."""
    here = _lock_state(tx)
    if newest > here.version:
        _save(tx, {"newest": max(here.newest, newest)})
    elif here.filled and (here.fresh_at is None or at > here.fresh_at):
        _save(tx, {"fresh_at": at})


def _lock_state(tx) -> State:
    """The state, held until the commit: whoever brings facts at the same time waits."""
    first = {"only": True, "version": EMPTY.version, "newest": EMPTY.newest, "filled": EMPTY.filled}
    tx.execute(insert(state).values(first).on_conflict_do_nothing())
    row = tx.execute(sa.select(state).with_for_update()).one()
    return State(row.version, row.newest, row.filled, row.fresh_at)


def _save(tx, changes: dict) -> None:
    tx.execute(sa.update(state).values(changes))


def _upsert(tx, items: list[dict]) -> None:
    """One statement per kind, however many the facts."""
    by_kind = defaultdict(list)
    for item in items:
        by_kind[item["kind"]].append(item)
    for kind, facts in by_kind.items():
        if kind not in STATEMENTS:
            continue  # a kind that a newer directory knows and this copy has no use for
        upsert, delete = STATEMENTS[kind]
        removed = [item["id"] for item in facts if item["fact"] is None]
        if removed:
            tx.execute(delete, {"ids": removed})
        if len(removed) < len(facts):
            tx.execute(upsert, {"facts": to_json([item for item in facts if item["fact"] is not None])})


def _statements(table: sa.Table) -> tuple[sa.TextClause, sa.TextClause]:
    """Insert-or-replace facts given as one JSON list, and delete by ids. All names in them are our own tables'."""
    quote = _dialect.identifier_preparer.quote
    key = table.c.id.type.compile(_dialect)
    columns = {quote(c.name): c.type.compile(_dialect) for c in table.c if c.name not in ("id", "version")}
    upsert = UPSERT.format(
        table=table.name,
        key=key,
        names=", ".join(columns),
        values=", ".join(f"fact.{name}" for name in columns),
        shape=", ".join(f"{name} {kind}" for name, kind in columns.items()),
        changes=", ".join(f"{name} = excluded.{name}" for name in columns),
    )
    return sa.text(upsert), sa.text(DELETE.format(table=table.name, key=key))


UPSERT = """
    INSERT INTO {table} AS here (id, version, {names})
    SELECT CAST(item.id AS {key}), item.version, {values}
    FROM jsonb_to_recordset(CAST(:facts AS jsonb)) AS item(id text, version bigint, fact jsonb),
         LATERAL jsonb_to_record(item.fact) AS fact({shape})
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, {changes}
    WHERE here.version < excluded.version
"""
DELETE = "DELETE FROM {table} WHERE id = ANY(CAST(:ids AS {key}[]))"
STATEMENTS = {kind: _statements(table) for kind, table in KINDS.items()}
