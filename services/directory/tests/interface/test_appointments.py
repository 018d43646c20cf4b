"""Posts, who takes them up and leaves them, powers lent, audiences and working days: what is done, what is refused."""

from datetime import timedelta

import pytest

from chassis import clock
from contracts import directory as contract
from directory.domain.organisation import live
from directory.metrics import GUARDIANS
from directory.storage import appointments as rows
from directory.storage import organisation as stored
from directory.use_cases import appointments, organisation
from kernel.directory_copy import resolve_actor
from kernel.errors import Refused
from kernel.working_time import today

NOW = clock.now()
TODAY = today(NOW)
NOBODY = "01990000-0000-7000-8000-000000000000"


def day(days=0):
    return TODAY + timedelta(days)


def unit_id(city, code):
    return str(city.one("SELECT id FROM units WHERE code = :code", code=code).id)


def post_of(city, code, kind):
    return str(
        city.one(
            "SELECT p.id FROM posts p JOIN units u ON u.id = p.unit_id WHERE u.code = :code AND p.kind = :kind"
            " ORDER BY p.rank, p.id LIMIT 1", code=code, kind=kind,
        ).id
    )  # fmt: skip


def person(city, role):
    return city.roles[role]["person_id"]


def write(city, use_case, role, field, schema, **given):
    request = {"idempotency_key": clock.new_id(), field: schema().load({k: str(v) if k.endswith("day") else v
                                                                        for k, v in given.items()})}  # fmt: skip
    return city.do(use_case, city.claims(role), request, NOW)


def appoint(city, role="administrator", **given):
    return write(city, appointments.appoint, role, "appointment", contract.Appointment, **given)


def make_post(city, role="administrator", **given):
    given = {"title": "Chuyên viên chuyển đổi số", "from_day": day(), "kind": "official"} | given
    return write(city, appointments.make_post, role, "post", contract.NewPost, **given)


def lend(city, role="unit_head", **given):
    given = {
        "kind": "KT", "scope": "tasks", "document_number": "5/UQ", "from_day": day(), "to_day": day(9),
    } | given  # fmt: skip
    return write(city, appointments.lend, role, "delegation", contract.NewDelegation, **given)


def change(city, use_case, role, id_, **given):
    request = {"id": id_, "version": None, "idempotency_key": clock.new_id()} | given
    return city.do(use_case, city.claims(role), request, NOW)


def refusal(function, *arguments, **named):
    with pytest.raises(Refused) as refused:
        function(*arguments, **named)
    return refused.value.refusal_code, refused.value.details.get("field")


def membership_of(city, role):
    return city.one(
        'SELECT * FROM memberships WHERE person_id = :id AND "primary" ORDER BY valid_from LIMIT 1',
        id=person(city, role),
    )


def holding(city, person_id, on):
    memberships = city.ask(stored.memberships, rows.of_person(person_id)).values()
    return {each.post_id for each in memberships if live(each, on)}


# taking up and leaving posts


def test_an_appointment_ahead_takes_effect_on_its_day(trial):
    head, official = post_of(trial, "25750", "head"), person(trial, "official")
    before = membership_of(trial, "official").post_id
    done = appoint(trial, person_id=official, post_id=head, from_day=day(5), replaces=True)
    assert (done["from_day"], done["to_day"], done["primary"]) == (day(5).isoformat(), None, True)
    assert holding(trial, official, day(4)) == {str(before)}
    assert holding(trial, official, day(5)) == {head}
    holders = trial.ask(appointments.get_post, head, official, NOW)["holders"]["items"]
    assert [each["to_day"] for each in holders] == [None, day(4)]
    assert holders[0]["version"] == done["version"]


def test_a_second_post_leaves_the_primary_one_alone(trial):
    official, post = person(trial, "official"), post_of(trial, "25747", "clerk")
    appoint(trial, person_id=official, post_id=post, from_day=day(), primary=False, to_day=day(30))
    assert len(holding(trial, official, day())) == 2 and len(holding(trial, official, day(31))) == 1


