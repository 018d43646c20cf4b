"""Live streams. What was heard becomes one row of the live log; every process reads on and writes to its streams.

The tables of the services are the truth and a stream is a hint, but a hint that loses nothing: ids grow in the order
of commits, so "everything after id n" is well defined, on a new connection as on an old one.
"""

import time
from collections import defaultdict
from datetime import datetime

import eventlet
import orjson
from nameko.extensions import DependencyProvider

from chassis import clock, tracing
from chassis.errors import DatabaseUnavailable
from chassis.http import EventStream
from chassis.http.streams import encode_event
from chassis.listening import Follower
from gateway import storage
from gateway.live_log import ENDINGS, SESSION_ENDED, chunks_for, key_of_session
from gateway.sessions import Session, SessionKeeper, SessionStore

POLL_SECONDS = 1.0  # the notification is the usual way; this is for one that got lost
SWEEP_SECONDS = 2.0
BATCH = 200
REPLAY_AT_MOST = 1000


class LiveStream(EventStream):
    """`audience` are the keys under which its person is addressed."""

    def __init__(self, session_id: str, audience: frozenset[str], good_until: datetime, closes_at: float, on_close):
        super().__init__(on_close=lambda: on_close(self))
        self.session_id = session_id
        self.audience = audience
        self.good_until = good_until  # then the session is looked at again
        self.closes_at = closes_at  # time.monotonic()
        self.after = 0  # rows up to this id are none of its business, or were replayed


class Registry:
    """The streams that this process holds, by the keys under which they are addressed."""

    def __init__(self):
        self._by_key: dict[str, set[LiveStream]] = defaultdict(set)
        self.streams: set[LiveStream] = set()

    def add(self, stream: LiveStream) -> None:
        self.streams.add(stream)
        for key in stream.audience:
            self._by_key[key].add(stream)

    def remove(self, stream: LiveStream) -> None:
        self.streams.discard(stream)
        for key in stream.audience:
            self._by_key[key].discard(stream)
            if not self._by_key[key]:
                del self._by_key[key]

    def addressed(self, keys: list[str]) -> set[LiveStream]:
        return set().union(*(self._by_key.get(key, ()) for key in keys))

    def dispatch(self, row) -> None:
        addressed = self.addressed(row.audience)
        if row.type in ENDINGS:
            for stream in addressed:
                stream.end()
            return
        with tracing.span(f"tell {row.type}", tracing.PRODUCER, row.trace, {"congvu.streams": len(addressed)}):
            self._tell(row, addressed)

    def _tell(self, row, addressed: set[LiveStream]) -> None:
        shared = None if row.per_recipient or not addressed else chunks_for(row, frozenset())
        for stream in addressed:
            if row.id > stream.after:
                for chunk in shared or chunks_for(row, stream.audience):
                    stream.put(chunk)


class Live:
    """Opens streams, and feeds them by reading the live log."""

    def __init__(self, store, sessions: SessionStore, stream_lifetime: float):
        self._store = store
        self._sessions = sessions
        self._lifetime = stream_lifetime
        self._follower = Follower(store.url, storage.LIVE_CHANNEL, self._look, every=POLL_SECONDS)
        self._swept = time.monotonic()
        self.registry = Registry()
        self.position: int | None = None  # the newest row that was read

    @property
    def reads(self) -> bool:
        return self.position is not None

    def start(self) -> None:
        self._follower.start()

    def stop(self) -> None:
        self._follower.stop(patience=0)

    def open(self, session: Session, audience: set[str], last_id: int | None) -> LiveStream:
        """A stream from `last_id` on; without it, from now on."""
        if self.position is None:
            raise DatabaseUnavailable("the live log is not read yet")
        stream = LiveStream(
            session.id, frozenset(audience | {key_of_session(session.id)}), session.good_until(self._sessions.idle),
            time.monotonic() + self._lifetime, self.registry.remove,
        )  # fmt: skip
        # from this moment on what happens goes to its mailbox, and what was read before comes from the table
        here = stream.after = self.position
        self.registry.add(stream)
        try:
            stream.begin(self._beginning(stream, last_id, here))
        except BaseException:
            stream.close()
            raise
        return stream

    def _beginning(self, stream: LiveStream, last_id: int | None, here: int) -> list[bytes]:
        now = orjson.dumps({"at": clock.now()})
        if last_id is None:
            return [encode_event("hello", now, here)]
        with self._store.reading() as tx:
            oldest = storage.oldest_live_id(tx)
            lost = last_id > storage.newest_live_id(tx) or (oldest is not None and last_id < oldest - 1)
            rows = [] if lost else storage.live_between(tx, last_id, here, list(stream.audience), REPLAY_AT_MOST + 1)
        if lost or len(rows) > REPLAY_AT_MOST:
            return [encode_event("reset", now, here)]
        stream.after = max(here, last_id)
        return [chunk for row in rows for chunk in chunks_for(row, stream.audience)]

    # reading

    def _look(self, _connection) -> bool:
        while self.read() == BATCH:
            eventlet.sleep(0)
        if time.monotonic() - self._swept > SWEEP_SECONDS:
            self.sweep()
            self._swept = time.monotonic()
        return False

    def read(self) -> int:
        """Passes on what came since; answers how many rows that were."""
        with self._store.reading() as tx:
            if self.position is None:
                self.position = storage.newest_live_id(tx)
            rows = storage.live_after(tx, self.position, BATCH)
        for row in rows:
            if row.type == SESSION_ENDED:
                self._sessions.distrust()
            self.registry.dispatch(row)
            self.position = row.id
        return len(rows)

    def sweep(self) -> None:
        """Ends the streams of sessions that have run out, and those that have lived long enough."""
        now, monotonic = clock.now(), time.monotonic()
        for stream in list(self.registry.streams):
            if stream.closes_at <= monotonic:
                stream.end()
        doubtful = [stream for stream in self.registry.streams if stream.good_until <= now]
        if not doubtful:
            return
        until = self._sessions.good_until([stream.session_id for stream in doubtful])
        for stream in doubtful:
            stream.good_until = until.get(stream.session_id, now)
            if stream.good_until <= now:
                stream.end()


class LiveStreams(DependencyProvider):
    """Gives the gateway its Live."""

    keeper = SessionKeeper()

    def setup(self):
        self.live = Live(self.container.store, self.keeper.sessions, self.container.settings.stream_lifetime)
        self.container.readiness("live", lambda: self.live.reads)

    def start(self):
        self.live.start()

    def stop(self):
        self.live.stop()

    kill = stop

    def get_dependency(self, worker_ctx):
        return self.live
