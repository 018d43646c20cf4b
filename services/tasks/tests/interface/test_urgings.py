"""Đôn đốc: who asks, by when it is answered, all late ones at once."""

import pytest

from contracts import tasks
from tasks.tests.interface.conftest import CLERK, DEPT, DIVISION, HEAD, SUPPORT, VICE, day
from tests.support.town import claims, post, unit

CHIEF = claims("office chief_of_office")


def test_an_urging_waits_for_the_owner_until_he_answers(here, desk, pieces):
    urging = desk.urge(pieces["ward-1"], VICE)
    name, told = here.events()[-1]
    assert name == "urging_raised"
    assert [each["awaits"]["post_id"] for each in told["waiting"]] == [post("ward-1 head")]
    assert desk.urge_refused(pieces["ward-1"], VICE) == "urging_open"
    assert desk.urge(pieces["ward-1"], CHIEF, kind="standing_pc_directive")["kind"] == "standing_pc_directive"
    assert desk.refused(tasks.answer_urging, urging, SUPPORT, text="Không phải") == "not_found"
    assert desk.refused(tasks.answer_urging, urging, VICE, text="Không phải") == "not_authorised"
    answered = desk(tasks.answer_urging, urging, CLERK, version=1, text="Tuần này xong")
    assert (answered["answer"], answered["version"]) == ("Tuần này xong", 2)
    assert here.events()[-1][1]["waiting"][0]["awaits"] is None
    late = desk.refusal(tasks.answer_urging, urging, HEAD, text="Xong")
    assert late.code == "already_decided" and late.details["at"]
    assert desk.urge(pieces["ward-1"], VICE)["id"] != urging["id"]
    listed = desk.ask(tasks.list_urgings, HEAD, assignment_id=pieces["ward-1"]["id"])["items"]
    assert [each["answer"] for each in listed] == ["Tuần này xong", None, None]


def test_only_whoever_ordered_or_follows_it_or_the_office_urges(desk, pieces):
    assert desk.urge_refused(pieces["ward-1"], HEAD) == "not_authorised"
    assert desk.urge_refused(pieces["ward-2"], HEAD) == "not_authorised"  # the lead of joint work sees it
    assert desk.urge_refused(pieces["ward-1"], DEPT) == "not_found"
    task = desk.order(followers=[post("dept head")], title="Việc được theo dõi")
    assert desk.urge(desk.pieces_of(task)["ward-1"], DEPT)["from_title"] == "Giám đốc Sở Nội vụ"
    assert desk.urge_refused(desk.pieces_of(task)["ward-1"], DEPT, kind="standing_pc_directive") == "not_authorised"


def test_all_who_have_not_received_it_are_urged_in_one_act(here, desk, task, pieces):
    desk.accepted(pieces["ward-1"])
    before = len(here.events())
    wanted = {"task_id": task["id"], "kind": "urge", "text": "Đề nghị tiếp nhận ngay", "only": "not_received"}
    assert desk.ask(tasks.urge_many, VICE, **wanted, idempotency_key="many")["raised"] == 2
    assert desk.ask(tasks.urge_many, VICE, **wanted, idempotency_key="many")["raised"] == 2  # the same answer
    [(name, told)] = here.events()[before:]
    assert (name, len(told["urgings"]), len(told["waiting"])) == ("urging_raised", 2, 2)
    assert desk.ask(tasks.urge_many, VICE, **wanted, idempotency_key="again")["raised"] == 0  # asked, not answered yet
    assert desk.ask(tasks.urge_many, VICE, **wanted | {"only": "overdue"}, idempotency_key="late")["raised"] == 0
    here.do("UPDATE assignments SET current_due = now() - interval '5 days' WHERE unit_id = :unit", unit=unit("ward-1"))
    assert desk.ask(tasks.urge_many, VICE, **wanted | {"only": "overdue"}, idempotency_key="later")["raised"] == 1
    assert desk.refused_to_ask(tasks.urge_many, HEAD, **wanted, idempotency_key="no") == "not_authorised"


def test_what_is_urged_goes_to_the_new_owner_and_ends_with_its_piece(here, desk, pieces):
    piece = pieces["ward-1"]
    urging = desk.urge(piece, VICE)
    desk(tasks.decline, piece, HEAD, reason="Không thuộc", proposed_unit_id=unit("dept"))
    desk(tasks.reassign, piece, VICE, unit_id=unit("dept"))
    [waiting] = here.events()[-1][1]["waiting"]
    assert (waiting["subject_id"], waiting["awaits"]["post_id"]) == (urging["id"], post("dept head"))
    desk(tasks.revoke, piece, VICE, reason="Thôi")
    [waiting] = here.events()[-1][1]["waiting"]
    assert (waiting["version"], waiting["awaits"]) == (3, None)
    assert desk.ask(tasks.get_urging, VICE, id=urging["id"])["answered_at"]
    assert desk.urge_refused(piece, VICE) == "wrong_state"


def test_inside_a_unit_its_own_head_urges(here, desk, dept):
    [child] = desk(tasks.pass_on, dept, DEPT, pieces=[{"unit_id": unit("division")}])["children"]
    urging = desk.urge(child, DEPT)
    assert here.events()[-1][1]["inside"] is True
    assert desk(tasks.answer_urging, urging, DIVISION, text="Rõ")["answer"] == "Rõ"


@pytest.mark.parametrize("urgency", ["normal", "express"])
def test_the_more_urgent_the_sooner_it_is_answered(desk, urgency):
    [piece] = desk.order(mode="each", assignments=[{"unit_id": unit("ward-1")}], urgency=urgency)["assignments"][
        "items"
    ]
    due = desk.urge(piece, VICE)["answer_due"]
    assert (due[:10] == day(0)) == (urgency == "express")
