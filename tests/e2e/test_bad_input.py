"""What is wrong is refused with the right status and a stable code, and leaves nothing behind."""

import socket
import unicodedata
import uuid

import pytest
import requests

from chassis.testing import until
from tests.support.client import Client, an_order, days_from_now

NOBODY = "01990000-0000-7000-8000-000000000000"


def problem(answer: requests.Response) -> tuple[int, str]:
    assert answer.headers["Content-Type"].split(";")[0] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"]
    return answer.status_code, body["code"]


@pytest.fixture
def leader(person):
    return person("vice_chairman")


def count_of_orders(leader: Client) -> int:
    total, cursor = 0, None
    while True:
        page = leader.get("/tasks", params={"box": "issued", "limit": 200, "cursor": cursor}).json()
        total += len(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return total


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"audience": None, "assignments": [{"unit_id": NOBODY}]}, (422, "unknown_unit")),
        ({"audience": "all-planets"}, (422, "unknown_audience")),
        ({"audience": "whole-city"}, (422, None)),
        ({"colour": "red"}, (422, "invalid_request")),
        ({"due_on": days_from_now(-3)}, (422, "due_in_past")),
        ({"due_on": None}, (422, "invalid_request")),
        ({"due_on": "next week"}, (422, "invalid_request")),
        ({"due_on": days_from_now(5), "no_deadline": True}, (422, "invalid_request")),
        ({"title": ""}, (422, "invalid_request")),
        ({"title": "x" * 301}, (422, "invalid_request")),
        ({"mode": "both"}, (422, "invalid_request")),
        ({"mode": "joint"}, (422, None)),
        ({"urgency": "asap"}, (422, "invalid_request")),
        ({"assignments": [{"unit_id": "1; DROP TABLE tasks"}], "audience": None}, (422, "invalid_request")),
        ({"followers": [NOBODY]}, (422, None)),
        ({"expected_result": None}, (422, "invalid_request")),
        ({"title": "\u200b\U000e0041"}, (422, "invalid_request")),
        ({"due_on": None, "due_at": "0001-01-01T00:00:00+23:59", "urgency": "express"}, (422, "due_in_past")),
        ({"due_on": None, "due_at": days_from_now(-1) + "T08:00:00+23:59", "urgency": "express"}, (422, "due_in_past")),
    ],
)
def test_a_wrong_order_is_refused_whole(leader, changes, expected):
    before = count_of_orders(leader)
    status, code = problem(leader.post("/tasks", an_order(**changes)))
    assert status == expected[0]
    assert expected[1] is None or code == expected[1]
    assert code != "internal_error"
    assert count_of_orders(leader) == before


def test_a_schema_error_names_its_field(leader):
    answer = leader.post("/tasks", an_order(title="", colour="red")).json()
    assert {error["field"] for error in answer["errors"]} == {"title", "colour"}


def test_one_key_has_one_answer_and_refuses_another_order(leader, ward):
    key = str(uuid.uuid4())
    order = an_order(audience=None, assignments=[{"unit_id": ward}])
    first, again = leader.post("/tasks", order, key=key), leader.post("/tasks", order, key=key)
    assert first.status_code == again.status_code == 201
    assert first.json()["id"] == again.json()["id"]
    assert problem(leader.post("/tasks", order | {"title": "Khác"}, key=key)) == (422, "idempotency_key_reused")


def test_a_write_without_a_key_is_refused(leader):
    assert problem(leader.post("/tasks", an_order(), key=None)) == (400, "idempotency_key_required")


def test_a_stale_version_is_refused_and_changes_nothing(person, order_to_ward):
    _task, assignment = order_to_ward()
    head = person("unit_head")
    assert problem(head.accept(assignment["id"], assignment["version"] + 5)) == (412, "stale_version")
    assert problem(head.post(f"/assignments/{assignment['id']}/accept")) == (428, "if_match_required")
    assert head.get(f"/assignments/{assignment['id']}").json()["state"] == "assigned"


def test_accepting_twice_is_refused_unless_it_is_the_same_request(person, order_to_ward):
    _task, assignment = order_to_ward()
    head, key = person("unit_head"), str(uuid.uuid4())
    first, again = head.accept(assignment["id"], key=key), head.accept(assignment["id"], key=key)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert problem(head.accept(assignment["id"])) == (409, "wrong_state")


def test_who_has_no_authority_may_not_order(person, ward):
    for role in ("department_head", "unit_head", "unit_clerk", "official", "administrator", "auditor", "office_clerk"):
        order = an_order(audience=None, assignments=[{"unit_id": ward}])
        assert problem(person(role).post("/tasks", order)) == (403, "not_authorised"), role


def test_a_foreign_id_looks_like_an_absent_one(person, order_to_ward):
    task, assignment = order_to_ward()
    stranger = person("department_head")
    conversation = until(
        lambda: person("unit_head").get("/conversations", params={"task_id": task["id"]}).json()["items"], 5
    )[0]["id"]
    for path in ("/tasks/{}", "/assignments/{}", "/conversations/{}", "/conversations/{}/messages"):
        real = {"t": task["id"], "a": assignment["id"], "c": conversation}[path[1]]
        foreign, absent = stranger.get(path.format(real)), stranger.get(path.format(NOBODY))
        assert problem(foreign) == problem(absent) == (404, "not_found"), path
        assert foreign.json().keys() == absent.json().keys()
    assert problem(stranger.accept(assignment["id"])) == (404, "not_found")
    assert problem(stranger.get("/tasks/not-an-id"))[0] == 404


