"""Đính chính: proposed by one, decided by another; a dispute goes the same way."""

import pytest

from contracts import tasks
from tasks.domain.assignment import Piece, fold
from tasks.tests.interface.conftest import A_RESULT, CLERK, DEPT, DEPUTY, DIVISION, HEAD, SUPPORT, VICE, day
from tests.support.town import claims, post, unit

CHIEF = claims("office chief_of_office")


@pytest.fixture
def piece(desk, pieces) -> dict:
    return desk.accepted(pieces["ward-1"])


@pytest.fixture
def done(desk, piece) -> dict:
    desk(tasks.submit_result, piece, HEAD, **A_RESULT)
    return desk(tasks.approve_result, piece, VICE, grade="met")


def test_while_it_is_open_the_piece_stands_apart_from_the_red_ones(here, desk, task, piece):
    here.do("UPDATE assignments SET current_due = now() - interval '5 days', original_due = now() - interval '5 days'")
    red = desk.ask(tasks.get_task, VICE, id=task["id"])["roll_up"]["overdue"]
    correction = desk.correct(piece, HEAD, "original_due", day(20))
    assert desk.read(piece)["under_correction"] is True
    assert desk.ask(tasks.get_task, VICE, id=task["id"])["roll_up"]["overdue"] == red - 1
    [waiting] = here.events()[-1][1]["waiting"]
    assert (waiting["awaits"]["kind"], waiting["awaits"]["post_id"]) == (
        "correction_to_decide", post("committee vice_chairman"),
    )  # fmt: skip
    desk(tasks.refuse_correction, correction, VICE, reason="Hạn đúng")
    assert desk.read(piece)["under_correction"] is False
    assert desk.ask(tasks.get_task, VICE, id=task["id"])["roll_up"]["overdue"] == red


def test_no_deadline_is_put_right_to_a_day_before_what_was_passed_on(desk, dept):
    [child] = desk(tasks.pass_on, dept, DEPT, pieces=[{"unit_id": unit("division"), "due_on": day(20)}])["children"]
    assert desk.correct_refused(dept, DEPT, "current_due", day(10)) == "due_after_parent"

    proposed = desk.correct(dept, DEPT, "current_due", day(25))
    desk(tasks.revoke, child, DEPT, reason="Tự làm")
    desk(tasks.pass_on, dept, DEPT, pieces=[{"unit_id": unit("division"), "due_on": day(28)}])
    assert desk.refused(tasks.accept_correction, proposed, VICE, reason="Đúng") == "due_after_parent"


def test_an_accepted_date_is_put_right_and_the_history_keeps_what_it_was(here, desk, piece):
    correction = desk.correct(piece, CLERK, "original_due", day(20))
    assert (correction["was"], correction["kind"]) == (piece["original_due"][:10], "correction")
    accepted = desk(tasks.accept_correction, correction, DEPUTY, version=1, reason="Nhập nhầm")
    assert (accepted["state"], accepted["version"]) == ("accepted", 2)
    now = desk.read(piece)
    assert [now[name][:10] for name in ("original_due", "current_due")] == [day(20)] * 2
    assert now["version"] == piece["version"] + 1
    last = desk.ask(tasks.list_history, assignment_id=piece["id"])["items"][-1]
    assert (last["change"], last["data"]["was"], last["reason"]) == (
        "corrected", piece["original_due"][:10], "Nhập nhầm",
    )  # fmt: skip
    name, told = here.events()[-1]
    assert (name, told["waiting"][0]["awaits"]) == ("correction_decided", None)
    assert [(each["change"], each["version"]) for each in told["pieces"]] == [("corrected", now["version"])]


def test_a_unit_disputes_how_it_was_graded_and_the_log_stays(desk, done):
    dispute = desk.correct(done, HEAD, "grade", "good")
    assert (dispute["kind"], dispute["was"]) == ("dispute", "met")
    desk(tasks.refuse_correction, dispute, VICE, reason="Chưa đủ")
    again = desk.correct(done, HEAD, "grade", "excellent")
    desk(tasks.accept_correction, again, VICE, reason="Đã xem lại")
    assert desk.read(done)["grade"] == "excellent"
    log = desk.ask(tasks.list_corrections, HEAD, assignment_id=done["id"])["items"]
    assert [(each["round"], each["state"], each["decision_reason"]) for each in log] == [
        (1, "refused", "Chưa đủ"), (2, "accepted", "Đã xem lại"),
    ]  # fmt: skip


def test_of_a_result_the_document_is_put_right(desk, done):
    correction = desk.correct(done, HEAD, "document_number", "21/BC-UBND")
    desk(tasks.accept_correction, correction, VICE, reason="Đúng")
    [result] = desk.ask(tasks.list_results, assignment_id=done["id"])["items"]
    assert result["document"]["number"] == "21/BC-UBND"


