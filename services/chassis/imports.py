"""Files that come in: taken in parts, worked on one at a time by a process of their own, shown with what they change.

A service that imports has the tables `imports`, `import_parts`, `import_rows`, and `python -m <service>.importing ID`,
which carries one out. A file may be made to eat memory and time, and reading it would stop every other green thread.
Whatever ends the process, the service sees that it has gone: it holds a lock while it lives.
Its exit codes: 0 carried out, 3 another process does it, 1 anything else.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import eventlet
import psycopg
import sqlalchemy as sa
import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from chassis import context
from chassis.database import Store
from chassis.listening import CONNECTING, SERVER_KEEPALIVE
from chassis.wire import to_json

log = structlog.get_logger()

SERVICES = Path(__file__).resolve().parents[1]
TOLD = ("CONGVU_LOG_LEVEL", "CONGVU_STATE")
MEMORY = 1536 * 1024 * 1024  # bytes of addresses; a city of 50,000 takes a third of it
CPU_SECONDS = 240
TOLD_SECONDS = 0.5
STARTING = timedelta(seconds=30)  # a process has this long to take its lock
MOST_ATTEMPTS = 2
COMPARING_MS = 300_000  # longer than the process may use the processor
ROWS_AT_ONCE = 5000
LOCK = 0x696D70  # of claiming, and the first of the two numbers of an import's lock; others use other numbers
NOT_SHOWN = ("mapping", "sha256", "claimed_at", "attempts", "digest")


class Imports:
    """The imports of a service, kept in its tables."""

    def __init__(self, imports: sa.Table, parts: sa.Table, rows: sa.Table):
        self.imports, self.parts, self._rows = imports, parts, rows

    # the file and its fate

    def add(self, tx, row: dict) -> None:
        tx.execute(sa.insert(self.imports).values(row))

    def one(self, tx, import_id: str, lock: bool = False):
        query = select(self.imports).where(self.imports.c.id == import_id)
        return tx.execute(query.with_for_update() if lock else query).one_or_none()

    def page(self, tx, before: tuple | None, limit: int):
        t = self.imports
        query = select(*(column for column in t.c if column.name not in NOT_SHOWN))
        query = query.order_by(t.c.created_at.desc(), t.c.id.desc()).limit(limit)
        if before:
            query = query.where(sa.tuple_(t.c.created_at, t.c.id) < before)
        return tx.execute(query).all()

    def add_part(self, tx, import_id: str, number: int, content: bytes) -> None:
        row = {"import_id": import_id, "number": number, "content": content}
        tx.execute(insert(self.parts).values(row).on_conflict_do_nothing())

    def received(self, tx, import_id: str) -> int:
        size = func.coalesce(func.sum(func.length(self.parts.c.content)), 0)
        return tx.execute(select(size).where(self.parts.c.import_id == import_id)).scalar_one()

    def content(self, tx, import_id: str) -> bytes:
        parts = select(self.parts.c.content).where(self.parts.c.import_id == import_id)
        return b"".join(tx.execute(parts.order_by(self.parts.c.number)).scalars())

    def forget_parts(self, tx, import_id: str) -> None:
        tx.execute(sa.delete(self.parts).where(self.parts.c.import_id == import_id))

    def change(self, tx, import_id: str, **values) -> None:
        """A new version of what is shown of an import."""
        changed = sa.update(self.imports).where(self.imports.c.id == import_id)
        tx.execute(changed.values(values | {"version": self.imports.c.version + 1}))

    def tell_progress(self, tx, import_id: str, stage: str, done: int, total: int) -> None:
        told = sa.update(self.imports).where(self.imports.c.id == import_id)
        tx.execute(told.values(stage=stage, done=done, total=total))

    def put_rows(self, tx, import_id: str, rows: list[dict]) -> None:
        """In the place of those that were there."""
        tx.execute(sa.delete(self._rows).where(self._rows.c.import_id == import_id))
        self.add_rows(tx, import_id, rows, 0)

    def add_rows(self, tx, import_id: str, rows: list[dict], first: int) -> None:
        numbered = [row | {"number": number} for number, row in enumerate(rows, start=first)]
        for at in range(0, len(numbered), ROWS_AT_ONCE):
            tx.execute(PUT_ROWS, {"import_id": import_id, "rows": to_json(numbered[at : at + ROWS_AT_ONCE])})

    def rows(self, tx, import_id: str, kind: str | None, after: int | None, limit: int):
        t = self._rows
        query = select(t).where(t.c.import_id == import_id).order_by(t.c.number).limit(limit)
        if kind:
            query = query.where(t.c.kind == kind)
        if after is not None:
            query = query.where(t.c.number > after)
        return tx.execute(query).all()

    def forget(self, tx, before: datetime) -> None:
        """What was in the files, and what they changed, after a while; that there was an import stays."""
        old = select(self.imports.c.id).where(self.imports.c.created_at < before)
        for table in (self.parts, self._rows):
            tx.execute(sa.delete(table).where(table.c.import_id.in_(old)))
        unfinished = self.imports.c.state.in_(("receiving", "compared"))
        tx.execute(
            sa.update(self.imports)
            .where(self.imports.c.created_at < before, unfinished)
            .values(state="expired", version=self.imports.c.version + 1)
        )

    # who works on it

    def work_on_next(self, store, start: Callable[[str], None], now: datetime) -> None:
        """Start a process for the import that waits longest, and give up on those whose process has died."""
        with store.reading() as tx:
            if self.is_idle(tx):
                return
        with store.transaction() as tx:
            for job in self.abandoned(tx, now):
                if job.attempts < MOST_ATTEMPTS:
                    self.change(tx, job.id, state="waiting", stage=None)
                    continue
                fault = {"code": "process_died", "details": {}}
                self.change(tx, job.id, state="failed", fault=fault, stage=None, ended_at=now)
                self.forget_parts(tx, job.id)
                tx.audit("import.failed", subject=job.id)
        with store.transaction() as tx:
            claimed = self.claim(tx, now)
        if claimed:
            start(claimed)

    def claim(self, tx, now: datetime) -> str | None:
        """The next import that waits, if no other is worked on: one at a time, whoever claims at once."""
        t = self.imports
        tx.execute(select(func.pg_advisory_xact_lock(LOCK)))
        running = t.alias()
        is_idle = ~sa.exists().where(running.c.state == "running")
        waiting = select(t.c.id).where(t.c.state == "waiting", is_idle)
        waiting = waiting.order_by(t.c.created_at, t.c.id).limit(1).with_for_update(skip_locked=True)
        claimed = sa.update(t).where(t.c.id.in_(waiting.scalar_subquery()))
        values = {"state": "running", "claimed_at": now, "attempts": t.c.attempts + 1}
        return tx.execute(claimed.values(values).returning(t.c.id)).scalar_one_or_none()

    def is_idle(self, tx) -> bool:
        open_states = ("waiting", "running")
        return not tx.execute(select(sa.exists().where(self.imports.c.state.in_(open_states)))).scalar_one()

    def abandoned(self, tx, now: datetime) -> list:
        """Imports that are being worked on, as it says there, but whose process is not there any more."""
        t = self.imports
        nobody = func.pg_try_advisory_xact_lock(LOCK, func.hashtext(sa.cast(t.c.id, sa.Text)))
        started = select(t).where(t.c.state == "running", t.c.claimed_at < now - STARTING)
        return [row for row in tx.execute(started.with_for_update(skip_locked=True)) if tx.execute(
            select(nobody).where(t.c.id == row.id)).scalar_one()]  # fmt: skip


PUT_ROWS = sa.text(
    "INSERT INTO import_rows (import_id, number, kind, line, key, changes, faults)"
    " SELECT :import_id, number, kind, line, key, changes, faults"
    " FROM json_populate_recordset(CAST(NULL AS import_rows), CAST(:rows AS json))"
)


def take_time(tx) -> None:
    """Comparing is done here and asks the database nothing meanwhile, which must not take it for a hung client."""
    tx.execute(sa.text(f"SET LOCAL idle_in_transaction_session_timeout = {COMPARING_MS}"))


@contextmanager
def alive(url: str, import_id: str) -> Iterator[bool]:
    """While it lasts, others see that this process works on the import: its end, however it comes, frees the lock."""
    with psycopg.connect(url, autocommit=True, options=SERVER_KEEPALIVE, **CONNECTING) as connection:
        taken = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
        yield connection.execute(taken, (LOCK, import_id)).fetchone()[0]


# the process


def start(service: str, database_url: str, import_id: str, told: tuple[str, ...] = TOLD) -> None:
    """It is told nothing but where the database is: the file that it reads may be hostile."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("CONGVU_") or name in told}
    environment = known | {"CONGVU_DATABASE_URL": database_url, "PYTHONPATH": str(SERVICES)}
    command = [sys.executable, "-W", "ignore", "-m", f"{service}.importing", import_id]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)  # noqa: S603
    log.info("import started", import_id=import_id, pid=process.pid)
    eventlet.spawn(_note_end, process, import_id)


