"""After a reorganisation: open pieces of the unit go to another by command, and history keeps the old one."""

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


def test_open_pieces_go_to_the_new_head_and_closed_ones_stay(here, desk, pieces, move):
    desk.accepted(pieces["ward-3"], claims("ward-3 head"))  # informed, and done with it
    desk.accepted(pieces["ward-2"], SUPPORT)
    assert move("ward-2", "dept") == {"moved": 1, "remaining": 0}
    assert move("ward-3", "dept") == {"moved": 0, "remaining": 0}

    moved = desk.read(pieces["ward-2"], DEPT)
    assert (moved["unit_name"], moved["post_id"], moved["state"], moved["version"]) == (
        "Sở Nội vụ", post("dept head"), "in_progress", 3,
    )  # fmt: skip
    last = desk.ask(tasks.list_history, assignment_id=pieces["ward-2"]["id"])["items"][-1]
    assert (last["change"], last["reason"], last["data"]["from"]["unit_name"]) == ("moved", WHY["reason"], "Phường 2")
    assert desk.refused(tasks.submit_result, pieces["ward-2"], SUPPORT, **A_RESULT) == "not_found"
    assert desk(tasks.submit_result, pieces["ward-2"], DEPT, **A_RESULT)["state"] == "result_submitted"
    name, told = here.events()[-2]
    assert (name, told["from_unit_id"], told["unit_id"], len(told["pieces"])) == (
        "assignments_moved", unit("ward-2"), unit("dept"), 1,
    )  # fmt: skip


def test_it_goes_on_page_by_page_and_a_page_asked_for_again_is_answered_again(here, desk, move):
    for number in range(3):
        desk.order(mode="each", assignments=[{"unit_id": unit("ward-1")}], title=f"Việc {number}")
    first = move("ward-1", "dept", limit=2, key="one")

    assert first == {"moved": 2, "remaining": 1} == move("ward-1", "dept", limit=2, key="one")
    assert move("ward-1", "dept", limit=2, key="two") == {"moved": 1, "remaining": 0}
    assert [name for name, _ in here.events()].count("assignments_moved") == 2


def test_what_waits_for_the_old_head_waits_for_the_new_one(here, desk, pieces, move):
    """A support's result, an official's, and his request for more time."""
    desk.accepted(pieces["ward-1"])
    officials = [{"post_id": post("ward-1 official"), "due_on": day(5)}]
    [child] = desk(tasks.pass_on, pieces["ward-1"], pieces=officials)["children"]
    desk.accepted(child, claims("ward-1 official"))
    asked = desk.request(child, claims("ward-1 official"), on=day(20))
    desk.submitted(pieces["ward-2"], SUPPORT)
    move("ward-1", "dept")

    _, told = here.events()[-1]
    awaits = {each["assignment_id"]: (each["awaits"] or {}).get("post_id") for each in told["pieces"]}
    assert awaits == {pieces["ward-1"]["id"]: None, child["id"]: None, pieces["ward-2"]["id"]: post("dept head")}
    [extension] = [each["extension"] for each in told["pieces"] if each["extension"]]
    assert (extension["extension_id"], extension["version"], extension["awaits"]["post_id"]) == (
        asked["id"], 2, post("dept head"),
    )  # fmt: skip
    assert desk(tasks.grant_extension, asked["id"], DEPT, version=2)["state"] == "granted"
    assert desk(tasks.approve_result, pieces["ward-2"], DEPT, grade="met")["state"] == "completed"
    assert desk.read(child, claims("ward-1 official"))["unit_id"] == unit("ward-1")


def test_a_division_goes_to_another_unit_with_its_piece(desk, dept, move):
    [child] = desk(tasks.pass_on, dept, DEPT, pieces=[{"unit_id": unit("division")}])["children"]
    desk.accepted(child, DIVISION)

    assert move("division", "ward-3") == {"moved": 1, "remaining": 0}
    assert desk.read(child)["post_id"] == post("ward-3 head")


@pytest.mark.parametrize("who", [HEAD, DEPT, claims("dept clerk"), claims("office official")])
def test_only_the_office_and_the_leaders_move_work(pieces, move, who):
    with pytest.raises(CallFailed) as refusal:
        move("ward-1", "dept", who)
    assert refusal.value.code == "not_authorised"


@pytest.mark.parametrize("new", ["nowhere", "ward-1"])
def test_it_goes_to_another_unit_that_stands(here, pieces, move, new):
    with pytest.raises(CallFailed) as refusal:
        move("ward-1", new)
    assert refusal.value.code == "unknown_unit"
    assert move("ward-1", "ward-2", VICE) == {"moved": 1, "remaining": 0}
