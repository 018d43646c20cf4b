"""What a file would change: decided from the lines and the directory as it is, without either."""

from directory.domain.columns import Fault, Line
from directory.domain.differences import (
    Holding,
    Person,
    Post,
    Posts,
    Unit,
    compare_people,
    compare_posts,
    compare_units,
)


def lines(names: str, *rows) -> list[Line]:
    return [Line(at, dict(zip(names.split(), row, strict=True))) for at, row in enumerate(rows, start=2)]


def seen(comparison) -> dict:
    """Kinds and what is wrong, by line (what is gone: by key)."""
    return {
        each.line or each.key: (each.kind, *(f"{fault.column}:{fault.code}" for fault in each.faults))
        for each in comparison.differences
    }


# units

UNITS = "code kind name full_name parent_code"


def unit(parent: str | None, kind: str = "division", name: str = "Tên", **more) -> Unit:
    values = {"kind": kind, "name": name, "full_name": name, "full_name_en": None, "parent_code": parent}
    return Unit("id", values, **more)


CITY = {
    "TP": unit(None, "committee", has_posts=True), "SO": unit("TP", "department", has_posts=True),
    "SO-A": unit("SO"), "SO-B": unit("SO"),
}  # fmt: skip


def units(*rows, end_missing=False, present=CITY, ended=frozenset()):
    return compare_units(lines(UNITS, *rows), present, ended, end_missing)


def same(code: str) -> tuple:
    return code, CITY[code].values["kind"], "Tên", "Tên", CITY[code].values["parent_code"]


ALL = [same(code) for code in CITY]


def test_the_same_units_again_are_no_difference():
    assert units(*ALL).counts() == {"new": 0, "changed": 0, "gone": 0, "conflict": 0, "invalid": 0, "unchanged": 4}


def test_units_are_new_changed_and_gone():
    found = units(same("TP"), same("SO"), ("SO-A", "division", "Mới", "Tên", "Y"), ("X", "division", "X", "X", "Y"),
                  ("Y", "ward", "Y", "Y", "TP"))  # fmt: skip
    assert seen(found) == {4: ("changed",), 5: ("new",), 6: ("new",), "SO-B": ("gone",)}
    changed = next(each for each in found.differences if each.kind == "changed")
    assert changed.changes == {"name": ("Tên", "Mới"), "parent_code": ("SO", "Y")}


def test_a_column_that_the_file_does_not_have_changes_nothing():
    without = [Line(2, {"code": "SO", "kind": "department", "name": "Tên", "full_name": "Tên"})]
    assert seen(compare_units(without, {"SO": CITY["SO"], "TP": CITY["TP"]}, frozenset(), False)) == {"TP": ("gone",)}


def test_a_tree_must_stay_a_tree():
    circle = units(same("TP"), ("SO", "department", "Tên", "Tên", "SO-A"), same("SO-A"), same("SO-B"))
    assert seen(circle) == {3: ("conflict", "parent_code:cycle")}
    assert seen(units(*ALL, ("X", "ward", "X", "X", "X")))[6] == ("conflict", "parent_code:cycle")
    assert seen(units(*ALL, ("X", "ward", "X", "X", "?")))[6] == ("conflict", "parent_code:unknown_unit")
    assert seen(units(*ALL, ("X", "ward", "X", "X", "SO")))[6] == ("conflict", "parent_code:unit_misplaced")
    assert seen(units(*ALL[:3], ("SO-B", "ward", "Tên", "Tên", "SO")))[5] == ("conflict", "kind:kind_changes")
    assert seen(units(*ALL, ("X", "ward", "X", "X", None)))[6] == ("conflict", "parent_code:second_root")


def test_a_unit_that_is_still_needed_does_not_end():
    found = units(same("TP"), same("SO-A"), end_missing=True)
    assert seen(found) == {
        "SO": ("conflict", "None:unit_in_use"), "SO-B": ("gone",), 3: ("conflict", "parent_code:unknown_unit"),
    }  # fmt: skip
    assert seen(units(same("TP"), same("SO"), end_missing=True)) == {"SO-A": ("gone",), "SO-B": ("gone",)}