def _note_end(process, import_id: str) -> None:
    if code := process.wait():
        log.warning("import process ended", import_id=import_id, code=code)


def limit_itself() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(imports: Imports, url: str, import_id: str, carry_out: Callable, too_costly: Callable) -> int:
    """`carry_out(store, job, tell)`; `too_costly(store, job)` when the memory does not suffice."""
    store = Store(url, pool_size=2)
    with alive(url, import_id) as alone:
        with store.reading() as tx:
            job = imports.one(tx, import_id)
        if not alone or job is None or job.state != "running":
            return 3
        with context.working(context.Context(call_id=import_id, actor={"sub": job.person_id})):
            began = time.monotonic()
            try:
                carry_out(store, job, _teller(imports, store, import_id))
            except MemoryError:
                too_costly(store, job)
            used = resource.getrusage(resource.RUSAGE_SELF)
            log.info(
                "import carried out", import_id=import_id, seconds=round(time.monotonic() - began, 1),
                cpu_seconds=round(used.ru_utime + used.ru_stime, 1), peak_mb=used.ru_maxrss // 1024,
            )  # fmt: skip
    return 0


def _teller(imports: Imports, store, import_id: str):
    told_at = 0.0

    def tell(stage: str, done: int, total: int) -> None:
        """Beside the work's own transaction, so that it is seen at once."""
        nonlocal told_at
        if time.monotonic() - told_at > TOLD_SECONDS:
            told_at = time.monotonic()
            with store.transaction() as tx:
                imports.tell_progress(tx, import_id, stage, done, total)

    return tell
