"""The directory is away, and the city goes on: orders, acceptances, action items and messages by the copies."""

import time

import requests

from chassis.testing import until
from tests.e2e.conftest import item_of
from tests.support.client import an_order, sign_in


def test_orders_items_and_messages_go_on_without_the_directory(platform, person, ward):
    leader, head, clerk = person("vice_chairman"), person("unit_head"), person("unit_clerk")
    leaders_stream, heads_stream = leader.live(), head.live()
    until(lambda: leaders_stream.named("hello") and heads_stream.named("hello"))
    with platform.without("directory"):
        # an order to one ward, and to all units
        order = an_order(audience=None, assignments=[{"unit_id": ward}])
        task = leader.post("/tasks", order)
        assert task.status_code == 201, task.text
        piece = task.json()["assignments"]["items"][0]
        assert task.json()["assigner_name"] is None or task.json()["assigner_name"]
        everybody = leader.post("/tasks", an_order())
        assert (everybody.status_code, everybody.json()["roll_up"]["assigned"]) == (201, 184)
        # the item arrives, live and in the list, and closes when the clerk accepts for the head
        until(lambda: item_of(head, piece["id"]), 10)
        until(
            lambda: piece["id"] in [event["data"]["subject_id"] for event in heads_stream.named("action_item_raised")]
        )
        assert clerk.accept(piece["id"]).status_code == 200
        until(lambda: item_of(head, piece["id"]) is None, 10)
        until(lambda: leaders_stream.named("assignment_changed"), 10)
        # the case conversation carries messages
        conversation = until(
            lambda: head.get("/conversations", params={"task_id": task.json()["id"]}).json()["items"], 10
        )[0]["id"]
        assert head.post(f"/conversations/{conversation}/messages", {"text": "Đã nhận."}).status_code == 201
        until(lambda: leaders_stream.named("message_posted"), 10)
        # home answers
        home = head.get("/home")
        assert (home.status_code, home.json()["unavailable"]) == (200, [])
        # what only the directory knows says so, and soon
        began = time.monotonic()
        for answer in (head.get("/units"), head.get("/people", params={"q": "nguyen"}), signing_in(platform)):
            assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
        assert time.monotonic() - began < 30
    until(lambda: head.get("/units").status_code == 200, 20)
    assert sign_in(platform.base_url, platform.account("official")).token
    for stream in (leaders_stream, heads_stream):
        stream.close()


def raised(stream) -> list[dict]:
    return stream.named("action_item_raised")


def signing_in(platform) -> requests.Response:
    account = platform.account("official")
    body = {"username": account["username"], "password": account["password"]}
    return requests.post(f"{platform.base_url}/api/v1/tokens", json=body, timeout=45)
