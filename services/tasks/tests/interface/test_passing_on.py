"""Work passed on inside a unit: from the department's head to a division, from there to whoever does it."""

import pytest

from chassis.errors import CallFailed
from contracts import tasks
from tasks.tests.interface.conftest import A_RESULT, DEPT, DIVISION, HEAD, VICE, day
from tests.support.town import claims, post, unit

OFFICIAL = claims("dept official")
TO_DIVISION, TO_OFFICIAL = {"unit_id": unit("division")}, {"post_id": post("dept official")}


@pytest.fixture
def child(desk, dept) -> dict:
    """The division's piece."""
    wanted = {"title": "Tổng hợp số liệu", "content": "Theo mẫu 2.", "due_on": day(20)}
    return desk(tasks.pass_on, dept, DEPT, version=2, pieces=[TO_DIVISION | wanted])["children"][0]


def test_pieces_are_made_in_one_act_and_told_in_one_event(here, desk, dept):
    given = desk(tasks.pass_on, dept, DEPT, version=2, pieces=[TO_DIVISION, TO_OFFICIAL | {"role": "support"}])

    assert (given["state"], given["version"], len(given["children"])) == ("in_progress", 3, 2)
    assert {(each["unit_name"], each["post_id"], each["role"]) for each in given["children"]} == {
        ("Phòng Tổ chức", post("division division_head"), "lead"), ("Sở Nội vụ", post("dept official"), "support"),
    }  # fmt: skip
    name, told = here.events()[-1]
    assert (name, told["change"], told["before"], told["after"]) == (
        "assignment_changed", "passed_on", "in_progress", "in_progress",
    )  # fmt: skip
    assert [(each["change"], each["awaits"]["from_title"]) for each in told["pieces"]] == [
        ("issued", "Giám đốc Sở Nội vụ")
    ] * 2
    assert len(here.events()) == 3  # the order, its acceptance and this


def test_the_level_below_sees_the_title_clause_and_deadline_above_it(desk, dept, child):
    seen = desk.read(child, DIVISION)

    assert (seen["title"], seen["content"], seen["expected_result"]) == ("Tổng hợp số liệu", "Theo mẫu 2.", None)
    assert seen["parent"] == {
        "title": "Việc của Sở", "clause": None, "unit_name": "Sở Nội vụ", "current_due": dept["current_due"],
    }  # fmt: skip
    order = desk.ask(tasks.get_task, DIVISION, id=child["task_id"])
    assert (order["title"], order["content"], order["followers"]) == ("Việc của Sở", None, [])
    assert [piece["id"] for piece in order["assignments"]["items"]] == [child["id"]]
    assert order["roll_up"] == {
        "assigned": 0,
        "accepted": 0,
        "submitted": 0,
        "completed": 0,
        "overdue": 0,
        "revoked": 0,
    }
    for read in (tasks.list_history, tasks.list_results, tasks.list_children):
        with pytest.raises(CallFailed, match="no such thing"):
            desk.ask(read, DIVISION, assignment_id=dept["id"])


def test_a_siblings_piece_does_not_exist_nor_for_an_outsider(desk, dept, child):
    other = desk(tasks.pass_on, dept, DEPT, pieces=[TO_OFFICIAL])["children"][0]
    assert desk.read(other, OFFICIAL)["parent"]["unit_name"] == "Sở Nội vụ"
    for who in (OFFICIAL, HEAD, claims("ward-1 clerk")):
        assert desk.refused(tasks.accept, child, who) == "not_found"
        with pytest.raises(CallFailed) as refusal:
            desk.read(child, who)
        assert refusal.value.code == "not_found"


def test_what_a_unit_does_inside_is_not_for_the_lead_of_joint_work(desk, pieces):
    """He sees the support's piece, and what is passed on from it does not exist for him."""
    support = claims("ward-2 head")
    desk.accepted(pieces["ward-2"], support)
    inside = desk(tasks.pass_on, pieces["ward-2"], support, pieces=[{"post_id": post("ward-2 official")}])["children"][
        0
    ]

    assert desk.read(pieces["ward-2"], HEAD)["id"] == pieces["ward-2"]["id"]
    assert desk.refused(tasks.accept, inside, HEAD) == "not_found"
    with pytest.raises(CallFailed) as refusal:
        desk.ask(tasks.list_children, HEAD, assignment_id=pieces["ward-2"]["id"])
    assert refusal.value.code == "not_found"
    assert desk.ask(tasks.list_children, VICE, assignment_id=pieces["ward-2"]["id"])["items"][0]["id"] == inside["id"]


def test_an_official_with_a_leads_piece_does_not_see_the_whole(desk, pieces):
    desk.accepted(pieces["ward-1"])
    desk(tasks.pass_on, pieces["ward-1"], HEAD, pieces=[{"post_id": post("ward-1 official")}])

    seen = desk.ask(tasks.get_task, claims("ward-1 official"), id=pieces["ward-1"]["task_id"])
    assert len(seen["assignments"]["items"]) == 1 and seen["content"] is None


def test_the_roll_up_counts_units_not_what_they_pass_on(desk, dept, child):
    order = desk.ask(tasks.get_task, id=dept["task_id"])

    assert order["roll_up"]["assigned"] == 1
    assert [piece["id"] for piece in order["assignments"]["items"]] == [dept["id"]]


