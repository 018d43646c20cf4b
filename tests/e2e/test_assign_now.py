"""The main job, whole: a Vice Chairman orders work to the city and every head sees it at once."""

import json
import uuid

import eventlet
import pytest

from chassis.testing import until
from tests.e2e.conftest import item_of
from tests.support.client import an_order, days_from_now, sign_in


def test_an_order_to_one_ward_goes_all_the_way(person, ward):
    leader, head = person("vice_chairman"), person("unit_head")
    leaders_stream, heads_stream = leader.live(), head.live()
    until(lambda: leaders_stream.named("hello") and heads_stream.named("hello"))

    answer = leader.post("/tasks", an_order(audience=None, assignments=[{"unit_id": ward, "role": "lead"}]))
    assert answer.status_code == 201, answer.text
    task = answer.json()
    assert task["state"] == "issued"
    assert task["roll_up"] == {"assigned": 1, "accepted": 0, "submitted": 0, "completed": 0, "overdue": 0, "revoked": 0}
    [assignment] = task["assignments"]["items"]
    assert (assignment["unit_id"], assignment["role"], assignment["state"]) == (ward, "lead", "assigned")
    assert assignment["original_due"] == assignment["current_due"]

    # the head hears of it once, live, and finds it in his list
    came = until(lambda: heads_stream.named("action_item_raised"), 5)
    assert [event["data"]["subject_id"] for event in came] == [assignment["id"]]
    item = item_of(head, assignment["id"])
    assert (item["kind"], item["title"], item["task_id"]) == ("assignment_to_receive", task["title"], task["id"])
    assert head.get(item["link"].removeprefix("/api/v1")).json()["id"] == assignment["id"]

    # he accepts: the item closes, the leader sees it live and in the roll-up
    accepted = head.accept(assignment["id"], assignment["version"])
    assert accepted.status_code == 200, accepted.text
    assert (accepted.json()["state"], accepted.json()["version"]) == ("in_progress", assignment["version"] + 1)
    assert head.get(f"/assignments/{assignment['id']}").headers["ETag"] == accepted.headers["ETag"]
    until(lambda: leaders_stream.named("assignment_changed"), 5)
    change = leaders_stream.named("assignment_changed")[0]["data"]
    assert (change["assignment_id"], change["before"], change["after"]) == (assignment["id"], "assigned", "in_progress")
    assert leader.get(f"/tasks/{task['id']}").json()["roll_up"]["accepted"] == 1
    until(lambda: item_of(head, assignment["id"]) is None, 5)
    until(lambda: heads_stream.named("action_item_closed"), 5)

    # the case conversation has both, and a message arrives live
    conversations = leader.get("/conversations", params={"task_id": task["id"]}).json()["items"]
    assert [c["name"] for c in conversations] == [task["title"]]
    conversation = conversations[0]["id"]
    mine = head.get("/conversations", params={"task_id": task["id"]}).json()["items"]
    assert [(c["id"], c["role"]) for c in mine] == [(conversation, "responsible")]
    participants = leader.get(f"/conversations/{conversation}/participants").json()["items"]
    assert sorted(p["role"] for p in participants) == ["follower", "responsible"]
    said = head.post(f"/conversations/{conversation}/messages", {"text": "Phường đã triển khai."})
    assert said.status_code == 201, said.text
    heard = until(lambda: leaders_stream.named("message_posted"), 5)
    assert heard[0]["data"]["text"] == "Phường đã triển khai."
    assert [m["text"] for m in leader.get(f"/conversations/{conversation}/messages").json()["items"]] == [
        "Phường đã triển khai."
    ]
    for stream in (leaders_stream, heads_stream):
        stream.close()


