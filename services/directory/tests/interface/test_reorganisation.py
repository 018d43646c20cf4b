"""Units reorganised in the real city: what becomes of people, history and copies, who may, and plans."""

from datetime import date, timedelta

import pytest

from chassis import clock
from contracts import directory as contract
from directory.service import Service
from directory.storage import organisation as stored
from directory.use_cases import appointments, organisation, reorganisation
from kernel.errors import Refused
from kernel.working_time import TZ, today

NOW = clock.now()
TODAY = today(NOW)
YESTERDAY = TODAY - timedelta(1)


def unit_id(city, code):
    return str(city.one("SELECT id FROM units WHERE code = :code", code=code).id)


def wanted(change, day=TODAY, **given):
    body = {"on_day": day.isoformat(), "document_number": "12/NQ-HĐND", change: given}
    return {"idempotency_key": clock.new_id(), "reorganisation": contract.Reorganise().load(body)}


def reorganise(city, change, day=TODAY, role="administrator", now=NOW, **given):
    return city.do(reorganisation.reorganise, city.claims(role), wanted(change, day, **given), now)


def refusal(function, *arguments, **named):
    with pytest.raises(Refused) as refused:
        function(*arguments, **named)
    return refused.value.refusal_code, refused.value.details.get("field")


def a_new_ward(**changes):
    return {"code": "99001", "kind": "ward", "name": "Hai Bờ", "full_name": "Phường Hai Bờ"} | changes


def counted(city):
    names = (
        "unit_states",
        "post_states",
        "unit_successors",
        "reorganisations",
        "outbox",
        "idempotency",
        "units",
        "posts",
    )
    return city.one(f"SELECT {', '.join(f'(SELECT count(*) FROM {name})' for name in names)}")


def shown(city, id_, on=None):
    return city.ask(organisation.get_unit, id_, NOW, on)


def make_post(city, unit, kind):
    new = {"unit_id": unit, "kind": kind, "title": "Của nền tảng", "from_day": TODAY.isoformat()}
    request = {"idempotency_key": clock.new_id(), "post": contract.NewPost().load(new)}
    return city.do(appointments.make_post, city.claims("administrator"), request, NOW)


def later(days=3):
    return NOW + timedelta(days)


# at once


def test_a_renamed_ward_is_called_anew_and_yesterday_still_has_its_old_name(trial):
    ward = unit_id(trial, "25747")
    done = reorganise(trial, "rename", unit_id=ward, name="Chợ Thủ", full_name="Phường Chợ Thủ")
    assert (done["state"], done["unit_ids"]) == ("done", [ward])
    now, before = shown(trial, ward), shown(trial, ward, YESTERDAY)
    assert (now["full_name"], before["full_name"]) == ("Phường Chợ Thủ", "Phường Thủ Dầu Một")
    assert now["head"]["title"] == "Chủ tịch UBND Phường Chợ Thủ"
    assert before["head"]["title"] == "Chủ tịch UBND Phường Thủ Dầu Một"
    assert before["head"]["unit_name"] == "Phường Thủ Dầu Một"
    assert {each["full_name"].endswith("Phường Chợ Thủ") for each in now["divisions"]} == {True}
    assert {each["full_name"].endswith("Phường Thủ Dầu Một") for each in before["divisions"]} == {True}
    listed = trial.ask(organisation.list_units, contract.ListUnits().load({"q": "cho thu"}), NOW)
    assert ward in [each["id"] for each in listed["items"]]
    then = contract.ListUnits().load({"q": "thu dau mot", "on": YESTERDAY.isoformat(), "kind": "ward"})
    assert [each["id"] for each in trial.ask(organisation.list_units, then, NOW)["items"]] == [ward]


def test_two_wards_become_one_and_history_knows_both(trial):
    one, two = unit_id(trial, "25747"), unit_id(trial, "25750")
    heads = {each: shown(trial, each)["head"] for each in (one, two)}
    done = reorganise(trial, "merge", unit_ids=[one, two], into=a_new_ward())
    [new] = done["successor_ids"]
    # the new ward works: it has everybody but the heads, and the audiences know it
    ward = shown(trial, new)
    assert (ward["head"], len(ward["deputies"]), len(ward["divisions"])) == (None, 4, 8)
    assert set(done["without_post"]) == {head["id"] for head in heads.values()}
    audience = trial.ask(organisation.get_audience, "all-units")
    assert (audience["unit_count"], new in audience["unit_ids"], one in audience["unit_ids"]) == (183, True, False)
    # the old ones are found as they were, and lead to the new one
    assert refusal(shown, trial, one) == ("not_found", None)
    assert shown(trial, one, YESTERDAY)["head"]["id"] == heads[one]["id"]
    assert len(shown(trial, one, YESTERDAY)["divisions"]) == 4
    assert refusal(shown, trial, new, YESTERDAY) == ("not_found", None)
    found = trial.ask(organisation.get_successors, one, NOW)
    assert [each["id"] for each in found["today"]] == [new]
    assert [(each["unit_id"], each["how"], each["on_day"]) for each in found["successors"]] == [(new, "merged", TODAY)]
    assert found["to_day"] == YESTERDAY
    assert {each["unit_id"] for each in trial.ask(organisation.get_successors, new, NOW)["predecessors"]} == {
        one,
        two,
    }
    heads_of_one = trial.ask(organisation.list_heads, {"id": one, "cursor": None, "limit": 10})["items"]
    assert [(each["id"], each["to_day"]) for each in heads_of_one] == [(heads[one]["id"], YESTERDAY)]


