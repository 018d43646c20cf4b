"""Over HTTP: an order drafted for a leader and given by him; what is reported, urged and put right about it."""

import pytest

from chassis.testing import until
from tests.e2e.conftest import item_of
from tests.support.client import an_order, days_from_now


@pytest.fixture
def leader(person):
    return person("vice_chairman")


@pytest.fixture
def head(person):
    return person("unit_head")


def does(client, path: str, body: dict | None = None, status: int = 200) -> dict:
    answer = client.post(path, body, headers={"If-Match": "*"})
    assert answer.status_code == status, answer.text
    return answer.json()


def item(client, kind: str, task_id: str) -> dict | None:
    found = client.get("/action-items", params={"kind": kind, "limit": 200}).json()["items"]
    return next((each for each in found if each["task_id"] == task_id), None)


def test_from_the_draft_to_what_is_put_right(person, ward, leader, head):
    drafter = person("unit_clerk")
    order = an_order(audience=None, assignments=[{"unit_id": ward}], title="Việc do văn thư soạn", issue=False)
    draft = does(drafter, "/tasks", order, 201)
    assert (draft["state"], draft["assigner_name"], draft["draft"]["due_on"]) == ("draft", None, order["due_on"])
    task = f"/tasks/{draft['id']}"
    assert leader.get(task).status_code == 404
    headers = {"If-Match": "*", "Idempotency-Key": draft["id"]}
    text = {name: value for name, value in order.items() if name != "issue"} | {"title": "Việc đã sửa"}
    edited = drafter.request("PUT", task, json=text, headers=headers)
    assert (edited.status_code, edited.json()["title"], edited.json()["version"]) == (200, "Việc đã sửa", 2)
    me = leader.get("/me").json()
    post_id = next(each["post_id"] for each in me["memberships"] if each["primary"])
    does(drafter, f"{task}/submit-for-issue", {"leader_post_ids": [post_id]})
    asked = until(lambda: item(leader, "order_to_issue", draft["id"]), 10)
    assert asked["link"] == f"/api/v1{task}"
    assert [each["id"] for each in leader.get("/tasks", params={"box": "awaiting_my_issue"}).json()["items"]] == [
        draft["id"]
    ]
    does(leader, f"{task}/return-draft", {"reason": "Cần nêu rõ sản phẩm"})
    until(lambda: item(leader, "order_to_issue", draft["id"]) is None, 10)
    does(drafter, f"{task}/submit-for-issue", {"leader_post_ids": [post_id]})
    until(lambda: item(leader, "order_to_issue", draft["id"]), 10)
    issued = does(leader, f"{task}/issue")
    assert (issued["state"], issued["draft"]) == ("issued", None)
    until(lambda: item(leader, "order_to_issue", draft["id"]) is None, 10)

    piece = issued["assignments"]["items"][0]["id"]
    about = f"/assignments/{piece}"
    urging = does(leader, f"{about}/urgings", {"text": "Đề nghị tiếp nhận ngay"}, 201)
    assert until(lambda: item_of(head, urging["id"]), 10)["kind"] == "urging_to_answer"
    case = until(lambda: head.get("/conversations", params={"task_id": draft["id"]}).json()["items"], 10)[0]
    said = until(lambda: head.get(f"/conversations/{case['id']}/messages").json()["items"], 10)
    assert [(each["kind"], each["text"]) for each in said] == [("urging", "Đề nghị tiếp nhận ngay")]
    assert does(leader, f"{task}/urgings", {"text": "Nhận ngay", "only": "not_received"})["raised"] == 0
    does(head, f"/urgings/{urging['id']}/answer", {"text": "Đã nhận"})
    until(lambda: item_of(head, urging["id"]) is None, 10)

    does(head, f"{about}/accept")
    blocker = {"text": "Chưa có kinh phí", "level": "assigner"}
    report = does(head, f"{about}/progress", {"result": "Một nửa", "percent": 50, "blocker": blocker}, 201)
    stops = until(lambda: item_of(leader, report["blocker_id"]), 10)
    assert (stops["kind"], stops["link"]) == ("blocker_to_decide", f"/api/v1/blockers/{report['blocker_id']}")
    does(leader, f"/blockers/{report['blocker_id']}/answer", {"text": "Bố trí trong tháng"})
    until(lambda: item_of(leader, report["blocker_id"]) is None, 10)
    progress = head.get(f"{about}/progress").json()
    assert (progress["reporting"], progress["missing"], len(progress["items"])) == ("weekly", 0, 1)

    wrong = {"field": "original_due", "value": days_from_now(20), "reason": "Nhập nhầm hạn"}
    correction = does(head, f"{about}/corrections", wrong, 201)
    assert head.get(about).json()["under_correction"] is True
    until(lambda: item_of(leader, correction["id"]), 10)
    assert does(head, f"/corrections/{correction['id']}/accept", {"reason": "Tôi"}, 403)["code"] == "not_authorised"
    does(leader, f"/corrections/{correction['id']}/accept", {"reason": "Đúng"})
    until(lambda: item_of(leader, correction["id"]) is None, 10)
    now = head.get(about).json()
    assert (now["under_correction"], now["current_due"][:10]) == (False, days_from_now(20))


def test_a_draft_is_discarded(person, ward):
    drafter = person("unit_clerk")
    order = an_order(audience=None, assignments=[{"unit_id": ward}], title="Việc bỏ", issue=False)
    task = f"/tasks/{does(drafter, '/tasks', order, 201)['id']}"
    headers = {"If-Match": "*", "Idempotency-Key": task}
    for _ in range(2):  # the second has the answer of the first
        assert drafter.request("DELETE", task, headers=headers).status_code == 204
    assert drafter.get(task).status_code == 404
