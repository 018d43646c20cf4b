"""Live streams that stay open through everything: a cut one comes back with its last event id."""

import contextlib
import http.client
import json
import threading
import time
from urllib.parse import urlsplit

from tests.support.client import Client

SILENCE = 40  # seconds; a living stream says something every 15


class Stream:
    """What one person has seen. `began_after` is the id at which the first hello came."""

    def __init__(self, client: Client, name: str):
        self.name = name
        me = client.get("/me").json()
        posts = [m["post_id"] for m in me["memberships"]] + [d["grantor_post_id"] for d in me["delegations"]]
        self.addresses = [f"person:{me['person']['id']}", *(f"post:{post_id}" for post_id in posts)]
        self.began_after: int | None = None
        self.last_id: str | None = None
        self.seen: list[tuple[int, str, dict]] = []  # row of the log, event, data
        self.resets = 0
        self.connections = 0
        self._client = client
        self._closed = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Do not come back when it is cut the next time."""
        self._closed = True

    def _run(self) -> None:
        while not self._closed:
            with contextlib.suppress(OSError, http.client.HTTPException):  # it is cut whenever a gateway dies
                self._read()
            time.sleep(0.3)

    def _read(self) -> None:
        place = urlsplit(self._client.base_url)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=SILENCE)
        headers = {"Authorization": f"Bearer {self._client.token}"}
        if self.last_id is not None:
            headers["Last-Event-ID"] = self.last_id
        try:
            connection.request("GET", "/api/v1/live", headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                return
            self.connections += 1
            event: dict[str, str] = {}
            while line := answer.readline():
                text = line.decode().rstrip("\n")
                if text:
                    name, _, value = text.partition(": ")
                    event[name] = value
                    continue
                if "data" in event:
                    row = int(event["id"].partition(".")[0])
                    self._take(row, event["event"], json.loads(event["data"]))
                self.last_id = event.get("id", self.last_id)
                event = {}
        finally:
            connection.close()

    def _take(self, number: int, name: str, data: dict) -> None:
        if name == "hello":
            self.began_after = number if self.began_after is None else self.began_after
        elif name == "reset":
            self.resets += 1
        else:
            self.seen.append((number, name, data))