def test_successors_are_followed_to_the_end_and_a_split_has_several(trial):
    ward, other = unit_id(trial, "25747"), unit_id(trial, "25750")
    parts = [{"unit": a_new_ward()}, {"unit": a_new_ward(code="99002", full_name="Phường Ba Bờ")}]
    split = reorganise(trial, "split", unit_id=ward, parts=parts)
    first, second = split["successor_ids"]
    now = later()
    reorganise(trial, "merge", today(now), unit_ids=[second], into_unit_id=other, now=now)
    found = trial.ask(organisation.get_successors, ward, now)
    assert {each["id"] for each in found["today"]} == {first, other}
    assert trial.ask(organisation.get_successors, second, NOW)["today"][0]["id"] == second


def test_a_dissolved_division_ends_with_its_people_and_one_event_tells_of_all(trial):
    division, ward = unit_id(trial, "25747-VP"), unit_id(trial, "25747")
    people = trial.ask(stored.people_of, [division], TODAY)
    done = reorganise(trial, "dissolve", unit_id=division)
    assert set(done["without_post"]) <= people and len(done["without_post"]) > 1
    [said] = trial.all("SELECT name, data, thin FROM outbox")
    assert said.name == "unit_reorganised"
    assert said.thin == {
        "change": "dissolve", "on_day": TODAY.isoformat(), "unit_ids": [division], "successor_ids": [ward],
    }  # fmt: skip
    kinds = [fact["kind"] for fact in said.data["facts"]]
    assert kinds.count("unit") == 1 and kinds.count("membership") >= len(people) and "post" in kinds
    versions = [fact["version"] for fact in said.data["facts"]]
    assert versions == list(range(said.data["previous"] + 1, said.data["previous"] + 1 + len(versions)))


def test_a_moved_division_is_found_in_its_new_unit(trial):
    division, other = unit_id(trial, "25747-VP"), unit_id(trial, "25750")
    reorganise(trial, "move", unit_id=division, parent_id=other)
    assert division in [each["id"] for each in shown(trial, other)["divisions"]]
    assert shown(trial, division, YESTERDAY)["parent_id"] == unit_id(trial, "25747")


# what is refused


def test_what_cannot_be_names_its_field_and_leaves_nothing(trial):
    ward = unit_id(trial, "25747")
    before = counted(trial)
    nobody = clock.new_id()

    def asked(*arguments, **named):
        return refusal(reorganise, trial, *arguments, **named)

    assert asked("move", unit_id=ward, parent_id=unit_id(trial, "25747-VP")) == ("unit_cycle", "move.parent_id")
    assert asked("merge", unit_ids=[nobody], into_unit_id=ward) == ("unknown_unit", "merge.unit_ids.0")
    assert asked("merge", unit_ids=[ward], into_unit_id=ward) == ("merge_with_itself", "merge.into_unit_id")
    taken = {"unit": a_new_ward(code="25750"), "parent_id": unit_id(trial, "UBND")}
    assert asked("establish", **taken) == ("code_taken", "establish.unit.code")
    assert asked("dissolve", YESTERDAY, unit_id=ward) == ("day_in_past", "on_day")
    assert asked("dissolve", TODAY + timedelta(9), unit_id=nobody) == ("unknown_unit", "dissolve.unit_id")
    assert counted(trial) == before


def test_a_head_reorganises_what_is_below_him_and_not_his_own_ward(trial):
    division, ward = unit_id(trial, "25747-VP"), unit_id(trial, "25747")
    names = {"name": "Văn phòng số", "full_name": "Văn phòng số Phường Thủ Dầu Một"}
    assert reorganise(trial, "rename", role="unit_head", unit_id=division, **names)["state"] == "done"
    denied = ("not_authorised", None)
    assert refusal(reorganise, trial, "rename", role="unit_head", unit_id=ward, **names) == denied
    foreign = unit_id(trial, "25750-VP")
    assert refusal(reorganise, trial, "rename", role="unit_head", unit_id=foreign, **names) == denied
    assert refusal(reorganise, trial, "rename", role="unit_head", unit_id=clock.new_id(), **names) == denied
    assert refusal(reorganise, trial, "move", role="unit_head", unit_id=foreign, parent_id=ward) == denied
    for role in ("official", "unit_clerk", "chairman", "auditor"):
        assert refusal(reorganise, trial, "rename", role=role, unit_id=division, **names) == denied


