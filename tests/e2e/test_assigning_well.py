"""Assigning well, over HTTP: named audiences, what an order would meet with, what recurs, and the working days."""

import uuid
from datetime import date, timedelta

import pytest

from chassis.testing import until
from tests.support.client import an_order, days_from_now


@pytest.fixture
def keeper(person):
    return person("administrator")


def test_an_order_by_the_office_s_audience_goes_to_its_units_of_that_moment(person, keeper, ward):
    leader, name = person("vice_chairman"), f"thu-{uuid.uuid4().hex[:8]}"
    others = [each["id"] for each in leader.get("/units", params={"kind": "ward", "limit": 5}).json()["items"]]
    other = next(each for each in others if each != ward)
    made = keeper.post("/audiences", {"name": name, "title": "Hai phường thí điểm", "unit_ids": [ward, other]})
    assert (made.status_code, made.json()["unit_count"]) == (201, 2), made.text
    plan = {"title": "Thí điểm hai phường", "audience": name}
    until(lambda: leader.post("/task-previews", plan).status_code == 200, 10)
    assert {each["unit_id"] for each in leader.post("/task-previews", plan).json()["units"]} == {ward, other}
    task = leader.post("/tasks", an_order(audience=name, title="Thí điểm hai phường")).json()
    assert task["roll_up"]["assigned"] == 2
    assert person("vice_chairman").get("/unit-load", params={"unit_id": other}).json()["items"][0]["open"] >= 1
    assert leader.post("/task-previews", plan).json()["duplicates"][0]["task_id"] == task["id"]

    etag = made.headers["ETag"]
    less = keeper.request("PATCH", f"/audiences/{name}", json={"unit_ids": [ward]}, headers={"If-Match": etag})
    assert less.status_code == 200 and less.json()["unit_ids"] == [ward]
    again = keeper.request("PATCH", f"/audiences/{name}", json={"title": "Khác"}, headers={"If-Match": etag})
    assert (again.status_code, again.json()["code"]) == (412, "stale_version")
    assert leader.get(f"/tasks/{task['id']}").json()["roll_up"]["assigned"] == 2
    members = leader.get(f"/audiences/{name}/members").json()["items"]
    assert [each["id"] for each in members] == [ward]
    gone = keeper.request("DELETE", f"/audiences/{name}", headers={"If-Match": "*"})
    assert (gone.status_code, gone.json()["unit_ids"]) == (200, [])
    until(lambda: leader.post("/task-previews", plan).json()["units"] == [], 10)
    refused = leader.post("/tasks", an_order(audience=name))
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_audience")


def test_a_recurring_order_says_when_it_comes(person):
    leader = person("vice_chairman")
    post_id = next(each["post_id"] for each in leader.get("/me").json()["memberships"] if each["primary"])
    order = {
        "title": "Báo cáo tháng {month}", "content": "Theo mẫu.", "mode": "each", "audience": "all-wards", "due_in": 5,
        "expected_result": "Báo cáo",
    }  # fmt: skip
    recurrence = {"rrule": "FREQ=MONTHLY;BYMONTHDAY=1", "starts_on": days_from_now(32)}
    body = {"order": order, "recurrence": recurrence, "leader_post_ids": [post_id]}
    made = leader.post("/task-templates", body)
    assert made.status_code == 201, made.text
    path = made.headers["Location"].removeprefix("/api/v1")
    coming = [date.fromisoformat(each["day"]) for each in made.json()["next_occurrences"]]
    assert len(coming) == 5 and all(day.weekday() < 5 for day in coming)
    paused = leader.post(f"{path}/pause", headers={"If-Match": made.headers["ETag"]})
    assert (paused.status_code, paused.json()["state"]) == (200, "paused"), paused.text
    assert leader.get(f"{path}/occurrences").json() == {"items": [], "next_cursor": None}
    assert person("unit_head").get(path).status_code == 404
    headers = {"If-Match": "*", "Idempotency-Key": str(uuid.uuid4())}
    assert leader.request("DELETE", path, headers=headers).status_code == 204
    assert leader.get(path).status_code == 404


def test_a_day_that_becomes_a_day_off_moves_what_is_to_be_given_and_nothing_that_was(person, keeper, ward):
    leader, day = person("vice_chairman"), date.fromisoformat(days_from_now(700))
    path = f"/working-days/{day.year}"
    known = keeper.get(path)
    special = {each["day"] for each in known.json()["days"]}
    while day.weekday() >= 5 or day.isoformat() in special:
        day -= timedelta(days=1)
    order = an_order(audience=None, assignments=[{"unit_id": ward}], due_on=day.isoformat(), title="Việc dài hạn")
    given = leader.post("/tasks", order).json()["assignments"]["items"][0]
    assert given["current_due"].startswith(day.isoformat())
    off = {"day": day.isoformat(), "working": False, "name": "Nghỉ bù"}
    headers = {"If-Match": known.headers["ETag"]}
    put = keeper.request("PUT", path, json={"days": [*known.json()["days"], off]}, headers=headers)
    assert put.status_code == 200, put.text
    try:
        plan = {"title": "Việc khác", "unit_ids": [ward], "due_on": day.isoformat()}
        until(lambda: leader.post("/task-previews", plan).json()["warnings"], 10)
        now = leader.get(f"/assignments/{given['id']}").json()
        assert now["current_due"] == given["current_due"]
        assert now["due_days"] == given["due_days"] - 1
    finally:
        keeper.request("PUT", path, json={"days": known.json()["days"]}, headers={"If-Match": "*"})
