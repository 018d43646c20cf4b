"""Live streams. What was heard becomes one row of the live log; every process reads on and writes to its streams.

The tables of the services are the truth and a stream is a hint, but a hint that loses nothing: ids grow in the order
of commits, so "everything after id n" is well defined, on a new connection as on an old one.
"""

import random
import time
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime

import eventlet
import orjson
from nameko.extensions import DependencyProvider

from chassis import clock, tracing
from chassis.errors import DatabaseUnavailable
from chassis.http import EventStream
from chassis.http.streams import AT_A_TIME, PING, encode_event
from chassis.listening import Follower
from gateway import storage
from gateway.live_log import ENDINGS, SESSION_ENDED, WHOLE, Position, chunks_for, key_of_session, parts_of, said
from gateway.sessions import Session, SessionKeeper, SessionStore

FIRST_READ_SECONDS = 5.0
POLL_SECONDS = 1.0  # the notification is the usual way; this is for one that got lost
SWEEP_SECONDS = 2.0
ENDINGS_KEPT = 60.0  # seconds; longer than any request takes
BATCH = 200
REPLAY_AT_MOST = 1000  # rows
PORTION = 50  # rows that are read before others have their turn: one may tell hundreds, and takes long to decode
REPLAY_BYTES = 1024 * 1024


class LiveStream(EventStream):
    """`audience` are the keys under which its person is addressed; `reached` answers up to which row all were told."""

    def __init__(
        self, session_id: str, audience: frozenset[str], good_until: datetime, closes_at: float,
        reached: Callable[[], int], on_close: Callable,
    ):  # fmt: skip
        super().__init__(on_close=lambda: on_close(self))
        self.session_id = session_id
        self.audience = audience
        self.good_until = good_until  # then the session is looked at again
        self.closes_at = closes_at  # time.monotonic()
        self.after: Position = (0, WHOLE)  # what is up to here is none of its business, or was replayed
        self._reached = reached

    def ping(self) -> bytes:
        """With an id and no event: a client that comes back need not ask for what did not concern it."""
        return PING + f"id: {said(max((self._reached(), WHOLE), self.after))}\n\n".encode()


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
        """Lets others have their turn on the way: a row may be for ten thousand."""
        addressed = self.addressed(row.audience)
        if row.type in ENDINGS:
            for number, stream in enumerate(addressed, 1):
                _end(stream, row, len(addressed))
                _yield(number)
            return
        with tracing.span(f"tell {row.type}", tracing.PRODUCER, row.trace, {"congvu.streams": len(addressed)}):
            self._tell(row, addressed)

    def _tell(self, row, addressed: set[LiveStream]) -> None:
        parts = parts_of(row)
        shared = [] if parts else chunks_for(row, parts, frozenset(), (0, WHOLE))
        for number, stream in enumerate(addressed, 1):
            own = chunks_for(row, parts, stream.audience, stream.after) if parts else shared
            if (row.id, WHOLE) > stream.after:
                for chunk in own:
                    stream.put(chunk)
            _yield(number)


def _end(stream: LiveStream, row, together: int) -> None:
    """Whose session is over gets nothing more, not even what was on its way."""
    if row.type == SESSION_ENDED:
        stream.cut()
    else:
        stream.end(together)


def _yield(number: int) -> None:
    if number % AT_A_TIME == 0:
        eventlet.sleep(0)


