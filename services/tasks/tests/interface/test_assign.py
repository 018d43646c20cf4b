"""Giving an order, over the bus, on a real database."""

from collections import defaultdict
from datetime import timedelta

import eventlet
import pytest
import sqlalchemy as sa

from chassis import clock
from chassis.errors import CallFailed
from contracts import tasks
from kernel.working_time import today
from tasks.service import Service
from tests.support.town import DELEGATION, claims, post, unit

VICE = claims("committee vice_chairman")


def an_order(**changes) -> dict:
    order = {
        "title": "Rà soát nhà, đất công",
        "content": "Báo cáo kết quả rà soát trên địa bàn.",
        "mode": "each",
        "assignments": [{"unit_id": unit("ward-1")}],
        "no_deadline": True,
        "expected_result": "Báo cáo bằng văn bản",
    } | changes
    return {name: value for name, value in order.items() if value is not None}


def to_wards(**changes) -> dict:
    return an_order(assignments=None, audience="all-wards", **changes)


@pytest.fixture
def here(town, run):
    found = town("tasks")
    run(Service)
    return found


@pytest.fixture
def assign(here, caller):
    keys = iter(range(1000))

    def give(order: dict, who: dict = VICE, key: str | None = None) -> dict:
        return caller(tasks.assign, {"idempotency_key": key or f"key-{next(keys)}", "order": order}, claims=who)

    return give


def refused(assign, order: dict, **kwargs) -> tuple[str, str | None]:
    with pytest.raises(CallFailed) as refusal:
        assign(order, **kwargs)
    return refusal.value.code, refusal.value.details.get("field")


def test_an_order_to_an_audience_is_one_piece_for_each_unit_and_one_event(here, assign):
    task = assign(to_wards(followers=[post("office chief_of_office")]))

    assert task["state"] == "issued"
    assert task["roll_up"] == {"assigned": 3, "accepted": 0, "submitted": 0, "completed": 0, "overdue": 0, "revoked": 0}
    assert [(piece["unit_name"], piece["post_id"], piece["role"]) for piece in task["assignments"]["items"]] == [
        (f"Phường {number}", post(f"ward-{number} head"), "lead") for number in (1, 2, 3)
    ]
    assert {piece["state"] for piece in task["assignments"]["items"]} == {"assigned"}
    assert (task["assigner_post_id"], task["assigner_title"]) == (post("committee vice_chairman"), "Phó Chủ tịch")
    [(name, data)] = here.events()
    assert (name, data["task_id"], data["followers"]) == ("task_issued", task["id"], [post("office chief_of_office")])
    assert [piece["id"] for piece in data["assignments"]] == [piece["id"] for piece in task["assignments"]["items"]]
    assert data["unit_ids"] == [unit(f"ward-{number}") for number in (1, 2, 3)]


def test_the_history_begins_with_the_issue_and_cannot_be_rewritten(here, assign):
    task = assign(to_wards())
    history = here.rows("SELECT assignment_id, version, verb, acting_for FROM history ORDER BY id")

    assert [row["version"] for row in history] == [1] * 4
    assert {row["verb"] for row in history} == {"issue"}
    assert [str(row["assignment_id"]) for row in history[1:]] == [p["id"] for p in task["assignments"]["items"]]
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), here.store.transaction() as tx:
        tx.execute(sa.text("UPDATE history SET verb = 'accept'"))


def test_joint_work_keeps_its_roles(assign):
    wanted = [
        {"unit_id": unit("dept"), "role": "lead"},
        {"unit_id": unit("ward-1"), "role": "support"},
        {"unit_id": unit("ward-2"), "role": "inform"},
    ]
    task = assign(an_order(mode="joint", assignments=wanted))

    assert [(piece["unit_id"], piece["role"]) for piece in task["assignments"]["items"]] == [
        (want["unit_id"], want["role"]) for want in wanted
    ]


def test_the_same_key_and_order_have_one_answer_and_one_effect(here, assign):
    first = assign(to_wards(), key="again")

    assert assign(to_wards(), key="again") == first
    assert here.rows("SELECT count(*) AS n FROM tasks") == [{"n": 1}]
    assert len(here.events()) == 1


def test_an_order_sent_again_while_it_is_being_given_is_given_once(here, assign):
    greens = [eventlet.spawn(assign, to_wards(), key="impatient") for _ in range(5)]
    answers = [green.wait() for green in greens]

    assert answers == [answers[0]] * 5
    assert here.rows("SELECT count(*) AS n FROM tasks") == [{"n": 1}]


