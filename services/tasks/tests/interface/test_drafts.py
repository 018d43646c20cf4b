"""An order before it is given: who sees it, who may put it before whom, and what becomes of it."""

import eventlet
import pytest

from chassis.errors import CallFailed
from contracts import tasks
from tasks.tests.interface.conftest import CLERK, DEPT, DEPUTY, HEAD, VICE
from tests.support.town import claims, person, post, unit

CHAIRMAN, CHIEF = claims("committee chairman"), claims("office chief_of_office")
DEPUTY_OF_OFFICE = claims("office deputy_chief_of_office")
LEADERS = [post("committee vice_chairman"), post("committee chairman")]


@pytest.fixture
def draft(desk):
    return desk.draft(CHIEF)


def test_a_draft_is_checked_and_kept_and_is_no_order(here, desk, draft):
    assert (draft["state"], draft["version"], draft["assigner_post_id"], draft["issued_at"]) == ("draft", 1, None, None)
    assert draft["draft"]["assignments"][0]["unit_id"] == unit("ward-1")
    assert draft["allowed"] == ["edit_draft", "discard_draft", "submit_for_issue"]
    assert (draft["assignments"]["items"], draft["reporting"]) == ([], "weekly")
    assert desk.draft_refused(CHIEF, assignments=[{"unit_id": unit("nowhere")}]) == "unknown_unit"
    assert desk.draft_refused(claims("ward-1 official")) == "not_authorised"
    assert here.events() == []


def test_nobody_outside_sees_it(desk, draft):
    ask = {"id": draft["id"]}
    for who in (CHIEF, DEPUTY_OF_OFFICE):
        assert desk.ask(tasks.get_task, who, **ask)["id"] == draft["id"]
    for who in (VICE, CHAIRMAN, HEAD, CLERK, DEPT):
        assert desk.refused_to_ask(tasks.get_task, who, **ask) == "not_found"
        assert desk.ask(tasks.list_tasks, who, box="drafts")["items"] == []
    assert [each["id"] for each in desk.ask(tasks.list_tasks, CHIEF, box="drafts")["items"]] == [draft["id"]]
    desk(tasks.submit_for_issue, draft, CHIEF, leader_post_ids=LEADERS[:1])
    assert desk.ask(tasks.get_task, VICE, **ask)["allowed"] == ["return_draft", "issue"]
    assert [each["id"] for each in desk.ask(tasks.list_tasks, VICE, box="awaiting_my_issue")["items"]] == [draft["id"]]
    assert desk.ask(tasks.list_tasks, CHAIRMAN, box="awaiting_my_issue")["items"] == []
    assert desk.refused_to_ask(tasks.get_task, CHAIRMAN, **ask) == "not_found"


def test_of_a_group_of_leaders_each_is_asked_and_any_one_gives_it(here, desk, draft):
    put = desk(tasks.submit_for_issue, draft, CHIEF, version=1, leader_post_ids=LEADERS)
    assert (put["state"], put["version"], put["leader_post_ids"]) == ("awaiting_issue", 2, LEADERS)
    name, told = here.events()[-1]
    assert (name, told["change"]) == ("draft_changed", "submitted_for_issue")
    assert {each["awaits"]["post_id"] for each in told["waiting"]} == set(LEADERS)
    assert len({each["subject_id"] for each in told["waiting"]}) == 2

    given = desk(tasks.issue, draft, DEPUTY, version=2)  # in the vice chairman's name
    assert (given["state"], given["version"], given["draft"]) == ("issued", 3, None)
    assert (given["assigner_post_id"], given["assigner_person_id"]) == (
        post("committee vice_chairman"), person("office deputy_chief_of_office"),
    )  # fmt: skip
    assert [piece["version"] for piece in given["assignments"]["items"]] == [1, 1, 1]
    name, told = here.events()[-1]
    assert (name, [each["awaits"] for each in told["waiting"]]) == ("task_issued", [None, None])
    happened = desk.ask(tasks.list_task_history, VICE, task_id=draft["id"])["items"]
    of_order = [each["change"] for each in happened if each["assignment_id"] is None]
    assert of_order == ["drafted", "submitted_for_issue", "issued"]
    [piece] = [each for each in given["assignments"]["items"] if each["role"] == "lead"]
    desk.submitted(piece)
    assert desk(tasks.approve_result, piece, CHAIRMAN, grade="good")["state"] == "completed"  # any of the group