class Live:
    """Opens streams, and feeds them by reading the live log."""

    def __init__(self, store, sessions: SessionStore, stream_lifetime: float):
        self._store = store
        self._sessions = sessions
        self._lifetime = stream_lifetime
        self._follower = Follower(store.url, storage.LIVE_CHANNEL, self._look, every=POLL_SECONDS)
        self._swept = time.monotonic()
        self._endings = deque()  # (when read, row, its audience) of late: maybe of a stream that is just being opened
        self.registry = Registry()
        self.position: int | None = None  # the newest row that was read
        self._told = 0  # the newest row that all its streams were told

    @property
    def reads(self) -> bool:
        return self.position is not None

    def start(self) -> None:
        self._follower.start()

    def stop(self) -> None:
        self._follower.stop(patience=0)

    def await_first_read(self) -> None:
        """For a while: a gateway that has just started takes requests before it has read anything."""
        with eventlet.Timeout(FIRST_READ_SECONDS, False):
            while not self.reads:
                eventlet.sleep(0.02)

    def open(self, session: Session, audience: set[str], since: int | None, last: Position | None) -> LiveStream:
        """A stream from the position `last` on; without it, from now on. `since` is what `position` was before it was
        read who the `audience` are.
        """
        if self.position is None or since is None:
            raise DatabaseUnavailable("the live log is not read yet")
        stream = LiveStream(
            session.id, frozenset(audience | {key_of_session(session.id)}), session.good_until(self._sessions.idle),
            time.monotonic() + self._lifetime * random.uniform(0.9, 1), lambda: self._told, self.registry.remove,
        )  # fmt: skip
        # from this moment on what happens goes to its mailbox, and what was read before comes from the table
        here = self.position
        stream.after = max((here, WHOLE), last or (0, WHOLE))
        self.registry.add(stream)
        try:
            for _, row, concerned in self._endings:  # a session does not come back to life, whenever it was looked up
                if (row.id > since or row.type == SESSION_ENDED) and not stream.audience.isdisjoint(concerned):
                    _end(stream, row, 1)
            stream.begin(self._beginning(stream, last, here))
        except BaseException:
            stream.close()
            raise
        return stream

    def _beginning(self, stream: LiveStream, last: Position | None, here: int) -> list[bytes]:
        """What was missed, and that this was all; or that it is too much."""
        now = orjson.dumps({"at": clock.now()})
        missed = self._missed(stream.audience, last, here) if last not in (None, (here, WHOLE)) else []
        if missed is None:
            stream.after = (self.position, WHOLE)
            return [encode_event("reset", now, self.position)]
        return [*missed, encode_event("hello", now, said(stream.after))]

    def _missed(self, audience: frozenset[str], last: Position, here: int) -> list[bytes] | None:
        """What came after `last` up to the row `here`; None when that is not all there, or too much."""
        with self._store.reading() as tx:
            if last[0] > here:  # another process is ahead of us, or it never was
                return [] if last[0] <= storage.newest_live_id(tx) else None
            oldest = storage.oldest_live_id(tx) or here + 1
            if last < (oldest - 1, WHOLE):
                return None
            return self._replayed(tx, audience, last, here)

    def _replayed(self, tx, audience: frozenset[str], last: Position, here: int) -> list[bytes] | None:
        chunks, first, count = [], last[0], 0
        while True:
            rows = storage.live_between(tx, first, here, list(audience), PORTION)
            chunks += [chunk for row in rows for chunk in chunks_for(row, parts_of(row), audience, last)]
            count += len(rows)
            if count > REPLAY_AT_MOST or sum(map(len, chunks)) > REPLAY_BYTES:
                return None
            if len(rows) < PORTION:
                return chunks
            first = rows[-1].id + 1
            eventlet.sleep(0)

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
                self.position = self._told = storage.newest_live_id(tx)
            rows = storage.live_after(tx, self.position, BATCH)
        for row in rows:
            self.position = row.id  # first: whoever comes while the row is told takes it from the table
            if row.type in ENDINGS:
                self._endings.append((time.monotonic(), row, frozenset(row.audience)))
            if row.type == SESSION_ENDED:
                self._sessions.distrust()
            self.registry.dispatch(row)
            self._told = row.id
        return len(rows)

    def sweep(self) -> None:
        """Ends the streams of sessions that have run out, and those that have lived long enough."""
        now, monotonic = clock.now(), time.monotonic()
        while self._endings and self._endings[0][0] < monotonic - ENDINGS_KEPT:
            self._endings.popleft()
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
                stream.cut()


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
