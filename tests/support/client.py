"""A client of the public API for end-to-end tests: plain HTTP, and a live stream read line by line."""

import json
import time
import uuid
from dataclasses import dataclass, field

import eventlet
import requests


@dataclass
class Client:
    """One signed-in person. Every call answers the `requests` response as it came."""

    base_url: str
    token: str | None = None
    session: requests.Session = field(default_factory=requests.Session)

    def request(self, method: str, path: str, **kwargs) -> requests.Response:
        headers = dict(kwargs.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if method in ("PUT", "PATCH", "DELETE"):
            headers.setdefault("Idempotency-Key", str(uuid.uuid4()))
        url = path if path.startswith("http") else f"{self.base_url}/api/v1{path}"
        return self.session.request(method, url, headers=headers, timeout=45, **kwargs)

    def get(self, path: str, **kwargs) -> requests.Response:
        return self.request("GET", path, **kwargs)

    def post(self, path: str, body: dict | None = None, key: str | None = "new", **kwargs) -> requests.Response:
        headers = dict(kwargs.pop("headers", {}))
        if key is not None:
            headers.setdefault("Idempotency-Key", str(uuid.uuid4()) if key == "new" else key)
        return self.request("POST", path, json=body if body is not None else {}, headers=headers, **kwargs)

    def accept(self, assignment_id: str, version="*", **kwargs) -> requests.Response:
        tag = version if version == "*" else f'"{version}"'
        return self.post(f"/assignments/{assignment_id}/accept", headers={"If-Match": tag}, **kwargs)

    def live(self, **kwargs) -> "Live":
        return Live(self, **kwargs)


def sign_in(base_url: str, account: dict) -> Client:
    """A client with a token of its own for one of the demo accounts."""
    client = Client(base_url)
    body = {"username": account["username"], "password": account["password"]}
    if secret := account.get("totp_secret"):
        import pyotp

        body["totp"] = pyotp.TOTP(secret).now()
    answer = client.request("POST", "/tokens", json=body)
    assert answer.status_code == 201, answer.text
    client.token = answer.json()["token"]
    return client


class Live:
    """An open live stream; `events` grows as they arrive: dicts of id, event, data and when they came.

    Raises requests.HTTPError when it is refused.
    """

    def __init__(self, client: Client, last_event_id: str | None = None):
        headers = {"Authorization": f"Bearer {client.token}", "Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        self.response = requests.get(f"{client.base_url}/api/v1/live", headers=headers, stream=True, timeout=(5, 60))
        if self.response.status_code != 200:
            raise requests.HTTPError(self.response.text, response=self.response)
        self.events: list[dict] = []
        self.ended = False
        self._thread = eventlet.spawn(self._read)

    def _read(self) -> None:
        event: dict = {}
        try:
            for line in self.response.iter_lines(chunk_size=1, decode_unicode=True):
                if line == "":
                    if "data" in event:
                        self.events.append(event | {"came": time.monotonic()})
                    event = {}
                elif not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    event[name] = json.loads(value) if name == "data" else value
        except requests.RequestException:
            pass  # the stream was cut: `ended` says so
        self.ended = True

    def named(self, name: str) -> list[dict]:
        return [event for event in self.events if event.get("event") == name]

    def close(self) -> None:
        self._thread.kill()
        self.response.close()


def days_from_now(days: int) -> str:
    """A day in the city's calendar, as the API wants it."""
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    return (datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date() + timedelta(days=days)).isoformat()


def an_order(**changes) -> dict:
    """An order to all units, as a leader writes it; `None` takes a field out."""
    order = {
        "title": "Rà soát phương án phòng chống ngập mùa mưa",
        "content": "Các đơn vị rà soát, cập nhật phương án và báo cáo kết quả về Văn phòng UBND Thành phố.",
        "mode": "each",
        "audience": "all-units",
        "urgency": "urgent",
        "due_on": days_from_now(14),
        "expected_result": "Báo cáo bằng văn bản kèm phương án đã duyệt",
    } | changes
    return {name: value for name, value in order.items() if value is not None}