@pytest.mark.parametrize("change", ["dissolve", "merge", "split"])
@pytest.mark.parametrize("kind", ["administrator", "auditor"])
def test_a_head_reorganises_no_platform_posts_away(trial, change, kind):
    division = unit_id(trial, "25747-VP")
    make_post(trial, division, kind)
    part = {"code": "99003", "kind": "division", "name": "Phòng Số", "full_name": "Phòng Số Phường Thủ Dầu Một"}
    given = {
        "dissolve": {"unit_id": division},
        "merge": {"unit_ids": [division], "into_unit_id": unit_id(trial, "25747")},
        "split": {"unit_id": division, "parts": [{"unit": part}, {"unit": part | {"code": "99004"}}]},
    }[change]
    for day in (TODAY, TODAY + timedelta(2)):
        assert refusal(reorganise, trial, change, day, role="unit_head", **given) == ("not_authorised", None)
    assert reorganise(trial, change, **given)["state"] == "done"


def test_a_deputy_in_his_heads_place_does_not_reorganise(trial):
    division = unit_id(trial, "25747-VP")
    lent = trial.one(
        "SELECT d.id, d.grantee_person_id FROM delegations d JOIN posts p ON p.id = d.grantor_post_id"
        " WHERE p.unit_id = :ward AND d.valid_to > :day", ward=unit_id(trial, "25747"), day=TODAY,
    )  # fmt: skip
    claims = {"sub": str(lent.grantee_person_id), "membership_id": None, "delegation_id": str(lent.id)}
    request = wanted("dissolve", unit_id=division)
    assert refusal(trial.do, reorganisation.reorganise, claims, request, NOW)[0] == "not_authorised"


def test_one_key_has_one_answer(trial):
    request = wanted("dissolve", unit_id=unit_id(trial, "25747-VP"))
    claims = trial.claims("administrator")
    first = trial.do(reorganisation.reorganise, claims, request, NOW)
    assert trial.do(reorganisation.reorganise, claims, request, NOW) == first
    assert trial.one("SELECT count(*) FROM reorganisations WHERE on_day = :day", day=TODAY).count == 1


# plans


def planned(city, days=2, role="administrator", **given):
    given = given or {"unit_id": unit_id(city, "25747-VP")}
    return reorganise(city, "dissolve", TODAY + timedelta(days), role, **given)


def read(city, id_):
    return city.ask(reorganisation.get, city.claims("administrator"), {"id": id_}, NOW)


def test_a_plan_waits_for_its_day_and_is_carried_out_once(trial):
    plan = planned(trial)
    division = plan["unit_ids"][0]
    assert plan["state"] == "planned"
    for now in (NOW, later(1)):
        reorganisation.carry_out_due(trial.store, now)
        assert trial.one("SELECT count(*) FROM outbox").count == 0
    midnight = later(2).astimezone(TZ).replace(hour=0, minute=0, second=1)
    for now in (midnight, midnight, later(3)):
        reorganisation.carry_out_due(trial.store, now)
    trial.do(reorganisation.carry_out, plan["id"], later(3))
    assert trial.one("SELECT count(*) FROM outbox").count == 1
    assert read(trial, plan["id"])["state"] == "done"
    assert trial.ask(organisation.get_unit, division, later(1))["id"] == division
    assert refusal(trial.ask, organisation.get_unit, division, later(2)) == ("not_found", None)


def test_a_plan_that_is_not_possible_any_more_fails_with_its_reason_and_the_next_is_carried_out(trial):
    first, second = planned(trial, 2), planned(trial, 2)
    third = planned(trial, 3, unit_id=unit_id(trial, "25750-VP"))
    reorganisation.carry_out_due(trial.store, later(3))
    assert read(trial, first["id"])["state"] == "done"
    failed = read(trial, second["id"])
    assert (failed["state"], failed["failure"]["code"]) == ("failed", "unit_dissolved")
    assert failed["failure"]["field"] == "dissolve.unit_id"
    assert read(trial, third["id"])["state"] == "done"
    audited = trial.all("SELECT subject FROM audit_log WHERE action = 'reorganisation.failed'")
    assert [row.subject for row in audited] == [second["id"]]