def test_what_is_sent_back_is_written_anew_and_put_before_another(here, desk, draft):
    assert desk.refused(tasks.return_draft, draft, VICE, reason="Thiếu hạn") == "not_found"
    desk(tasks.submit_for_issue, draft, CHIEF, leader_post_ids=LEADERS[:1])
    assert desk.refused(tasks.edit_draft, draft, CHIEF, order=desk.an_order()) == "wrong_state"
    back = desk(tasks.return_draft, draft, VICE, reason="Thiếu hạn")
    assert (back["state"], back["version"]) == ("draft", 3)
    assert [each["awaits"] for each in here.events()[-1][1]["waiting"]] == [None]
    assert desk.refused(tasks.edit_draft, draft, CHIEF, version=1, order=desk.an_order()) == "stale_version"
    edited = desk(tasks.edit_draft, draft, DEPUTY_OF_OFFICE, version=3, order=desk.an_order(title="Việc mới"))
    assert (edited["title"], edited["version"]) == ("Việc mới", 4)
    desk(tasks.submit_for_issue, draft, CHIEF, leader_post_ids=LEADERS[1:])
    waiting = {each["post_id"]: each["awaits"] is not None for each in here.events()[-1][1]["waiting"]}
    assert waiting == {LEADERS[0]: False, LEADERS[1]: True}
    assert desk.refused(tasks.issue, draft, VICE) == "not_found"
    assert desk(tasks.issue, draft, CHAIRMAN)["title"] == "Việc mới"
    assert desk.refused(tasks.issue, draft, CHAIRMAN) == "wrong_state"


def test_of_two_leaders_who_give_it_at_once_one_does_and_the_other_learns_why(here, desk, draft):
    desk(tasks.submit_for_issue, draft, CHIEF, leader_post_ids=LEADERS)

    def trying(who):
        try:
            return desk(tasks.issue, draft, who)["state"]
        except CallFailed as refusal:
            return refusal

    greens = [eventlet.spawn(trying, who) for who in (VICE, CHAIRMAN)]
    outcomes = sorted((green.wait() for green in greens), key=lambda outcome: outcome != "issued")
    assert outcomes[0] == "issued"
    assert (outcomes[1].code, outcomes[1].details["change"]) == ("wrong_state", "issued")
    assert outcomes[1].details["actor_person_id"] in (person("committee vice_chairman"), person("committee chairman"))
    assert [name for name, _ in here.events()].count("task_issued") == 1
    assert len(here.rows("SELECT id FROM assignments")) == 3


def test_it_is_checked_again_when_it_is_given(here, desk, draft):
    desk(tasks.submit_for_issue, draft, CHIEF, leader_post_ids=LEADERS)
    here.do("UPDATE tasks SET draft = jsonb_set(draft, '{due_on}', '\"2026-01-05\"')")
    assert desk.refused(tasks.issue, draft, VICE) == "due_in_past"
    assert here.rows("SELECT state, version FROM tasks") == [{"state": "awaiting_issue", "version": 2}]
    assert here.rows("SELECT id FROM assignments") == []


def test_only_leaders_are_asked_and_only_whoever_prepares_it_asks(desk, draft):
    for named in (post("ward-1 head"), unit("nowhere")):
        assert desk.refused(tasks.submit_for_issue, draft, CHIEF, leader_post_ids=[named]) == "unknown_post"
    assert desk.refused(tasks.issue, draft, CHIEF) == "not_authorised"
    assert desk.refused(tasks.discard_draft, draft, DEPUTY_OF_OFFICE) == "not_authorised"


def test_a_leader_gives_his_own_draft(desk):
    draft = desk.draft(VICE)
    assert draft["allowed"] == ["edit_draft", "discard_draft", "submit_for_issue", "issue"]
    assert desk(tasks.issue, draft, VICE)["state"] == "issued"


def test_a_draft_goes_and_its_history_stays(here, desk, draft):
    desk(tasks.discard_draft, draft, CHIEF)
    assert desk.refused_to_ask(tasks.get_task, CHIEF, id=draft["id"]) == "not_found"
    assert [row["verb"] for row in here.rows("SELECT verb FROM history ORDER BY id")] == ["draft", "discard_draft"]
    issued = desk.order()
    assert desk.refused(tasks.discard_draft, issued, VICE) == "not_found"
