"""Before an order is given: what it would meet with."""

from datetime import timedelta

import pytest

from chassis import clock
from contracts import tasks
from kernel.working_time import today
from tasks.tests.interface.conftest import CLERK, DEPT, HEAD, VICE, day
from tests.support.town import claims, unit

CHIEF, STANDING = claims("office chief_of_office"), claims("committee standing_member")
WARDS = [unit("ward-1"), unit("ward-2")]
PLAN = {"title": "Chuẩn bị diễn tập", "unit_ids": WARDS}


@pytest.fixture
def preview(desk):
    return lambda who=VICE, **changes: desk.ask(tasks.preview, who, **(PLAN | changes))


def load_of(found: dict, name: str) -> dict:
    return {each["unit_id"]: each for each in found["units"]}[unit(name)]


def test_it_shows_what_each_unit_has_to_do_around_the_day(here, desk, preview):
    assert [each["open"] for each in preview()["units"]] == [0, 0]
    due = day(40)
    for place in range(2):  # both wards work on each; ward 3 is informed, and has nothing to do
        desk.order(title=f"Việc {place}", due_on=due)
    found = preview(due_on=due)
    assert (load_of(found, "ward-1")["open"], load_of(found, "ward-1")["due_same_week"]) == (2, 2)
    assert {each["collision"] for each in found["units"]} == {"day"}
    assert [each["open"] for each in desk.ask(tasks.list_unit_load, CHIEF, unit_ids=[unit("ward-3")])["items"]] == [0]
    [far, _] = preview(due_on=day(90))["units"]
    assert (far["open"], far["due_same_day"], far["due_same_week"], far["collision"]) == (2, 0, 0, None)

    passed = clock.now() - timedelta(days=9)
    here.do("UPDATE assignments SET current_due = :due WHERE unit_id = :unit", due=passed, unit=WARDS[0])
    assert (load_of(preview(), "ward-1")["overdue"], load_of(preview(), "ward-2")["overdue"]) == (2, 0)


def test_units_that_cannot_be_ordered_are_named(preview):
    found = preview(unit_ids=[unit("ward-1"), unit("nowhere"), unit("division")])
    assert found["missing_unit_ids"] == [unit("nowhere"), unit("division")]
    assert [each["unit_id"] for each in found["units"]] == [unit("ward-1")]
    assert len(preview(unit_ids=None, audience="all-wards")["units"]) == 3


def test_a_unit_sees_its_own_load_and_the_city_every_unit_s(desk):
    own, others = {"unit_ids": [unit("ward-1")]}, {"audience": "all-wards"}
    for who in (VICE, STANDING, CHIEF):
        assert len(desk.ask(tasks.list_unit_load, who, **others)["items"]) == 3
    for who in (HEAD, CLERK):
        assert len(desk.ask(tasks.list_unit_load, who, **own)["items"]) == 1
        assert desk.refused_to_ask(tasks.list_unit_load, who, **others) == "not_authorised"
    assert desk.refused_to_ask(tasks.list_unit_load, DEPT, **own) == "not_authorised"
    assert desk.refused_to_ask(tasks.list_unit_load, claims("ward-1 official"), **own) == "not_authorised"


def duplicates(found: dict) -> list[tuple[str, set[str]]]:
    return [(each["title"], {why["reason"] for why in each["reasons"]}) for each in found["duplicates"]]


def test_an_open_order_in_other_words_is_found(desk, preview):
    desk.order(title="Tổ chức diễn tập chữa cháy tại chợ", content="Theo kế hoạch năm.")
    desk.order(title="Rà soát hộ nghèo", content="Lập danh sách.")
    found = preview(title="TỔ CHỨC  diễn tập chữa cháy ở chợ", content="Theo kế hoạch năm")
    assert duplicates(found) == [
        ("Tổ chức diễn tập chữa cháy tại chợ", {"similar_title", "similar_content", "same_units"})
    ]
    assert found["duplicates"][0]["score"] > 0.8
    assert preview(title="to chuc dien tap chua chay tai cho")["duplicates"][0]["score"] > 0.7
    assert preview(title="Mua sắm thiết bị trường học")["duplicates"] == []