def test_wrong_appointments_name_their_field(trial):
    head, clerk, official = post_of(trial, "25750", "head"), post_of(trial, "25750", "clerk"), person(trial, "official")

    def asked(**given):
        return refusal(appoint, trial, **{"person_id": official, "post_id": clerk, "from_day": day()} | given)

    assert asked(post_id=head) == ("post_taken", "post_id")
    assert asked(post_id=NOBODY) == ("not_found", None)
    assert asked(person_id=NOBODY) == ("unknown_person", "person_id")
    assert asked(from_day=day(-1)) == ("day_in_past", "from_day")
    assert asked(to_day=day(-1)) == ("dates_in_wrong_order", "to_day")
    own = str(membership_of(trial, "official").post_id)
    assert asked(post_id=own, primary=False) == ("membership_overlaps", "from_day")
    appoint(trial, person_id=official, post_id=clerk, from_day=day(10))
    assert asked(post_id=post_of(trial, "STC", "clerk")) == ("primary_overlaps", "primary")


def test_who_leaves_his_post_takes_what_he_lent_with_him(trial):
    trial.do(lambda tx: tx.execute(rows.sa.text("DELETE FROM delegations")))
    lent = lend(trial, grantee_person_id=deputy_of(trial, "25747"), to_day=day(60))
    head = membership_of(trial, "unit_head")
    done = change(trial, appointments.end_membership, "administrator", str(head.id), on_day=day(3))
    assert done["to_day"] == day(2).isoformat()
    [ended] = trial.all("SELECT valid_to FROM delegations WHERE id = :id", id=lent["id"])
    assert ended.valid_to == day(3)
    said = trial.all("SELECT name, data FROM outbox ORDER BY id")[-1]
    assert said.name == "membership_changed"
    assert {fact["kind"] for fact in said.data["facts"]} == {"membership", "delegation"}


def test_what_was_lent_on_the_day_of_a_successor_does_not_outlive_who_lent_it(trial):
    trial.do(lambda tx: tx.execute(rows.sa.text("DELETE FROM delegations")))
    deputy = deputy_of(trial, "25747")
    lent = lend(trial, grantee_person_id=deputy, to_day=day(60))
    head = post_of(trial, "25747", "head")
    appoint(trial, person_id=person(trial, "official"), post_id=head, from_day=day(), replaces=True)
    [ended] = trial.all("SELECT valid_from, valid_to FROM delegations WHERE id = :id", id=lent["id"])
    assert ended.valid_to == ended.valid_from
    claims = {"sub": deputy, "membership_id": None, "delegation_id": lent["id"]}
    assert refusal(trial.ask, resolve_actor, claims, NOW, "tasks.assign")[0] == "unknown_capacity"


def test_what_follows_takes_as_many_statements_for_many_as_for_one(trial):
    class Counting:
        def __init__(self, tx):
            self.tx, self.statements = tx, 0

        def execute(self, *arguments):
            self.statements += 1
            return self.tx.execute(*arguments)

    def statements(tx, held):
        counting = Counting(tx)
        appointments.with_consequences(counting, held, TODAY)
        return counting.statements

    with trial.store.reading() as tx:
        held = list(stored.memberships(tx).values())[:50]
        assert len({each.post_id for each in held}) > 10
        assert statements(tx, held) == statements(tx, held[:1])


def test_leaving_is_refused_by_name(trial):
    head = str(membership_of(trial, "unit_head").id)

    def asked(role="administrator", id_=head, **given):
        return refusal(change, trial, appointments.end_membership, role, id_, **{"on_day": day()} | given)

    assert asked(id_=NOBODY) == ("not_found", None)
    assert asked(on_day=day(-1)) == ("day_in_past", "on_day")
    assert asked(version=1)[0] == "stale_version"
    change(trial, appointments.end_membership, "administrator", head, on_day=day())
    assert asked() == ("membership_ended", "on_day")


