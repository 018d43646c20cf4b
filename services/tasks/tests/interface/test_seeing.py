"""The exception board and the statistics: what is red and who must decide; every figure opens the list it counts."""

from datetime import timedelta

import pytest

from chassis import clock
from contracts import tasks
from kernel.working_time import today
from tasks.tests.interface.conftest import DEPT, HEAD, SUPPORT, VICE, day
from tests.support.town import claims, unit

CHIEF, OFFICIAL = claims("office chief_of_office"), claims("ward-1 official")
LONG = 20  # days that have passed: more than anybody has, holidays or not


@pytest.fixture
def board(desk):
    def read(who=CHIEF, **asked):
        return desk.ask(tasks.get_exception_board, who, **asked)

    return read


@pytest.fixture
def statistics(desk):
    def read(who=CHIEF, **asked):
        return desk.ask(tasks.get_statistics, who, **asked)

    return read


def red(board: dict) -> list[tuple]:
    return [(row["unit_name"], row["missing"], row["late"]["title"], row["level"]) for row in board["items"]]


@pytest.fixture(autouse=True)
def days_pass(monkeypatch):
    """What a test does at first it did LONG ago, until `days_pass()`."""
    real = clock.now

    def to(days_ago: int = 0) -> None:
        monkeypatch.setattr(clock, "now", lambda: real() - timedelta(days=days_ago))

    to(LONG)
    return to


def overdue(here, piece: dict) -> None:
    here.do("UPDATE assignments SET current_due = now() - interval '15 days' WHERE id = :id", id=piece["id"])


def each(name: str, *units: str, **changes) -> dict:
    return {"mode": "each", "title": name, "assignments": [{"unit_id": unit(one)} for one in units]} | changes


def test_what_somebody_still_has_days_for_is_not_red(desk, pieces, dept, board):
    desk(tasks.decline, pieces["ward-1"], HEAD, reason="Không thuộc", proposed_unit_id=unit("ward-2"))
    desk.block(dept, DEPT)
    desk.request(dept, DEPT)

    assert (board()["total"], board()["items"]) == (0, [])


def test_each_row_says_who_is_late_what_is_missing_and_which_level_must_decide(
    desk, here, pieces, dept, board, days_pass
):
    desk.block(dept, DEPT, level="office")
    desk.submitted(pieces["ward-2"], SUPPORT)
    desk(tasks.decline, pieces["ward-1"], HEAD, reason="Không thuộc", proposed_unit_id=unit("dept"))
    more = desk.order(**each("Thêm", "ward-1", "ward-2", urgency="normal"))
    asks, works = more["assignments"]["items"]
    desk.accepted(asks), desk.request(asks), desk.accepted(works, SUPPORT)
    days_pass()
    overdue(here, works)

    assert sorted(red(board())) == sorted([
        ("Sở Nội vụ", "answer", "Chánh Văn phòng", "office"),
        ("Phường 1", "decision_on_refusal", "Phó Chủ tịch", "city"),
        ("Phường 1", "decision_on_extension", "Phó Chủ tịch", "city"),
        ("Phường 2", "decision_on_result", "Chủ tịch phường 1", "unit"),
        ("Phường 3", "receipt", "Chủ tịch phường 3", "city"),
        ("Phường 2", "result", "Chủ tịch phường 2", "city"),
    ])  # fmt: skip
    rows = {row["missing"]: row for row in board()["items"]}
    assert rows["decision_on_refusal"]["refusals"] == 1 and rows["result"]["overdue_days"] == rows["result"]["days"] > 0
    assert all(0 < row["days"] < LONG for row in rows.values() if row["missing"] != "result")
    assert [row["urgency"] for row in board()["items"]][-2:] == ["normal", "normal"]


def test_the_parts_of_the_board_add_up_and_each_opens_its_list(desk, here, pieces, board, days_pass):
    desk.order(**each("Từ trên", "ward-1", "ward-2", source="government_office", urgency="express"))
    days_pass()
    whole = board()

    assert whole["total"] == len(whole["items"]) == 5
    for parts in ("by_missing", "by_level"):
        assert sum(part["count"] for part in whole[parts]) == whole["total"]
        for part in whole[parts]:
            opened = board(**part["list"])
            assert len(opened["items"]) == opened["total"] == part["count"]
    assert [row["source"] for row in whole["items"]][:2] == ["government_office"] * 2
    first = board(limit=2)
    rest = board(limit=10, cursor=first["next_cursor"])
    assert first["items"] + rest["items"] == whole["items"] and rest["total"] == 5


