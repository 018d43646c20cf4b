"""The broker and the databases are restarted under people's hands: what they gave is taken, or refused at once.

`CONGVU_RESTARTS` says how often each is restarted in each way: twice here, 50 times in the promise's long form.
"""

import contextlib
import logging
import os
import time

import eventlet
import psycopg
import pytest
from amqp.exceptions import AMQPError
from kombu.exceptions import KombuError

from chassis import amqp
from chassis.contract import PATIENCE
from chassis.testing import until
from tests.e2e.conftest import item_of
from tests.support.client import an_order

log = logging.getLogger(__name__)

RESTARTS = int(os.environ.get("CONGVU_RESTARTS", "2"))
WRITERS = 4
REFUSED_SECONDS = 2  # at the latest a 503 comes after
RECOVERED_SECONDS = 15
COMING_BACK = 5  # seconds from the broker's first admission until an order is through


class Hands:
    """People at work until told to stop: each sends one request after another and keeps (seconds, answer)."""

    def __init__(self, acts):
        self.answers: list[tuple[float, float, object]] = []  # when it was sent, how long it took, the answer
        self._working = True
        self._threads = [eventlet.spawn(self._work, act) for act in acts]

    def _work(self, act):
        while self._working:
            began = time.monotonic()
            answer = act()
            self.answers.append((began, time.monotonic() - began, answer))
            eventlet.sleep(0.1)

    def rest(self):
        self._working = False
        for thread in self._threads:
            thread.wait()
        return self.answers


@pytest.fixture
def order(person, ward):
    def give(title="Kiểm tra trạm bơm"):
        return person("vice_chairman").post(
            "/tasks", an_order(title=title, audience=None, assignments=[{"unit_id": ward, "role": "lead"}])
        )

    return give


def outbox(platform, service) -> int:
    with psycopg.connect(platform.addresses["owners"][service]) as connection:
        return connection.execute("SELECT count(*) FROM outbox WHERE published_at IS NULL").fetchone()[0]


def admits(platform) -> bool:
    """Whether the broker itself lets somebody in."""
    try:
        with amqp.connection(platform.addresses["brokers"]["admin"], "test", timeout=2) as broker:
            broker.connect()
            return True
    except (OSError, AMQPError, KombuError):
        return False


def settled(platform):
    """Everything that was said has arrived."""
    for service in platform.ports["admin"]:
        platform.wait_ready(service)
    return all(outbox(platform, service) == 0 for service in platform.ports["admin"])


@pytest.mark.parametrize("kill", [False, True], ids=["in peace", "killed"])
def test_through_a_restart_of_the_broker_every_order_is_answered_201(platform, person, order, kill):
    for _ in range(RESTARTS):
        hands = Hands([order] * WRITERS)
        eventlet.sleep(1)
        restarted = time.monotonic()
        platform.end("rabbitmq", kill)
        until(lambda: admits(platform), 60)
        was_away = time.monotonic() - restarted
        until(lambda: any(began > restarted + 1 for began, _, _ in list(hands.answers)), 60)  # noqa: B023
        eventlet.sleep(1)
        answers = hands.rest()
        if was_away < PATIENCE - COMING_BACK:
            assert {answer.status_code for _, _, answer in answers} == {201}
        else:  # a machine whose broker needs longer: nobody is refused before his patience is over
            assert all(a.status_code == 201 or (a.status_code == 503 and took >= PATIENCE) for _, took, a in answers)
            answers = [each for each in answers if each[2].status_code == 201]
        assert any(took > 1 for _, took, _ in answers), "nobody was at work while the broker was away"
        log.info(f"broker away: {len(answers)} orders, the longest wait {max(took for _, took, _ in answers):.1f} s")
        until(lambda: settled(platform), 60)
        head = person("unit_head")
        for _, _, answer in answers:
            [piece] = answer.json()["assignments"]["items"]
            assert until(lambda: item_of(head, piece["id"]), 30)["task_id"] == answer.json()["id"]  # noqa: B023
            assert head.accept(piece["id"]).status_code == 200


@pytest.mark.parametrize("kill", [False, True], ids=["in peace", "killed"])
def test_through_a_restart_of_postgresql_requests_are_refused_at_once_and_go_on_soon(platform, person, order, kill):
    for _ in range(RESTARTS):
        hands = Hands([order] * WRITERS + [lambda: person("unit_head").get("/home")])
        eventlet.sleep(1)
        platform.end("postgres", kill)
        back = time.monotonic()
        until(lambda: order().status_code == 201, RECOVERED_SECONDS)
        log.info(f"recovered after {time.monotonic() - back:.1f} s")
        eventlet.sleep(1)
        answers = hands.rest()
        for answer in [answer for _, _, answer in answers if answer.status_code == 201]:
            head = person("unit_head")
            until(lambda: settled(platform), 60)
            assert head.accept(answer.json()["assignments"]["items"][0]["id"]).status_code == 200
        refused = [(took, answer) for _, took, answer in answers if answer.status_code == 503]
        assert {answer.status_code for _, _, answer in answers} <= {200, 201, 503}
        assert refused, "nobody was at work while the database was away"
        assert all(answer.headers.get("Retry-After") for _, answer in refused)
        assert max(took for took, _ in refused) < REFUSED_SECONDS
        log.info(f"database away: {len(refused)} refused, the slowest after {max(took for took, _ in refused):.2f} s")
        until(lambda: settled(platform), 60)


@contextlib.contextmanager
def shut(platform, service):
    """One service's database lets nobody in, and throws out whoever is."""
    name = platform.addresses["databases"][service].rsplit("/", 1)[1].split("?")[0]
    with psycopg.connect(platform.addresses["postgres_admin"], autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            yield
        finally:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_while_one_database_is_away_the_other_services_go_on(platform, person, order):
    leader = person("vice_chairman")
    assert order().status_code == 201
    with shut(platform, "tasks"):
        began = time.monotonic()
        refused = order()
        assert (refused.status_code, refused.json()["code"]) == (503, "database_unavailable"), refused.text
        assert refused.headers["Retry-After"]
        assert time.monotonic() - began < REFUSED_SECONDS
        home = leader.get("/home").json()
        assert home["unavailable"] == ["tasks"] and {"reminders", "messaging"} <= home.keys()
        for path in ("/people?q=nguyen", "/units", "/action-items", "/conversations", "/me"):
            assert leader.get(path).status_code == 200, path
    until(lambda: order().status_code == 201, RECOVERED_SECONDS)
