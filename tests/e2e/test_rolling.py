"""Each service is restarted under people's hands: whatever was answered has its effect once, and nothing is missed.

`CONGVU_RESTARTS` says how often each is restarted, as in test_restarts.py: once here, more in the promise's long form.
"""

import logging
import os
import uuid
from collections import Counter
from dataclasses import dataclass, field

import eventlet
import psycopg
import pytest
import requests
from urllib3.exceptions import NewConnectionError

from chassis.testing import until
from contracts.catalogue import SERVICES
from deploy.local import fleet
from gateway.live_log import heard as heard_up_to
from tests.e2e.test_restarts import settled
from tests.support.client import Client, Live, an_order

log = logging.getLogger(__name__)

RESTARTS = int(os.environ.get("CONGVU_RESTARTS", "1"))
BETWEEN = 0.2  # seconds from an answer to the next request of the same hands
SLOWLY = 1.5  # between two messages: nobody may speak faster for long
CITY = [*(s for s in SERVICES if s != "gateway"), "gateway", "gateway"]


class Broken(AssertionError):
    """An answer that had begun and did not end, a connection that was refused, or a status that nobody may see."""


@dataclass
class Hands:
    """Somebody who repeats a request until it is answered, and keeps what he had to be told twice."""

    told: Counter = field(default_factory=Counter)

    def ask(self, client: Client, method: str, path: str, body: dict | None = None, key: str | None = None):
        key = {"Idempotency-Key": key or str(uuid.uuid4())} if method == "POST" else {}
        while True:
            try:
                answer = client.request(method, path, json=body, headers=key)
            except requests.exceptions.ChunkedEncodingError as error:
                raise Broken(f"{method} {path}: the answer broke off") from error
            except requests.ConnectionError as error:
                self.was_closed(f"{method} {path}", error)
                continue
            if answer.status_code != 503:
                self.told[answer.status_code] += 1
                return answer
            self.was_put_off(f"{method} {path}", answer)

    def was_closed(self, what: str, error: requests.ConnectionError) -> None:
        if isinstance(getattr(error.args[0], "reason", None), NewConnectionError):
            raise Broken(f"{what}: refused at the door") from error
        self.told["closed before an answer began"] += 1

    def was_put_off(self, what: str, answer: requests.Response) -> None:
        """Wait as long as it says."""
        if "Retry-After" not in answer.headers:
            raise Broken(f"{what}: {answer.status_code} without Retry-After: {answer.text}")
        self.told[f"{answer.status_code} {answer.json()['code']}"] += 1
        eventlet.sleep(min(float(answer.headers["Retry-After"]), 2))


class Listener:
    """A live stream that is opened anew from its last event whenever it ends, as a browser does; what
    it was told instead is counted in `hands`.
    """

    def __init__(self, client: Client, hands: Hands):
        self.opened, self.events = 0, []
        self._client, self._hands, self._listens = client, hands, True
        self._thread = eventlet.spawn(self._listen)

    @property
    def last_id(self) -> str | None:
        return self.events[-1]["id"] if self.events else None

    def has_opened(self, more_than: int) -> bool:
        """Whether it was opened more often. Raises what went wrong."""
        if self._thread.dead:
            self._thread.wait()
        return self.opened > more_than

    def _listen(self) -> None:
        while self._listens:
            try:
                stream = Live(self._client, self.last_id)
            except requests.ConnectionError as error:
                self._hands.was_closed("GET /live", error)
                continue
            except requests.HTTPError as error:
                if error.response.status_code != 503:
                    raise Broken(f"GET /live: {error}") from error
                self._hands.was_put_off("GET /live", error.response)
                continue
            self.opened += 1
            while self._listens and not stream.ended:
                self._take(stream)
                eventlet.sleep(0.05)
            self._take(stream)
            stream.close()

    def _take(self, stream: Live) -> None:
        self.events += [event for event in stream.events if "id" in event]
        stream.events.clear()

    def subjects(self, name: str) -> Counter:
        return Counter(event["data"]["subject_id"] for event in self.events if event["event"] == name)

    def end(self) -> None:
        self._listens = False
        self._thread.wait()


