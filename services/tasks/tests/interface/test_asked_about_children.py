"""What the owner of a piece is asked about what he passed on: more time for it, too; and to end his own."""

import eventlet
import pytest

from chassis.errors import CallFailed
from contracts import tasks
from tasks.tests.interface.conftest import A_RESULT, DEPT, DIVISION, VICE, day
from tests.support.town import claims, post, unit

OFFICIAL = claims("dept official")
TO_DIVISION, TO_OFFICIAL = {"unit_id": unit("division")}, {"post_id": post("dept official")}
LATER = {"reason": "Thành phố đã gia hạn"}


@pytest.fixture
def children(desk, dept) -> list[dict]:
    """The division's, due with its parent, and an official's, due before."""
    wanted = [TO_DIVISION, TO_OFFICIAL | {"due_on": day(10)}]
    return desk(tasks.pass_on, dept, DEPT, pieces=wanted)["children"]


@pytest.fixture
def extended(here, desk, dept, children) -> dict:
    """The department has 30 days more."""
    asked = desk.request(dept, DEPT)
    desk(tasks.grant_extension, asked["id"], VICE)
    return desk.read(dept, DEPT)


def asked(told: dict) -> list[tuple]:
    """What an event says of the owner's being asked: kind, whom, of which piece, version, whether still."""
    return [
        (each["kind"], each["post_id"], each["assignment_id"], each["version"], each["awaits"] is not None)
        for each in told["waiting"]
    ]


def last(here) -> dict:
    return here.events()[-1][1]


def test_whoever_is_granted_more_time_is_offered_to_pass_it_down(here, desk, dept, children, extended):
    name, told = here.events()[-1]

    assert (name, asked(told)) == (
        "extension_decided", [("children_to_extend", post("dept head"), dept["id"], 1, True)],
    )  # fmt: skip
    [waiting] = told["waiting"]
    assert waiting["awaits"]["from_title"] == "Phó Chủ tịch" and waiting["title"] == "Việc của Sở"
    assert [desk.read(child, DEPT)["current_due"] for child in children] == [
        child["current_due"] for child in children
    ]  # fmt: skip
    assert {"extend_children", "keep_children"} <= set(extended["allowed"])
    assert not {"extend_children", "keep_children"} & set(desk.read(dept, VICE)["allowed"])


def test_all_get_it_in_one_act_that_is_told_in_one_event(here, desk, dept, children, extended):
    before = len(here.events())
    done = desk(tasks.extend_children, dept, DEPT, version=extended["version"], due_on=day(50), **LATER)

    assert (done["version"], done["state"]) == (extended["version"] + 1, "in_progress")
    assert "keep_children" not in done["allowed"] and "extend_children" in done["allowed"]
    [(name, told)] = here.events()[before:]
    assert (name, told["change"], asked(told)) == (
        "assignment_changed", "children_extended", [("children_to_extend", post("dept head"), dept["id"], 2, False)],
    )  # fmt: skip
    assert [(each["assignment_id"], each["change"]) for each in told["pieces"]] == [
        (child["id"], "extended") for child in children
    ]
    for child, piece in zip(children, told["pieces"], strict=True):
        now = desk.read(child, DEPT)
        assert now["current_due"] == piece["current_due"] > child["current_due"]
        assert (now["original_due"], now["version"], piece["awaits"]["due"]) == (
            child["original_due"], 2, now["current_due"],
        )  # fmt: skip
        happened = desk.ask(tasks.list_history, DEPT, assignment_id=child["id"])["items"][-1]
        assert (happened["change"], happened["reason"], happened["data"]["with"]) == (
            "extended", LATER["reason"], dept["id"],
        )  # fmt: skip
    assert desk.ask(tasks.list_history, DEPT, assignment_id=dept["id"])["items"][-1]["change"] == "children_extended"


def test_some_get_it_and_the_others_keep_their_dates(desk, dept, children, extended):
    desk(tasks.extend_children, dept, DEPT, due_on=day(40), assignment_ids=[children[1]["id"]], **LATER)

    now = [desk.read(child, DEPT)["current_due"] for child in children]
    assert now[0] == children[0]["current_due"] < now[1] < extended["current_due"]


def test_what_is_due_later_than_the_day_named_is_left_as_it_is(desk, dept, children, extended):
    desk(tasks.extend_children, dept, DEPT, due_on=day(20), **LATER)

    assert [desk.read(child, DEPT)["version"] for child in children] == [1, 2]


