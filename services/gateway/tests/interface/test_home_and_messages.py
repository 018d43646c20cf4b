"""Home, assembled from what is there; conversations."""

import time

import eventlet

from chassis.testing import until
from gateway.tests.support import (
    CONVERSATION,
    Messaging,
    Reminders,
    Tasks,
    asked,
    assert_problem,
    message,
    name_of,
)
from kernel.errors import Refused
from tests.support.town import person

MESSAGES = f"/conversations/{CONVERSATION}/messages"


def test_home_has_a_part_of_every_service(head):
    home = head.get("/home").json()
    assert home["tasks"]["to_do"] == 3 and home["messaging"]["messages"] == 2 and home["reminders"]["total"] == 0
    assert home["unavailable"] == []


def test_home_says_what_became_late_since_one_looked_last(head):
    head.get("/home")
    head.get("/home", params={"late_since": "2026-03-02T07:30:00+07:00"})
    assert [request["late_since"] is None for _, request in asked("reminders.get_overview")] == [True, False]
    assert_problem(head.get("/home", params={"late_since": "hôm qua"}), 422, "invalid_request")


def test_a_stopped_a_slow_and_a_failing_service_leave_their_parts_out(gateway, neighbours):
    head = gateway(home_patience=0.5).signed_in("ward-1 head")
    neighbours["messaging"].stop()
    Reminders.answers = {"reminders.get_overview": lambda _: eventlet.sleep(3)}
    Tasks.answers = {"tasks.get_summary": RuntimeError("broken")}
    started = time.monotonic()
    home = head.get("/home")
    assert (home.status_code, home.json()) == (200, {"unavailable": ["tasks", "reminders", "messaging"]})
    assert time.monotonic() - started < 1.5


def test_operators_see_which_services_answer(gateway, neighbours):
    client = gateway(home_patience=1.0)
    auditor = client.signed_in("dept auditor")
    health = auditor.get("/health").json()
    assert {part["name"]: part["answers"] for part in health["services"]} == dict.fromkeys(neighbours, True)
    assert health["directory_copy"]["complete"] and health["directory_copy"]["age_seconds"] >= 0
    neighbours["messaging"].stop()
    Tasks.answers = {"tasks.get_summary": RuntimeError("broken")}
    told = {part["name"]: part["code"] for part in auditor.get("/health").json()["services"]}
    assert told == {
        "directory": None, "tasks": "internal_error", "reminders": None, "messaging": "service_unavailable",
    }  # fmt: skip
    assert_problem(client.signed_in("ward-1 head").get("/health"), 403, "not_authorised")


def test_the_parts_are_asked_for_at_the_same_time(head):
    asked_for = []

    def waits_for_the_other(request):
        asked_for.append(request)
        until(lambda: len(asked_for) == 2)
        return Refused("directory_stale", retryable=True)

    Tasks.answers = {"tasks.get_summary": waits_for_the_other}
    Reminders.answers = {"reminders.get_overview": waits_for_the_other}
    assert head.get("/home").json()["unavailable"] == ["tasks", "reminders"]


def test_a_refusal_is_not_an_absence(head):
    Tasks.answers = {"tasks.get_summary": Refused("unknown_capacity")}
    assert_problem(head.get("/home"), 403, "unknown_capacity")


def test_messages_come_with_names_by_one_question(head):
    for _ in range(2):  # known names are not asked for again
        page = head.get(MESSAGES).json()
        assert [each["sender_name"] for each in page["items"]] == [name_of(person("ward-1 head"))] * 2
        assert len(asked("directory.get_names")) == 1


def test_whoever_is_mentioned_is_named_when_it_is_read(head):
    mention = {"kind": "person", "id": person("ward-1 clerk")}
    node = {"kind": "mention", "mention": mention, "text": "@"}
    kept = [mention | {"offset": 2, "length": 1}, {"kind": "all", "id": None, "offset": 4, "length": 7}]
    body = [{"kind": "list", "ordered": False, "start": None, "items": [[{"kind": "bold", "children": [node]}]]}]
    said = message() | {"text": "- @ @tất cả", "mentions": kept, "body": body, "links": [], "files": []}
    Messaging.answers = {"messaging.list_messages": {"items": [said], "next_cursor": None}}

    [told] = head.get(MESSAGES).json()["items"]
    name = name_of(person("ward-1 clerk"))
    assert [each["name"] for each in told["mentions"]] == [name, None]
    assert told["body"][0]["items"][0][0]["children"][0]["text"] == f"@{name}"
    assert told["text"] == said["text"]


def test_saying_something(head):
    answer = head.post(MESSAGES, {"text": "Chào"}, headers={"Idempotency-Key": "m"})
    assert answer.status_code == 201 and answer.json()["sender_name"]
    said = asked("messaging.post_message")[0][1]
    assert (said["conversation_id"], said["text"], said["idempotency_key"]) == (CONVERSATION, "Chào", "m")
    assert_problem(head.post(MESSAGES, {"text": "Chào"}), 400, "idempotency_key_required")
    assert_problem(head.post(MESSAGES, {"text": None}, headers={"Idempotency-Key": "m"}), 422, "invalid_request")


def test_reading_up_to_a_number(head):
    answer = head.post(f"/conversations/{CONVERSATION}/read", {"number": 4})
    assert (answer.status_code, answer.content) == (204, b"")
    assert asked("messaging.mark_read")[0][1] == {"conversation_id": CONVERSATION, "number": 4}
