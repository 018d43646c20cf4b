"""Units, their leaders and the named audiences."""

import pytest

from chassis import clock
from chassis.errors import InvalidRequest
from contracts.directory import ListUnits
from directory.use_cases import organisation
from kernel.errors import Refused


@pytest.fixture
def units(city):
    def listing(**wanted):
        return city.ask(organisation.list_units, ListUnits().load(wanted), clock.now())

    return listing


@pytest.fixture
def detail(city):
    def unit(code):
        unit_id = str(city.one("SELECT id FROM units WHERE code = :code", code=code).id)
        return city.ask(organisation.get_unit, unit_id, clock.now())

    return unit


def test_units_come_in_the_order_of_their_codes_page_by_page(units):
    codes, cursor = [], None
    while True:
        page = units(kind="ward", limit=50, cursor=cursor)
        codes += [unit["code"] for unit in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(codes) == 113 and codes == sorted(set(codes))


@pytest.mark.parametrize("q", ["Thủ Dầu Một", "thu dau mot", "mot thu", "25747"])
def test_units_are_found_without_diacritics_and_by_code(units, q):
    assert "Phường Thủ Dầu Một" in [unit["full_name"] for unit in units(q=q, kind="ward")["items"]]


def test_units_of_a_parent(units, detail):
    ward = detail("25747")
    assert len(units(parent_id=ward["id"])["items"]) == 4 == len(ward["divisions"])


@pytest.mark.parametrize("cursor", ["x", "WzFd", "W10", "WyJhIiwiYiJd"])
def test_a_foreign_cursor_is_refused(units, cursor):
    with pytest.raises(InvalidRequest):
        units(cursor=cursor)


def test_a_ward_shows_its_head_its_deputies_and_its_divisions(detail):
    ward = detail("25747")
    assert ward["head"]["title"] == "Chủ tịch UBND Phường Thủ Dầu Một"
    assert [deputy["post_kind"] for deputy in ward["deputies"]] == ["deputy_head"] * 2
    assert ward["divisions"][0]["parent_id"] == ward["id"]


def test_the_committee_shows_the_chairman_and_his_deputies_only(detail):
    committee = detail("UBND")
    assert (committee["head"]["post_kind"], committee["divisions"]) == ("chairman", [])
    assert committee["deputies"][0]["title"] == "Phó Chủ tịch Thường trực UBND Thành phố"
    assert {deputy["post_kind"] for deputy in committee["deputies"]} == {"vice_chairman"}


def test_an_unknown_unit_is_not_found(city):
    with pytest.raises(Refused) as refused:
        city.ask(organisation.get_unit, clock.new_id(), clock.now())
    assert refused.value.refusal_code == "not_found"


def test_audiences_count_their_units(city):
    told = city.ask(organisation.list_audiences)
    assert told["next_cursor"] is None
    assert {a["name"]: a["unit_count"] for a in told["items"]} == {
        "all-departments": 16, "all-wards": 113, "all-communes": 54, "all-commune-level": 168, "all-units": 184,
        "whole-city": 0,
    }  # fmt: skip
