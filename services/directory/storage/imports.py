"""Imports: the files as they came, what they would change, and writing it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg
import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from chassis.listening import CONNECTING, SERVER_KEEPALIVE
from chassis.rows import any_of
from chassis.wire import to_json
from directory.domain.differences import PERSON_COLUMNS, Holding, Person, Post, PostKey, Unit
from directory.storage import tables as t
from directory.storage.bulk import batches
from directory.storage.exports import numbered_posts

COMPARING_MS = 300_000  # longer than the process may use the processor
STARTING = timedelta(seconds=30)  # a process has this long to take its lock

SHOWN = [t.imports.c[name] for name in (
    "id", "version", "what", "form", "unit_id", "dry_run", "end_missing", "size", "state", "step", "person_id",
    "created_at", "ended_at", "stage", "done", "total", "headers", "counts", "stale", "fault",
)]  # fmt: skip


# the file and its fate


def add(tx, row: dict) -> None:
    tx.execute(sa.insert(t.imports).values(row))


def one(tx, import_id: str, lock: bool = False):
    query = select(t.imports).where(t.imports.c.id == import_id)
    return tx.execute(query.with_for_update() if lock else query).one_or_none()


def page(tx, before: tuple | None, limit: int):
    query = select(*SHOWN).order_by(t.imports.c.created_at.desc(), t.imports.c.id.desc()).limit(limit)
    if before:
        query = query.where(sa.tuple_(t.imports.c.created_at, t.imports.c.id) < before)
    return tx.execute(query).all()


def add_part(tx, import_id: str, number: int, content: bytes) -> None:
    row = {"import_id": import_id, "number": number, "content": content}
    tx.execute(insert(t.import_parts).values(row).on_conflict_do_nothing())


def received(tx, import_id: str) -> int:
    size = func.coalesce(func.sum(func.length(t.import_parts.c.content)), 0)
    return tx.execute(select(size).where(t.import_parts.c.import_id == import_id)).scalar_one()


def content(tx, import_id: str) -> bytes:
    parts = select(t.import_parts.c.content).where(t.import_parts.c.import_id == import_id)
    return b"".join(tx.execute(parts.order_by(t.import_parts.c.number)).scalars())


def forget_parts(tx, import_id: str) -> None:
    tx.execute(sa.delete(t.import_parts).where(t.import_parts.c.import_id == import_id))


def change(tx, import_id: str, **values) -> None:
    """A new version of what is shown of an import."""
    changed = sa.update(t.imports).where(t.imports.c.id == import_id)
    tx.execute(changed.values(values | {"version": t.imports.c.version + 1}))


def tell_progress(tx, import_id: str, stage: str, done: int, total: int) -> None:
    tx.execute(sa.update(t.imports).where(t.imports.c.id == import_id).values(stage=stage, done=done, total=total))


def take_time(tx) -> None:
    """Comparing is done here and asks the database nothing meanwhile, which must not take it for a hung client."""
    tx.execute(sa.text(f"SET LOCAL idle_in_transaction_session_timeout = {COMPARING_MS}"))


def put_rows(tx, import_id: str, rows: list[dict]) -> None:
    """In the place of those that were there."""
    tx.execute(sa.delete(t.import_rows).where(t.import_rows.c.import_id == import_id))
    for some in batches([row | {"number": number} for number, row in enumerate(rows)]):
        tx.execute(PUT_ROWS, {"import_id": import_id, "rows": to_json(some)})


def rows(tx, import_id: str, kind: str | None, after: int | None, limit: int):
    table = t.import_rows
    query = select(table).where(table.c.import_id == import_id).order_by(table.c.number).limit(limit)
    if kind:
        query = query.where(table.c.kind == kind)
    if after is not None:
        query = query.where(table.c.number > after)
    return tx.execute(query).all()


def forget(tx, before: datetime) -> None:
    """What was in the files, and what they changed, after a while; that there was an import stays."""
    old = select(t.imports.c.id).where(t.imports.c.created_at < before)
    for table in (t.import_parts, t.import_rows):
        tx.execute(sa.delete(table).where(table.c.import_id.in_(old)))
    unfinished = t.imports.c.state.in_(("receiving", "compared"))
    tx.execute(
        sa.update(t.imports)
        .where(t.imports.c.created_at < before, unfinished)
        .values(state="expired", version=t.imports.c.version + 1)
    )


# who works on it


def claim(tx, now: datetime) -> str | None:
    """The next import that waits, if no other is worked on: one at a time, whoever claims at once."""
    tx.execute(select(func.pg_advisory_xact_lock(LOCK)))
    running = t.imports.alias()
    is_idle = ~sa.exists().where(running.c.state == "running")
    waiting = select(t.imports.c.id).where(t.imports.c.state == "waiting", is_idle)
    waiting = waiting.order_by(t.imports.c.created_at, t.imports.c.id).limit(1).with_for_update(skip_locked=True)
    claimed = sa.update(t.imports).where(t.imports.c.id.in_(waiting.scalar_subquery()))
    values = {"state": "running", "claimed_at": now, "attempts": t.imports.c.attempts + 1}
    return tx.execute(claimed.values(values).returning(t.imports.c.id)).scalar_one_or_none()


def is_idle(tx) -> bool:
    open_states = ("waiting", "running")
    return not tx.execute(select(sa.exists().where(t.imports.c.state.in_(open_states)))).scalar_one()


def abandoned(tx, now: datetime) -> list:
    """Imports that are being worked on, as it says there, but whose process is not there any more."""
    nobody = func.pg_try_advisory_xact_lock(LOCK, func.hashtext(sa.cast(t.imports.c.id, sa.Text)))
    started = select(t.imports).where(t.imports.c.state == "running", t.imports.c.claimed_at < now - STARTING)
    return [row for row in tx.execute(started.with_for_update(skip_locked=True)) if tx.execute(
        select(nobody).where(t.imports.c.id == row.id)).scalar_one()]  # fmt: skip


LOCK = 0x696D70  # of claiming, and the first of the two numbers of an import's lock; others use other numbers


@contextmanager
def alive(url: str, import_id: str) -> Iterator[bool]:
    """While it lasts, others see that this process works on the import: its end, however it comes, frees the lock."""
    with psycopg.connect(url, autocommit=True, options=SERVER_KEEPALIVE, **CONNECTING) as connection:
        taken = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
        yield connection.execute(taken, (LOCK, import_id)).fetchone()[0]


# the directory as it is


def units_present(tx, day, scope: frozenset[str] | None) -> dict[str, Unit]:
    above = t.units.alias()
    with_posts = set(tx.execute(select(t.posts.c.unit_id).where(t.live(t.posts, day)).distinct()).scalars())
    query = select(t.units, above.c.code.label("parent_code")).where(t.live(t.units, day))
    query = query.outerjoin_from(t.units, above, above.c.id == t.units.c.parent_id)
    names = ("kind", "name", "full_name", "full_name_en", "parent_code")
    return {
        row.code: Unit(
            row.id, {name: getattr(row, name) for name in names}, row.id in with_posts, scope is None or row.id in scope
        )
        for row in tx.execute(query)
    }


def ended_codes(tx, day) -> frozenset[str]:
    return frozenset(tx.execute(select(t.units.c.code).where(~t.live(t.units, day))).scalars())


def posts_present(tx, day, scope: frozenset[str] | None) -> dict[PostKey, Post]:
    """By unit, kind, title and number."""
    post = numbered_posts(day).subquery()
    held = sa.exists().where(t.memberships.c.post_id == post.c.id, _not_over(t.memberships, day))
    query = select(post, t.units.c.code, held.label("is_held")).where(t.live(t.units, day))
    query = query.join_from(post, t.units, t.units.c.id == post.c.unit_id)
    return {
        (row.code, row.kind, row.title, row.number): Post(
            row.id, row.code, {"is_head": row.is_head, "rank": row.rank}, row.is_held,
            scope is None or row.unit_id in scope,
        )
        for row in tx.execute(query)
    }  # fmt: skip


def people_present(tx, day) -> dict[str, Person]:
    """Whoever has a number, with what he holds now or is to hold."""
    named = [t.people.c[name] for name in PERSON_COLUMNS]
    rows = tx.execute(
        select(t.people.c.employee_number, t.people.c.id, t.people.c.version, *named)
        .where(t.people.c.employee_number.is_not(None)).order_by(t.people.c.employee_number)
    )  # fmt: skip
    people = {
        number: Person(id_, dict(zip(PERSON_COLUMNS, values, strict=True)), version=version)
        for number, id_, version, *values in rows
    }
    by_id = {person.id: person for person in people.values()}
    for row in tx.execute(_holdings(day)):
        if row.person_id in by_id:
            planned = row.valid_from > day
            by_id[row.person_id].holdings.append(Holding(row.id, row.post_id, row.primary, planned))
    return people


def unnumbered(tx, day) -> tuple[frozenset[str], dict[str, int]]:
    """Of people without a number, whom no file can name: their addresses, and how many hold each post."""
    nobody = t.people.c.employee_number.is_(None)
    emails = tx.execute(select(t.people.c.email).where(nobody, t.people.c.email.is_not(None))).scalars()
    holding = _holdings(day).join(t.people, t.people.c.id == t.memberships.c.person_id).where(nobody)
    return frozenset(emails), Counter(row.post_id for row in tx.execute(holding))


def _holdings(day):
    columns = [t.memberships.c[name] for name in ("id", "person_id", "post_id", "primary", "valid_from")]
    return select(*columns).where(_not_over(t.memberships, day)).order_by(t.memberships.c.id)


def _not_over(table, day):
    return sa.or_(table.c.valid_to.is_(None), table.c.valid_to > day)


# writing


def whole_rows(tx, kind: str, ids: list[str]) -> dict[str, dict]:
    """The rows of units, posts or memberships as they stand, by id."""
    table = {"unit": t.units, "post": t.posts, "membership": t.memberships}[kind]
    found = {}
    for some in batches(ids):
        found |= {row.id: dict(row._mapping) for row in tx.execute(select(table).where(table.c.id == any_of(some)))}
    return found


PUT_ROWS = sa.text(
    "INSERT INTO import_rows (import_id, number, kind, line, key, changes, faults)"
    " SELECT :import_id, number, kind, line, key, changes, faults"
    " FROM json_populate_recordset(CAST(NULL AS import_rows), CAST(:rows AS json))"
)