class Work:
    """People at work, each with a connection of his own, until told to stop."""

    def __init__(self):
        self.hands = Hands()
        self._goes_on = True
        self._threads = []

    def begin(self, client: Client, act, pause: float = BETWEEN) -> None:
        self._threads.append(eventlet.spawn(self._repeat, Client(client.base_url, client.token), act, pause))

    def _repeat(self, client: Client, act, pause: float) -> None:
        while self._goes_on:
            try:
                act(client)
            except BaseException:
                self._goes_on = False  # of them all
                raise
            eventlet.sleep(pause)

    def has(self, counts: dict[int, int]) -> bool:
        """Whether so many answers of each status have come. Raises what went wrong in any of them."""
        if not self._goes_on:
            self.end()
        return all(self.hands.told[status] >= count for status, count in counts.items())

    def end(self) -> None:
        self._goes_on = False
        for thread in self._threads:
            thread.wait()


def rows(platform, service: str, statement: str, values: list) -> Counter:
    with psycopg.connect(platform.addresses["owners"][service]) as connection:
        return Counter(value for (value,) in connection.execute(statement, (values,)))


@pytest.fixture
def conversation(person, order_to_ward):
    task, _ = order_to_ward()
    leader = person("vice_chairman")
    [found] = until(lambda: leader.get("/conversations", params={"task_id": task["id"]}).json()["items"], 30)
    return found["id"]


def test_each_service_is_restarted_under_load_and_nothing_that_was_answered_fails(platform, person, ward, conversation):
    leader, head = person("vice_chairman"), person("unit_head")
    work, ordered, said = Work(), {}, []
    listener = Listener(head, work.hands)
    until(lambda: listener.has_opened(more_than=0))

    def order(client):
        title = f"Kiểm tra trạm bơm {uuid.uuid4()}"
        body = an_order(title=title, audience=None, assignments=[{"unit_id": ward, "role": "lead"}])
        answer = work.hands.ask(client, "POST", "/tasks", body)
        assert answer.status_code == 201, answer.text
        ordered[title] = answer.json()["assignments"]["items"][0]["id"]

    def say(client):
        text = f"Rõ {uuid.uuid4()}"
        answer = work.hands.ask(client, "POST", f"/conversations/{conversation}/messages", {"text": text})
        assert answer.status_code == 201, answer.text
        said.append(text)

    def read(path):
        def act(client):
            answer = work.hands.ask(client, "GET", path)
            assert answer.status_code == 200, answer.text

        return act

    for client, act, pause in (
        (leader, order, BETWEEN), (leader, order, BETWEEN), (leader, say, SLOWLY), (head, read("/home"), BETWEEN),
        (head, read("/action-items"), BETWEEN), (leader, read("/me"), 0),
    ):  # fmt: skip
        work.begin(client, act, pause)
    for service in [each for _ in range(RESTARTS) for each in CITY]:
        done, pid = work.hands.told[200], platform.pid(service)
        until(lambda: work.has({200: done + 15}), 60)  # noqa: B023 - they are at work
        opened = listener.opened
        fleet.restart(platform.state, service, platform.ports["admin"][service])
        assert platform.pid(service) != pid
        if service == "gateway":
            until(lambda: listener.has_opened(more_than=opened), 60)  # noqa: B023 - it listens
    done = work.hands.told.copy()
    until(lambda: work.has({200: done[200] + 20, 201: done[201] + 3}), 60)
    work.end()
    log.info(f"{len(CITY) * RESTARTS} restarts: {dict(work.hands.told)}; the stream was opened {listener.opened} times")

    assert len(ordered) > 20 and len(said) > 3
    titles, texts = list(ordered), said
    assert rows(platform, "tasks", "SELECT title FROM tasks WHERE title = ANY(%s)", titles) == Counter(titles)
    assert rows(platform, "messaging", "SELECT text FROM messages WHERE text = ANY(%s)", texts) == Counter(texts)
    until(lambda: settled(platform), 120)
    until(lambda: not set(ordered.values()) - listener.subjects("action_item_raised").keys(), 60)
    listener.end()
    heard = listener.subjects("action_item_raised")
    assert {heard[piece] for piece in ordered.values()} == {1}
    positions = [heard_up_to(event["id"]) for event in listener.events]
    assert positions == sorted(positions)
    assert not any(event["event"] == "reset" for event in listener.events)