def test_the_same_document_is_found_and_its_clause_tells_most(here, desk, preview):
    task = desk.order(title="Rà soát điểm ngập", content="Theo Thông báo số 512/TB-VP ngày 02/11/2026.")
    found = preview(title="Việc khác hẳn", content="Thực hiện công văn 512/tb-vp")
    assert duplicates(found) == [("Rà soát điểm ngập", {"same_document", "same_units"})]
    here.do("UPDATE tasks SET clause = 'mục 2' WHERE id = :id", id=task["id"])
    of_clause = preview(title="Việc khác hẳn", content="Thực hiện công văn 512/tb-vp", clause="mục 2")
    assert duplicates(of_clause) == [("Rà soát điểm ngập", {"same_clause", "same_units"})]
    assert of_clause["duplicates"][0]["score"] > 0.9 > found["duplicates"][0]["score"]
    assert preview(title="Việc khác hẳn", content="Thực hiện công văn 513/TB-VP")["duplicates"] == []


def test_what_is_closed_or_not_for_him_to_see_is_no_duplicate(desk, preview, task):
    own = {"unit_ids": [unit("ward-3")]}
    assert duplicates(preview(CHIEF)) and duplicates(preview(claims("ward-3 head"), **own))
    other = desk.order(title="Việc của Sở", mode="each", assignments=[{"unit_id": unit("dept")}], followers=[])
    assert preview(claims("ward-3 head"), title=other["title"], **own)["duplicates"] == []
    desk(tasks.revoke_task, task, VICE, reason="Trùng")
    assert preview()["duplicates"] == []


def test_it_says_how_long_such_work_has_taken(here, desk, preview):
    assert preview()["experience"] is None
    each = {"mode": "each", "assignments": [{"unit_id": unit(f"ward-{n}")} for n in (1, 2, 3)]}
    for _ in range(3):
        desk.order(**each)
    here.do(
        "UPDATE assignments a SET state = 'completed', done_at = CAST('2026-03-02 10:00+07' AS timestamptz)"
        " + make_interval(days => CAST(number AS integer)) FROM"
        " (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM assignments) n WHERE n.id = a.id"
    )
    here.do("UPDATE tasks SET received_on = '2026-03-02'")  # a Monday: done on that day, or one to eight days later
    found = preview(due_on=day(30))["experience"]
    assert {name: found[name] for name in ("basis", "pieces", "median_days", "p90_days", "extended")} == {
        "basis": "similar_title", "pieces": 9, "median_days": 4, "p90_days": 6, "extended": 0.0,
    }  # fmt: skip
    assert found["planned_days"] > 10
    assert preview(title="Chuyện hoàn toàn khác")["experience"]["basis"] == "same_source"
    assert preview(title="Chuyện hoàn toàn khác", source="government_office")["experience"] is None
    here.do("DELETE FROM assignments WHERE id IN (SELECT id FROM assignments LIMIT 2)")
    assert preview()["experience"] is None


def test_the_deadline_is_checked_as_an_order_s_is(desk, preview):
    saturday = today(clock.now()) + timedelta(days=21)
    saturday += timedelta(days=(5 - saturday.weekday()) % 7)
    found = preview(due_on=saturday.isoformat())
    assert [each["code"] for each in found["warnings"]] == ["due_moved"]
    assert found["due"].startswith((saturday - timedelta(days=1)).isoformat())
    assert desk.refused_to_ask(tasks.preview, VICE, **PLAN, due_on="2026-01-05") == "due_in_past"
    assert desk.refused_to_ask(tasks.preview, VICE, **PLAN, audience="all-wards") == "invalid_request"
    assert desk.refused_to_ask(tasks.preview, VICE, title="Việc", audience="all-planets") == "unknown_audience"
    assert desk.refused_to_ask(tasks.preview, VICE, title="Việc", audience="whole-city", clause="") == "invalid_request"


def test_a_plan_is_kept_nowhere(here, preview):
    preview()
    assert here.rows("SELECT id FROM tasks") == here.events() == []