def test_codes_are_used_once():
    assert seen(units(*ALL, ALL[1])) == {3: ("invalid", "None:duplicate_key"), 6: ("invalid", "None:duplicate_key")}
    ended = units(*ALL, ("OLD", "ward", "X", "X", "TP"), ended=frozenset({"OLD"}))
    assert seen(ended) == {6: ("conflict", "code:code_ended")}


def test_an_import_about_one_unit_leaves_the_others_alone():
    present = CITY | {"TP": unit(None, "committee", in_scope=False), "KHAC": unit("TP", "ward", in_scope=False)}
    found = units(same("SO"), same("SO-A"), ("KHAC", "ward", "Mới", "Tên", "TP"), present=present)
    assert seen(found) == {4: ("conflict", "code:outside_unit"), "SO-B": ("gone",)}


def test_a_line_that_is_wrong_does_not_make_its_unit_look_gone():
    wrong = Line(5, {"code": "SO-B"}, (Fault("name", "missing"),))
    found = compare_units([*lines(UNITS, *ALL[:3]), wrong], CITY, frozenset(), False)
    assert seen(found) == {5: ("invalid", "name:missing")}


# posts

POSTS = "unit_code kind title number is_head rank"
PLACES = {
    ("SO", "head", "Giám đốc", 1): Post("head", "SO", {"is_head": True, "rank": 50}, is_held=True),
    ("SO", "clerk", "Văn thư", 1): Post("clerk 1", "SO", {"is_head": False, "rank": 110}, is_held=True),
    ("SO", "clerk", "Văn thư", 2): Post("clerk 2", "SO", {"is_head": False, "rank": 110}),
}
ROWS = [(*key, post.values["is_head"], post.values["rank"]) for key, post in PLACES.items()]


UNITS_THERE = {
    "TP": Unit("tp", {"kind": "committee", "parent_code": None}),
    "SO": Unit("so", {"kind": "department", "parent_code": "TP"}),
    "KHAC": Unit("khac", {"kind": "ward", "parent_code": "TP"}, in_scope=False),
}


def posts(*rows, end_missing=False, present=PLACES):
    return compare_posts(lines(POSTS, *rows), present, UNITS_THERE, end_missing)


def test_the_same_posts_again_are_no_difference():
    assert posts(*ROWS).counts()["unchanged"] == 3 and not posts(*ROWS).differences
    without_number = posts(ROWS[0], ("SO", "clerk", "Văn thư", None, False, None), ROWS[2])
    assert not without_number.differences


def test_posts_are_new_changed_and_gone():
    found = posts(ROWS[0], ("SO", "clerk", "Văn thư", 3, False, None), ("SO", "clerk", "Văn thư", 1, False, 99))
    assert seen(found) == {3: ("new",), 4: ("changed",), "SO / clerk / Văn thư / 2": ("gone",)}
    assert found.differences[0].changes["rank"] == (None, 110)


def test_a_unit_has_one_head():
    second = posts(*ROWS, ("SO", "deputy_head", "Phó", 1, True, None))
    assert seen(posts(*ROWS, ("SO", "chairman", "Chủ tịch", 1, False, None))) == {
        5: ("conflict", "kind:post_misplaced")
    }
    assert seen(second) == {5: ("conflict", "is_head:second_head")}
    swapped = posts(("SO", "head", "Giám đốc", 1, False, 50), ("SO", "deputy_head", "Phó", 1, True, None), *ROWS[1:])
    assert seen(swapped) == {2: ("changed",), 3: ("new",)}


def test_a_post_that_somebody_holds_does_not_end():
    found = posts(ROWS[0], end_missing=True)
    assert seen(found) == {
        "SO / clerk / Văn thư / 1": ("conflict", "None:post_in_use"), "SO / clerk / Văn thư / 2": ("gone",),
    }  # fmt: skip


def test_posts_are_in_units_that_there_are():
    found = posts(*ROWS, ("?", "clerk", "Văn thư", 1, False, None), ("KHAC", "clerk", "Văn thư", 1, False, None))
    assert seen(found) == {5: ("conflict", "unit_code:unknown_unit"), 6: ("conflict", "unit_code:outside_unit")}


