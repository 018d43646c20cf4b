"""A service's own database: explicit transactions with at most one event each, never longer than the deadline."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import eventlet
import orjson
import psycopg
import sqlalchemy as sa
import structlog
from nameko.extensions import DependencyProvider
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.string import TextLoader
from sqlalchemy import exc

from chassis import clock, context
from chassis.audit.anchors import Anchoring
from chassis.contract import Event, schema
from chassis.errors import DatabaseUnavailable, DeadlineExceeded
from chassis.listening import CONNECTING, SERVER_KEEPALIVE
from chassis.outbox import Relay
from chassis.rows import Written
from chassis.wire import to_json

log = structlog.get_logger()

STATEMENT_TIMEOUT = 10.0  # seconds, when no deadline says less
PROBE_SECONDS = 1.0  # how long the answer of a readiness probe is believed
# statements of ours are short: to compile one, or to start other processes for it, takes longer than running it
_OPTIONS = (
    "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000 -c timezone=UTC "
    f"-c jit=off -c max_parallel_workers_per_gather=0 {SERVER_KEEPALIVE}"
)
_PREPARED_AFTER = 1  # executions on one connection
_KEEP_PLANS = "SET LOCAL plan_cache_mode = force_generic_plan"
_WALK = "SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off"
_COLLISIONS = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)

_INSERT_EVENT = sa.text(
    "WITH written AS ("
    " INSERT INTO outbox (event_id, name, subject, version, data, thin, trace)"
    " VALUES (:event_id, :name, :subject, :version, CAST(:data AS jsonb), CAST(:thin AS jsonb), CAST(:trace AS jsonb))"
    ") SELECT pg_notify('outbox', '')"
)

_APPEND_AND_COMMIT = sql.SQL("SELECT audit_append({}::jsonb); COMMIT")


class RowRefused(Exception):
    """A constraint or a type of the database did not admit a row: a defect of ours, told without the row."""


class Transaction:
    """What a use case is given. It commits as a whole, with its event, or not at all."""

    def __init__(self, connection: sa.Connection, may_emit: bool = True):
        self.connection = connection
        self._may_emit = may_emit
        self.emitted: str | None = None
        self._subject = ""  # of what was emitted
        self._act = ""
        self._audited: list[dict] = []

    def execute(self, statement, parameters=None):
        return self.connection.execute(statement, parameters)

    def rows(self, statement: Written, given: Mapping) -> list[dict]:
        """All that it finds, given its values by name. Ids are text, as everywhere."""
        driver = self.connection.connection.driver_connection
        try:
            cursor = psycopg.RawCursor(driver, row_factory=dict_row)
            return cursor.execute(statement.text, statement.values(given)).fetchall()
        except psycopg.Error as error:
            if driver.closed:
                self.connection.invalidate(error)
            raise

    def emit(self, event: Event, *, subject: str, version: int, data: dict) -> None:
        """Say that something happened, to be published after the commit. At most once in a transaction.

        `version` is the aggregate's, so that hearers can put events in order.
        """
        if not self._may_emit:
            raise RuntimeError("a reading transaction emits nothing")
        if self.emitted is not None:
            raise RuntimeError(f"one transaction, at most one event: {self.emitted} was emitted already")
        self.emitted, self._subject = event.name, subject
        work = context.current()
        said = schema(event.data).dump(data)
        thin = None if event.published is None else to_json({name: said[name] for name in event.published})
        self.connection.execute(
            _INSERT_EVENT,
            {
                "event_id": clock.new_id(),
                "name": event.name,
                "subject": subject,
                "version": version,
                "data": to_json(said),
                "thin": thin,
                "trace": to_json(work.trace if work else {}),
            },
        )

    def audit(self, action: str, *, subject: str, **details) -> None:
        """Write down who does what to whom, in the same transaction; the actor is the present work's.

        `action` is a dotted name, `subject` an id. `details` carry ids and codes, never names, numbers or secrets.
        """
        if not self._may_emit:
            raise RuntimeError("a reading transaction writes nothing down")
        work = context.current()
        actor = work.actor if work else {}
        self._audited.append({"action": action, "subject": subject, "actor": actor, "details": details})

    def audit_what_is_emitted(self, act: str) -> None:
        """If this transaction says that something happened, and writes down nothing else, it writes down this act."""
        self._act = act

    def commit(self) -> None:
        """What is to be written down goes with the COMMIT in one round trip: the head of the log is held by nobody who
        is not committing already.
        """
        if self._act and self.emitted and not self._audited:
            self.audit(self._act, subject=self._subject)
        if self._audited:
            entries = sql.Literal(to_json(self._audited))
            statement = _APPEND_AND_COMMIT.format(entries).as_string(self.connection.connection.driver_connection)
            self.connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
        self.connection.commit()  # sends nothing when it is done


class Store:
    """The pool of connections to one database."""

    def __init__(self, url: str, pool_size: int = 10, pool_timeout: float = 5.0):
        self.url = url
        self._asked, self._answered = -PROBE_SECONDS, False
        self._engine = sa.create_engine(
            url.replace("postgresql://", "postgresql+psycopg://", 1),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=pool_timeout,
            pool_use_lifo=True,  # the one used last has its plans and pages at hand
            hide_parameters=True,  # what is written may be personal; an error's text goes to the log
            json_serializer=to_json,
            json_deserializer=orjson.loads,
            connect_args={
                "options": _OPTIONS,
                "autocommit": True,
                "prepare_threshold": _PREPARED_AFTER,
                **CONNECTING,
            },  # `_opened` begins, by itself
        )
        sa.event.listen(self._engine, "connect", take_ids_as_text)

    @contextmanager
    def transaction(self, keep_plans: bool = False) -> Iterator[Transaction]:
        """With `keep_plans` a statement is planned once, not for each set of values: for those whose best plan is the
        same whatever is asked for.
        """
        with self._begin(f"BEGIN; {_KEEP_PLANS}" if keep_plans else "BEGIN") as tx:
            yield tx

    @contextmanager
    def reading(self, walks: bool = False, keep_plans: bool = False) -> Iterator[Transaction]:
        """A transaction that only reads, and sees one state of the data throughout. `keep_plans`: as in `transaction`.

        With `walks` an index is walked and left when there is enough. Statistics know what there is for each on the
        average, and for that it may be cheaper to collect all of it first; who has a thousand times as much would wait.
        """
        opening = ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"]
        opening += [_WALK] if walks else []
        opening += [_KEEP_PLANS] if keep_plans else []
        with self._begin("; ".join(opening), may_emit=False) as tx:
            yield tx

    @contextmanager
    def _begin(self, begin: str = "BEGIN", may_emit: bool = True) -> Iterator[Transaction]:
        try:
            with self._opened(begin) as connection:
                try:
                    yield (tx := Transaction(connection, may_emit))
                    tx.commit()
                except (DeadlineExceeded, eventlet.Timeout, eventlet.greenlet.GreenletExit):
                    connection.invalidate()  # it may be in the middle of a statement, where no rollback works
                    raise
        except exc.TimeoutError as error:
            raise DatabaseUnavailable("all database connections are busy") from error
        except (exc.DBAPIError, psycopg.Error) as error:
            cause = error.orig if isinstance(error, exc.DBAPIError) else error
            if isinstance(cause, psycopg.errors.QueryCanceled):
                raise DeadlineExceeded("the database did not answer in time") from error
            if isinstance(cause, _COLLISIONS):
                raise DatabaseUnavailable("the database is busy with the same rows") from error
            lost = isinstance(error, exc.DBAPIError) and error.connection_invalidated
            if lost or isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
                log.warning("database unavailable", error=type(cause).__name__)
                raise DatabaseUnavailable("the database does not answer") from error
            if isinstance(cause, psycopg.IntegrityError | psycopg.DataError):
                # PostgreSQL's own text shows the row, and an error's text goes to the log
                about = cause.diag
                raise RowRefused(f"{about.sqlstate} {about.table_name or ''} {about.constraint_name or ''}") from None
            raise

    def _opened(self, begin: str) -> sa.Connection:
        """A connection whose transaction has begun, with the limit on its statements, in one round trip.

        This is also how a connection that broke while it was idle shows itself: nothing has happened on it yet, so
        another one is taken. The broken one has told the pool that those of its age are to be replaced.
        """
        # a little less than the caller's patience: the database answers before the caller gives up
        seconds = max(0.05, context.remaining(STATEMENT_TIMEOUT) - 0.05)
        opening = f"{begin}; SET LOCAL statement_timeout = {int(seconds * 1000)}"
        try:
            return self._on_new_transaction(opening)
        except exc.DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return self._on_new_transaction(opening)

    def _on_new_transaction(self, opening: str) -> sa.Connection:
        connection = self._engine.connect()
        try:
            connection.exec_driver_sql(opening, execution_options={"no_parameters": True})
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        return connection

    def answers(self) -> bool:
        """Whether the database answers (for readiness): asked on a connection apart from the busy ones."""
        if time.monotonic() - self._asked > PROBE_SECONDS:
            try:
                with psycopg.connect(self.url, autocommit=True, **CONNECTING | {"connect_timeout": 2}) as connection:
                    connection.execute("SELECT 1")
                self._answered = True
            except psycopg.Error:
                self._answered = False
            self._asked = time.monotonic()
        return self._answered

    def close(self) -> None:
        self._engine.dispose()


def take_ids_as_text(connection: psycopg.Connection, _record) -> None:
    connection.adapters.register_loader("uuid", TextLoader)


class Database(DependencyProvider):
    """Gives a service its Store, and sees to it that what the service emits is published."""

    relay = Relay()
    anchoring = Anchoring()

    def setup(self):
        self.store = self.container.store

    def get_dependency(self, worker_ctx):
        return self.store
