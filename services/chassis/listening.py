"""Following a table that others write to: woken by NOTIFY, and looking by itself in case a notification got lost."""

from collections.abc import Callable

import eventlet
import psycopg
import structlog
from psycopg.rows import namedtuple_row

from chassis.errors import Refusal

log = structlog.get_logger()

# A peer that has silently gone is noticed within half a minute on both sides; the server's side matters because
# it holds our locks as long as it believes in us.
CONNECTING = {
    "connect_timeout": 5,
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
AGAIN = 1.0  # seconds between two tries of what did not work
SERVER_KEEPALIVE = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"


class Follower:
    """A green thread with a database connection of its own, which it replaces when it is lost.

    `look(connection)` runs at once, after every notification on `channel`, and every `every` seconds; when it answers
    True it is called again after a second, without waiting for a notification. Of all who are to be `alone` by the same
    number one looks; the others are ready to take over.
    """

    def __init__(
        self, url: str, channel: str, look: Callable, *, every: float, alone: int | None = None
    ):  # fmt: skip
        self._url, self._channel, self._look = url, channel, look
        self._every, self._alone = every, alone
        self.stopping = False
        self._looking = False
        self._thread = None

    def start(self) -> None:
        self._thread = eventlet.spawn(self._run)

    def stop(self, patience: float) -> None:
        """Let the present look end, for at most `patience` seconds."""
        self.stopping = True
        if self._thread is not None:
            with eventlet.Timeout(patience, False):
                while self._looking:
                    eventlet.sleep(0.02)
            self._thread.kill()

    def _run(self) -> None:
        while not self.stopping:
            try:
                with psycopg.connect(
                    self._url, autocommit=True, row_factory=namedtuple_row, options=SERVER_KEEPALIVE, **CONNECTING
                ) as connection:
                    connection.execute("SET statement_timeout = '10s'")
                    if self._alone is not None:
                        self._become_the_one(connection)
                    connection.execute(f"LISTEN {self._channel}")
                    self._follow(connection)
            except (psycopg.Error, Refusal) as error:
                log.warning("follower lost its database", channel=self._channel, error=type(error).__name__)
            except Exception:
                log.exception("follower failed", channel=self._channel)
            if not self.stopping:
                eventlet.sleep(AGAIN)

    def _become_the_one(self, connection: psycopg.Connection) -> None:
        while not self.stopping:
            if connection.execute("SELECT pg_try_advisory_lock(%s) AS got", (self._alone,)).fetchone().got:
                return
            eventlet.sleep(AGAIN)

    def _follow(self, connection: psycopg.Connection) -> None:
        while not self.stopping:
            self._looking = True
            try:
                soon = self._look(connection)
            finally:
                self._looking = False
            if soon:
                eventlet.sleep(AGAIN)
                continue
            for _ in connection.notifies(timeout=self._every, stop_after=1):
                pass
