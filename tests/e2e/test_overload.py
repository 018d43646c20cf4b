"""More orders in one moment than the gateway lets wait: each is taken or refused, whole."""

import json
import os
import signal
import uuid
from collections import Counter
from contextlib import ExitStack, closing, contextmanager

from chassis.testing import until
from tests.bench.client import Connection
from tests.e2e.test_rolling import Hands, rows
from tests.support.client import an_order

TOO_MANY = 420  # 20 are worked on and 256 wait


@contextmanager
def held(pid: int):
    """A process that stands still."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_full_house_refuses_orders_whole_and_keeps_those_that_it_has_let_in(platform, person, ward):
    leader = person("vice_chairman")
    titles = [f"Kiểm tra trạm bơm {uuid.uuid4()}" for _ in range(TOO_MANY)]
    orders = [an_order(title=each, audience=None, assignments=[{"unit_id": ward, "role": "lead"}]) for each in titles]
    keys = [str(uuid.uuid4()) for _ in titles]
    with ExitStack() as stack:
        doors = [stack.enter_context(closing(Connection(platform.base_url, leader.token))) for _ in titles]
        with held(platform.pid("tasks")):  # until all have come, however slowly this client sends
            for door, body, key in zip(doors, orders, keys, strict=True):
                door.send("POST", "/api/v1/tasks", body, Idempotency_Key=key)
            last = doors[-1].receive()
        came = [*(door.receive() for door in doors[:-1]), last]
        answers = [(status, json.loads(body)) for status, body in came]
        assert answers[-1][0] == 503 and {status for status, _ in answers} == {201, 503}
        assert {body["code"] for status, body in answers if status == 503} == {"overloaded"}
        taken = [title for title, (status, _) in zip(titles, answers, strict=True) if status == 201]
        assert taken == [body["title"] for status, body in answers if status == 201]
        doors[-1].send("GET", "/api/v1/me")  # the connections of those who were refused are as good as before
        assert doors[-1].receive()[0] == 200

    def there() -> Counter:
        return rows(platform, "tasks", "SELECT title FROM tasks WHERE title = ANY(%s)", titles)

    assert there() == Counter(taken)
    hands = Hands()
    for body, key in list(zip(orders, keys, strict=True))[-30:]:  # whoever comes again is served, or was already
        assert hands.ask(leader, "POST", "/tasks", body, key).status_code == 201
    until(lambda: there() == Counter({*taken, *titles[-30:]}))
