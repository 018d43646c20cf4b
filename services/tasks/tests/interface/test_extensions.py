"""More time: one request at a time, decided by whoever ordered it."""

from datetime import datetime, timedelta

import eventlet
import pytest

from chassis.errors import CallFailed
from chassis.testing import until
from contracts import tasks
from tasks.storage import pieces as storage
from tasks.tests.interface.conftest import A_RESULT, CLERK, DEPT, DEPUTY, DIVISION, HEAD, SUPPORT, VICE, day
from tests.support.town import claims, person, post, unit


@pytest.fixture
def piece(desk, pieces) -> dict:
    return desk.accepted(pieces["ward-1"])


@pytest.fixture
def asked(desk, piece) -> dict:
    return desk.request(piece)


def refused(desk, *args, **kwargs) -> str:
    with pytest.raises(CallFailed) as refusal:
        desk.request(*args, **kwargs)
    return refusal.value.code


def test_a_request_waits_for_the_assigner_and_the_clock_runs_on(here, desk, piece, asked):
    assert (asked["state"], asked["round"], asked["version"], asked["late"]) == ("pending", 1, 1, False)
    assert asked["due_before"] == piece["current_due"]
    name, told = here.events()[-1]
    assert (name, told["awaits"]["kind"], told["awaits"]["post_id"], told["awaits"]["from_title"]) == (
        "extension_requested", "extension_to_decide", post("committee vice_chairman"), "Phường 1",
    )  # fmt: skip
    now = desk.read(piece)
    assert (now["state"], now["version"], now["current_due"]) == ("in_progress", 2, piece["current_due"])
    assert desk.ask(tasks.get_extension, HEAD, id=asked["id"]) == asked


@pytest.mark.parametrize(("due_on", "state"), [(None, "granted"), (60, "granted"), (45, "granted_partly")])
def test_a_grant_moves_the_date_to_the_one_asked_for_or_to_another(here, desk, piece, asked, due_on, state):
    granted = desk(tasks.grant_extension, asked["id"], VICE, version=1, due_on=due_on and day(due_on))

    now = desk.read(piece)
    assert (granted["state"], granted["version"]) == (state, 2)
    assert now["current_due"] == granted["granted_due"] > piece["current_due"]
    assert (now["original_due"], now["version"]) == (piece["original_due"], 3)
    last = desk.ask(tasks.list_history, assignment_id=piece["id"])["items"][-1]
    assert (last["change"], last["data"]["extension_id"]) == ("extended", asked["id"])
    name, told = here.events()[-1]
    assert (name, told["assignment_version"], told["awaits"]) == ("extension_decided", 3, None)
    [moved] = told["pieces"]
    assert (moved["change"], moved["version"], moved["after"]) == ("extended", 3, "in_progress")
    assert (moved["current_due"], moved["assigner_post_id"]) == (told["current_due"], post("committee vice_chairman"))


def test_a_refusal_and_a_withdrawal_leave_the_date(desk, piece, asked):
    no = desk(tasks.refuse_extension, asked["id"], DEPUTY, reason="Hạn là hạn")
    assert (no["state"], no["decision_reason"]) == ("refused", "Hạn là hạn")
    second = desk.request(piece)
    assert second["round"] == 2
    assert desk(tasks.withdraw_extension, second["id"])["state"] == "withdrawn"
    assert desk.read(piece)["current_due"] == piece["current_due"]
    rounds = desk.ask(tasks.list_extensions, assignment_id=piece["id"])["items"]
    assert [(each["round"], each["state"]) for each in rounds] == [(1, "refused"), (2, "withdrawn")]


def test_one_at_a_time_and_only_to_a_later_day(desk, piece, asked):
    assert refused(desk, piece) == "extension_pending"
    desk(tasks.withdraw_extension, asked["id"])
    assert refused(desk, piece, on=day(30)) == "extension_not_later"
    assert refused(desk, piece, on=day(2)) == "extension_not_later"
    assert refused(desk, piece, on="9999-12-31") == "due_too_far"
    assert desk.request(piece)["round"] == 2


def test_only_the_head_asks_and_only_the_assigner_decides(desk, piece, asked):
    assert refused(desk, piece, CLERK) == "not_authorised"
    assert refused(desk, piece, VICE) == "not_authorised"
    assert refused(desk, piece, claims("dept head")) == "not_found"
    for who in (HEAD, CLERK, claims("committee chairman"), claims("office deputy_chief_of_office")):
        assert desk.refused(tasks.grant_extension, asked["id"], who) == "not_authorised"
    assert desk.refused(tasks.withdraw_extension, asked["id"], VICE) == "not_authorised"
    assert desk.refused(tasks.grant_extension, asked["id"], SUPPORT) == "not_found"
    assert desk.refused(tasks.grant_extension, unit("nowhere"), VICE) == "not_found"


def test_more_time_is_asked_for_while_the_work_is_done(desk, pieces):
    assert refused(desk, pieces["ward-1"]) == "wrong_state"
    desk.submitted(pieces["ward-1"])
    assert refused(desk, pieces["ward-1"]) == "wrong_state"