def test_never_later_than_the_parent_nor_earlier_than_it_is(desk, dept, children, extended):
    def refused(**body) -> tuple:
        no = desk.refusal(tasks.extend_children, dept, DEPT, **LATER | body)
        return no.code, no.details.get("field")

    ids = [child["id"] for child in children]
    assert refused(due_on=day(90)) == ("due_after_parent", "due_on")
    assert refused(due_on=day(5)) == ("extension_not_later", "due_on")
    assert refused(due_on=day(20), assignment_ids=ids) == ("extension_not_later", "assignment_ids.0")
    assert refused(due_on=day(40), assignment_ids=[ids[0], dept["id"]]) == ("unknown_assignment", "assignment_ids.1")
    assert refused(due_on=day(-1)) == ("due_in_past", "due_on")
    assert [desk.read(id_, DEPT)["version"] for id_ in ids] == [1, 1]


def test_it_is_the_owners_to_do_and_as_he_saw_it(desk, dept, children, extended):
    for who in (VICE, claims("dept clerk")):
        assert desk.refused(tasks.extend_children, dept, who, due_on=day(40), **LATER) == "not_authorised"
        assert desk.refused(tasks.keep_children, dept, who) == "not_authorised"
    assert desk.refused(tasks.extend_children, dept, DIVISION, due_on=day(40), **LATER) == "not_found"
    assert desk.refused(tasks.extend_children, dept, DEPT, version=1, due_on=day(40), **LATER) == "stale_version"


def test_he_may_say_no_and_then_is_not_asked_any_more(here, desk, dept, children, extended):
    desk(tasks.keep_children, dept, DEPT)

    assert asked(last(here)) == [("children_to_extend", post("dept head"), dept["id"], 2, False)]
    late = desk.refusal(tasks.keep_children, dept, DEPT)
    assert (late.code, late.details["change"]) == ("wrong_state", "children_kept")
    assert desk.read(children[0], DEPT)["version"] == 1
    desk(tasks.extend_children, dept, DEPT, due_on=day(40), **LATER)  # he may think better of it


def test_of_two_who_answer_at_once_one_does(here, desk, dept, children, extended):
    def trying(procedure, **body):
        try:
            return desk(procedure, dept, DEPT, version=extended["version"], **body)["version"]
        except CallFailed as refusal:
            return refusal.code

    greens = [
        eventlet.spawn(trying, tasks.keep_children),
        eventlet.spawn(trying, tasks.extend_children, due_on=day(40), **LATER),
    ]
    assert {green.wait() for green in greens} == {extended["version"] + 1, "stale_version"}


def test_nothing_is_offered_where_nothing_was_passed_on_that_still_needs_time(here, desk, dept, children):
    for child in children:
        desk(tasks.revoke, child, DEPT, reason="Tự làm")
    asking = desk.request(dept, DEPT)
    desk(tasks.grant_extension, asking["id"], VICE)

    assert asked(last(here)) == []
    assert desk.refused(tasks.extend_children, dept, DEPT, due_on=day(40), **LATER) == "wrong_state"


def test_the_offer_ends_when_what_was_passed_on_has_ended(here, desk, dept, children, extended):
    desk(tasks.revoke, children[0], DEPT, reason="Tự làm")
    assert asked(last(here)) == []
    desk(tasks.revoke, children[1], DEPT, reason="Tự làm")

    assert ("children_to_extend", post("dept head"), dept["id"], 2, False) in asked(last(here))


def test_what_is_extended_is_offered_further_down(here, desk, dept, children, extended):
    desk.accepted(children[0], DIVISION)
    here.do("UPDATE copy_posts SET unit_id = :to WHERE id = :post", to=unit("division"), post=post("dept official"))
    here.do("UPDATE assignments SET state = 'revoked' WHERE id = :id", id=children[1]["id"])
    desk(tasks.pass_on, children[0], DIVISION, pieces=[TO_OFFICIAL])
    desk(tasks.extend_children, dept, DEPT, due_on=day(50), **LATER)

    [piece] = last(here)["pieces"]
    assert asked(piece) == [("children_to_extend", post("division division_head"), children[0]["id"], 1, True)]
    assert piece["waiting"][0]["awaits"]["from_title"] == "Giám đốc Sở Nội vụ"


