"""A piece's whole life over HTTP: every verb once, its guards at the edge, and what the others see of it live."""

import pytest

from chassis.testing import until
from tests.e2e.conftest import item_of
from tests.support.client import days_from_now

RESULT = {"summary": "Đã rà soát.", "document": {"number": "12/BC-UBND", "issued_on": "2026-03-02"}}
MORE_TIME = {
    "reason": "Chờ số liệu",
    "progress": "60%",
    "plan": "Xong trong tuần",
    "requested_due_on": days_from_now(40),
}


@pytest.fixture
def leader(person):
    return person("vice_chairman")


@pytest.fixture
def head(person):
    return person("unit_head")


def does(client, piece: str, verb: str, body: dict | None = None, status: int = 200, of: str = "assignments") -> dict:
    answer = client.post(f"/{of}/{piece}/{verb}", body, headers={"If-Match": "*"})
    assert answer.status_code == status, answer.text
    return answer.json()


def test_from_the_order_to_the_archive(person, leader, head, order_to_ward):
    _, assignment = order_to_ward()
    piece = assignment["id"]
    does(
        head, piece, "decline", {"reason": "Không thuộc địa bàn", "proposed_unit_id": another_ward(leader, assignment)}
    )
    waits = until(lambda: item_of(leader, piece), 10)
    assert (waits["kind"], waits["link"]) == ("refusal_to_decide", f"/api/v1/assignments/{piece}")
    does(leader, piece, "uphold", {"reason": "Đúng địa bàn"})
    until(lambda: (item_of(head, piece) or {}).get("kind") == "assignment_to_receive", 10)
    does(head, piece, "accept")

    asked = does(head, piece, "extensions", MORE_TIME, 201)
    assert until(lambda: item_of(leader, asked["id"]), 10)["kind"] == "extension_to_decide"
    granted = does(leader, asked["id"], "grant", {}, of="extensions")
    assert granted["state"] == "granted"
    until(lambda: item_of(leader, asked["id"]) is None, 10)
    now = head.get(f"/assignments/{piece}").json()
    assert now["original_due"] == assignment["original_due"] < now["current_due"] == granted["granted_due"]

    does(leader, piece, "suspend", {"reason": "Chờ quy định mới"})
    does(leader, piece, "resume", {})
    does(head, piece, "submit-result", RESULT)
    does(head, piece, "withdraw-result")
    does(head, piece, "submit-result", RESULT)
    until(lambda: (item_of(leader, piece) or {}).get("kind") == "result_to_decide", 10)
    does(leader, piece, "return-result", {"reason": "Thiếu số liệu"})
    does(head, piece, "submit-result", RESULT)
    approved = does(leader, piece, "approve-result", {"grade": "good"})
    assert (approved["state"], approved["grade"], approved["returns"], approved["due_state"]) == (
        "completed", "good", 1, "early",
    )  # fmt: skip
    does(leader, piece, "reopen", {"reason": "Số liệu sai"})
    does(head, piece, "submit-result", RESULT)
    does(leader, piece, "approve-result", {"grade": "met"})
    does(person("unit_clerk"), piece, "archive")

    history = leader.get(f"/assignments/{piece}/history").json()["items"]
    assert [each["change"] for each in history] == [
        "issued", "declined", "upheld", "accepted", "extended", "suspended", "resumed", "submitted", "withdrawn",
        "submitted", "returned", "submitted", "completed", "reopened", "submitted", "completed", "archived",
    ]  # fmt: skip
    assert all(each["actor_name"] for each in history)
    outcomes = [each["outcome"] for each in leader.get(f"/assignments/{piece}/results").json()["items"]]
    assert outcomes == ["withdrawn", "returned", "approved", "approved"]
    assert [each["round"] for each in head.get(f"/assignments/{piece}/extensions").json()["items"]] == [1]


def another_ward(client, assignment: dict) -> str:
    wards = client.get("/units", params={"kind": "ward"}).json()["items"]
    return next(ward["id"] for ward in wards if ward["id"] != assignment["unit_id"])


def test_refused_work_and_what_was_passed_on_go_where_they_are_given(person, leader, head, order_to_ward):
    task, assignment = order_to_ward()
    piece = assignment["id"]
    does(head, piece, "accept")
    official = next(each for each in person("official").get("/me").json()["memberships"] if each["primary"])
    given = does(head, piece, "children", {"pieces": [{"post_id": official["post_id"], "title": "Lập danh sách"}]}, 201)
    [child] = given["children"]
    assert until(lambda: item_of(person("official"), child["id"]), 10)["title"] == "Lập danh sách"
    assert [each["id"] for each in head.get(f"/assignments/{piece}/children").json()["items"]] == [child["id"]]
    seen = person("official").get(f"/assignments/{child['id']}").json()
    assert seen["parent"]["title"] == task["title"] and seen["content"] is None

    stream = person("official").live()
    until(lambda: stream.named("hello"))
    revoked = does(leader, task["id"], "revoke", {"reason": "Trùng"}, of="tasks")
    assert (revoked["state"], revoked["assignments"]["items"][0]["state"]) == ("revoked", "revoked")
    until(lambda: item_of(person("official"), child["id"]) is None, 10)
    told = until(lambda: stream.named("assignment_changed"), 10)[0]["data"]
    stream.close()
    assert (told["assignment_id"], told["change"], told["reason"]) == (child["id"], "revoked", "Trùng")
    assert told.keys().isdisjoint({"pieces", "awaits", "extension", "concerns"})
    changes = [each["change"] for each in leader.get(f"/tasks/{task['id']}/history").json()["items"]]
    assert changes == ["issued", "issued", "accepted", "passed_on", "revoked", "revoked"]


def test_the_edge_asks_for_a_key_and_a_version_and_tells_the_loser_why(leader, head, order_to_ward):
    _, assignment = order_to_ward()
    path = f"/assignments/{assignment['id']}/decline"
    body = {"reason": "x", "proposed_unit_id": another_ward(leader, assignment)}
    assert head.post(path, body).json()["code"] == "if_match_required"
    assert head.post(path, {"reason": " "}, headers={"If-Match": "*"}).status_code == 422
    assert head.post(path, body | {"state": "completed"}, headers={"If-Match": "*"}).status_code == 422
    does(head, assignment["id"], "accept")
    late = head.post(path, body, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "stale_version")
    wrong = head.post(path, body, headers={"If-Match": "*"}).json()
    assert (wrong["status"], wrong["code"], wrong["details"]["change"]) == (409, "wrong_state", "accepted")
    own = does(leader, assignment["id"], "submit-result", RESULT, 403)
    assert own["code"] == "not_authorised"