def test_a_head_appoints_below_himself_and_nowhere_else(trial):
    official = person(trial, "official")
    given = {"person_id": official, "from_day": day(), "replaces": True}
    assert appoint(trial, "unit_head", post_id=post_of(trial, "25747", "deputy_head"), **given)["primary"]
    own = post_of(trial, "25747", "head")
    assert refusal(appoint, trial, "unit_head", post_id=own, **given) == ("not_authorised", None)
    foreign, absent = post_of(trial, "25750", "clerk"), NOBODY
    assert refusal(appoint, trial, "unit_head", post_id=foreign, **given) == ("not_found", None)
    assert refusal(appoint, trial, "unit_head", post_id=absent, **given) == ("not_found", None)
    for role in ("unit_clerk", "official", "chairman", "auditor"):
        assert refusal(appoint, trial, role, post_id=foreign, **given)[0] == "not_authorised"


@pytest.mark.parametrize("role", ["administrator", "auditor", "chairman", "department_head", "unit_head"])
@pytest.mark.parametrize("primary", [True, False])
def test_nobody_is_appointed_away_by_who_has_no_say_over_him(trial, role, primary):
    """The ward's head draws neither others nor himself into a post of his ward."""
    given = {"person_id": person(trial, role), "post_id": post_of(trial, "25747", "clerk"), "from_day": day()}
    before = holding(trial, given["person_id"], day())
    assert refusal(appoint, trial, "unit_head", primary=primary, **given) == ("not_released", "person_id")
    assert holding(trial, given["person_id"], day()) == before
    appoint(trial, "administrator", primary=primary, **given)


def test_who_holds_a_post_elsewhere_too_keeps_it(trial):
    official, elsewhere = person(trial, "official"), post_of(trial, "25750-VP", "official")
    appoint(trial, person_id=official, post_id=elsewhere, from_day=day())
    below = make_post(trial, "unit_head", unit_id=unit_id(trial, "25747-VP"))["id"]
    given = {"person_id": official, "post_id": below, "from_day": day()}
    assert refusal(appoint, trial, "unit_head", primary=False, **given)[0] == "not_released"
    appoint(trial, person_id=official, post_id=post_of(trial, "25747", "clerk"), from_day=day(), primary=False)
    assert refusal(appoint, trial, "unit_head", **given)[0] == "not_released"
    appoint(trial, "unit_head", primary=False, **given)
    assert elsewhere in holding(trial, official, day())


def test_who_holds_no_post_is_free_to_be_appointed(trial):
    auditor = membership_of(trial, "auditor")
    change(trial, appointments.end_membership, "administrator", str(auditor.id), on_day=day(2))
    given = {"person_id": str(auditor.person_id), "post_id": post_of(trial, "25747", "clerk")}
    assert refusal(appoint, trial, "unit_head", from_day=day(1), **given)[0] == "not_released"
    appoint(trial, "unit_head", from_day=day(2), **given)


def test_nobody_but_an_administrator_makes_administrators(trial):
    head = trial.one(
        "SELECT m.person_id FROM memberships m WHERE m.post_id = :post", post=post_of(trial, "SKHCN", "head")
    ).person_id
    claims = {"sub": str(head), "membership_id": None, "delegation_id": None}
    post = post_of(trial, "SKHCN-CDS", "administrator")
    given = {"person_id": str(head), "post_id": post, "from_day": str(day()), "primary": False}
    request = {"idempotency_key": clock.new_id(), "appointment": contract.Appointment().load(given)}
    assert refusal(trial.do, appointments.appoint, claims, request, NOW)[0] == "not_authorised"
    new = {"unit_id": unit_id(trial, "SKHCN-CDS"), "kind": "administrator", "title": "x", "from_day": str(day())}
    request = {"idempotency_key": clock.new_id(), "post": contract.NewPost().load(new)}
    assert refusal(trial.do, appointments.make_post, claims, request, NOW)[0] == "not_authorised"


def test_who_is_to_administer_is_counted_from_his_appointment_on(trial):
    def counted():
        trial.ask(appointments.count_guardians, NOW)
        return GUARDIANS.labels("administrator")._value.get()

    before = counted()
    made = make_post(trial, unit_id=unit_id(trial, "SKHCN-CDS"), kind="administrator")
    assert counted() == before
    head = trial.roles["unit_head"]["person_id"]
    appoint(trial, post_id=made["id"], person_id=head, primary=False, from_day=day(2))
    assert counted() == before + 1
    told = trial.one("SELECT details FROM audit_log WHERE action = 'membership.begun' ORDER BY number DESC LIMIT 1")
    assert told.details["kind"] == "administrator"