def test_a_foreign_capacity_is_refused(person):
    other = person("unit_head").get("/me").json()["memberships"][0]["id"]
    answer = person("official").get("/action-items", headers={"X-Acting-For": other})
    assert problem(answer) == (403, "unknown_capacity")


def test_a_body_of_ten_megabytes_is_refused(leader):
    answer = leader.post("/tasks", an_order(content="x" * 10_000_000))
    assert problem(answer) == (413, "body_too_large")


def test_broken_json_and_other_content_are_refused(leader):
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    assert problem(leader.request("POST", "/tasks", data=b"{broken", headers=headers)) == (400, "invalid_json")
    assert problem(leader.request("POST", "/tasks", data=b"\xff\xfe", headers=headers)) == (400, "invalid_json")
    assert problem(leader.request("POST", "/tasks", data=b"[1]", headers=headers))[0] == 422
    headers["Content-Type"] = "text/plain"
    assert problem(leader.request("POST", "/tasks", data=b"{}", headers=headers))[0] == 415


def test_unknown_paths_methods_and_verbs(leader, order_to_ward):
    _task, assignment = order_to_ward()
    assert problem(leader.get("/nothing")) == (404, "not_found")
    assert problem(leader.request("DELETE", "/tasks")) == (405, "method_not_allowed")
    assert problem(leader.post(f"/assignments/{assignment['id']}/explode"))[0] == 404


def test_without_a_session_nothing_is_answered(platform):
    nobody = Client(platform.base_url)
    for path in ("/me", "/units", "/people?q=nguyen", "/tasks", "/action-items", "/home", "/live", "/conversations"):
        assert problem(nobody.get(path)) == (401, "unauthenticated"), path
    nobody.token = "x" * 43
    assert problem(nobody.get("/me")) == (401, "unauthenticated")


def test_odd_offsets_cursors_and_origins_are_no_faults(leader, ward):
    order = an_order(audience=None, assignments=[{"unit_id": ward}], due_on=None, urgency="express")
    answer = leader.post("/tasks", order | {"due_at": days_from_now(9) + "T03:00:00+23:59"})
    assert answer.status_code == 201, answer.text
    assert problem(leader.get("/units", params={"cursor": "WyJcdTAwMDAiXQ=="})) == (422, "invalid_request")
    body = {"username": "x", "password": "y"}
    answer = Client(leader.base_url).request("POST", "/sessions", json=body, headers={"Origin": "http://[bad"})
    assert problem(answer) == (403, "foreign_origin")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\n",
        b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /api/v1/me HTTP/1.1\r\n\r\n",
        b"POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"GET /api/v1/people?q=\xc4\x91\xe1 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_a_request_that_two_servers_could_read_differently_is_refused(platform, head):
    with socket.create_connection(("127.0.0.1", platform.ports["http"]), timeout=5) as connection:
        connection.sendall(head)
        assert connection.recv(4096).startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))


def test_decomposed_vietnamese_is_kept_composed(leader, ward):
    title = "Kiểm tra công tác phòng cháy chữa cháy"
    order = an_order(title=unicodedata.normalize("NFD", title), audience=None, assignments=[{"unit_id": ward}])
    assert leader.post("/tasks", order).json()["title"] == title


def test_a_forged_token_or_header_is_no_identity(person, platform):
    nobody = Client(platform.base_url)
    me = person("chairman").get("/me").json()["person"]["id"]
    for name in ("nameko.user_id", "X-Actor", "congvu-token", "X-Acting-For"):
        assert nobody.get("/me", headers={name: me}).status_code == 401


def test_errors_speak_vietnamese_or_english(leader):
    vietnamese = leader.get("/nothing", headers={"Accept-Language": "vi"}).json()["title"]
    english = leader.get("/nothing", headers={"Accept-Language": "en"}).json()["title"]
    assert vietnamese == unicodedata.normalize("NFC", vietnamese)
    assert vietnamese != english


def test_messages_without_headers_on_any_queue_stop_nobody(person, platform, order_to_ward):
    """As an intruder with the broker's own account: empty, broken and huge messages into every queue."""
    from amqp import Message

    from chassis import amqp
    from chassis.topology import dead_queue, inbox_queue, rpc_queue

    hearers = ("tasks", "reminders", "messaging", "gateway")
    with amqp.connection(platform.addresses["brokers"]["admin"], "intruder") as broker:
        channel = broker.channel()
        for service in ("directory", *hearers):
            for body in (b"", b"{broken", b"\x00\xff" * 50_000, b"[]"):
                channel.basic_publish(Message(body), "", rpc_queue(service))
                if service in hearers:
                    channel.basic_publish(Message(body), "", inbox_queue(service))
        parked = lambda: all(  # noqa: E731
            channel.queue_declare(dead_queue(service), passive=True).message_count >= 4 for service in hearers
        )
        until(parked, 10)
    _task, assignment = order_to_ward()
    assert person("unit_head").accept(assignment["id"]).status_code == 200