# people

PEOPLE = "employee_number name phone unit_code post_kind post_title post_number primary"
THERE = Posts(PLACES | {("SO", "deputy_head", "Phó A", 1): Post("deputy a", "SO", {"is_head": False}),
                        ("SO", "deputy_head", "Phó B", 1): Post("deputy b", "SO", {"is_head": False}),
                        ("KHAC", "clerk", "Văn thư", 1): Post("elsewhere", "KHAC", {"is_head": False},
                                                               in_scope=False)}, {"SO", "KHAC", "TP"})  # fmt: skip
PRESENT = {
    "1": Person("an", {"name": "An", "phone": None, "email": None}, [Holding("m1", "head", True)]),
    "2": Person("binh", {"name": "Bình", "phone": "1", "email": None},
                [Holding("m2", "clerk 1", True), Holding("m3", "deputy a", False)]),
}  # fmt: skip
AN = ("1", "An", None, "SO", "head", None, None, True)
BINH = ("2", "Bình", "1", "SO", "clerk", None, None, True)
BINH_TOO = ("2", "Bình", "1", "SO", "deputy_head", "Phó A", None, False)


def people(*rows, end_missing=False, present=PRESENT, emails=frozenset(), others=None, names=PEOPLE):
    return compare_people(lines(names, *rows), present, THERE, emails, others or {}, end_missing)


def acts(comparison) -> list[dict]:
    return [each.act for each in comparison.differences]


def test_the_same_people_again_are_no_difference():
    found = people(AN, BINH, BINH_TOO)
    assert found.counts()["unchanged"] == 3 and not found.differences


def test_somebody_new_takes_up_a_post():
    found = people(AN, BINH, BINH_TOO, ("3", "Chi", "", "SO", "clerk", None, 2, True))
    assert seen(found) == {5: ("new",)}
    assert acts(found)[0]["take"] == "clerk 2" and acts(found)[0]["person"]["id"] is None


def test_who_moves_leaves_his_primary_post_and_keeps_the_others():
    found = people(AN, ("2", "Bình", "2", "SO", "clerk", None, 2, True), BINH_TOO)
    assert seen(found) == {3: ("changed",)}
    assert acts(found)[0]["end"] == ["m2"] and acts(found)[0]["take"] == "clerk 2"
    assert found.differences[0].changes == {
        "phone": ("1", "2"), "post": ("SO / clerk / Văn thư / 1", "SO / clerk / Văn thư / 2"),
    }  # fmt: skip


def test_the_primary_post_and_another_change_places():
    swapped = people(AN, (*BINH_TOO[:-1], True), (*BINH[:-1], False))
    assert [(act["turn"], act["primary"], act["end"]) for act in acts(swapped)] == [
        ("m3", True, []), ("m2", False, []),
    ]  # fmt: skip
    assert all("take" not in act for act in acts(swapped)), "he holds both as before"
    assert [each.changes for each in swapped.differences] == [{"primary": (False, True)}, {"primary": (True, False)}]
    left = people(AN, (*BINH_TOO[:-1], True))
    assert [(act["turn"], act["end"]) for act in acts(left)] == [("m3", ["m2"])]


def test_who_is_not_in_the_file_is_shown_and_ended_only_if_it_is_said():
    found = people(BINH)
    assert seen(found) == {"1": ("gone",), "2": ("gone",)}
    assert list(found.to_do(end_missing=False)) == []
    assert [each.act["end"] for each in found.to_do(end_missing=True)] == [["m1"], ["m3"]]


def test_a_post_that_heads_has_one_holder():
    newcomer = ("3", "Chi", "", "SO", "head", None, None, True)
    assert seen(people(AN, BINH, BINH_TOO, newcomer)) == {5: ("conflict", "unit_code:post_held")}
    moved = people(("1", "An", None, "SO", "clerk", None, None, True), BINH, BINH_TOO, newcomer)
    assert seen(moved) == {2: ("changed",), 5: ("new",)}
    gone = people(BINH, BINH_TOO, newcomer)
    assert seen(gone)[4] == ("conflict", "unit_code:post_held")
    assert seen(people(BINH, BINH_TOO, newcomer, end_missing=True)) == {4: ("new",), "1": ("gone",)}
    somebody_else = people(BINH, BINH_TOO, newcomer, end_missing=True, others={"head": 1})
    assert seen(somebody_else)[4] == ("conflict", "unit_code:post_held")