# posts


def test_a_post_is_made_and_closed_with_who_holds_it(trial):
    made = make_post(trial, unit_id=unit_id(trial, "25747-VP"))
    official = person(trial, "official")
    appoint(trial, person_id=official, post_id=made["id"], from_day=day(), primary=False)
    closed = change(trial, appointments.close_post, "unit_head", made["id"], on_day=day(2))
    assert closed["to_day"] == day(1).isoformat() == closed["holders"]["items"][0]["to_day"]
    assert made["id"] not in holding(trial, official, day(2))
    listed = trial.ask(appointments.list_posts, contract.ListPosts().load({"unit_id": made["unit_id"]}), NOW)
    assert made["id"] in [each["id"] for each in listed["items"]]
    after = {"person_id": official, "post_id": made["id"], "from_day": day(2), "primary": False}
    assert refusal(appoint, trial, **after) == ("post_closed", "post_id")


def test_wrong_posts_name_their_field(trial):
    ward, division = unit_id(trial, "25747"), unit_id(trial, "25747-VP")
    assert refusal(make_post, trial, unit_id=NOBODY) == ("unknown_unit", "unit_id")
    assert refusal(make_post, trial, unit_id=ward, kind="head") == ("unit_has_head", "kind")
    assert refusal(make_post, trial, unit_id=division, kind="chairman") == ("post_misplaced", "kind")
    assert refusal(make_post, trial, unit_id=ward, from_day=day(-1)) == ("day_in_past", "from_day")
    assert refusal(make_post, trial, "unit_head", unit_id=unit_id(trial, "25750"))[0] == "not_authorised"
    head = post_of(trial, "25747", "head")
    assert refusal(change, trial, appointments.close_post, "administrator", head, on_day=day())[0] == "head_post_needed"


def test_who_holds_a_post_comes_page_by_page(trial, monkeypatch):
    [(post, _)] = trial.all("SELECT post_id, count(*) FROM memberships GROUP BY post_id ORDER BY 2 DESC, 1 LIMIT 1")
    post, official = str(post), person(trial, "official")
    everybody = {str(row.id) for row in trial.all("SELECT id FROM memberships WHERE post_id = :id", id=post)}
    monkeypatch.setattr(appointments, "HOLDERS_SHOWN", 1)
    shown = trial.ask(appointments.get_post, post, official, NOW)["holders"]
    found, cursor = shown["items"], shown["next_cursor"]
    while cursor:
        request = contract.ListHolders().load({"post_id": post, "limit": 1, "cursor": cursor})
        answer = trial.ask(appointments.list_holders, request, official, NOW)
        found, cursor = found + answer["items"], answer["next_cursor"]
    assert len(everybody) > 1
    assert sorted(str(each["membership_id"]) for each in found) == sorted(everybody)
    nobodys = contract.ListHolders().load({"post_id": NOBODY})
    assert refusal(trial.ask, appointments.list_holders, nobodys, official, NOW) == ("not_found", None)


# powers lent


def deputy_of(city, code):
    return str(city.one("SELECT person_id FROM memberships WHERE post_id = :post",
                        post=post_of(city, code, "deputy_head")).person_id)  # fmt: skip


def test_powers_are_lent_and_taken_back(trial):
    trial.do(lambda tx: tx.execute(rows.sa.text("DELETE FROM delegations")))
    deputy = deputy_of(trial, "25747")
    lent = lend(trial, grantee_person_id=deputy)
    claims = {"sub": deputy, "membership_id": None, "delegation_id": lent["id"]}
    actor = trial.ask(resolve_actor, claims, NOW, "tasks.accept")
    assert (actor.acting_for, actor.scope) == (lent["grantor_post_id"], "tasks")

    def listed(sub):
        request = {"cursor": None, "limit": 10}
        found = trial.ask(appointments.list_delegations, claims | {"sub": sub, "delegation_id": None}, request, NOW)
        return [each["id"] for each in found["items"]]

    assert listed(deputy) == listed(person(trial, "unit_head")) == [lent["id"]]
    assert listed(person(trial, "official")) == []
    taken = change(trial, appointments.take_back, "unit_head", lent["id"], version=lent["version"])
    assert taken["to_day"] == day(-1).isoformat()
    assert refusal(trial.ask, resolve_actor, claims, NOW, "tasks.accept")[0] == "unknown_capacity"
    assert refusal(change, trial, appointments.take_back, "unit_head", lent["id"])[0] == "wrong_state"
    audited = trial.all("SELECT action FROM audit_log WHERE subject = :id ORDER BY number", id=lent["id"])
    assert [row.action for row in audited] == ["delegation.lent", "delegation.taken_back"]


