"""What becomes of everything when units are reorganised. The city: a committee, an office, two wards with a division
each, everybody named after his post.
"""

from dataclasses import replace
from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.domain.organisation import (
    AUDIENCE_KINDS,
    HEAD_KIND,
    Audience,
    Delegation,
    Membership,
    Organisation,
    Post,
    Unit,
    live,
    open_after,
    overlap,
)
from directory.domain.reorganisation import (
    Dissolve,
    Establish,
    Merge,
    Move,
    NewUnit,
    Part,
    Rename,
    Split,
    reorganise,
)
from kernel.errors import Refused

FOUNDED, DAY = date(2025, 7, 1), date(2026, 3, 4)


def a_town() -> Organisation:
    town = Organisation()

    def add(code, kind, full_name, parent=None, posts=()):
        town.units[code] = Unit(code, code, kind, full_name, full_name, None, parent, FOUNDED, None, FOUNDED)
        for post_kind in (HEAD_KIND[kind], *posts):
            id_ = f"{code}/{post_kind}"
            title = f"{post_kind} {full_name}"
            is_head = post_kind == HEAD_KIND[kind]
            town.posts[id_] = Post(id_, code, post_kind, title, is_head, 50, FOUNDED, None, FOUNDED)
            town.memberships[id_] = Membership(id_, id_, id_, True, FOUNDED, None)

    add("C", "committee", "Thành phố", posts=["vice_chairman"])
    add("O", "office", "Văn phòng Thành phố", "C")
    for ward in ("A", "B"):
        add(ward, "ward", f"Phường {ward}", "C", ["deputy_head", "clerk"])
        add(f"{ward}-1", "division", f"Phòng Kinh tế Phường {ward}", ward, ["deputy_division_head", "official"])
    town.memberships["second"] = Membership("second", "A/head", "A-1/official", False, FOUNDED, None)
    town.delegations["lent"] = Delegation(
        "lent", "A/head", "A/deputy_head", "KT", "all", "1/QĐ", FOUNDED, date(2026, 12, 31)
    )
    town.audiences["all-wards"] = Audience("all-wards", ("A", "B"))
    town.audiences["all-units"] = Audience("all-units", ("O", "A", "B"))
    town.codes = frozenset(town.units)
    return town


@pytest.fixture
def town():
    return a_town()


NEW_WARD = NewUnit("N", "ward", "N", "Phường N")


def ids():
    numbers = count(1)
    return lambda: f"new{next(numbers)}"


def done(town, command, day=DAY, new_id=None):
    changes = reorganise(town, command, day, new_id or ids())
    for kind in ("units", "posts", "memberships", "delegations", "audiences"):
        getattr(town, kind).update(getattr(changes, kind))
    town.codes |= {unit.code for unit in town.units.values()}
    return changes


def refusal(town, command, day=DAY):
    before = repr(town)
    with pytest.raises(Refused) as refused:
        reorganise(town, command, day, ids())
    assert repr(town) == before
    return refused.value.refusal_code, refused.value.details["field"]


def named(town, code) -> Unit:
    return next(unit for unit in town.units.values() if unit.code == code)


def holding(town, person_id):
    return [m for m in town.memberships.values() if m.person_id == person_id and open_after(m, DAY)]


# each command


def test_a_renamed_unit_keeps_its_posts_and_what_is_called_after_it_is_called_anew(town):
    changes = done(town, Rename("A", "A Mới", "Phường A Mới"))
    assert town.units["A"].full_name == "Phường A Mới"
    assert town.units["A-1"].full_name == "Phòng Kinh tế Phường A Mới"
    assert town.posts["A/head"].title == "head Phường A Mới"
    assert town.posts["A-1/official"].title == "official Phòng Kinh tế Phường A Mới"
    assert not changes.memberships and not changes.successors
    former = {fact.id: (fact.valid_from, fact.valid_to) for fact in changes.former}
    assert former["A"] == former["A-1"] == former["A/head"] == (FOUNDED, DAY)


def test_a_name_that_lasted_no_day_leaves_no_trace(town):
    done(town, Rename("A", "X", "Phường X"))
    assert done(town, Rename("A", "Y", "Phường Y")).former == []
    assert town.units["A"].full_name == "Phường Y"


