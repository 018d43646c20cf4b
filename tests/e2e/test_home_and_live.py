"""Home is assembled from whoever answers; a live stream catches up on what was missed."""

import json
import time

from chassis.testing import until
from gateway.live_log import heard
from tests.e2e.conftest import item_of


def test_home_shows_what_a_head_must_do(person, order_to_ward):
    order_to_ward()
    home = person("unit_head").get("/home").json()
    assert home["unavailable"] == []
    burning = person("unit_head").get("/action-items", params={"limit": 20}).json()["items"]
    assert [item["id"] for item in home["reminders"]["items"]] == [item["id"] for item in burning]
    assert home["reminders"]["total"] == sum(count["count"] for count in home["reminders"]["counts"])
    assert home["tasks"]["to_do"] >= 1
    assert home["messaging"]["conversations"] >= 0


def test_a_stopped_service_leaves_its_part_out_and_orders_go_on(person, platform, order_to_ward):
    leader, head = person("vice_chairman"), person("unit_head")
    with platform.without("reminders"):
        began = time.monotonic()
        home = head.get("/home").json()
        assert time.monotonic() - began < 3
        assert home["unavailable"] == ["reminders"]
        assert home.get("reminders") is None
        assert home["tasks"]["to_do"] >= 0
        assert head.get("/action-items").status_code == 503
        assert int(head.get("/action-items").headers["Retry-After"]) >= 1
        from tests.support.client import an_order

        unit = next(m for m in head.get("/me").json()["memberships"] if m["primary"])["unit_id"]
        task = leader.post("/tasks", an_order(audience=None, assignments=[{"unit_id": unit}]))
        assert task.status_code == 201
        assignment = task.json()["assignments"]["items"][0]["id"]
        # accepted before reminders has heard of the order at all
        other = leader.post("/tasks", an_order(audience=None, assignments=[{"unit_id": unit}])).json()
        early = other["assignments"]["items"][0]["id"]
        assert head.accept(early).status_code == 200
    until(lambda: head.get("/action-items").status_code == 200, 20)
    until(lambda: item_of(head, assignment), 10)
    until(lambda: item_of(head, early) is None, 10)


def test_what_was_missed_comes_again_by_last_event_id(person, order_to_ward):
    head = person("unit_head")
    first = head.live()
    hello = until(lambda: first.named("hello"))[0]
    first.close()
    _, one = order_to_ward()
    _, two = order_to_ward()
    stream = head.live(last_event_id=hello["id"])
    until(lambda: len(stream.named("action_item_raised")) >= 2, 5)
    raised = stream.named("action_item_raised")
    assert [event["data"]["subject_id"] for event in raised] == [one["id"], two["id"]]
    positions = [heard(event["id"]) for event in stream.events if "id" in event]
    assert positions == sorted(positions)
    again = head.live(last_event_id=raised[0]["id"])
    until(lambda: again.named("action_item_raised"), 5)
    assert again.named("action_item_raised")[0]["data"]["subject_id"] == two["id"]
    for each in (stream, again):
        each.close()


def test_a_small_event_is_not_held_back(person, order_to_ward):
    """The server must not collect 4 KiB before it writes."""
    stream = person("unit_head").live()
    until(lambda: stream.named("hello"), 2)
    order_to_ward()
    until(lambda: stream.named("action_item_raised"), 2)
    stream.close()


def test_strangers_hear_nothing(person, order_to_ward):
    stream = person("department_head").live()
    until(lambda: stream.named("hello"))
    task, assignment = order_to_ward()
    time.sleep(1)
    assert not [event for event in stream.events if any(each["id"] in json.dumps(event) for each in (task, assignment))]
    stream.close()