def test_another_decides_than_proposes(here, desk, done):
    mine = desk.correct(done, VICE, "grade", "good")
    assert mine["decides_post_id"] == post("office chief_of_office")
    assert desk.refused(tasks.accept_correction, mine, VICE, reason="Tôi") == "not_authorised"
    assert desk.refused(tasks.accept_correction, mine, HEAD, reason="Tôi") == "not_authorised"
    assert desk.refused(tasks.accept_correction, mine, SUPPORT, reason="Tôi") == "not_found"
    assert desk.refused(tasks.withdraw_correction, mine, HEAD) == "not_authorised"
    assert desk.correct_refused(done, HEAD, "grade", "good") == "correction_pending"
    assert desk(tasks.accept_correction, mine, CHIEF, reason="Đúng")["state"] == "accepted"
    late = desk.refusal(tasks.refuse_correction, mine, CHIEF, reason="Không")
    assert (late.code, late.details["state"]) == ("already_decided", "accepted")


def test_nobody_decides_on_what_he_proposed_himself_in_whichever_post(desk, piece):
    """The deputy chief of the Office holds the vice chairman's powers as well."""
    correction = desk.correct(piece, claims("office deputy_chief_of_office"), "current_due", day(20))
    assert correction["decides_post_id"] == post("committee vice_chairman")
    assert desk.refused(tasks.accept_correction, correction, DEPUTY, reason="Tôi") == "own_correction"
    assert desk(tasks.accept_correction, correction, VICE, reason="Đúng")["state"] == "accepted"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("grade", "good", "correction_impossible"),
        ("document_number", "1", "correction_impossible"),
        ("done_on", "2026-01-05", "correction_impossible"),
        ("current_due", "mai", "correction_impossible"),
        ("current_due", "2020-01-06", "correction_impossible"),
        ("role", "support", "role_not_in_mode"),
        ("role", "lead", "nothing_changes"),
    ],
)
def test_what_is_no_fact_is_refused_before_anybody_decides(desk, piece, field, value, code):
    assert desk.correct_refused(piece, HEAD, field, value) == code
    assert desk.read(piece)["under_correction"] is False


def test_a_role_changes_before_work_begins_and_the_fold_knows_it(here, desk, pieces):
    told = pieces["ward-3"]
    correction = desk.correct(told, VICE, "role", "support")
    desk(tasks.accept_correction, correction, CHIEF, reason="Nhầm vai trò")
    assert desk.read(told)["role"] == "support"
    assert desk.accepted(told, claims("ward-3 head"))["state"] == "in_progress"
    events = here.rows("SELECT * FROM history WHERE assignment_id = :id", id=told["id"])
    folded = fold(Piece("inform", post("ward-3 head"), post("committee vice_chairman")), events)
    assert (folded.role, folded.state) == ("support", "in_progress")


def test_inside_a_unit_the_two_of_it_put_it_right(desk, dept):
    [child] = desk(tasks.pass_on, dept, DEPT, pieces=[{"unit_id": unit("division"), "due_on": day(10)}])["children"]
    correction = desk.correct(child, DEPT, "current_due", day(12))
    assert correction["decides_post_id"] == post("division division_head")
    assert desk(tasks.accept_correction, correction, DIVISION, reason="Đúng")["state"] == "accepted"
    assert desk.correct_refused(child, DIVISION, "current_due", day(90)) == "due_after_parent"


def test_it_ends_with_a_revoked_piece(here, desk, piece):
    correction = desk.correct(piece, HEAD, "current_due", day(20))
    desk(tasks.revoke, piece, VICE, reason="Thôi")
    assert [each["awaits"] for each in here.events()[-1][1]["waiting"]] == [None]
    assert desk.ask(tasks.get_correction, VICE, id=correction["id"])["state"] == "withdrawn"
    assert desk.read(piece)["under_correction"] is False


def test_beyond_the_superiors_date_nobody_here_corrects(desk, pieces):
    above = desk.pieces_of(desk.order(source="government_office", title="Việc của cấp trên"))["ward-1"]
    for field in ("current_due", "original_due"):
        assert desk.correct_refused(above, HEAD, field, day(60)) == "superior_decides"
    assert desk.correct(above, HEAD, "original_due", day(20))["state"] == "pending"


def test_a_fact_that_changed_meanwhile_is_not_put_right_by_what_was_said_of_another(here, desk, piece):
    correction = desk.correct(piece, HEAD, "current_due", day(20))
    desk(tasks.grant_extension, desk.request(piece)["id"], VICE)
    before = desk.read(piece)

    late = desk.refusal(tasks.accept_correction, correction, VICE, reason="Đúng")
    assert (late.code, late.details["was"]) == ("fact_changed", piece["current_due"][:10])
    assert desk.read(piece) == before
    assert desk(tasks.refuse_correction, correction, VICE, reason="Đã gia hạn")["state"] == "refused"


def test_whoever_was_only_informed_and_knows_it_gets_no_work_by_a_correction(desk, pieces):
    desk.accepted(pieces["ward-3"], claims("ward-3 head"))
    assert desk.correct_refused(pieces["ward-3"], VICE, "role", "support") == "wrong_state"
