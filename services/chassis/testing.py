"""A pytest plugin (`-p chassis.testing`): the event loop's patches first of all, and fixtures on real parts.

The harness names a JSON file in CONGVU_TEST_WORLD: addresses of the databases and of the broker for each service's
account, and the folder of keys. Containers run in the test's own process, against that broker and those databases.
"""

import os

os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"

import eventlet

eventlet.monkey_patch()

import json  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from pathlib import Path  # noqa: E402

import hypothesis  # noqa: E402
import psycopg  # noqa: E402
import pytest  # noqa: E402
import sqlalchemy as sa  # noqa: E402
import structlog  # noqa: E402
from amqp import Message  # noqa: E402

from chassis import amqp, clock, database, topology  # noqa: E402
from chassis.container import Container  # noqa: E402
from chassis.contract import Event, Procedure  # noqa: E402
from chassis.database import Store, Transaction  # noqa: E402
from chassis.rpc import Remote  # noqa: E402
from chassis.settings import Settings  # noqa: E402
from chassis.wire import to_json  # noqa: E402

# structlog's own tracebacks, with everybody's local variables, take a second each
_plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _plain])

# no test fails because the machine was busy
PATIENCE = 6  # so many times as long as a quiet machine needs
database.STATEMENT_TIMEOUT *= PATIENCE
_slow = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=_slow)
hypothesis.settings.load_profile("any machine")


_too_long = pytest.StashKey[eventlet.Timeout]()


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings) -> bool:
    """Whatever takes too long fails, and the tests go on. The plugin's own timer would end the whole process."""
    failure = pytest.fail.Exception(f"it takes longer than {settings.timeout:g} s")
    item.stash[_too_long] = eventlet.Timeout(settings.timeout, failure)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_cancel_timer(item: pytest.Item) -> bool:
    if _too_long in item.stash:
        item.stash[_too_long].cancel()
    return True


@dataclass(frozen=True)
class World:
    """One set of databases and one virtual host, for tests of single services."""

    databases: dict[str, str]  # runtime role's address by service
    owners: dict[str, str]  # owner role's address by service
    brokers: dict[str, str]  # account's address by service, and "admin"
    keys: str

    def settings(self, service: str, **changes) -> Settings:
        return Settings(
            **{
                "amqp_url": self.brokers[service],
                "database_url": self.databases[service],
                "signing_key": f"{self.keys}/{service}.json",
                "trusted_keys": f"{self.keys}/trusted.json",
                "max_workers": 10,
            }
            | changes
        )


@pytest.fixture(scope="session")
def world() -> World:
    path = os.environ.get("CONGVU_TEST_WORLD")
    if not path:
        pytest.fail("no test world: run the tests by `make test`")
    found = json.loads(Path(path).read_text())
    return World(**{name: found[name] for name in ("databases", "owners", "brokers", "keys")})


@pytest.fixture
def clean(world):
    """Empty tables and queues, for the services that the test names: `clean("tasks")`."""

    def empty(*services: str) -> None:
        for service in services:
            with psycopg.connect(world.owners[service], autocommit=True) as connection:
                tables = connection.execute(
                    "SELECT quote_ident(tablename) FROM pg_tables"
                    " WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'audit_head')"
                ).fetchall()
                each = [f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for (name,) in tables]  # noqa: S608
                used = connection.execute(" UNION ALL ".join(each)).fetchall() if each else []
                if used:  # emptying takes a while for each, used or not
                    connection.execute(f"TRUNCATE {', '.join(name for (name,) in used)} RESTART IDENTITY CASCADE")
                connection.execute("UPDATE audit_head SET number = DEFAULT, hash = DEFAULT")
        with amqp.connection(world.brokers["admin"], "test cleaning") as broker:
            channel = broker.channel()
            for service in services:
                for queue in topology.queue_arguments(service):
                    channel.queue_purge(queue)

    return empty


@pytest.fixture
def store(world):
    """A Store of a service's database, as its own role: `store("tasks")`."""
    opened = []

    def opening(service: str) -> Store:
        opened.append(Store(world.databases[service], pool_size=5))
        return opened[-1]

    yield opening
    for each in opened:
        each.close()


