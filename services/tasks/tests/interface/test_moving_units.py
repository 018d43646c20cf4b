"""After a reorganisation: open pieces of a unit that has ended go to another by command, history keeps the old one."""

import pytest

from chassis.errors import CallFailed
from contracts import tasks
from tasks.tests.interface.conftest import A_RESULT, DEPT, DIVISION, HEAD, SUPPORT, VICE, day
from tests.support.town import claims, post, unit

OFFICE = claims("office chief_of_office")
WHY = {"reason": "Sáp nhập theo Nghị quyết 1"}


@pytest.fixture
def move(desk):
    def moving(old: str, new: str, who: dict = OFFICE, limit: int = 500, key: str = "") -> dict:
        request = {"id": unit(old), "unit_id": unit(new), "limit": limit, "idempotency_key": key or f"{old} {new}"}
        return desk.ask(tasks.move_assignments, who, **request, **WHY)

    return moving


def awaited(here) -> dict:
    """By piece: for whom it waits, as was said last."""
    return {each["assignment_id"]: (each["awaits"] or {}).get("post_id") for each in here.events()[-1][1]["pieces"]}


def test_open_pieces_go_to_the_new_head_and_closed_ones_stay(here, desk, pieces, move, ended):
    desk.accepted(pieces["ward-3"], claims("ward-3 head"))  # informed, and done with it
    desk.accepted(pieces["ward-2"], SUPPORT)
    ended("ward-2", "ward-3")
    assert move("ward-2", "dept") == {"moved": 1, "remaining": 0}
    assert move("ward-3", "dept") == {"moved": 0, "remaining": 0}

    moved = desk.read(pieces["ward-2"], DEPT)
    assert (moved["unit_name"], moved["post_id"], moved["state"], moved["version"]) == (
        "Sở Nội vụ", post("dept head"), "in_progress", 3,
    )  # fmt: skip
    last = desk.ask(tasks.list_history, assignment_id=pieces["ward-2"]["id"])["items"][-1]
    assert (last["change"], last["reason"], last["data"]["from"]["unit_name"]) == ("moved", WHY["reason"], "Phường 2")
    assert desk.refused(tasks.submit_result, pieces["ward-2"], SUPPORT, **A_RESULT) == "not_authorised"
    assert desk(tasks.submit_result, pieces["ward-2"], DEPT, **A_RESULT)["state"] == "result_submitted"
    name, told = here.events()[-2]
    assert (name, told["from_unit_id"], told["unit_id"], len(told["pieces"])) == (
        "assignments_moved", unit("ward-2"), unit("dept"), 1,
    )  # fmt: skip


def test_it_goes_on_page_by_page_and_a_page_asked_for_again_is_answered_again(here, desk, move, ended):
    for number in range(3):
        desk.order(mode="each", assignments=[{"unit_id": unit("ward-1")}], title=f"Việc {number}")
    ended("ward-1")
    first = move("ward-1", "dept", limit=2, key="one")

    assert first == {"moved": 2, "remaining": 1} == move("ward-1", "dept", limit=2, key="one")
    assert move("ward-1", "dept", limit=2, key="two") == {"moved": 1, "remaining": 0}
    assert [name for name, _ in here.events()].count("assignments_moved") == 2


def test_what_waits_for_the_old_head_waits_for_the_new_one(here, desk, pieces, move, ended):
    """A support's result, an official's, and his request for more time."""
    desk.accepted(pieces["ward-1"])
    officials = [{"post_id": post("ward-1 official"), "due_on": day(5)}]
    [child] = desk(tasks.pass_on, pieces["ward-1"], pieces=officials)["children"]
    desk.accepted(child, claims("ward-1 official"))
    asked = desk.request(child, claims("ward-1 official"), on=day(20))
    desk.submitted(pieces["ward-2"], SUPPORT)
    ended("ward-1")
    move("ward-1", "dept")

    _, told = here.events()[-1]
    assert awaited(here) == {pieces["ward-1"]["id"]: None, child["id"]: None, pieces["ward-2"]["id"]: post("dept head")}
    [extension] = [each["extension"] for each in told["pieces"] if each["extension"]]
    assert (extension["extension_id"], extension["version"], extension["awaits"]["post_id"]) == (
        asked["id"], 2, post("dept head"),
    )  # fmt: skip
    assert desk(tasks.grant_extension, asked["id"], DEPT, version=2)["state"] == "granted"
    assert desk(tasks.approve_result, pieces["ward-2"], DEPT, grade="met")["state"] == "completed"
    assert desk.read(child)["unit_id"] == unit("ward-1")


def test_what_a_support_submitted_waits_for_the_lead_whoever_supports_him_now(here, desk, pieces, move, ended):
    desk.submitted(pieces["ward-2"], SUPPORT)
    ended("ward-2")
    move("ward-2", "dept")

    assert awaited(here) == {pieces["ward-2"]["id"]: post("ward-1 head")}
    assert desk(tasks.approve_result, pieces["ward-2"], HEAD, grade="met")["state"] == "completed"


@pytest.mark.parametrize(("old", "new"), [("ward-1", "ward-2"), ("ward-2", "ward-1")])
def test_who_leads_and_supports_at_once_does_not_decide_on_his_own(here, desk, pieces, move, ended, old, new):
    """Two wards were made one: its head owns both pieces, and whoever ordered the work decides."""
    desk.submitted(pieces["ward-2"], SUPPORT)
    ended(old)
    move(old, new)

    assert awaited(here)[pieces["ward-2"]["id"]] == post("committee vice_chairman")
    one = claims(f"{new} head")
    assert desk.refused(tasks.approve_result, pieces["ward-2"], one, grade="met") == "not_authorised"
    assert desk(tasks.approve_result, pieces["ward-2"], VICE, grade="met")["state"] == "completed"