def test_wrong_delegations_name_their_field(trial):
    trial.do(lambda tx: tx.execute(rows.sa.text("DELETE FROM delegations")))
    deputy, stranger = deputy_of(trial, "25747"), deputy_of(trial, "25750")
    head = membership_of(trial, "unit_head")

    def asked(**given):
        return refusal(lend, trial, **{"grantee_person_id": deputy} | given)

    assert asked(grantee_person_id=str(head.person_id)) == ("delegation_to_oneself", "grantee_person_id")
    assert asked(grantee_person_id=NOBODY) == ("unknown_person", "grantee_person_id")
    assert asked(grantee_person_id=stranger) == ("grantee_not_eligible", "grantee_person_id")
    assert asked(grantee_person_id=stranger, kind="TUQ") == ("grantee_not_eligible", "grantee_person_id")
    assert asked(grantee_person_id=person(trial, "official")) == ("grantee_not_eligible", "grantee_person_id")
    assert asked(from_day=day(-1)) == ("day_in_past", "from_day")
    assert asked(from_day=day(9), to_day=day(8)) == ("dates_in_wrong_order", "to_day")
    assert asked(to_day=day(400)) == ("delegation_too_long", "to_day")
    lend(trial, grantee_person_id=deputy)
    assert asked(scope="all", from_day=day(9), to_day=day(20)) == ("already_lent", "from_day")
    change(trial, appointments.end_membership, "administrator", str(head.id), on_day=day(5))
    assert asked(scope="messaging", to_day=day(5)) == ("beyond_own_powers", "to_day")


def test_what_was_lent_is_not_passed_on_and_officials_have_nothing_to_lend(trial):
    lent = trial.one(
        "SELECT d.id, d.grantee_person_id FROM delegations d JOIN posts p ON p.id = d.grantor_post_id"
        " WHERE p.unit_id = :ward AND d.valid_to > :day", ward=unit_id(trial, "25747"), day=TODAY,
    )  # fmt: skip
    claims = {"sub": str(lent.grantee_person_id), "membership_id": None, "delegation_id": str(lent.id)}
    wanted = {
        "grantee_person_id": person(trial, "official"), "kind": "TL", "scope": "all", "document_number": "1",
        "from_day": str(day()), "to_day": str(day(1)),
    }  # fmt: skip
    request = {"idempotency_key": clock.new_id(), "delegation": contract.NewDelegation().load(wanted)}
    assert refusal(trial.do, appointments.lend, claims, request, NOW)[0] == "not_authorised"
    assert refusal(lend, trial, "official", grantee_person_id=deputy_of(trial, "25747"))[0] == "not_authorised"


def test_foreign_and_absent_delegations_look_alike_and_an_administrator_takes_any_back(trial):
    [lent] = trial.all("SELECT id FROM delegations WHERE scope = 'all' LIMIT 1")
    for id_ in (str(lent.id), NOBODY):
        assert refusal(change, trial, appointments.take_back, "department_head", id_) == ("not_found", None)
    assert change(trial, appointments.take_back, "administrator", str(lent.id))["to_day"] < day().isoformat()


