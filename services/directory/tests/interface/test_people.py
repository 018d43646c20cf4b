"""Finding people as one types, and what is shown of them."""

import csv
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from chassis import clock
from chassis.errors import InvalidRequest
from chassis.paging import page
from contracts.directory import SearchPeople
from directory.domain.names import fold
from directory.storage import search
from directory.use_cases import accounts, people
from directory.use_cases.people import DEEPEST
from kernel.errors import Refused


@pytest.fixture
def find(city):
    def finding(q=None, **wanted):
        seeker_id = city.roles[wanted.pop("seeker", "chairman")]["person_id"]
        request = SearchPeople().load({"q": q} | wanted)
        return city.ask(people.search_people, request, seeker_id, clock.now())

    return finding


@pytest.fixture
def everybody(city):
    return city.all(
        "SELECT m.id AS membership_id, p.id, p.name, o.kind, o.rank, o.unit_id FROM memberships m"
        " JOIN people p ON p.id = m.person_id JOIN posts o ON o.id = m.post_id"
        " WHERE m.valid_to IS NULL"  # the past of the city ended long ago
    )


def names(answer):
    return [entry["name"] for entry in answer["items"]]


def every_page(find, q=None, **wanted):
    cursor, lines = None, []
    while True:
        answer = find(q, cursor=cursor, **wanted)
        lines += answer["items"]
        cursor = answer["next_cursor"]
        if cursor is None or len(lines) == DEEPEST:
            return lines


def encoded(offset):
    return page([None, None], 1, lambda row: (offset,))[1]


def expected(everybody, q):
    """By looking at everybody: lines in which each word of `q` begins a word of the name."""
    return Counter((line.name, line.kind) for line in everybody if matches(line.name, q))


def matches(name, q):
    return all(any(part.startswith(word) for part in fold(name).split()) for word in fold(q).split())


@pytest.mark.parametrize("q", ["nguyen", "ng", "an", "thi", "tran van", "van tran", "quach", "thuy linh", "ngu v a",
                               "le thi hong", "đỗ", "xyz", "huynh anh"])  # fmt: skip
def test_all_that_match_are_found_names_first_page_by_page_and_nobody_twice(find, everybody, q):
    lines = every_page(find, q, limit=50)
    wanted = expected(everybody, q)
    by_name = lines[: wanted.total()]
    assert len(by_name) == len(expected_set(by_name))
    assert all(matches(line["name"], q) for line in by_name)
    assert len(lines) == DEEPEST or Counter((line["name"], line["post_kind"]) for line in by_name) == wanted


def test_a_search_ends_where_only_copying_would_go_on(find):
    lines = every_page(find, "nguyen", limit=50)
    assert len(lines) == DEEPEST
    with pytest.raises(Refused) as refused:
        find("nguyen", cursor=encoded(DEEPEST))
    assert refused.value.refusal_code == "search_too_deep"


@pytest.mark.parametrize("senior", [1, 7, 500])
def test_pages_are_the_same_wherever_the_search_looks_first(find, monkeypatch, senior):
    before = [(line["id"], line["post_id"]) for line in every_page(find, "quach", limit=50)]
    monkeypatch.setattr(search, "WALK", senior)
    search._statement.cache_clear()
    assert [(line["id"], line["post_id"]) for line in every_page(find, "quach", limit=7)] == before
    search._statement.cache_clear()


def test_diacritics_case_and_unicode_form_do_not_matter(find):
    found = names(find("Nguyễn Thị"))
    assert found
    for q in ("nguyen thi", "NGUYỄN THỊ", unicodedata.normalize("NFD", "Nguyễn Thị"), "thi nguyen"):
        assert Counter(names(find(q))) == Counter(found) or q == "thi nguyen"
    assert expected_set(every_page(find, "thi nguyen")) == expected_set(every_page(find, "nguyen thi"))


def expected_set(lines):
    return {(line["id"], line["post_id"]) for line in lines}


def test_the_whole_name_comes_first_then_the_name_that_he_is_called_by(find, everybody):
    whole = next(line.name for line in everybody if len(line.name.split()) == 3 and line.kind == "official")
    found = names(find(whole, limit=50))
    exact = [fold(name) == fold(whole) for name in found]
    assert exact[0] and exact == sorted(exact, reverse=True)
    given = [fold(name).split()[-1] == "anh" for name in names(find("anh", limit=50))]
    assert given == sorted(given, reverse=True)


def test_among_equal_matches_the_senior_comes_first(find):
    ranks = {"chairman": 0, "head": 1, "deputy_head": 2, "official": 3}
    called = [line for line in find("anh", limit=50)["items"] if fold(line["name"]).endswith(" anh")]
    places = [ranks[line["post_kind"]] for line in called if line["post_kind"] in ranks]
    assert places == sorted(places)


