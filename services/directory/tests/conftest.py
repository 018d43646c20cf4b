"""A small city in a real database: loaded once for all tests that only read, and emptied for those that write."""

import io
from contextlib import contextmanager, redirect_stderr
from copy import copy
from datetime import UTC, datetime

import orjson
import psycopg
import pytest
import sqlalchemy as sa

from chassis.database import Store, Transaction, take_ids_as_text
from chassis.sealing import Sealer
from chassis.wire import to_json
from directory.load import load
from directory.security import Security
from directory.settings import DirectorySettings
from directory.storage import tables as t

PEOPLE, SEED, PASSWORD = 2_600, 7, "mật khẩu thử nghiệm"


def empty(world) -> None:
    names = ", ".join(f'"{name}"' for name in t.metadata.tables)
    with psycopg.connect(world.owners["directory"], autocommit=True) as connection:
        connection.execute(f"TRUNCATE {names}, audit_log, outbox, idempotency RESTART IDENTITY CASCADE")
        connection.execute("UPDATE audit_head SET number = DEFAULT, hash = DEFAULT")


class City:
    """The loaded city: its database, and who is who."""

    def __init__(self, store: Store, accounts: dict):
        self.store = store
        self.password = accounts["password"]
        self.heads = accounts["heads"]
        self.roles = {account["role"]: account for account in accounts["accounts"]}

    def claims(self, role: str) -> dict:
        return self.claims_of(self.roles[role]["person_id"])

    def claims_of(self, person_id: str) -> dict:
        return {"sub": person_id, "membership_id": None, "delegation_id": None, "session_id": "test"}

    def ask(self, use_case, *arguments):
        with self.store.reading() as tx:
            return use_case(tx, *arguments)

    def do(self, use_case, *arguments, **named):
        with self.store.transaction() as tx:
            return use_case(tx, *arguments, **named)

    def one(self, statement, **values):
        with self.store.reading() as tx:
            return tx.execute(sa.text(statement), values).one()

    def all(self, statement, **values):
        with self.store.reading() as tx:
            return tx.execute(sa.text(statement), values).all()


class Undone:
    """A store whose transactions all happen in one, which is undone at the end."""

    def __init__(self, connection):
        self._connection = connection

    @contextmanager
    def transaction(self, may_emit: bool = True):
        with self._connection.begin_nested():
            yield (tx := Transaction(self._connection, may_emit))
            if tx._audited:  # the commit, without the commit
                tx.execute(sa.text("SELECT audit_append(CAST(:entries AS jsonb))"), {"entries": to_json(tx._audited)})

    def reading(self):
        return self.transaction(may_emit=False)


def sealer(world) -> Sealer:
    return Sealer(f"{world.keys}/sealing.keys")


@pytest.fixture
def security(world) -> Security:
    return Security(sealer(world), frozenset({"administrator"}))


@pytest.fixture
def run(run, world):
    """The chassis' own, with the settings that the directory needs beside those of every service."""

    def start(service_cls, **changes):
        if service_cls.name == "directory" and "settings" not in changes:
            own = {"sealing_keys": f"{world.keys}/sealing.keys", "totp_required_for": frozenset({"administrator"})}
            changes = {"settings": DirectorySettings(**vars(world.settings("directory")) | own | changes)}
        return run(service_cls, **changes)

    return start


def _loaded(world, folder) -> City:
    empty(world)
    file = folder / "accounts.json"
    with redirect_stderr(io.StringIO()):
        load(world.owners["directory"], PEOPLE, SEED, file, PASSWORD, sealer(world), datetime.now(UTC))
    return City(Store(world.databases["directory"], pool_size=5), orjson.loads(file.read_bytes()))


@pytest.fixture(scope="module")
def city(world, tmp_path_factory):
    """For tests that only read."""
    found = _loaded(world, tmp_path_factory.mktemp("city"))
    yield found
    found.store.close()
    empty(world)


@pytest.fixture
def trial(city, world):
    """For tests that write and ask in this process only: the city, whose changes are undone after each."""
    engine = sa.create_engine(world.databases["directory"].replace("postgresql://", "postgresql+psycopg://", 1))
    sa.event.listen(engine, "connect", take_ids_as_text)
    with engine.connect() as connection:
        found = copy(city)
        found.store = Undone(connection)
        yield found
        connection.rollback()
    engine.dispose()


@pytest.fixture
def own_city(world, tmp_path):
    """For tests that write and whose writing others must see: a city of their own each."""
    found = _loaded(world, tmp_path)
    yield found
    found.store.close()
    empty(world)


@pytest.fixture(scope="module")
def _kept(world, city):
    """The accounts as they were loaded, in a table of their own."""
    with psycopg.connect(world.owners["directory"], autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS kept_accounts")
        connection.execute("CREATE TABLE kept_accounts AS TABLE accounts")
        yield connection
        connection.execute("DROP TABLE kept_accounts")


@pytest.fixture
def accounts_city(city, _kept):
    """For tests that write about accounts only: a city that is loaded once, its accounts as at the beginning."""
    yield city
    _kept.execute("TRUNCATE accounts, guesses, audit_log, outbox, idempotency CASCADE")
    _kept.execute("UPDATE audit_head SET number = DEFAULT, hash = DEFAULT")
    _kept.execute("INSERT INTO accounts SELECT * FROM kept_accounts")
