"""The public API, as any program would use it, and a live stream."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import requests


class Failed(Exception):
    """The platform did not answer as it should: one sentence."""


class Client:
    """Somebody who is signed in."""

    def __init__(self, base_url: str, username: str, password: str):
        self._api = f"{base_url}/api/v1"
        self._http = requests.Session()
        token = self.post("/tokens", {"username": username, "password": password})["token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query) -> dict:
        return self._ask("GET", path, params=query)

    def post(self, path: str, body: dict | None = None, **headers: str) -> dict:
        return self._ask("POST", path, json=body, headers=headers)

    def live(self) -> requests.Response:
        return self._ask("GET", "/live", stream=True, timeout=(10, 60))

    def _ask(self, method: str, path: str, **options):
        try:
            answer = self._http.request(method, self._api + path, **{"timeout": 30} | options)
        except requests.RequestException as error:
            raise Failed(f"{method} {path}: {type(error).__name__}") from error
        if not answer.ok:
            raise Failed(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        if options.get("stream"):
            return answer
        return answer.json() if answer.content else {}


def new_key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


@dataclass
class Stream:
    """One client's live stream, read by a thread of its own; remembers what came and when."""

    client: Client
    name: str
    opened: threading.Event = field(default_factory=threading.Event)
    trouble: str | None = None
    seen: list[tuple[float, str, dict]] = field(default_factory=list)  # when (time.perf_counter), type, content

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    def arrival(self, kind: str, about: str) -> tuple[float, dict] | None:
        """The first event of a type that mentions an id."""
        return next(((at, data) for at, name, data in self.seen if name == kind and about in data.values()), None)

    def count(self, kind: str, about: str) -> int:
        return sum(name == kind and about in data.values() for _, name, data in list(self.seen))

    def _run(self) -> None:
        try:
            with self.client.live() as answer:
                for at, name, data in _events(answer):
                    self.seen.append((at, name, data))
                    self.opened.set()
        except (Failed, requests.RequestException) as error:
            self.trouble = str(error)
            self.opened.set()


def _events(answer: requests.Response) -> Iterator[tuple[float, str, dict]]:
    buffer = b""
    for chunk in answer.iter_content(chunk_size=None):
        at = time.perf_counter()
        buffer += chunk
        while b"\n\n" in buffer:
            block, buffer = buffer.split(b"\n\n", 1)
            lines = dict(line.split(b": ", 1) for line in block.split(b"\n") if b": " in line and line[:1] != b":")
            if b"event" in lines:
                yield at, lines[b"event"].decode(), json.loads(lines[b"data"])