def test_one_order_reaches_184_open_streams(platform, person):
    """Every head of the 184 units has a stream open and gets his own piece, and only his."""
    accounts = json.loads((platform.log.parent / "accounts.json").read_text())
    password = accounts["password"]
    pool = eventlet.GreenPool(8)
    heads = list(
        pool.imap(
            lambda head: sign_in(platform.base_url, {"username": head["username"], "password": password}),
            accounts["heads"],
        )
    )
    assert len(heads) == 184
    # all at once, as when the city opens its pages on a Monday morning
    streams = [opening.wait() for opening in [eventlet.spawn(client.live) for client in heads]]
    try:
        until(lambda: all(stream.named("hello") for stream in streams), 30)
        answer = person("vice_chairman").post("/tasks", an_order())
        assert answer.status_code == 201, answer.text
        task = answer.json()
        assert task["roll_up"]["assigned"] == 184
        until(lambda: all(stream.named("action_item_raised") for stream in streams), 30)
        events = [stream.named("action_item_raised") for stream in streams]
        assert all(len(mine) == 1 for mine in events)
        assert {mine[0]["data"]["unit_id"] for mine in events} == {head["unit_id"] for head in accounts["heads"]}
        assert len({mine[0]["data"]["subject_id"] for mine in events}) == 184
        assert all(mine[0]["data"]["task_id"] == task["id"] for mine in events)

        # and all of them act on it in the same moment; who is told to come back later does so, with the same key
        lists = [eventlet.spawn(patiently, client.get, "/action-items") for client in heads]
        assert {each.wait().status_code for each in lists} == {200}
        mine = [stream.named("action_item_raised")[0]["data"]["subject_id"] for stream in streams]
        accepting = [
            eventlet.spawn(patiently, client.accept, piece, key=str(uuid.uuid4()))
            for client, piece in zip(heads, mine, strict=True)
        ]
        assert {each.wait().status_code for each in accepting} == {200}
        assert person("vice_chairman").get(f"/tasks/{task['id']}").json()["roll_up"]["accepted"] == 184
    finally:
        for stream in streams:
            stream.close()


def test_a_clerk_accepts_for_the_head_and_an_official_may_not(person, order_to_ward):
    _task, assignment = order_to_ward()
    assert person("official").accept(assignment["id"]).status_code in (403, 404)
    accepted = person("unit_clerk").accept(assignment["id"])
    assert accepted.status_code == 200, accepted.text


def test_joint_order_has_one_lead_and_supports(person, ward):
    leader = person("chairman")
    department = leader.get("/units", params={"kind": "department"}).json()["items"][0]["id"]
    pieces = [{"unit_id": department, "role": "lead"}, {"unit_id": ward, "role": "support"}]
    answer = leader.post("/tasks", an_order(mode="joint", audience=None, assignments=pieces))
    assert answer.status_code == 201, answer.text
    assert sorted(a["role"] for a in answer.json()["assignments"]["items"]) == ["lead", "support"]


@pytest.mark.parametrize(
    ("audience", "count"),
    [("all-departments", 16), ("all-wards", 113), ("all-communes", 54), ("all-commune-level", 168), ("all-units", 184)],
)
def test_named_audiences_mean_these_many_heads(person, audience, count):
    answer = person("chairman").post("/tasks", an_order(audience=audience, title=f"Đợt giao {audience}"))
    assert answer.status_code == 201, answer.text
    assert answer.json()["roll_up"]["assigned"] == count


def test_a_day_off_is_moved_to_the_working_day_before_and_said(person, ward):
    day = next(days_from_now(n) for n in range(8, 15) if is_sunday(days_from_now(n)))
    answer = person("vice_chairman").post(
        "/tasks", an_order(audience=None, assignments=[{"unit_id": ward}], due_on=day, mode="each")
    )
    assert answer.status_code == 201, answer.text
    assert "due_moved" in [warning["code"] for warning in answer.json()["warnings"]]
    assert answer.json()["original_due"][:10] < day


def test_a_follower_sees_the_order_live_and_in_his_box(person, ward):
    clerk = person("chief_of_office")
    post = next(m for m in clerk.get("/me").json()["memberships"] if m["primary"])["post_id"]
    order = an_order(audience=None, assignments=[{"unit_id": ward}], followers=[post])
    task = person("vice_chairman").post("/tasks", order).json()
    assert clerk.get(f"/tasks/{task['id']}").status_code == 200
    boxes = clerk.get("/tasks", params={"box": "followed"}).json()["items"]
    assert task["id"] in [each["id"] for each in boxes]


def patiently(call, *args, **kwargs):
    """As a client should: a 503 names the seconds after which it is worth trying again."""
    for _ in range(5):
        answer = call(*args, **kwargs)
        if answer.status_code != 503:
            break
        eventlet.sleep(int(answer.headers["Retry-After"]))
    return answer


def is_sunday(day: str) -> bool:
    from datetime import date

    return date.fromisoformat(day).weekday() == 6
