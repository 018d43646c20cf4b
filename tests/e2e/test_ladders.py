"""Ladders by the running platform: said by its clock, read, tried out and changed over HTTP."""

from copy import deepcopy

import psycopg
import pytest

from chassis.testing import until
from tests.support.client import days_from_now


@pytest.fixture
def operator(person):
    return person("administrator")


@pytest.fixture
def said(platform):
    """The rungs that were said of a piece."""

    def of(assignment_id: str) -> list[str]:
        with psycopg.connect(platform.addresses["databases"]["reminders"]) as connection:
            query = "SELECT rung FROM occasions WHERE subject_id = %s AND rule = 'deadline'"
            return [rung for (rung,) in connection.execute(query, [assignment_id])]

    return of


def put(client, rules: list, version: str):
    body = {"rules": rules, "reason": "Nhắc sớm hơn"}
    return client.request("PUT", "/ladders", json=body, headers={"If-Match": version})


@pytest.fixture
def given_yesterday(platform):
    """As if a piece had been given then."""

    def move(assignment_id: str) -> None:
        with psycopg.connect(platform.addresses["owners"]["reminders"]) as connection:
            for table, more in (("watched", ", next_at = now()"), ("watched_log", ", at = at - interval '1 day'")):
                moved = f"UPDATE {table} SET since = since - interval '1 day'{more} WHERE subject_id = %s"
                assert connection.execute(moved, [assignment_id]).rowcount

    return move


def test_work_that_is_due_soon_is_said_by_the_clock(order_to_ward, given_yesterday, said):
    _, assignment = order_to_ward(due_on=days_from_now(6))
    given_yesterday(assignment["id"])
    assert until(lambda: said(assignment["id"]), 10) == ["yellow"]


def test_ladders_are_read_tried_out_and_changed(person, operator, order_to_ward, given_yesterday):
    _, assignment = order_to_ward(due_on=days_from_now(6))
    given_yesterday(assignment["id"])
    shown = operator.get("/ladders")
    rules = shown.json()["rules"]
    assert [rule["name"] for rule in rules] == ["deadline", "unreceived", "answer"]
    without = deepcopy(rules)
    del without[0]

    tried = operator.post("/ladders/simulate", {"rules": without}, key=None)
    assert tried.status_code == 200, tried.text
    counts = {name: {each["rung"] for each in tried.json()[name]["per_rung"]} for name in ("in_force", "changed")}
    assert "yellow" in counts["in_force"] - counts["changed"]
    assert all(each["person_name"] for each in tried.json()["in_force"]["per_person"])

    assert put(person("unit_head"), without, "*").status_code == 403
    assert put(operator, without, '"999"').status_code == 412
    wrong = deepcopy(rules)
    wrong[0]["rungs"].reverse()
    refusal = put(operator, wrong, "*").json()
    assert (refusal["code"], refusal["errors"][0]["field"]) == ("rung_out_of_order", "rules.0.rungs.1.after.normal")

    changed = put(operator, without, shown.headers["ETag"])
    assert changed.status_code == 200, changed.text
    assert put(operator, rules, changed.headers["ETag"]).json()["rules"] == rules
    until(lambda: operator.get("/ladders").json()["recount"]["ended_at"], 10)
    versions = operator.get("/ladders/versions").json()["items"]
    assert [each["version"] for each in versions[:2]] == [shown.json()["version"] + 2, shown.json()["version"] + 1]
    assert versions[0]["person_name"]