def test_posts_are_found_by_what_is_said_of_them():
    def one(*place):
        return seen(people(AN, BINH, BINH_TOO, ("3", "Chi", "", *place, True))).get(5)

    assert one("SO", "deputy_head", None, None) == ("invalid", "post_title:ambiguous_post")
    assert one("SO", "secretary", None, None) == ("invalid", "post_kind:unknown_post")
    assert one("SO", "clerk", "Thủ quỹ", None) == ("invalid", "post_title:unknown_post")
    assert one("SO", "clerk", None, 9) == ("invalid", "post_kind:unknown_post")
    assert one("TP", "clerk", None, None) == ("invalid", "post_kind:unknown_post")
    assert one("?", "clerk", None, None) == ("invalid", "unit_code:unknown_unit")
    assert one("KHAC", "clerk", None, None) == ("invalid", "unit_code:outside_unit")


def test_nobody_stands_twice_in_one_place_or_without_a_primary_post():
    twice = people(AN, AN, BINH, BINH_TOO)
    assert seen(twice) == {2: ("invalid", "None:duplicate_key"), 3: ("invalid", "None:duplicate_key")}
    same_post = people(AN, BINH, (*BINH[:-1], False), BINH_TOO)
    assert seen(same_post) == {4: ("invalid", "None:duplicate_key")}
    assert seen(people(AN, BINH_TOO)) == {3: ("invalid", "primary:no_primary")}


def test_a_number_is_the_same_in_capitals_and_in_small_letters():
    present = {"CB-1": PRESENT["1"], "cb-2": PRESENT["2"]}
    again = people(("cb-1", *AN[1:]), ("CB-2", *BINH[1:]), ("Cb-2", *BINH_TOO[1:]), present=present)
    assert not again.differences
    unreadable = people(("CB-1", "An", None, "SO", "?", None, None, True), present={"cb-1": PRESENT["1"]})
    assert seen(unreadable) == {2: ("invalid", "post_kind:unknown_post")}, "and not gone"
    twice = people(("X-1", "Chi", "", "SO", "clerk", None, 2, True), ("x-1", "Chi", "", "SO", "clerk", None, 2, True))
    assert {at: twice for at, twice in seen(twice).items() if at in (2, 3)} == {
        2: ("invalid", "None:duplicate_key"), 3: ("invalid", "None:duplicate_key"),
    }  # fmt: skip
    both = people(AN, BINH, BINH_TOO, ("x-1", "Chi", "", "SO", "clerk", None, 2, True),
                  ("X-1", "Chi", "", "SO", "deputy_head", "Phó B", None, False))  # fmt: skip
    assert {each.key for each in both.differences} == {"x-1"}, "one person"


def test_an_address_of_somebody_who_has_no_number_is_not_given_to_another():
    row = Line(2, {"employee_number": "3", "name": "Chi", "email": "c@x.vn", "unit_code": "SO", "post_kind": "clerk"})
    found = compare_people([row], {}, THERE, frozenset({"c@x.vn"}), {}, False)
    assert seen(found) == {2: ("conflict", "email:email_taken")}


def test_a_change_that_is_planned_is_not_overtaken():
    planned = {"1": Person("an", {"name": "An"}, [Holding("m1", "head", True), Holding("m9", "clerk 2", True, True)])}
    found = people(("1", "An", None, "SO", "clerk", None, 1, True), present=planned)
    assert seen(found) == {2: ("conflict", "unit_code:planned_change")}


def test_who_is_primarily_elsewhere_is_not_drawn_into_the_unit():
    elsewhere = {"1": Person("an", {"name": "An", "phone": None}, [Holding("m1", "elsewhere", True)])}
    found = people(("1", "An", None, "SO", "clerk", None, 1, True), present=elsewhere)
    assert seen(found) == {2: ("conflict", "unit_code:outside_unit")}
