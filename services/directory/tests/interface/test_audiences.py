"""Named audiences that the Office keeps: made, changed, retired, and told to the copies."""

import pytest

from chassis import clock
from contracts import directory as contract
from directory.tests.support import audited, refusal, said
from directory.use_cases import audiences, organisation, reorganisation
from kernel.working_time import today

NOW = clock.now()
KEEPER = "administrator"


@pytest.fixture
def wards(trial):
    codes = "SELECT id::text AS id FROM units WHERE kind = 'ward' ORDER BY code LIMIT 4"
    return [row.id for row in trial.all(codes)]


@pytest.fixture
def create(trial, wards):
    def create(role=KEEPER, key="once", **changes):
        wanted = {"name": "phuong-ven-song", "title": "Các phường ven sông", "unit_ids": wards[:3]} | changes
        request = {"idempotency_key": key, "audience": contract.NewAudience().load(wanted)}
        return trial.do(audiences.create_audience, trial.claims(role), request, NOW)

    return create


def change(city, name="phuong-ven-song", role=KEEPER, version=None, **changes):
    request = {"name": name, "version": version, "changes": contract.AudienceChanges().load(changes)}
    return city.do(audiences.change_audience, city.claims(role), request, NOW)


def retire(city, name="phuong-ven-song", role=KEEPER, version=None):
    return city.do(audiences.retire_audience, city.claims(role), {"name": name, "version": version}, NOW)


def members(city, name="phuong-ven-song", limit=50, cursor=None):
    return city.ask(audiences.list_members, {"name": name, "limit": limit, "cursor": cursor}, NOW)


def test_it_is_made_once_and_the_copies_hear_of_it(trial, create, wards):
    made = create()
    assert create() == made
    assert (made["unit_count"], made["standing"], made["title_en"]) == (3, False, "Các phường ven sông")
    [(name, data)] = said(trial)
    assert (name, [fact["id"] for fact in data["facts"]]) == ("audience_changed", ["phuong-ven-song"])
    assert data["facts"][0]["fact"] == {"title": made["title"], "title_en": made["title_en"], "unit_ids": wards[:3]}
    assert audited(trial) == ["audience.created"]
    assert "phuong-ven-song" in [each["name"] for each in trial.ask(organisation.list_audiences)["items"]]
    first = members(trial, limit=2)
    rest = members(trial, limit=2, cursor=first["next_cursor"])
    assert [each["id"] for each in (*first["items"], *rest["items"])] == wards[:3]
    assert rest["next_cursor"] is None


def test_only_what_is_given_changes_and_the_same_twice_changes_nothing(trial, create, wards):
    made = create()
    changed = change(trial, version=made["version"], unit_ids=wards[1:])
    assert (changed["title"], changed["unit_ids"], changed["version"] > made["version"]) == (
        made["title"], wards[1:], True,
    )  # fmt: skip
    assert change(trial, version=made["version"], unit_ids=wards[1:]) == changed
    assert refusal(change, trial, version=made["version"], title="Tên khác") == "stale_version"
    assert change(trial, title="Tên khác")["unit_ids"] == wards[1:]


def test_what_is_retired_has_no_units_and_keeps_its_name(trial, create):
    made = create()
    retired = retire(trial, version=made["version"])
    assert (retired["unit_ids"], retired["retired_on"]) == ([], today(NOW))
    assert retire(trial, version=made["version"]) == retired
    assert said(trial)[-1][1]["facts"][0]["fact"]["unit_ids"] == []
    assert "phuong-ven-song" not in [each["name"] for each in trial.ask(organisation.list_audiences)["items"]]
    assert members(trial)["items"] == []
    assert refusal(change, trial, title="Tên khác") == "not_found"
    assert refusal(create, key="again") == "audience_exists"
    assert audited(trial) == ["audience.created", "audience.retired"]


def test_the_platform_s_own_are_not_the_office_s(trial, create, wards):
    assert refusal(change, trial, "all-wards", unit_ids=wards) == "standing_audience"
    assert refusal(retire, trial, "whole-city") == "standing_audience"
    assert refusal(create, name="all-wards") == "audience_exists"
    assert refusal(create, role="unit_head") == "not_authorised"
    assert refusal(change, trial, "khong-co", title="x") == "not_found"
    assert refusal(members, trial, "khong-co") == "not_found"


def test_only_units_that_can_be_ordered_are_in_it(trial, create, wards):
    division = trial.one("SELECT id::text AS id FROM units WHERE kind = 'division' LIMIT 1").id
    assert refusal(create, unit_ids=[*wards, division]) == "unit_of_other_kind"
    assert refusal(create, unit_ids=[clock.new_id()]) == "unknown_unit"
    assert refusal(create, unit_ids=wards[:1] * 2) == "unit_twice"
    assert said(trial) == []


def test_after_a_merger_its_successor_stands_where_a_ward_stood(trial, create, wards):
    create()
    merge = {
        "on_day": today(NOW).isoformat(), "document_number": "1/NQ",
        "merge": {"unit_ids": [wards[1]], "into_unit_id": wards[3]},
    }  # fmt: skip
    request = {"idempotency_key": "merge", "reorganisation": contract.Reorganise().load(merge)}
    trial.do(reorganisation.reorganise, trial.claims(KEEPER), request, NOW)
    assert trial.ask(organisation.get_audience, "phuong-ven-song")["unit_ids"] == [wards[0], wards[3], wards[2]]