# all that was passed on has ended


def completed(desk, child: dict, who: dict) -> None:
    desk.submitted(child, who)
    desk(tasks.approve_result, child, DEPT, grade="met")


@pytest.fixture
def all_ended(desk, children) -> list[dict]:
    completed(desk, children[1], OFFICIAL)
    completed(desk, children[0], DIVISION)
    return children


def test_the_parent_never_closes_by_itself_its_owner_is_asked(here, desk, dept, children):
    completed(desk, children[1], OFFICIAL)
    assert asked(last(here)) == []
    completed(desk, children[0], DIVISION)

    assert asked(last(here)) == [("parent_to_close", post("dept head"), dept["id"], 1, True)]
    [waiting] = last(here)["waiting"]
    assert (waiting["title"], waiting["awaits"]["from_title"]) == ("Việc của Sở", "Phó Chủ tịch")
    days = here.rows("SELECT :due ::timestamptz > now() + interval '1 day' AS later", due=waiting["awaits"]["due"])
    assert days == [{"later": True}]
    assert desk.read(dept, DEPT)["state"] == "in_progress"


@pytest.mark.parametrize("end", ["submitted", "suspended", "revoked", "opened", "passed on"])
def test_he_is_asked_until_it_moves_on_or_a_piece_below_is_open_again(here, desk, dept, all_ended, end):
    match end:
        case "submitted":
            desk(tasks.submit_result, dept, DEPT, **A_RESULT)
        case "suspended":
            desk(tasks.suspend, dept, VICE, reason="Chờ")
        case "revoked":
            desk(tasks.revoke, dept, VICE, reason="Thôi")
        case "opened":
            desk(tasks.reopen, all_ended[0], DEPT, reason="Thiếu số liệu")
        case "passed on":
            desk(tasks.pass_on, dept, DEPT, pieces=[TO_OFFICIAL])

    assert asked(last(here)) == [("parent_to_close", post("dept head"), dept["id"], 2, False)]


def test_what_ends_with_its_parent_asks_nobody(here, desk, dept, children):
    desk(tasks.revoke, dept, VICE, reason="Thôi")

    assert [asked(each) for each in (last(here), *last(here)["pieces"])] == [[], [], []]


def test_whoever_is_only_to_know_has_nothing_to_end_and_needs_no_time(here, desk, dept):
    wanted = [TO_DIVISION, TO_OFFICIAL | {"role": "inform", "due_on": day(10)}]
    [division, _] = desk(tasks.pass_on, dept, DEPT, pieces=wanted)["children"]
    completed(desk, division, DIVISION)
    assert [kind for kind, *_ in asked(last(here))] == ["parent_to_close"]

    asking = desk.request(dept, DEPT)
    desk(tasks.grant_extension, asking["id"], VICE)
    assert asked(last(here)) == []


def test_sent_back_it_is_his_to_end_again(here, desk, dept, all_ended):
    desk(tasks.submit_result, dept, DEPT, **A_RESULT)
    desk(tasks.return_result, dept, VICE, reason="Thiếu")

    assert asked(last(here)) == [("parent_to_close", post("dept head"), dept["id"], 3, True)]


def test_of_two_that_end_at_once_the_second_asks(here, desk, dept, children):
    for child, who in zip(children, (DIVISION, OFFICIAL), strict=True):
        desk.submitted(child, who)
    greens = [eventlet.spawn(desk, tasks.approve_result, child, DEPT, grade="met") for child in children]
    for green in greens:
        green.wait()

    told = [asked(data) for name, data in here.events() if data.get("change") == "completed"]
    assert told == [[], [("parent_to_close", post("dept head"), dept["id"], 1, True)]]


def test_whoever_owns_it_after_a_reorganisation_is_asked(here, desk, ended, dept, all_ended):
    ended("dept")
    desk.ask(tasks.move_assignments, claims("office chief_of_office"), id=unit("dept"), unit_id=unit("ward-3"),
             reason="Sáp nhập", idempotency_key="merge")  # fmt: skip

    [piece] = last(here)["pieces"]
    assert asked(piece) == [("parent_to_close", post("ward-3 head"), dept["id"], 2, True)]
    assert piece["waiting"][0]["awaits"]["post_id"] == post("ward-3 head")
