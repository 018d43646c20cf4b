"""More orders in one moment than the gateway lets wait: each is taken or refused, whole."""

import json
import uuid
from collections import Counter
from contextlib import ExitStack, closing

from chassis.testing import until
from tests.bench.client import Connection
from tests.e2e.test_rolling import Hands, rows
from tests.support.client import an_order

TOO_MANY = 420  # 20 are worked on and 256 wait


def test_a_full_house_refuses_orders_whole_and_keeps_those_that_it_has_let_in(platform, person, ward):
    leader = person("vice_chairman")
    titles = [f"Kiểm tra trạm bơm {uuid.uuid4()}" for _ in range(TOO_MANY)]
    orders = [an_order(title=each, audience=None, assignments=[{"unit_id": ward, "role": "lead"}]) for each in titles]
    keys = [str(uuid.uuid4()) for _ in titles]
    with ExitStack() as stack:
        doors = [stack.enter_context(closing(Connection(platform.base_url, leader.token))) for _ in titles]
        for door, body, key in zip(doors, orders, keys, strict=True):
            door.send("POST", "/api/v1/tasks", body, Idempotency_Key=key)
        answers = [(status, json.loads(body)) for status, body in (door.receive() for door in doors)]
        assert Counter(status for status, _ in answers).keys() == {201, 503}
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