def test_without_a_deadline_there_is_nothing_to_extend(desk):
    [piece] = desk.order(mode="each", assignments=[{"unit_id": unit("ward-1")}], no_deadline=True)["assignments"][
        "items"
    ]
    desk.accepted(piece)

    assert refused(desk, piece) == "no_deadline"


def test_what_is_asked_for_after_the_due_day_is_marked(here, desk, piece):
    here.do("UPDATE assignments SET current_due = now() - interval '3 days'")

    assert desk.request(piece)["late"] is True


def test_who_decides_on_what_is_decided_learns_by_whom(desk, asked):
    desk(tasks.refuse_extension, asked["id"], VICE, reason="Không")
    late = desk.refusal(tasks.grant_extension, asked["id"], DEPUTY)

    assert (late.code, late.details["state"]) == ("already_decided", "refused")
    assert late.details["actor_person_id"] == person("committee vice_chairman") and late.details["at"]
    assert desk.refused(tasks.withdraw_extension, asked["id"]) == "already_decided"


def test_of_two_who_decide_at_once_one_does(here, desk, piece, asked):
    def trying(procedure, who, **body):
        try:
            return desk(procedure, asked["id"], who, **body)["state"]
        except CallFailed as refusal:
            return refusal.code

    greens = [
        eventlet.spawn(trying, tasks.grant_extension, VICE),
        eventlet.spawn(trying, tasks.refuse_extension, DEPUTY, reason="Không"),
        eventlet.spawn(trying, tasks.withdraw_extension, HEAD),
    ]
    outcomes = [green.wait() for green in greens]
    assert outcomes.count("already_decided") == 2
    assert [name for name, _ in here.events()].count("extension_decided") == 1
    assert (desk.read(piece)["current_due"] > piece["current_due"]) == ("granted" in outcomes)


def test_a_date_of_a_task_from_above_is_the_superiors(desk):
    task = desk.order(
        mode="each", assignments=[{"unit_id": unit("dept")}], source="government_office", title="Việc trên giao"
    )  # fmt: skip
    [piece] = task["assignments"]["items"]
    desk.accepted(piece, DEPT)
    asked = desk.request(piece, DEPT)

    assert desk(tasks.grant_extension, asked["id"], VICE)["state"] == "awaiting_superior"
    assert desk.read(piece, DEPT)["current_due"] == piece["current_due"]
    [child] = desk(tasks.pass_on, piece, DEPT, pieces=[{"unit_id": unit("division"), "due_on": day(5)}])["children"]
    desk.accepted(child, DIVISION)
    inside = desk.request(child, DIVISION, on=day(20))
    assert desk(tasks.grant_extension, inside["id"], DEPT)["state"] == "granted"
    assert desk.refused(tasks.refuse_extension, asked["id"], VICE, reason="Không") == "already_decided"


def test_what_is_passed_on_keeps_its_date_and_never_outlasts_its_parent(desk, dept):
    [child] = desk(tasks.pass_on, dept, DEPT, pieces=[{"unit_id": unit("division")}])["children"]
    desk.accepted(child, DIVISION)
    assert refused(desk, child, DIVISION) == "due_after_parent"
    asked = desk.request(dept, DEPT)
    desk(tasks.grant_extension, asked["id"], VICE)
    assert desk.read(child)["current_due"] == child["current_due"] < desk.read(dept)["current_due"]
    assert desk.request(child, DIVISION, on=day(50))["state"] == "pending"


@pytest.mark.parametrize("end", ["approved", "revoked"])
def test_nobody_need_decide_about_a_closed_piece(here, desk, piece, asked, end):
    if end == "approved":
        desk(tasks.submit_result, piece, **A_RESULT)
        desk(tasks.approve_result, piece, VICE, grade="met")
    else:
        desk(tasks.revoke, piece, VICE, reason="Thôi")

    assert desk.ask(tasks.get_extension, HEAD, id=asked["id"])["state"] == "withdrawn"
    assert here.events()[-1][1]["extension"] == {"extension_id": asked["id"], "version": 2, "awaits": None}


@pytest.mark.parametrize("act", ["grant", "resume", "correct"])
def test_a_child_gets_time_only_up_to_what_its_parent_has_by_then(here, desk, dept, act):
    """The parent's deadline moves while the child's is decided: one waits for the other."""
    [child] = desk(tasks.pass_on, dept, DEPT, pieces=[{"unit_id": unit("division"), "due_on": day(8)}])["children"]
    desk.accepted(child, DIVISION)
    if act == "grant":
        ask = tasks.grant_extension, desk.request(child, DIVISION, on=day(25)), {}
    elif act == "resume":
        ask = tasks.resume, desk(tasks.suspend, child, DEPT, basis="Công văn 12"), {"due_on": day(25)}
    else:
        ask = tasks.accept_correction, desk.correct(child, DIVISION, "current_due", day(25)), {"reason": "Đúng"}
    sooner = datetime.fromisoformat(desk.read(dept)["current_due"]) - timedelta(days=15)
    with here.store.transaction() as tx:
        storage.find_piece(tx, dept["id"], lock=True)
        deciding = eventlet.spawn(desk.refused, ask[0], ask[1], DEPT, **ask[2])
        until(lambda: deciding.dead or here.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))
        storage.move_piece(tx, dept["id"], current_due=sooner)
    assert deciding.wait() == "due_after_parent"
