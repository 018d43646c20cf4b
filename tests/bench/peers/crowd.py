"""People who come by the clock, whatever they are answered: an open loop, in a process of its own.

Nobody waits for an answer before the next one asks; who finds no connection idle opens another.
"""

import json
import os
import resource
import selectors
import socket
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.bench.measure import percentile
from tests.bench.peers.obeying import obey

PATHS = ("/home", "/me", "/action-items?limit=10", "/me", "/conversations", "/me", "/action-items?limit=10", "/me")
PATIENCE = 10.0  # seconds; then he goes
MOST = 8_000  # connections
WHOLE = b'"unavailable":[]'  # a home with all its parts


@dataclass(eq=False)
class Connection:
    socket: socket.socket
    due: float = 0.0  # when its request was to be sent; 0: it is idle
    is_home: bool = False
    came: bytes = b""
    unsent: bytes = b""


@dataclass
class Told:
    """What became of each request, and after how many milliseconds since it was due."""

    good: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    others: Counter = field(default_factory=Counter)

    def as_answer(self, seconds: float) -> dict:
        def spread(took: list[float]) -> dict:
            return {"p50": percentile(took, 0.5), "p99": percentile(took, 0.99), "most": max(took)} if took else {}

        return {
            "rate": len(self.good) / seconds, "good": spread(self.good), "refusals": len(self.refused),
            "refused": spread(self.refused), "others": dict(self.others),
        }  # fmt: skip


class Crowd:
    def __init__(self, base_url: str, tokens: list[str]):
        place = urlsplit(base_url)
        self._address = (place.hostname, place.port)
        self._requests = [
            (path == "/home", f"GET /api/v1{path} HTTP/1.1\r\nHost: {place.netloc}\r\n"
             f"Authorization: Bearer {token}\r\nAccept: application/json\r\nAccept-Language: vi\r\n\r\n".encode())
            for token in tokens
            for path in PATHS
        ]  # fmt: skip
        self._next = 0
        self._selector = selectors.DefaultSelector()
        self._idle: deque[Connection] = deque()
        self._busy: dict[Connection, None] = {}  # in the order of their requests
        self._told = Told()

    def come(self, rate: float, seconds: float) -> dict:
        """`rate` requests a second, evenly; back when each is answered, or nobody waits any more."""
        self._told = Told()
        began, used, sent, count = time.perf_counter(), time.process_time(), 0, int(rate * seconds)
        late = 0.0  # how late a request was sent: it must stay small, or it was no open loop
        while sent < count or self._busy:
            now = time.perf_counter()
            while sent < count and (due := began + sent / rate) <= now:
                self._send(due)
                late = max(late, time.perf_counter() - due)
                sent += 1
            self._give_up(now - PATIENCE)
            for key, events in self._selector.select(max(0.0, began + sent / rate - now) if sent < count else 0.05):
                self._move(key.data, events)
        return self._told.as_answer(seconds) | {"cpu": (time.process_time() - used) / seconds, "late": late * 1000}

    def _send(self, due: float) -> None:
        is_home, request = self._requests[self._next % len(self._requests)]
        self._next += 1
        if self._idle:
            connection = self._idle.pop()
        elif len(self._busy) < MOST:
            connection = Connection(socket.socket())
            connection.socket.setblocking(False)
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.socket.connect_ex(self._address)
            self._selector.register(connection.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, connection)
            connection.unsent = request
        else:
            self._told.others["no connection left"] += 1
            return
        connection.due, connection.is_home, connection.came = due, is_home, b""
        self._busy[connection] = None
        if not connection.unsent:
            try:
                connection.socket.send(request)
            except OSError:
                self._lose(connection, "closed")

    def _move(self, connection: Connection, events: int) -> None:
        try:
            if connection.unsent and events & selectors.EVENT_WRITE:
                connection.socket.send(connection.unsent)
                connection.unsent = b""
                self._selector.modify(connection.socket, selectors.EVENT_READ, connection)
            if events & selectors.EVENT_READ:
                self._take(connection, connection.socket.recv(262_144))
        except BlockingIOError:
            pass
        except OSError:
            self._lose(connection, "closed")

    def _take(self, connection: Connection, piece: bytes) -> None:
        if not piece:
            self._lose(connection, "closed")
            return
        connection.came += piece
        head, _, body = connection.came.partition(b"\r\n\r\n")
        at = head.find(b"Content-Length: ")
        if at < 0 or len(body) < int(head[at + 16 :].partition(b"\r\n")[0]):
            return
        took, status = (time.perf_counter() - connection.due) * 1000, int(head[9:12])
        if status == 200 and (not connection.is_home or WHOLE in body):
            self._told.good.append(took)
        elif status in (429, 503) and b"Retry-After: " in head:
            self._told.refused.append(took)
        else:
            self._told.others["home in parts" if status == 200 else str(status)] += 1
        self._busy.pop(connection)
        connection.due = 0.0
        if b"Connection: close" in head:
            self._close(connection)
        else:
            self._idle.append(connection)

    def _give_up(self, before: float) -> None:
        while self._busy and (connection := next(iter(self._busy))).due < before:
            self._told.refused.append(PATIENCE * 1000)  # nothing is the slowest of refusals
            self._busy.pop(connection)
            self._close(connection)

    def _lose(self, connection: Connection, how: str) -> None:
        if connection.due:
            self._told.others[how] += 1
            self._busy.pop(connection)
        else:
            self._idle.remove(connection)
        self._close(connection)

    def _close(self, connection: Connection) -> None:
        self._selector.unregister(connection.socket)
        connection.socket.close()


def main() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * MOST), hard))
    obey(Crowd(os.environ["BENCH_URL"], json.loads(os.environ["BENCH_TOKENS"])).come)


if __name__ == "__main__":
    main()
