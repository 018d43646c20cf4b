"""The generated city: complete, fictitious, and the same for the same seed."""

import unicodedata
from collections import Counter
from datetime import date

import pytest

from contracts.fields import AUDIENCES, POST_KINDS, UNIT_KINDS
from directory.city import build
from directory.city.build import TooFewPeople
from directory.domain.posts import RANKS

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def city():
    return build(5_000, seed=1, today=TODAY)


@pytest.fixture(scope="module")
def holders(city):
    """The people of each post."""
    found = {post.id: [] for post in city.posts}
    for membership in city.memberships:
        found[membership.post_id].append(membership.person_id)
    return found


def test_the_same_seed_makes_the_same_city(city):
    assert city == build(5_000, seed=1, today=TODAY)


def test_another_seed_makes_another(city):
    assert city.people[0] != build(5_000, seed=2, today=TODAY).people[0]


def test_there_are_184_units_below_the_committee_and_each_has_one_head(city, holders):
    root = next(unit for unit in city.units if unit.code == "UBND")
    below = [unit for unit in city.units if unit.parent_id == root.id]
    assert Counter({"office": 1, "department": 15, "ward": 113, "commune": 54, "special_zone": 1}) == Counter(
        unit.kind for unit in below
    )
    for unit in below:
        heads = [post for post in city.posts if post.unit_id == unit.id and post.is_head]
        assert 1 == len(heads) == len(holders[heads[0].id]), unit.full_name
    assert {unit.id for unit in below} == {unit.id for unit, _ in city.heads}
    assert len({account.username for _, account in city.heads}) == 184


def test_every_post_is_held_and_only_officials_share_one(city, holders):
    for post in city.posts:
        assert holders[post.id] or post.kind == "official", post.title
        assert len(holders[post.id]) <= 1 or post.kind == "official", post.title


def test_everybody_holds_one_primary_post_and_has_one_account(city):
    primary = Counter(m.person_id for m in city.memberships if m.primary)
    assert {person.id for person in city.people} == set(primary) == {account.person_id for account in city.accounts}
    assert {1} == set(primary.values())
    assert 5_000 == len(city.people) == len({account.username for account in city.accounts})


def test_at_the_commune_level_a_vice_chairman_also_heads_the_service_centre(city):
    second = [m for m in city.memberships if not m.primary]
    titles = {post.id: post.title for post in city.posts}
    assert len(second) == 168
    assert all(titles[m.post_id].startswith("Giám đốc Trung tâm Phục vụ hành chính công") for m in second)


def test_words_are_those_of_the_contracts(city):
    assert {unit.kind for unit in city.units} == set(UNIT_KINDS)
    assert {post.kind for post in city.posts} == set(POST_KINDS) == set(RANKS)
    assert [audience.id for audience in city.audiences] == list(AUDIENCES)
    assert {a.id: len(a.unit_ids) for a in city.audiences} == {
        "all-departments": 16, "all-wards": 113, "all-communes": 54, "all-commune-level": 168, "all-units": 184,
        "whole-city": 0,
    }  # fmt: skip


def test_posts_are_spoken_of_as_people_do(city):
    titles = {post.title for post in city.posts}
    assert {
        "Chủ tịch UBND Thành phố", "Chánh Văn phòng UBND Thành phố", "Giám đốc Sở Nội vụ", "Chánh Thanh tra Thành phố",
        "Chủ tịch UBND Phường Thủ Dầu Một", "Chủ tịch UBND Đặc khu Côn Đảo", "Trưởng phòng Kinh tế Xã Dầu Tiếng",
        "Chánh Văn phòng Sở Y tế", "Văn thư UBND Phường Sài Gòn",
    } <= titles  # fmt: skip


def test_versions_count_every_fact_once(city):
    facts = (city.units, city.posts, city.memberships, city.delegations, city.audiences, city.working_days)
    facts += (city.history.units, city.history.posts, city.history.memberships)
    versions = [row.version for rows in facts for row in rows]
    assert list(range(1, city.newest + 1)) == sorted(versions)


