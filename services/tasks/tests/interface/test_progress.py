"""Progress while the work goes on, what stops it, and who must decide on that."""

import pytest

from contracts import tasks
from tasks.tests.interface.conftest import A_RESULT, CLERK, DEPT, HEAD, SUPPORT, VICE
from tests.support.town import claims, post

CHIEF, CHAIRMAN = claims("office chief_of_office"), claims("committee chairman")


@pytest.fixture
def piece(desk, pieces) -> dict:
    return desk.accepted(pieces["ward-1"])


def test_a_report_says_how_far_it_is_and_what_stops_it(here, desk, piece):
    first = desk.report(piece, CLERK, percent=40)
    assert (first["number"], first["percent"], first["blocker_id"]) == (1, 40, None)
    second = desk.report(piece, HEAD, blocker={"text": "Chưa có mặt bằng", "level": "city"})
    name, told = here.events()[-1]
    [waiting] = told["waiting"]
    assert (name, waiting["awaits"]["kind"], waiting["awaits"]["post_id"]) == (
        "progress_reported", "blocker_to_decide", post("committee chairman"),
    )  # fmt: skip
    assert waiting["subject_id"] == second["blocker_id"]
    page = desk.ask(tasks.list_progress, VICE, assignment_id=piece["id"])
    assert [each["number"] for each in page["items"]] == [2, 1]
    assert (page["reporting"], page["missing"]) == ("weekly", 0)
    assert page["next_due"]


def test_missing_reports_have_their_own_count(here, desk, piece):
    here.do("UPDATE assignments SET assigned_at = now() - interval '30 days'")
    page = desk.ask(tasks.list_progress, VICE, assignment_id=piece["id"])
    assert page["missing"] >= 3
    assert desk.read(piece)["due_state"] != "overdue"
    here.do("UPDATE tasks SET reporting = 'none'")
    page = desk.ask(tasks.list_progress, VICE, assignment_id=piece["id"])
    assert (page["missing"], page["next_due"]) == (0, None)


def test_only_the_unit_reports_and_only_while_it_works(desk, pieces, piece):
    assert desk.report_refused(piece, VICE) == "not_authorised"
    assert desk.report_refused(piece, DEPT) == "not_found"
    assert desk.report_refused(pieces["ward-2"], SUPPORT) == "wrong_state"


@pytest.mark.parametrize(
    ("level", "who"), [("assigner", VICE), ("office", CHIEF), ("city", CHAIRMAN)]
)  # fmt: skip
def test_the_level_that_must_decide_answers(here, desk, piece, level, who):
    blocker = desk.block(piece, HEAD, level=level)
    assert blocker["answer_due"] and here.events()[-1][0] == "blocker_raised"
    others = {"assigner": CHIEF, "office": VICE, "city": VICE}[level]
    assert desk.refused(tasks.answer_blocker, blocker, others, text="Không phải tôi") == "not_authorised"
    assert desk.refused(tasks.answer_blocker, blocker, SUPPORT, text="Không phải tôi") == "not_found"
    answered = desk(tasks.answer_blocker, blocker, who, version=1, text="Giao Sở Tài chính bố trí")
    assert answered["answer"] == "Giao Sở Tài chính bố trí"
    name, told = here.events()[-1]
    assert (name, told["waiting"][0]["awaits"]) == ("blocker_resolved", None)
    assert desk.refused(tasks.answer_blocker, blocker, who, text="Lần nữa") == "already_decided"


def test_a_support_is_blocked_by_its_lead_and_the_lead_by_nobody_of_that_name(desk, pieces, piece):
    desk.accepted(pieces["ward-2"], SUPPORT)
    assert desk.block(pieces["ward-2"], SUPPORT, level="lead")["decides_post_id"] == post("ward-1 head")
    assert desk.block_refused(piece, HEAD, level="lead") == "no_such_level"


def test_what_stops_a_piece_ends_with_it(here, desk, piece):
    blocker = desk.block(piece, HEAD)
    desk(tasks.submit_result, piece, HEAD, **A_RESULT)
    desk(tasks.approve_result, piece, VICE, grade="met")
    assert [each["awaits"] for each in here.events()[-1][1]["waiting"]] == [None]
    listed = desk.ask(tasks.list_blockers, VICE, assignment_id=piece["id"])["items"]
    assert [(each["id"], each["answer"], bool(each["resolved_at"])) for each in listed] == [(blocker["id"], None, True)]