def test_the_official_submits_to_the_head_first(here, desk, dept, child):
    desk.accepted(child, DIVISION)
    desk(tasks.submit_result, child, DIVISION, **A_RESULT)
    assert here.events()[-1][1]["awaits"]["post_id"] == post("dept head")
    assert desk.ask(tasks.list_results, DEPT, assignment_id=child["id"])["items"][0]["receiving_level"] == "Sở Nội vụ"

    assert desk.refused(tasks.approve_result, child, VICE, grade="met") == "not_authorised"
    assert desk.refused(tasks.approve_result, child, claims("dept clerk"), grade="met") == "not_authorised"
    assert desk(tasks.approve_result, child, DEPT, grade="met")["state"] == "completed"
    assert desk.read(dept)["state"] == "in_progress"  # the parent never closes by itself
    assert desk(tasks.archive, child, claims("dept clerk"))["state"] == "archived"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"unit_id": unit("ward-1")}, "unit_not_below"),
        ({"post_id": post("office official")}, "unit_not_below"),
        ({"unit_id": unit("dept")}, "circular_assignment"),
        ({"post_id": post("dept head")}, "circular_assignment"),
        ({"post_id": post("committee vice_chairman")}, "circular_assignment"),
        ({"unit_id": unit("nowhere")}, "unknown_unit"),
        ({"post_id": post("nobody")}, "unknown_post"),
        (TO_DIVISION | {"due_on": day(40)}, "due_after_parent"),
        (TO_DIVISION | {"due_on": day(-3)}, "due_in_past"),
        ({}, "invalid_request"),
        (TO_DIVISION | TO_OFFICIAL, "invalid_request"),
    ],
)
def test_what_cannot_be_passed_on(here, desk, dept, wanted, code):
    told = len(here.events())

    assert desk.refused(tasks.pass_on, dept, DEPT, pieces=[TO_OFFICIAL | {"due_on": day(3)}, wanted]) == code
    assert len(here.events()) == told and here.rows("SELECT 1 FROM assignments WHERE parent_id IS NOT NULL") == []


def test_nobody_gets_the_same_twice(desk, dept, child):
    assert desk.refused(tasks.pass_on, dept, DEPT, pieces=[TO_DIVISION]) == "unit_twice"
    assert desk.refused(tasks.pass_on, dept, DEPT, pieces=[TO_OFFICIAL, TO_OFFICIAL]) == "unit_twice"


def test_a_circle_is_refused_at_any_depth(here, desk, dept, child):
    """The division's own part of the tree gets a post that is above it in the chain."""
    desk.accepted(child, DIVISION)
    here.do(
        "UPDATE copy_posts SET unit_id = :division WHERE id = :head", division=unit("division"), head=post("dept head")
    )

    refused = desk.refused(tasks.pass_on, child, DIVISION, pieces=[{"post_id": post("dept head")}])
    assert refused == "circular_assignment"


def test_work_is_passed_on_while_it_is_in_progress_and_by_whoever_leads(desk, dept):
    desk(tasks.pass_on, dept, DEPT, pieces=[TO_OFFICIAL])
    [mine] = desk.ask(tasks.list_children, DEPT, assignment_id=dept["id"])["items"]
    assert desk.refused(tasks.pass_on, mine, OFFICIAL, pieces=[TO_DIVISION]) == "not_authorised"
    assert desk.refused(tasks.pass_on, mine, DEPT, pieces=[TO_DIVISION]) == "not_authorised"
    desk(tasks.submit_result, dept, DEPT, **A_RESULT)
    assert desk.refused(tasks.pass_on, dept, DEPT, pieces=[TO_DIVISION]) == "wrong_state"


def test_a_refused_child_goes_to_another_below(desk, dept, child):
    desk(tasks.decline, child, DIVISION, reason="Không đúng chức năng")
    assert desk.refused(tasks.reassign, child, DEPT, unit_id=unit("ward-1")) == "unit_not_below"
    assert (
        desk.refused(tasks.reassign, child, DEPT, post_id=post("dept official"), due_on=day(45)) == "due_after_parent"
    )
    given = desk(tasks.reassign, child, DEPT, post_id=post("dept official"))

    assert (given["state"], given["post_id"], given["unit_id"]) == ("assigned", post("dept official"), unit("dept"))
    assert desk.accepted(child, OFFICIAL)["state"] == "in_progress"


def test_what_was_passed_on_goes_with_what_it_is_part_of(here, desk, dept, child):
    desk.accepted(child, DIVISION)
    here.do("UPDATE copy_posts SET unit_id = :to WHERE id = :post", to=unit("division"), post=post("dept official"))
    deeper = desk(tasks.pass_on, child, DIVISION, pieces=[TO_OFFICIAL])["children"][0]
    desk(tasks.revoke, dept, VICE, reason="Không cần nữa")

    _, told = here.events()[-1]
    assert (told["change"], {each["assignment_id"]: each["after"] for each in told["pieces"]}) == (
        "revoked", {child["id"]: "revoked", deeper["id"]: "revoked"},
    )  # fmt: skip
    for piece, who in ((child, DIVISION), (deeper, OFFICIAL)):
        seen = desk.read(piece, who)
        assert (seen["state"], seen["allowed"]) == ("revoked", [])
        assert desk.ask(tasks.list_history, who, assignment_id=piece["id"])["items"][-1]["reason"] == "Không cần nữa"