def test_without_a_name_the_senior_of_a_unit_come_first(find, city):
    unit = city.one("SELECT id FROM units WHERE code = '25747'").id
    lines = every_page(find, unit_id=str(unit))
    assert lines[0]["title"] == "Chủ tịch UBND Phường Thủ Dầu Một"
    assert len({line["unit_id"] for line in lines}) == 5, "with its divisions"
    own = every_page(find, unit_id=str(unit), sub_units=False)
    assert {line["unit_id"] for line in own} == {str(unit)}
    assert {line["post_kind"] for line in own} == {"head", "deputy_head", "clerk", "secretary"}


def test_unit_and_post_narrow_a_search(find, city, everybody):
    unit = str(city.one("SELECT id FROM units WHERE code = 'STC'").id)
    heads = every_page(find, post="head", limit=50)
    assert len(heads) == 183
    tran = expected(everybody, "tran")
    assert len(every_page(find, "tran", post="head")) == sum(n for (_, kind), n in tran.items() if kind == "head")
    in_unit = every_page(find, "nguyen", unit_id=unit)
    tree = {str(row.id) for row in city.all("SELECT id FROM units WHERE code LIKE 'STC%'")}
    assert in_unit and {line["unit_id"] for line in in_unit} <= tree


def test_the_whole_citys_tree_is_everybody(find, city, everybody):
    root = str(city.one("SELECT id FROM units WHERE code = 'UBND'").id)
    assert Counter((line["name"], line["post_kind"]) for line in every_page(find, "huynh", unit_id=root)) == expected(
        everybody, "huynh"
    )


def test_an_unknown_unit_has_nobody(find):
    assert find(unit_id=clock.new_id())["items"] == []


def test_a_search_needs_two_letters(find):
    for q in ("!!", "%%", "a!"):
        with pytest.raises(InvalidRequest):
            find(q)


def test_signs_of_patterns_are_only_signs(find):
    assert names(find("ng%uyen")) == names(find("ng uyen"))


@pytest.mark.parametrize("cursor", ["x", "bm9wZQ", "W10", "WzEsMiwzXQ", "é"])
def test_a_foreign_cursor_is_refused(find, cursor):
    with pytest.raises(InvalidRequest):
        find("nguyen", cursor=cursor)


def test_a_person_is_shown_in_all_his_posts(city):
    person = city.one('SELECT person_id AS id FROM memberships WHERE NOT "primary" LIMIT 1').id
    found = city.ask(people.get_person, str(person), str(person), clock.now())
    assert [entry["post_kind"] for entry in found["entries"]] == ["deputy_head", "division_head"]
    assert all(entry["phone"].startswith("(028) 0") for entry in found["entries"])


def test_an_unknown_person_is_not_found(city):
    with pytest.raises(Refused) as refused:
        city.ask(people.get_person, clock.new_id(), clock.new_id(), clock.now())
    assert refused.value.refusal_code == "not_found"


def test_names_are_given_for_those_who_exist(city):
    person_id = city.roles["chairman"]["person_id"]
    found = city.ask(people.get_names, [person_id, clock.new_id()])
    assert [item["id"] for item in found["items"]] == [person_id]


def test_a_profile_has_memberships_and_live_delegations(city):
    profile = city.ask(accounts.get_profile, city.roles["unit_head"]["person_id"], clock.now())
    assert [m["title"] for m in profile["memberships"]] == ["Chủ tịch UBND Phường Thủ Dầu Một"]
    assert profile["memberships"][0]["primary"]
    delegate = city.one("SELECT person_id AS id FROM accounts WHERE username = 'head.snv'").id
    lent = city.ask(accounts.get_profile, str(delegate), clock.now())["delegations"]
    assert [(d["title"], d["document_number"].split("/")[0]) for d in lent] == [("Phó Chủ tịch UBND Thành phố", "512")]
    assert [(d["kind"], d["scope"]) for d in lent] == [("TUQ", "tasks")]
    assert lent[0]["from_day"] <= lent[0]["to_day"]


RELEVANCE = Path(__file__).parent.parent / "relevance.csv"


@pytest.mark.parametrize("wanted", list(csv.DictReader(RELEVANCE.open(encoding="utf-8"))), ids=lambda row: row["typed"])
def test_the_obvious_person_comes_first(find, wanted):
    lines = find(wanted["typed"], seeker=wanted["seeker"])["items"][: int(wanted["within"])]
    found = [(line["name"], line["title"]) for line in lines]
    assert any(name == (wanted["name"] or name) and title == wanted["title"] for name, title in found), found


def test_nothing_is_left_of_the_index_that_the_search_had_before(city):
    assert city.one("SELECT count(*) FROM pg_proc WHERE proname = 'search_keys'").count == 0
