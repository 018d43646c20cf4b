"""Boxes: what is chosen from them, for whom they are, and that pages follow one another."""

import pytest

from contracts import tasks
from tasks.tests.interface.conftest import (
    CLERK,
    DEPT,
    DIVISION,
    HEAD,
    SUPPORT,
    VICE,
    day,
)  # fmt: skip
from tests.support.town import claims, post, unit

CHIEF, OFFICIAL = claims("office chief_of_office"), claims("ward-1 official")


@pytest.fixture
def ask(desk):
    def titles(who=VICE, procedure=tasks.list_tasks, **asked):
        return [each["title"] for each in desk.ask(procedure, who, **asked)["items"]]

    return titles


@pytest.fixture
def pieces_in(desk):
    def units(who, **asked):
        return [(each["title"], each["unit_name"]) for each in desk.ask(tasks.list_pieces, who, **asked)["items"]]

    return units


def each(name: str, **changes) -> dict:
    return {"mode": "each", "title": name, "assignments": [{"unit_id": unit("ward-1")}]} | changes


def test_orders_are_chosen_by_what_they_say(desk, ask):
    desk.order(**each("Phòng chống ngập", urgency="express", source="government_office"))
    desk.order(**each("Đường sắt đô thị", content="Giải phóng mặt bằng", assignments=[{"unit_id": unit("ward-2")}]))

    assert ask(urgency="express") == ask(source="government_office") == ["Phòng chống ngập"]
    assert ask(unit_id=unit("ward-2")) == ask(q="duong sat") == ask(q="mặt bằ") == ["Đường sắt đô thị"]
    assert ask(q="DUONG chống") == ask(q="sắ duong") == ask(q="--") == ask(field="y tế") == []
    assert ask(q="chong") == ["Phòng chống ngập"]
    assert ask(HEAD, box="received", q="chong", urgency="express") == ["Phòng chống ngập"]
    assert ask(SUPPORT, box="received", q="chong") == [] == ask(CHIEF, q="chong")


def test_orders_are_chosen_by_state_and_by_how_they_stand(desk, here, ask):
    late, done = desk.order(**each("Muộn")), desk.order(**each("Xong"))
    gone = desk.order(**each("Thôi", due_on=day(2)))
    [piece] = done["assignments"]["items"]
    desk.submitted(piece)
    desk(tasks.approve_result, piece, VICE, grade="good")
    desk(tasks.revoke_task, gone, VICE, reason="Không cần nữa")
    here.do("UPDATE assignments SET current_due = now() - interval '9 days' WHERE task_id = :id", id=late["id"])

    for who, box in ((VICE, "issued"), (HEAD, "received"), (CHIEF, "followed")):
        assert ask(who, box=box, state="open") == ask(who, box=box, due="overdue") == ["Muộn"]
        assert ask(who, box=box, due="early") == ["Xong"]
        assert ask(who, box=box, state="revoked") == ["Thôi"]
        assert ask(who, box=box, due="on_track") == []
    assert "Xong" in ask(state="closed") and "Muộn" not in ask(state="closed")


def test_drafts_are_not_chosen_from(desk):
    assert desk.refused_to_ask(tasks.list_tasks, VICE, box="drafts", q="a") == "invalid_request"


def test_a_box_of_pieces_is_of_those_whom_it_concerns(desk, task, dept, pieces_in):
    joint = "Chuẩn bị diễn tập"
    assert pieces_in(HEAD) == pieces_in(CLERK) == [(joint, "Phường 1")]
    assert len(pieces_in(VICE, box="by_me")) == 4 == len(pieces_in(CHIEF, box="followed"))
    assert pieces_in(HEAD, box="my_unit") == [(joint, "Phường 1")]
    assert pieces_in(OFFICIAL, box="my_unit") == pieces_in(OFFICIAL) == []
    desk(tasks.pass_on, dept, DEPT, pieces=[{"unit_id": unit("division"), "title": "Phần của phòng", "role": "lead"}])
    assert pieces_in(DEPT, box="my_unit") == [("Phần của phòng", "Phòng Tổ chức"), ("Việc của Sở", "Sở Nội vụ")]
    assert pieces_in(DIVISION) == pieces_in(DIVISION, box="my_unit") == [("Phần của phòng", "Phòng Tổ chức")]
    assert pieces_in(DEPT, box="by_me") == [("Phần của phòng", "Phòng Tổ chức")]
    assert pieces_in(VICE, box="by_me", state="in_progress") == [("Việc của Sở", "Sở Nội vụ")]


def test_what_waits_for_ones_decision(desk, task, pieces, dept, pieces_in):
    lead, support = ("Chuẩn bị diễn tập", "Phường 1"), ("Chuẩn bị diễn tập", "Phường 2")
    assert pieces_in(VICE, box="to_decide") == []
    desk.submitted(pieces["ward-2"], SUPPORT)
    assert (pieces_in(HEAD, box="to_decide"), pieces_in(VICE, box="to_decide")) == ([support], [])
    desk.request(dept, DEPT)
    assert pieces_in(VICE, box="to_decide") == [("Việc của Sở", "Sở Nội vụ")]
    desk.submitted(pieces["ward-1"])
    assert pieces_in(VICE, box="to_decide") == [("Việc của Sở", "Sở Nội vụ"), lead]
    assert pieces_in(claims("committee chairman"), box="to_decide") == []


@pytest.mark.parametrize(("who", "box"), [(VICE, "by_me"), (CHIEF, "followed")])
def test_pages_of_pieces_follow_one_another(desk, who, box):
    desk.order(), desk.order(title="Hai")
    whole = [piece["id"] for piece in desk.ask(tasks.list_pieces, who, box=box)["items"]]
    seen, cursor = [], None
    for _ in range(3):
        answer = desk.ask(tasks.list_pieces, who, box=box, limit=2, cursor=cursor)
        seen += [piece["id"] for piece in answer["items"]]
        cursor = answer["next_cursor"]

    assert seen == whole and len(set(seen)) == 6 and cursor is None


def test_the_box_says_of_each_piece_what_the_piece_says_of_itself(desk, pieces):
    [listed] = desk.ask(tasks.list_pieces, HEAD)["items"]
    alone = desk.read(pieces["ward-1"], HEAD)
    assert {name: alone[name] for name in listed if name in alone} == {
        name: value for name, value in listed.items() if name in alone
    }
    assert post("ward-1 head") == listed["post_id"]