def test_a_moved_division_takes_everything_along_and_is_called_after_its_new_unit(town):
    changes = done(town, Move("A-1", "B"))
    assert (town.units["A-1"].parent_id, town.units["A-1"].full_name) == ("B", "Phòng Kinh tế Phường B")
    assert not changes.memberships and town.posts["A-1/official"].title == "official Phòng Kinh tế Phường B"


def test_two_wards_become_a_new_one(town):
    changes = done(town, Merge(("A", "B"), NEW_WARD))
    new = named(town, "N")
    assert new.parent_id == "C" and town.units["A"].valid_to == town.units["B"].valid_to == DAY
    assert {town.units[each].parent_id for each in ("A-1", "B-1")} == {new.id}
    assert town.units["A-1"].full_name == "Phòng Kinh tế Phường N"
    posts = [post for post in town.posts.values() if post.unit_id == new.id]
    assert sorted(post.kind for post in posts) == ["clerk", "clerk", "deputy_head", "deputy_head", "head"]
    assert [post.title for post in posts if post.is_head] == ["Chủ tịch UBND Phường N"]
    assert {(s.unit_id, s.successor_id, s.how) for s in changes.successors} == {
        ("A", new.id, "merged"), ("B", new.id, "merged"),
    }  # fmt: skip
    assert town.audiences["all-wards"].unit_ids == (new.id,)
    assert town.audiences["all-units"].unit_ids == ("O", new.id)


def test_after_a_merge_everybody_but_the_heads_goes_on(town):
    changes = done(town, Merge(("B",), "A"))
    [deputy] = holding(town, "B/deputy_head")
    assert (town.posts[deputy.post_id].unit_id, deputy.primary, deputy.valid_from) == ("A", True, DAY)
    assert town.posts[deputy.post_id].title == "deputy_head Phường A"
    assert holding(town, "B/head") == [] and changes.without_post == ["B/head"]
    assert [m.post_id for m in holding(town, "A/head")] == ["A/head", "A-1/official"]


def test_what_a_head_lent_ends_with_his_post_and_his_second_post_becomes_the_primary_one(town):
    done(town, Merge(("A",), "B"))
    assert town.delegations["lent"].valid_to == DAY
    assert [(m.post_id, m.primary) for m in holding(town, "A/head")] == [("A-1/official", True)]


def test_a_divisions_deputy_does_not_become_the_wards(town):
    done(town, Merge(("A-1",), "A"))
    [now] = holding(town, "A-1/deputy_division_head")
    assert (town.posts[now.post_id].kind, town.posts[now.post_id].unit_id) == ("official", "A")


def test_a_split_ward_is_all_its_parts(town):
    one, two = NewUnit("N1", "ward", "N1", "Phường N1"), NewUnit("N2", "commune", "N2", "Xã N2")
    done(town, Split("A", (Part(one), Part(two, ("A-1", "A/clerk")))))
    first, second = named(town, "N1"), named(town, "N2")
    assert town.units["A-1"].parent_id == second.id
    assert {town.posts[m.post_id].unit_id for m in holding(town, "A/clerk")} == {second.id}
    assert {town.posts[m.post_id].unit_id for m in holding(town, "A/deputy_head")} == {first.id}
    assert town.audiences["all-wards"].unit_ids == (first.id, "B")
    assert town.audiences["all-units"].unit_ids == ("O", first.id, second.id, "B")


def test_a_dissolved_ward_ends_with_all_that_is_in_it(town):
    changes = done(town, Dissolve("A", ("B",)))
    assert not any(live(town.units[each], DAY) for each in ("A", "A-1"))
    assert changes.without_post == [
        "A-1/deputy_division_head", "A-1/division_head", "A-1/official", "A/clerk", "A/deputy_head", "A/head",
    ]  # fmt: skip
    assert {(s.unit_id, s.successor_id) for s in changes.successors} == {("A", "B"), ("A-1", "B")}
    assert town.audiences["all-wards"].unit_ids == ("B",)


