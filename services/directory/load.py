"""`python -m directory.load`: the city into an empty directory, whole or not at all.

Progress goes to standard error. Exit codes: 0 loaded, 3 there is a city already, 1 anything else.
"""

import argparse
import os
import secrets
import sys
import time
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import psycopg
import pyotp
from psycopg.rows import namedtuple_row
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from chassis.sealing import Sealer
from directory.city import City, build
from directory.city.build import TooFewPeople
from directory.hashing import HASHER
from directory.storage import entries
from kernel.working_time import today

TABLES = (
    "units", "posts", "people", "memberships", "delegations", "audiences", "working_days", "unit_successors",
    "reorganisations",
)  # fmt: skip
NOT_EMPTY = 3
VERSION = """
INSERT INTO directory_version ("only", newest) VALUES (true, %s)
ON CONFLICT ("only") DO UPDATE SET newest = excluded.newest
"""


class Stopped(Exception):
    """A foreseen end, with its sentence and exit code."""

    def __init__(self, sentence: str, code: int = 1):
        super().__init__(sentence)
        self.code = code


def load(url: str, people: int, seed: int, accounts_file: Path, password: str, sealer: Sealer, now: datetime) -> None:
    with psycopg.connect(url, connect_timeout=5) as connection:
        _require_empty(connection)
        with _step(f"generating {people:,} people"):
            city = build(people, seed, today(now))
        for table in TABLES:
            _copy(connection, table, getattr(city, table, []) + getattr(city.history, table, []))
        totp_secret = pyotp.random_base32()
        with _step("making accounts"):
            password_hash = HASHER.hash(password)
        administrator = city.roles["administrator"].id
        sealed_of = {administrator: sealer.seal(totp_secret, administrator)}
        _copy(
            connection, "accounts", city.accounts, columns=("password_hash", "totp_secret"),
            more=lambda account: (password_hash, sealed_of.get(account.id)),
        )  # fmt: skip
        with _step("making the searched lines"):
            _make_lines(connection, today(now))
        with _step("counting, for the planner"):
            connection.execute(VERSION, (city.newest,))
            connection.execute("ANALYZE")
        # Before the commit: a city that nobody can sign in to would have to be thrown away.
        _write(accounts_file, _accounts(city, password, totp_secret))


def _require_empty(connection: psycopg.Connection) -> None:
    try:
        connection.execute("LOCK TABLE units IN EXCLUSIVE MODE")
        if connection.execute("SELECT EXISTS (SELECT FROM units)").fetchone()[0]:
            raise Stopped("there is a city in this directory already; nothing was changed", NOT_EMPTY)
    except psycopg.errors.UndefinedTable:
        raise Stopped("this database has no directory yet: run the migrations first") from None


def _make_lines(connection: psycopg.Connection, day: date) -> None:
    cursor = connection.cursor(row_factory=namedtuple_row)
    units = {unit.id: unit for unit in cursor.execute(_written(entries.UNITS))}
    lines = list(entries.lines(units, cursor.execute(_written(entries.held(day)))))
    # made in one go at the end, the index takes a tenth of the time
    (definition,) = connection.execute("SELECT pg_get_indexdef('entries_keys'::regclass)").fetchone()
    connection.execute("DROP INDEX entries_keys")
    with connection.cursor().copy(f"COPY entries ({', '.join(entries.COLUMNS)}) FROM STDIN") as copy:
        for line in lines:
            copy.write_row([line[name] for name in entries.COLUMNS])
    connection.execute(definition)
    connection.execute("ALTER INDEX entries_keys ALTER COLUMN 1 SET STATISTICS 0")
    with connection.cursor().copy("COPY vocabulary (word, lines) FROM STDIN") as copy:
        for row in entries.words(lines).items():
            copy.write_row(row)
    with connection.cursor().copy("COPY post_words (word) FROM STDIN") as copy:
        for word in entries.post_words(lines):
            copy.write_row((word,))


def _written(statement) -> str:
    return str(statement.compile(dialect=PGDialect_psycopg(), compile_kwargs={"literal_binds": True}))


def _copy(connection, table: str, rows: list, columns: tuple[str, ...] = (), more=lambda row: ()) -> None:
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in (*rows[0]._fields, *columns))
    statement = f"COPY {table} ({names}) FROM STDIN"
    with _step(f"{table}: {len(rows):,} rows"), connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row((*row, *more(row)))


def _accounts(city: City, password: str, totp_secret: str) -> dict:
    """What `make run` shows: how to sign in, for each role and for each of the units' heads."""
    units = {unit.id: unit for unit in city.units}
    posts = {post.id: post for post in city.posts}
    unit_of = {m.person_id: units[posts[m.post_id].unit_id] for m in city.memberships if m.primary}
    accounts = []
    for role, account in city.roles.items():
        unit = unit_of[account.person_id]
        top = units[unit.parent_id] if unit.kind == "division" else unit
        entry = {"role": role, "username": account.username, "password": password}
        if role == "administrator":
            entry["totp_secret"] = totp_secret
        accounts.append(entry | {"person_id": account.person_id, "unit_code": top.code})
    heads = [{"username": account.username, "unit_code": unit.code, "unit_id": unit.id} for unit, account in city.heads]
    return {"password": password, "accounts": accounts, "heads": heads}


def _write(path: Path, content: dict) -> None:
    """Readable by its owner only, and whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    new.replace(path)


@contextmanager
def _step(what: str):
    began = time.monotonic()
    yield
    print(f"  {what} ({time.monotonic() - began:.1f} s)", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="directory.load", description=__doc__.split("\n\n")[0])
    parser.add_argument("--people", type=int, default=50_000, help="how many officials (default 50000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same city (default 1)")
    parser.add_argument("--accounts-file", type=Path, required=True, help="where to write the demo accounts (JSON)")
    options = parser.parse_args()
    url = os.environ.get("CONGVU_DATABASE_OWNER_URL")
    keys = os.environ.get("CONGVU_SEALING_KEYS")
    password = os.environ.get("CONGVU_DEMO_PASSWORD") or secrets.token_urlsafe(12)
    began = time.monotonic()
    try:
        if not url:
            raise Stopped("wrong setting: CONGVU_DATABASE_OWNER_URL is not set")
        if not keys:
            raise Stopped("wrong setting: CONGVU_SEALING_KEYS is not set")
        load(url, options.people, options.seed, options.accounts_file, password, Sealer(keys), datetime.now(UTC))
    except Stopped as stopped:
        print(f"congvu: {stopped}", file=sys.stderr)
        return stopped.code
    except (TooFewPeople, OSError, ValueError, psycopg.Error) as error:
        sentence = str(error).strip().splitlines() or [type(error).__name__]
        print(f"congvu: the city was not loaded: {sentence[0]}", file=sys.stderr)
        return 1
    print(f"  the city is loaded ({time.monotonic() - began:.1f} s)", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
