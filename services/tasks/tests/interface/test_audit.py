"""What is done in another's name stands in the audit log; what is done in one's own name, in the history alone."""

import pytest

from contracts import tasks
from tasks.service import Service
from tests.support.town import DELEGATION, claims, person, post, unit

VICE, HEAD, CLERK = claims("committee vice_chairman"), claims("ward-1 head"), claims("ward-1 clerk")
DELEGATE = claims("office deputy_chief_of_office", delegation_id=DELEGATION)
ORDER = {
    "title": "Rà soát nhà, đất công", "content": "Báo cáo.", "mode": "each", "no_deadline": True,
    "assignments": [{"unit_id": unit("ward-1")}, {"unit_id": unit("ward-2")}], "expected_result": "Báo cáo",
}  # fmt: skip


@pytest.fixture
def here(town, run):
    found = town("tasks")
    run(Service)
    return found


def order(caller, who: dict, key: str = "k") -> dict:
    return caller(tasks.assign, {"idempotency_key": key, "order": ORDER}, claims=who)


def accept(caller, task: dict, who: dict) -> str:
    piece = next(each for each in task["assignments"]["items"] if each["unit_id"] == unit("ward-1"))
    caller(tasks.accept, {"id": piece["id"], "version": None, "idempotency_key": "a"}, claims=who)
    return piece["id"]


def written(here) -> list[dict]:
    return here.rows("SELECT action, subject, actor, details FROM audit_log ORDER BY number")


def test_an_order_under_a_delegation_tells_who_gave_it_and_for_whom(here, caller):
    task = order(caller, DELEGATE)
    assert order(caller, DELEGATE) == task, "asked again"
    [entry] = written(here)
    assert (entry["action"], entry["subject"]) == ("tasks.assign", task["id"])
    assert entry["actor"]["sub"] == person("office deputy_chief_of_office")
    assert entry["actor"]["delegation_id"] == DELEGATION
    assert entry["actor"]["acting_for"] == entry["actor"]["post_id"] == post("committee vice_chairman")


def test_what_one_does_in_ones_own_post_is_not_repeated_there(here, caller):
    accept(caller, order(caller, VICE), HEAD)
    assert written(here) == []


def test_a_clerk_who_accepts_for_his_head_is_written_down(here, caller):
    piece_id = accept(caller, order(caller, VICE), CLERK)
    [entry] = written(here)
    assert (entry["action"], entry["subject"]) == ("tasks.accept", piece_id)
    assert entry["actor"]["sub"] == person("ward-1 clerk")
    assert entry["details"] == {"post_id": post("ward-1 head")}


def test_the_log_is_read_by_an_auditor_and_by_nobody_else(here, caller):
    task = order(caller, DELEGATE)
    page = caller(tasks.list_audit, {"subject": task["id"]}, claims=claims("dept auditor"))
    assert [item["action"] for item in page["items"]] == ["tasks.assign"]
