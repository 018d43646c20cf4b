"""Who may know how somebody can be reached."""

import pytest

from directory.domain.contact import Place, default_visibility, may_see, searchable_digits, visibilities

CHAIRMAN = Place("chairman", 10, "city", "committee")
OFFICE_CLERK = Place("office_clerk", 110, "office", "office")
CITY_SECRETARY = Place("secretary", 100, "city", "committee")
HEAD = Place("head", 50, "health", "department")
WARD_DEPUTY = Place("deputy_head", 71, "ward", "ward")
CLERK = Place("clerk", 110, "health", "department")
OFFICIAL = Place("official", 130, "health", "department")
WARD_CLERK = Place("clerk", 111, "ward", "ward")
STRANGER = Place("official", 131, "ward", "ward")
ADMINISTRATOR = Place("administrator", 120, "science", "department")


@pytest.mark.parametrize("leader", [CHAIRMAN, HEAD, WARD_DEPUTY])
def test_a_leaders_mobile_is_for_those_who_serve_leaders(leader):
    assert default_visibility("mobile", [OFFICIAL, leader]) == "staff"


def test_anybody_elses_mobile_is_for_his_unit_and_the_rest_for_everybody():
    assert visibilities({}, [OFFICIAL]) == {"phone": "city", "mobile": "unit", "email": "city", "room": "city"}


def test_what_the_person_chose_comes_first():
    assert visibilities({"mobile": "city", "email": "self"}, [HEAD])["mobile"] == "city"


@pytest.mark.parametrize(("visibility", "seekers"), [
    ("city", {CHAIRMAN, OFFICE_CLERK, CITY_SECRETARY, ADMINISTRATOR, CLERK, OFFICIAL, WARD_CLERK, STRANGER}),
    ("unit", {CHAIRMAN, OFFICE_CLERK, CITY_SECRETARY, ADMINISTRATOR, CLERK, OFFICIAL}),
    ("staff", {CHAIRMAN, OFFICE_CLERK, CITY_SECRETARY, ADMINISTRATOR, CLERK}),
    ("self", {ADMINISTRATOR}),
])  # fmt: skip
def test_who_sees_a_field_of_a_head(visibility, seekers):
    asked = {CHAIRMAN, OFFICE_CLERK, CITY_SECRETARY, ADMINISTRATOR, CLERK, OFFICIAL, WARD_CLERK, STRANGER}
    assert {seeker for seeker in asked if may_see(visibility, [seeker], [HEAD])} == seekers


def test_one_of_several_posts_is_enough():
    assert may_see("unit", [STRANGER, OFFICIAL], [HEAD])


def test_whoever_holds_no_post_sees_what_everybody_sees():
    assert may_see("city", [], [HEAD]) and not may_see("unit", [], [HEAD])


def test_only_open_numbers_find_a_person():
    assert searchable_digits("(028) 0123 4567", "0100 111 222", {}) == "02801234567"
    assert searchable_digits("(028) 0123 4567", "0100 111 222", {"phone": "self", "mobile": "city"}) == "0100111222"
    assert searchable_digits(None, None, {}) == ""