def test_former_wards_have_successors_and_their_heads_are_deputies_there(city):
    units = {unit.id: unit for unit in (*city.units, *city.history.units)}
    posts = {post.id: post for post in (*city.posts, *city.history.posts)}
    held = {each.person_id: posts[each.post_id] for each in city.memberships if each.primary}
    heirs = {ward.id: [] for ward in city.history.units}
    for each in city.history.unit_successors:
        heirs[each.unit_id].append(units[each.successor_id].code)
    assert {units[id_].code: codes for id_, codes in heirs.items()} == {
        "26746": ["26740", "26743"], "26749": ["26743"], "26752": ["26758", "26743"], "26755": ["26758"],
    }  # fmt: skip
    for each in city.history.memberships:
        now = held[each.person_id]
        assert (now.kind, units[now.unit_id].code) == ("deputy_head", heirs[posts[each.post_id].unit_id][0])
    assert len({each.person_id for each in city.history.memberships}) == 4


def test_a_plan_is_for_the_first_of_a_month_ahead(city):
    [plan] = [each for each in city.history.reorganisations if each.state == "planned"]
    assert (plan.on_day.day, plan.on_day > TODAY) == (1, True)


def test_ids_are_unique_and_of_version_7(city):
    rows = (city.units, city.posts, city.people, city.memberships, city.delegations, city.accounts)
    rows += (city.history.units, city.history.posts, city.history.memberships, city.history.reorganisations)
    ids = [row.id for part in rows for row in part]
    assert len(ids) == len(set(ids))
    assert all(an_id[14] == "7" and an_id[19] in "89ab" for an_id in ids)


def test_the_ten_roles_have_their_posts(city):
    posts = {post.id: post for post in city.posts}
    units = {unit.id: unit for unit in city.units}
    held = {m.person_id: posts[m.post_id] for m in city.memberships if m.primary}
    assert {role: held[account.person_id].kind for role, account in city.roles.items()} == {
        "chairman": "chairman", "vice_chairman": "vice_chairman", "chief_of_office": "chief_of_office",
        "office_clerk": "office_clerk", "department_head": "head", "unit_head": "head", "unit_clerk": "clerk",
        "official": "official", "administrator": "administrator", "auditor": "auditor",
    }  # fmt: skip
    ward = units[held[city.roles["unit_head"].person_id].unit_id]
    assert ward.kind == "ward"
    assert ward.id == held[city.roles["unit_clerk"].person_id].unit_id
    assert ward.id == units[held[city.roles["official"].person_id].unit_id].parent_id


def test_a_vice_chairmans_power_is_lent_today_by_a_numbered_document(city):
    posts = {post.id: post for post in city.posts}
    live = [d for d in city.delegations if d.valid_from <= TODAY < d.valid_to]
    assert any(posts[d.grantor_post_id].kind == "vice_chairman" for d in live)
    assert all(d.document_number for d in city.delegations)
    assert len(live) < len(city.delegations)


def test_numbers_and_addresses_can_reach_nobody(city):
    assert all(person.phone.startswith("(028) 0") for person in city.people)
    assert all(person.email.isascii() and person.email.endswith("@hcm.example") for person in city.people)
    assert 5_000 == len({person.phone for person in city.people}) == len({person.email for person in city.people})


def test_names_are_as_frequent_as_in_life(city):
    families = Counter(person.name.split()[0] for person in city.people)
    assert 0.36 < families["Nguyễn"] / 5_000 < 0.41
    assert 0.09 < families["Trần"] / 5_000 < 0.13
    assert all(person.name == unicodedata.normalize("NFC", person.name) for person in city.people)


def test_the_city_knows_its_holidays_and_make_up_days(city):
    days = {row.id: row.working for row in city.working_days}
    assert not days[date(2026, 9, 2)] and not days[date(2026, 11, 24)] and not days[date(2026, 8, 31)]
    assert days[date(2026, 8, 22)]
    assert {2025, 2026, 2027, 2028} == {day.year for day in days}
    assert all(working == (day.weekday() >= 5) for day, working in days.items())


def test_too_few_people_are_refused_with_the_number_needed():
    with pytest.raises(TooFewPeople) as refused:
        build(100, seed=1, today=TODAY)
    needed = int(str(refused.value).split()[2])
    assert needed == len(build(needed, seed=1, today=TODAY).people)