def test_those_who_lead_its_unit_see_what_a_post_has_lent(trial):
    head = post_of(trial, "25747", "head")
    lent = trial.one("SELECT id FROM delegations WHERE grantor_post_id = :id AND valid_to > :day", id=head, day=day())

    def seen(role, post=head, **more):
        request = contract.ListPostDelegations().load({"post_id": post} | more)
        return trial.ask(appointments.list_post_delegations, trial.claims(role), request, NOW)

    assert [str(lent.id)] == [each["id"] for each in seen("unit_head")["items"]]
    assert seen("administrator") == seen("auditor") == seen("chairman") == seen("unit_head")
    for role in ("department_head", "unit_clerk", "official"):
        assert refusal(seen, role)[0] == "not_authorised", role
    assert refusal(seen, "administrator", NOBODY)[0] == "not_found"


# audiences and working days


def set_audience(city, name, unit_ids, role="administrator", version=None):
    request = {"name": name, "version": version, "units": {"unit_ids": unit_ids}}
    return city.do(organisation.set_audience, city.claims(role), request, NOW)


def test_an_audience_is_set_and_doing_it_twice_changes_nothing(trial):
    wards = trial.ask(organisation.get_audience, "all-wards")
    fewer = wards["unit_ids"][:-1]
    done = set_audience(trial, "all-wards", fewer, version=wards["version"])
    assert (done["unit_count"], done["version"] > wards["version"]) == (112, True)
    assert set_audience(trial, "all-wards", fewer, version=wards["version"]) == done
    assert trial.one("SELECT name, thin FROM outbox") == ("audience_changed", {"audiences": ["all-wards"]})


def test_wrong_audiences_name_their_field(trial):
    wards = trial.ask(organisation.get_audience, "all-wards")["unit_ids"]
    department = unit_id(trial, "STC")
    assert refusal(set_audience, trial, "all-wards", [*wards, NOBODY]) == ("unknown_unit", "unit_ids.113")
    assert refusal(set_audience, trial, "all-wards", [department]) == ("unit_of_other_kind", "unit_ids.0")
    assert refusal(set_audience, trial, "all-wards", wards[:1] * 2) == ("unit_twice", "unit_ids.1")
    assert refusal(set_audience, trial, "whole-city", wards)[0] == "audience_not_of_units"
    assert refusal(set_audience, trial, "all-planets", wards)[0] == "not_found"
    assert refusal(set_audience, trial, "all-wards", wards[:9], version=1)[0] == "stale_version"
    assert refusal(set_audience, trial, "all-wards", wards[:9], "unit_head")[0] == "not_authorised"


def set_days(city, year, days, role="administrator", version=None):
    body = contract.SpecialDays().load({"days": days})
    request = {"year": year, "version": version, "days": body}
    return city.do(organisation.set_working_days, city.claims(role), request, NOW)


def test_the_days_of_a_year_are_what_was_said_last(trial):
    tet = {"day": "2030-02-04", "working": False, "name": "Nghỉ Tết"}
    made_up = {"day": "2030-02-09", "working": True, "name": "Ngày làm bù"}
    first = set_days(trial, 2030, [tet, made_up])
    assert [str(each["day"]) for each in first["days"]] == ["2030-02-04", "2030-02-09"]
    assert set_days(trial, 2030, [tet, made_up], version=first["version"]) == first
    second = set_days(trial, 2030, [tet], version=first["version"])
    assert [str(each["day"]) for each in second["days"]] == ["2030-02-04"]
    # the feed still knows the day, as what its weekday makes of it
    assert trial.one("SELECT working FROM working_days WHERE id = '2030-02-09'").working is False
    said = trial.all("SELECT name, thin FROM outbox")
    assert said == [("working_days_changed", {"years": [2030]})] * 2


def test_wrong_days_name_their_field(trial):
    def asked(day_, working=False, **given):
        return refusal(set_days, trial, 2030, [{"day": day_, "working": working, "name": "x"}], **given)

    assert asked("2031-02-04") == ("day_not_in_year", "days.0.day")
    assert asked("2030-02-09") == ("day_not_special", "days.0.day")
    assert asked("2030-02-04", version=77)[0] == "stale_version"
    assert asked("2030-02-04", role="unit_head")[0] == "not_authorised"
    twice = [{"day": "2030-02-04", "working": False, "name": "x"}] * 2
    assert refusal(set_days, trial, 2030, twice) == ("day_twice", "days.1.day")