def test_city_and_office_see_all_a_unit_its_own_and_an_official_nothing(
    desk, here, pieces, board, statistics, days_pass
):
    days_pass()

    assert [board(who)["total"] for who in (VICE, CHIEF, HEAD, DEPT, OFFICIAL)] == [3, 3, 1, 0, 0]
    assert [row["unit_name"] for row in board(HEAD)["items"]] == ["Phường 1"]
    assert [statistics(who)["total"]["given"] for who in (VICE, HEAD, claims("ward-3 head"), DEPT)] == [2, 1, 0, 0]


def test_what_is_under_correction_stands_apart(desk, here, pieces, board, statistics, days_pass):
    desk.accepted(pieces["ward-1"])
    desk.correct(pieces["ward-1"], HEAD, "original_due", day(45))
    days_pass()
    overdue(here, pieces["ward-1"])

    assert "Phường 1" not in [row["unit_name"] for row in board()["items"]]
    apart = board(**board()["under_correction"]["list"])
    assert [row["unit_name"] for row in apart["items"]] == ["Phường 1"] and board()["under_correction"]["count"] == 1
    assert statistics()["total"]["current"]["under_correction"] == 1


def test_every_figure_of_the_statistics_is_the_list_that_it_opens(desk, here, pieces, statistics, days_pass):
    lives(desk, here, pieces, days_pass)
    for by in ("unit", "source", "field", "month"):
        found = statistics(by=by)
        assert found["total"]["given"] == sum(group["given"] for group in found["groups"]) == 5
        for group in [*found["groups"], found["total"] | {"key": None}]:
            of_group = {"by": by, "key": group["key"]}
            for against in ("current", "original"):
                assert sum(group[against].values()) == group["given"]
                for figure, count in group[against].items():
                    listed = desk.ask(tasks.list_counted, CHIEF, figure=figure, against=against, **of_group)["items"]
                    assert [each["counted_as"] for each in listed] == [figure] * count
            for party, days in group["lost"].items():
                listed = desk.ask(tasks.list_counted, CHIEF, figure=f"lost_{party}", **of_group)["items"]
                assert sum(each["lost"][party] for each in listed) == days
    assert found["total"]["current"] != found["total"]["original"]


def lives(desk, here, pieces, days_pass) -> None:
    """On time, late, extended, running, revoked."""
    desk.submitted(pieces["ward-1"]), desk.submitted(pieces["ward-2"], SUPPORT)
    desk(tasks.approve_result, pieces["ward-1"], VICE, grade="good")
    desk(tasks.approve_result, pieces["ward-2"], HEAD, grade="met")
    more = desk.order(**each("Thêm", "ward-1", "ward-2", "ward-3"))["assignments"]["items"]
    desk.accepted(more[0])
    asked = desk.request(more[0])
    desk(tasks.grant_extension, asked["id"], VICE)
    desk(tasks.revoke, more[1], VICE, reason="Thôi")
    days_pass()
    here.do("UPDATE assignments SET original_due = now() - interval '15 days' WHERE id = :id", id=more[0]["id"])
    late = "UPDATE assignments SET original_due = now() - interval '30 days', current_due = now() - interval '30 days'"
    here.do(late + " WHERE id = ANY(:ids)", ids=[pieces["ward-2"]["id"], more[2]["id"]])


@pytest.mark.parametrize("wrong", [{"as_of": day(1)}, {"from": day(1)}, {"from": "2020-01-01", "to": "2026-01-01"}])
def test_no_statistics_of_days_to_come_or_of_ages(desk, wrong):
    assert desk.refused_to_ask(tasks.get_statistics, CHIEF, **wrong) in ("as_of_in_future", "wrong_period")


def test_the_board_and_the_statistics_as_they_stood(desk, here, pieces, board, statistics, days_pass):
    """Whatever happens afterwards, an earlier day stays as it was."""
    days_pass()
    yesterday = (today(clock.now()) - timedelta(days=1)).isoformat()
    before, counted = board(as_of=yesterday), statistics(as_of=yesterday)
    assert before["total"] == 3 and counted["total"]["given"] == 2
    assert red(before) == red(board()) and counted["groups"] == statistics()["groups"]
    desk.submitted(pieces["ward-1"])
    desk(tasks.approve_result, pieces["ward-1"], VICE, grade="good")
    desk.accepted(pieces["ward-2"], SUPPORT)
    desk.correct(pieces["ward-2"], SUPPORT, "original_due", day(90))

    assert [row["unit_name"] for row in board()["items"]] == ["Phường 3"]
    assert board(as_of=yesterday) == before and statistics(as_of=yesterday) == counted