def test_without_a_successor_the_unit_above_answers(town):
    assert [s.successor_id for s in done(town, Dissolve("A-1")).successors] == ["A"]


def test_a_new_ward_is_among_all_wards_and_has_a_post_that_heads_it(town):
    done(town, Establish(NEW_WARD, "C"))
    new = named(town, "N")
    assert town.audiences["all-wards"].unit_ids == ("A", "B", new.id)
    assert [post.kind for post in town.posts.values() if post.unit_id == new.id and post.is_head] == ["head"]


def test_a_post_that_begins_later_goes_on_in_the_successor_from_then(town):
    later = DAY + timedelta(30)
    town.posts["later"] = replace(town.posts["B/clerk"], id="later", valid_from=later)
    town.memberships["later"] = Membership("later", "newcomer", "later", True, later, None)
    done(town, Merge(("B",), "A"))
    [held] = [m for m in town.memberships.values() if m.person_id == "newcomer" and m.valid_to is None]
    assert (held.valid_from, town.posts[held.post_id].unit_id) == (later, "A")
    assert town.memberships["later"].valid_to == later


# what is refused

WRONG = [
    (Rename("?", "X", "X"), "unknown_unit", "unit_id"),
    (Rename("A", "Phường A", "Phường A"), "nothing_changes", "name"),
    (Move("A-1", "A"), "nothing_changes", "parent_id"),
    (Move("A", "A-1"), "unit_cycle", "parent_id"),
    (Move("A", "B"), "unit_misplaced", "parent_id"),
    (Move("A-1", "C"), "unit_misplaced", "parent_id"),
    (Move("C", "A"), "unit_is_the_top", "unit_id"),
    (Merge(("A", "A"), "B"), "unit_twice", "unit_ids.1"),
    (Merge(("A", "?"), "B"), "unknown_unit", "unit_ids.1"),
    (Merge(("A",), "?"), "unknown_unit", "into_unit_id"),
    (Merge(("A", "B"), "A"), "merge_with_itself", "into_unit_id"),
    (Merge(("A",), NEW_WARD), "merge_with_itself", "unit_ids"),
    (Merge(("A",), "A-1"), "unit_cycle", "into_unit_id"),
    (Merge(("A",), "B-1"), "unit_misplaced", "unit_ids"),
    (Merge(("A",), "C"), "unit_misplaced", "into_unit_id"),
    (Merge(("C",), "A"), "unit_is_the_top", "unit_ids.0"),
    (Merge(("A", "B"), replace(NEW_WARD, code="A")), "code_taken", "into.code"),
    (Merge(("A", "B"), replace(NEW_WARD, kind="division")), "unit_misplaced", "into.kind"),
    (Split("A", (Part(NEW_WARD), Part(NEW_WARD))), "code_taken", "parts.1.unit.code"),
    (Split("A", (Part(NEW_WARD, ("B-1",)), Part(replace(NEW_WARD, code="M")))), "not_of_this_unit", "parts.0.takes"),
    (Split("A", (Part(NEW_WARD, ("A/head",)),)), "not_of_this_unit", "parts.0.takes"),
    (Split("A", (Part(NEW_WARD, ("A-1", "A-1")),)), "unit_twice", "parts.0.takes"),
    (Split("A", (Part(replace(NEW_WARD, kind="division")),)), "unit_misplaced", "parts.0.unit.kind"),
    (Dissolve("C"), "unit_is_the_top", "unit_id"),
    (Dissolve("A", ("A-1",)), "unit_cycle", "successor_ids.0"),
    (Dissolve("A", ("B", "B")), "unit_twice", "successor_ids.1"),
    (Establish(NEW_WARD, "A"), "unit_misplaced", "unit.kind"),
    (Establish(NEW_WARD, "?"), "unknown_unit", "parent_id"),
    (Establish(replace(NEW_WARD, code="B"), "C"), "code_taken", "unit.code"),
]


@pytest.mark.parametrize(("command", "code", "field"), WRONG)
def test_what_cannot_be_is_refused_by_name_and_changes_nothing(town, command, code, field):
    assert refusal(town, command) == (code, field)