@pytest.fixture
def run(world):
    """Run a service class in this process until the test ends: `run(Service)`; keyword arguments change settings."""
    running = []

    def start(service_cls, **changes) -> Container:
        settings = changes.pop("settings", None) or world.settings(service_cls.name, **changes)
        container = Container(service_cls, settings)
        container.start()
        running.append(container)
        until(lambda: all(check() for check in container.checks.values()))
        return container

    yield start
    with eventlet.Timeout(20 * PATIENCE):
        for stopping in [eventlet.spawn(container.stop) for container in running]:
            stopping.wait()


@pytest.fixture
def caller(run) -> Callable:
    """Call procedures as the edge does: `caller(procedure, request, claims=...)`."""

    class Edge:
        name = "gateway"
        remote = Remote()

    container = run(Edge)
    remote = next(d for d in container.dependencies if isinstance(d, Remote)).bound()

    def call(procedure: Procedure, request: dict, claims: dict | None = None, timeout: float | None = 30.0) -> dict:
        return remote.call(procedure, request, claims=claims, timeout=timeout)

    call.container = container
    return call


def attributes_of(event: Event, event_id: str, subject: str, version: int) -> dict:
    """The headers with which an owner says it."""
    return {
        "cloudEvents:specversion": "1.0",
        "cloudEvents:id": event_id,
        "cloudEvents:type": event.name,
        "cloudEvents:source": f"/congvu/{event.owner}",
        "cloudEvents:time": clock.now().isoformat(),
        "cloudEvents:subject": subject,
        "cloudEvents:aggregateversion": version,
    }


@pytest.fixture
def tell(world) -> Callable:
    """Publish a core event as its owner does, or as `account` with other `headers`: for what hearers must stand."""

    def publish(
        event: Event,
        data: dict,
        *,
        subject: str = "",
        version: int = 1,
        event_id: str | None = None,
        account: str | None = None,
        body: bytes | None = None,
        headers: dict | None = None,
    ) -> str:
        event_id = event_id or clock.new_id()
        sender = account or event.owner
        settings = world.settings(sender)
        message = Message(
            body if body is not None else to_json(event.data().dump(data)).encode(),
            content_type="application/json",
            delivery_mode=2,
            message_id=event_id,
            type=event.name,
            user_id=settings.account,
            application_headers=attributes_of(event, event_id, subject, version) if headers is None else headers,
        )
        with amqp.connection(world.brokers[sender], "test teller") as broker:
            channel = broker.channel()
            channel.confirm_select()
            channel.basic_publish_confirm(message, topology.events_exchange(event.owner), event.name)
        return event_id

    return publish


@pytest.fixture
def queue_length(world) -> Callable[[str], int]:
    def length(queue: str) -> int:
        with amqp.connection(world.brokers["admin"], "test counting") as broker:
            return broker.channel().queue_declare(queue, passive=True).message_count

    return length


def explained(tx: Transaction, act: Callable) -> tuple[object, list[dict]]:
    """What `act()` answers, and the plan of each of its statements in this transaction: run once more, with the same
    values.
    """
    said, rows = [], tx.rows

    def note(_connection, _cursor, statement, parameters, *_):
        said.append(lambda text: tx.connection.exec_driver_sql(f"{text} {statement}", parameters).scalar())

    def note_rows(statement, given):
        cursor = psycopg.RawCursor(tx.connection.connection.driver_connection)
        values = statement.values(given)
        said.append(lambda text: cursor.execute(f"{text} {statement.text}", values).fetchone()[0])
        return rows(statement, given)

    sa.event.listen(tx.connection, "before_cursor_execute", note)
    tx.rows = note_rows
    try:
        answer = act()
    finally:
        sa.event.remove(tx.connection, "before_cursor_execute", note)
        tx.rows = rows
    plans = [explain("EXPLAIN (ANALYZE, FORMAT JSON)") for explain in said]
    return answer, [(json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"] for plan in plans]


def nodes(plan: dict) -> Iterator[dict]:
    """Every node of a plan."""
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


def until(condition: Callable[[], object], seconds: float = 20.0):
    """Wait until `condition()` is true and answer its value; fail when it does not become so in `seconds` of a quiet
    machine: a busy one is given as many times as much, and who waits for what comes waits no longer for it.
    """
    seconds *= PATIENCE
    ends = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > ends:
            raise AssertionError(f"not true within {seconds} s: {condition}")
        eventlet.sleep(0.02)