def test_a_refusal_is_decided_by_the_day_it_had_to_be(here, desk, pieces, move, ended):
    desk(tasks.decline, pieces["ward-1"], reason="Quá tải", proposed_unit_id=unit("ward-3"))
    due = here.events()[-1][1]["awaits"]["due"]
    here.do("UPDATE assignments SET declined_at = declined_at - interval '30 days' WHERE state = 'declined'")
    ended("ward-1")
    move("ward-1", "dept")

    [moved] = here.events()[-1][1]["pieces"]
    assert (moved["after"], moved["awaits"]["post_id"]) == ("declined", post("committee vice_chairman"))
    assert moved["awaits"]["due"] < due


def test_a_division_goes_to_another_unit_with_its_piece(desk, dept, move, ended):
    [child] = desk(tasks.pass_on, dept, DEPT, pieces=[{"unit_id": unit("division")}])["children"]
    desk.accepted(child, DIVISION)
    ended("division")

    with pytest.raises(CallFailed) as refusal:
        move("division", "dept")
    assert refusal.value.code == "circular_assignment"
    assert move("division", "ward-3") == {"moved": 1, "remaining": 0}
    assert desk.read(child)["post_id"] == post("ward-3 head")


@pytest.mark.parametrize("who", [HEAD, DEPT, claims("dept clerk"), claims("office official")])
def test_only_the_office_and_the_leaders_move_work(pieces, move, who):
    with pytest.raises(CallFailed) as refusal:
        move("ward-1", "dept", who)
    assert refusal.value.code == "not_authorised"


@pytest.mark.parametrize(("old", "code"), [("ward-1", "unit_stands"), ("nowhere", "unknown_unit")])
def test_from_a_unit_that_stands_nothing_is_taken(desk, pieces, move, old, code):
    with pytest.raises(CallFailed) as refusal:
        move(old, "dept")
    assert refusal.value.code == code
    assert desk.read(pieces["ward-1"])["unit_id"] == unit("ward-1")


@pytest.mark.parametrize(
    ("new", "code"), [("nowhere", "unknown_unit"), ("ward-1", "unknown_unit"), ("division", "unit_not_direct")]
)
def test_a_units_own_work_goes_to_a_unit_that_the_city_orders(here, pieces, move, ended, new, code):
    ended("ward-1")
    with pytest.raises(CallFailed) as refusal:
        move("ward-1", new)
    assert refusal.value.code == code
    assert move("ward-1", "ward-2", VICE) == {"moved": 1, "remaining": 0}


def waiting(here) -> dict:
    """By kind and subject: whom it waits for, as was said last."""
    said = here.events()[-1][1]
    every = [each for part in (said, *said["pieces"]) for each in part.get("waiting", ())]
    return {each["subject_id"]: (each["version"], each["awaits"]["post_id"]) for each in every if each["awaits"]}


def test_what_stops_the_work_and_what_is_to_be_corrected_wait_for_the_new_head(here, desk, pieces, move, ended):
    desk.accepted(pieces["ward-1"])
    desk.accepted(pieces["ward-2"], SUPPORT)
    officials = [{"post_id": post("ward-1 official"), "due_on": day(20)}]
    [child] = desk(tasks.pass_on, pieces["ward-1"], pieces=officials)["children"]
    official = claims("ward-1 official")
    desk.accepted(child, official)
    inside, above = desk.block(child, official), desk.block(pieces["ward-1"], HEAD)
    beside = desk.block(pieces["ward-2"], SUPPORT, "lead")
    to_correct = desk.correct(child, official, "current_due", day(8))
    ended("ward-1")
    move("ward-1", "dept")

    assert waiting(here) == {each["id"]: (2, post("dept head")) for each in (inside, beside, to_correct)}
    assert desk.ask(tasks.get_blocker, VICE, id=above["id"])["version"] == 1
    for blocker in (inside, beside):
        assert desk(tasks.answer_blocker, blocker, DEPT, version=2, text="Đã cấp")["answer"] == "Đã cấp"
    assert desk(tasks.accept_correction, to_correct, DEPT, version=2, reason="Đúng")["state"] == "accepted"


def test_nobody_decides_on_what_stops_himself(here, desk, pieces, move, ended):
    desk.accepted(pieces["ward-2"], SUPPORT)
    beside = desk.block(pieces["ward-2"], SUPPORT, "lead")
    ended("ward-1")
    move("ward-1", "ward-2")

    assert waiting(here)[beside["id"]] == (2, post("committee vice_chairman"))


@pytest.mark.parametrize("end", ["reassigned", "revoked"])
def test_what_waited_for_the_lead_waits_for_whoever_leads_or_ordered(here, desk, pieces, end):
    desk.accepted(pieces["ward-2"], SUPPORT)
    beside = desk.block(pieces["ward-2"], SUPPORT, "lead")
    if end == "reassigned":
        desk(tasks.decline, pieces["ward-1"], reason="Quá tải", proposed_unit_id=unit("dept"))
        desk(tasks.reassign, pieces["ward-1"], VICE, unit_id=unit("dept"), reason="Đúng việc")
        decides = post("dept head")
    else:
        desk(tasks.revoke, pieces["ward-1"], VICE, reason="Thôi")
        decides = post("committee vice_chairman")

    assert waiting(here)[beside["id"]] == (2, decides)