def test_the_same_key_with_another_order_is_refused(here, assign):
    assign(to_wards(), key="again")

    assert refused(assign, an_order(), key="again") == ("idempotency_key_reused", None)
    assert len(here.events()) == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"assignments": [{"unit_id": unit("nowhere")}]}, ("unknown_unit", "assignments.0.unit_id")),
        ({"assignments": [{"unit_id": unit("division")}]}, ("unit_not_direct", "assignments.0.unit_id")),
        ({"assignments": [{"unit_id": unit("ward-1")}] * 2}, ("unit_twice", "assignments.1.unit_id")),
        ({"assignments": None, "audience": "whole-city"}, ("unknown_audience", "audience")),
        ({"mode": "joint", "assignments": None, "audience": "all-wards"}, ("one_lead_needed", "mode")),
        ({"followers": [post("nobody")]}, ("unknown_post", "followers.0")),
        ({"no_deadline": False, "due_on": "2020-01-01"}, ("due_in_past", "due_on")),
        ({"no_deadline": False, "due_on": "9999-12-31"}, ("due_too_far", "due_on")),
        ({"no_deadline": False, "due_at": "0001-01-01T00:00:00+14:00"}, ("due_in_past", "due_at")),
        ({"no_deadline": False, "due_at": "9999-12-31T23:59:59-14:00"}, ("due_too_far", "due_at")),
        ({"unknown": 1}, ("invalid_request", None)),
    ],
)
def test_an_order_that_breaks_a_rule_leaves_nothing_behind(here, assign, changes, expected):
    assert refused(assign, an_order(**changes)) == expected
    assert here.rows("SELECT (SELECT count(*) FROM tasks) + (SELECT count(*) FROM idempotency) AS n") == [{"n": 0}]
    assert here.events() == []


@pytest.mark.parametrize("who", ["ward-1 head", "office chief_of_office", "dept official"])
def test_only_the_standing_committee_gives_orders(assign, who):
    assert refused(assign, an_order(), who=claims(who)) == ("not_authorised", None)


def test_a_delegate_orders_for_the_post_that_lent_him_its_powers(here, assign):
    deputy = claims("office deputy_chief_of_office", delegation_id=DELEGATION)
    task = assign(an_order(), who=deputy)

    assert (task["assigner_post_id"], task["assigner_person_id"]) == (post("committee vice_chairman"), deputy["sub"])
    assert {str(row["acting_for"]) for row in here.rows("SELECT acting_for FROM history")} == {
        post("committee vice_chairman")
    }


def test_without_naming_the_delegation_he_is_only_the_deputy(assign):
    assert refused(assign, an_order(), who=claims("office deputy_chief_of_office")) == ("not_authorised", None)


def test_a_stale_directory_decides_nothing(here, assign):
    with here.store.transaction() as tx:
        tx.execute(sa.text("UPDATE copy_state SET fresh_at = fresh_at - interval '6 minutes'"))

    assert refused(assign, an_order()) == ("directory_stale", None)


def test_a_day_off_is_moved_and_said_so(assign):
    day = today(clock.now()) + timedelta(days=14)
    saturday = day + timedelta(days=(5 - day.weekday()) % 7)
    task = assign(an_order(no_deadline=None, due_on=saturday.isoformat()))

    friday = (saturday - timedelta(days=1)).isoformat()
    assert task["original_due"] == f"{friday}T23:59:59+07:00"
    assert [(warning["code"], warning["details"]["to"]) for warning in task["warnings"]] == [("due_moved", friday)]


def test_a_probable_duplicate_is_warned_of_and_issued(assign):
    first = assign(an_order())
    second = assign(an_order(title="RÀ SOÁT  nhà đất công."))

    assert [(w["code"], w["details"]["task_id"]) for w in second["warnings"]] == [("probable_duplicate", first["id"])]
    assert assign(an_order(), who=claims("committee chairman"))["warnings"] == []  # another assigner's is no duplicate


def test_a_whole_city_is_ordered_in_a_handful_of_statements(town, run, caller):
    """However many units: one insert for each table."""
    here = town("tasks", wards=184)
    container = run(Service)
    by_thread = defaultdict(list)  # the service's loops ask the same engine while the order is written

    @sa.event.listens_for(container.store._engine, "after_cursor_execute")
    def note(_connection, _cursor, text, *_):
        by_thread[eventlet.getcurrent()].append(text)

    task = caller(tasks.assign, {"idempotency_key": "k", "order": to_wards()}, claims=VICE)

    assert task["roll_up"]["assigned"] == 184
    (statements,) = (said for said in by_thread.values() if any("INTO assignments" in s for s in said))
    assert len([s for s in statements if "INTO assignments" in s]) == 1
    assert len([s for s in statements if "INTO history" in s]) == 2
    assert len([s for s in statements if "copy_" not in s]) < 25
    assert len(here.events()) == 1