def test_a_unit_that_has_ended_is_not_reorganised_any_more(town):
    done(town, Dissolve("A"))
    assert refusal(town, Merge(("A",), "B")) == ("unit_dissolved", "unit_ids.0")
    assert refusal(town, Merge(("B",), "A")) == ("unit_dissolved", "into_unit_id")
    assert refusal(town, Establish(replace(NEW_WARD, code="A"), "C")) == ("code_taken", "unit.code")


def test_a_day_before_the_last_change_is_too_late_for(town):
    done(town, Rename("A", "X", "Phường X"))
    assert refusal(town, Rename("A", "Y", "Phường Y"), DAY - timedelta(1)) == ("changed_since", "unit_id")


# whatever happens


@st.composite
def commands(draw, town):
    some = st.sampled_from(sorted(town.units))
    new = st.builds(
        NewUnit, st.sampled_from([f"N{n}" for n in range(40)]), st.sampled_from(["ward", "commune", "division"]),
        st.just("N"), st.sampled_from(["Phường N", "Xã M", "Phòng Kinh tế"]),
    )  # fmt: skip
    takes = st.lists(st.sampled_from(sorted([*town.units, *town.posts])), max_size=3)
    return draw(
        st.one_of(
            st.builds(Establish, new, some),
            st.builds(Rename, some, st.just("X"), st.sampled_from(["Phường X", "Phường Y"])),
            st.builds(Move, some, some),
            st.builds(Merge, st.lists(some, min_size=1, max_size=3).map(tuple), some | new),
            st.builds(Split, some, st.lists(st.builds(Part, new, takes.map(tuple)), min_size=2, max_size=3).map(tuple)),
            st.builds(Dissolve, some, st.lists(some, max_size=2).map(tuple)),
        )
    )


@settings(max_examples=50)
@given(st.data())
def test_no_reorganisation_breaks_the_city(data):
    town, day, after, new_id = a_town(), DAY, {}, ids()
    for _ in range(data.draw(st.integers(1, 8))):
        command = data.draw(commands(town))
        day += timedelta(data.draw(st.integers(0, 3)))
        try:
            changes = done(town, command, day, new_id)
        except Refused:
            continue
        for each in changes.successors:
            after.setdefault(each.unit_id, []).append(each.successor_id)
        check(town, day, after)


def check(town, day, after):
    units, posts, held = town.units, town.posts, town.memberships.values()
    living = {unit.id for unit in units.values() if live(unit, day)}
    for unit_id in living:
        path, at = [], unit_id
        while at is not None:
            assert at not in path, "a circle"
            assert at in living, "a living unit below one that has ended"
            path.append(at)
            at = units[at].parent_id
        heads = [p for p in posts.values() if p.unit_id == unit_id and p.is_head and live(p, day)]
        assert len(heads) == 1, "each unit has one post that heads it"
    for post in posts.values():
        assert not live(post, day) or post.unit_id in living, "a living post in a unit that has ended"
        holders = [m for m in held if m.post_id == post.id]
        assert all(not live(m, day) or live(post, day) for m in holders), "somebody holds a post that has ended"
        if post.is_head:
            pairs = [(a, b) for a in holders for b in holders if a.id < b.id]
            assert not any(overlap(a, b) for a, b in pairs), "two heads at a time"
    for person_id in {m.person_id for m in held}:
        assert sum(m.primary for m in held if m.person_id == person_id and live(m, day)) <= 1, "two primary posts"
    for each in town.delegations.values():
        lenders = [m for m in held if m.post_id == each.grantor_post_id and live(m, each.valid_from)]
        assert not live(each, day) or any(live(m, day) for m in lenders), (
            "a delegation outlives its grantor's membership"
        )
    for audience in town.audiences.values():
        wanted = {id_ for id_ in living if units[id_].kind in AUDIENCE_KINDS[audience.id]}
        assert set(audience.unit_ids) == wanted and len(audience.unit_ids) == len(wanted), "an audience of its kinds"

    def today(unit_id) -> set[str]:
        return {unit_id} & living or {each for heir in after.get(unit_id, ()) for each in today(heir)}

    assert all(today(unit_id) for unit_id in units), "every unit that ever lived is some unit today"
