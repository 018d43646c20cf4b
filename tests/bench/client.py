"""A client that costs little: raw sockets, so that what is measured is the platform and not who asks it.

It shares the cores with the platform all the same.
"""

import json
import selectors
import socket
import threading
import time
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlsplit


class Wrong(Exception):
    """An answer that is not the right one: it must not count as work."""


class Connection:
    """One connection that is kept open."""

    def __init__(self, base_url: str, token: str | None = None):
        place = urlsplit(base_url)
        self._host = place.netloc
        self._token = token
        self.socket = socket.create_connection((place.hostname, place.port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, method: str, path: str, body: dict | None = None, **headers: str) -> None:
        payload = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        lines += [f"Authorization: Bearer {self._token}"] if self._token else []
        lines += ["Content-Type: application/json", f"Content-Length: {len(payload)}"] if body is not None else []
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode() + payload)

    def receive(self) -> tuple[int, bytes]:
        """Status and body of an answer with a Content-Length."""
        came = b""
        while b"\r\n\r\n" not in came:
            came += self._more()
        head, _, body = came.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in lines[1:])
        length = int(fields[b"content-length"])
        while len(body) < length:
            body += self._more()
        return int(lines[0].split(b" ")[1]), body

    def ask(self, method: str, path: str, body: dict | None = None, expected: int = 200, **headers: str) -> bytes:
        """The body of an answer with the expected status; anything else is no work done."""
        self.send(method, path, body, **headers)
        status, answer = self.receive()
        if status != expected:
            raise Wrong(f"{method} {path}: {status} instead of {expected}: {answer[:300]!r}")
        return answer

    def close(self) -> None:
        self.socket.close()

    def _more(self) -> bytes:
        if not (piece := self.socket.recv(262_144)):
            raise Wrong("the connection was closed in the middle of an answer")
        return piece


def sign_in(base_url: str, account: dict, password: str) -> str:
    """A token for an account without a second factor."""
    connection = Connection(base_url)
    body = {"username": account["username"], "password": password}
    try:
        return json.loads(connection.ask("POST", "/api/v1/tokens", body, expected=201))["token"]
    finally:
        connection.close()


def new_key() -> dict[str, str]:
    return {"Idempotency_Key": str(uuid.uuid4())}


@dataclass
class Streams:
    """Live streams of many people, read by one thread; remembers when what came on which."""

    base_url: str
    tokens: list[str]
    came: list[list[tuple[float, bytes]]] = field(default_factory=list)  # by stream: when (perf_counter), which chunk

    def __enter__(self) -> "Streams":
        self._selector = selectors.DefaultSelector()
        self._connections = []
        for place, token in enumerate(self.tokens):
            connection = Connection(self.base_url, token)
            connection.send("GET", "/api/v1/live")
            beginning = b""
            while b"event: hello" not in beginning:
                beginning += connection._more()
                if b" 200 OK" not in beginning.partition(b"\r\n")[0]:
                    raise Wrong(f"stream {place} did not open: {beginning[:200]!r}")
            self._connections.append(connection)
            self.came.append([])
            connection.socket.setblocking(False)
            self._selector.register(connection.socket, selectors.EVENT_READ, place)
        self._ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended = True
        self._thread.join()
        for connection in self._connections:
            connection.close()
        self._selector.close()

    def arrivals(self, *parts: bytes, since: float) -> list[float]:
        """When a chunk with all these parts came to each stream that it came to."""
        found = []
        for chunks in self.came:
            for at, chunk in reversed(chunks):
                if at < since:
                    break
                if all(part in chunk for part in parts):
                    found.append(at)
                    break
        return found

    def wait(self, *parts: bytes, since: float, count: int, seconds: float = 30) -> list[float]:
        """The same when `count` have it. Raises Wrong when they do not in time."""
        ends = time.perf_counter() + seconds
        while len(found := self.arrivals(*parts, since=since)) < count:
            if time.perf_counter() > ends:
                raise Wrong(f"{len(found)} of {count} streams got it within {seconds} s")
            time.sleep(0.01)
        return found

    def _read(self) -> None:
        while not self._ended:
            for key, _ in self._selector.select(timeout=0.2):
                piece = key.fileobj.recv(262_144)
                at = time.perf_counter()
                if not piece:
                    self._selector.unregister(key.fileobj)
                    continue
                self.came[key.data].append((at, piece))