@pytest.mark.parametrize("since", ["its unit stands elsewhere", "it concerns the platform's posts"])
def test_a_plan_whose_author_may_not_any_more_fails(trial, since):
    division = unit_id(trial, "25747-VP")
    plan = planned(trial, role="unit_head", unit_id=division)
    kept = planned(trial, role="unit_head", unit_id=unit_id(trial, "25747-KT"))
    if since == "its unit stands elsewhere":
        reorganise(trial, "move", unit_id=division, parent_id=unit_id(trial, "25750"))
    else:
        make_post(trial, division, "administrator")
    reorganisation.carry_out_due(trial.store, later(2))
    failed = read(trial, plan["id"])
    assert (failed["state"], failed["failure"]["code"]) == ("failed", "not_authorised")
    assert trial.ask(organisation.get_unit, division, later(2))["id"] == division
    assert read(trial, kept["id"])["state"] == "done"


def test_a_plan_ends_with_the_post_in_which_it_was_entered(trial):
    plan = planned(trial)
    request = {"id": plan["entered_as"], "version": None, "idempotency_key": clock.new_id(), "on_day": TODAY}
    trial.do(appointments.close_post, trial.claims("administrator"), request, NOW)
    reorganisation.carry_out_due(trial.store, later(2))
    failed = trial.one("SELECT state, failure->>'code' AS code FROM reorganisations WHERE id = :id", id=plan["id"])
    assert failed == ("failed", "not_authorised")


def test_a_plan_is_withdrawn_before_its_day_by_who_sees_it(trial):
    plan = planned(trial)

    def withdraw(role, **changes):
        request = {"id": plan["id"], "version": None, "idempotency_key": clock.new_id()} | changes
        return trial.do(reorganisation.withdraw, trial.claims(role), request, NOW)

    assert refusal(withdraw, "unit_head")[0] == "not_found"
    assert refusal(withdraw, "administrator", id=clock.new_id())[0] == "not_found"
    assert refusal(withdraw, "administrator", version=9)[0] == "stale_version"
    assert withdraw("administrator", version=1)["state"] == "withdrawn"
    assert refusal(withdraw, "administrator")[0] == "wrong_state"
    reorganisation.carry_out_due(trial.store, later(3))
    assert trial.one("SELECT count(*) FROM outbox").count == 0


def test_plans_are_listed_to_whoever_may_see_them(trial):
    of_city = planned(trial)
    own = reorganise(trial, "dissolve", TODAY + timedelta(2), role="unit_head", unit_id=unit_id(trial, "25747-VP"))

    def listed(role, **asked):
        request = contract.ListReorganisations().load(asked)
        found = trial.ask(reorganisation.listing, trial.claims(role), request, NOW)["items"]
        return [each["id"] for each in found if each["id"] in (own["id"], of_city["id"])]  # the city has older ones

    assert listed("administrator", state="planned") == listed("auditor") == [own["id"], of_city["id"]]
    assert listed("administrator", unit_id=unit_id(trial, "25750")) == []
    assert listed("unit_head") == [own["id"]]
    assert listed("department_head") == []
    assert refusal(listed, "official")[0] == "not_authorised"


# the demonstration's own


def test_the_loaded_city_has_a_past_that_leads_to_today(trial):
    former = unit_id(trial, "26746")
    assert shown(trial, former, date(2025, 6, 30))["head"]["title"] == "Chủ tịch UBND Phường Nguyễn Thái Bình"
    assert refusal(shown, trial, former) == ("not_found", None)
    found = trial.ask(organisation.get_successors, former, NOW)
    assert [each["full_name"] for each in found["today"]] == ["Phường Sài Gòn", "Phường Bến Thành"]


def test_the_loaded_city_has_a_plan_that_can_be_carried_out_on_its_day(trial):
    plan = trial.one("SELECT id, on_day FROM reorganisations WHERE state = 'planned'")
    assert plan.on_day > TODAY
    reorganisation.carry_out_due(trial.store, NOW + (plan.on_day - TODAY))
    done = trial.one("SELECT state, failure FROM reorganisations WHERE id = :id", id=plan.id)
    assert (done.state, done.failure) == ("done", None)


def test_over_the_bus(own_city, run, caller):
    run(Service)
    claims = own_city.claims("administrator")
    division = unit_id(own_city, "25747-VP")
    body = {"on_day": TODAY.isoformat(), "document_number": "1", "dissolve": {"unit_id": division}}
    request = {"idempotency_key": clock.new_id(), "reorganisation": body}
    done = caller(contract.reorganise, request, claims)
    assert caller(contract.get_reorganisation, {"id": done["id"]}, claims)["state"] == "done"
    assert caller(contract.list_reorganisations, {}, claims)["items"][0]["id"] == done["id"]
    today_ = caller(contract.get_successors, {"id": division}, claims)["today"]
    assert [each["code"] for each in today_] == ["25747"]
