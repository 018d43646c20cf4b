"""The desk for what people have lost: two officials, neither of them the one who lost it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pyotp
import pytest

from chassis import clock
from chassis.testing import until
from directory.tests.interface.test_appointments import membership_of
from directory.tests.interface.test_own_account import enrol
from directory.tests.support import appoint_tomorrow, audited, begun, refusal, said, sign_in
from directory.use_cases import accounts, desk, identities
from kernel.errors import Refused


@pytest.fixture
def ask(accounts_city):
    def asking(by="unit_clerk", whose="official", kind="password", key=None, now=None):
        request = {"person_id": accounts_city.roles[whose]["person_id"], "kind": kind, "reason": "CCCD đã đối chiếu"}
        request |= {"idempotency_key": key or clock.new_id()}
        return accounts_city.do(desk.ask, accounts_city.claims(by), request, now or clock.now())

    return asking


@pytest.fixture
def confirm(accounts_city, security):
    def confirming(recovery, by="unit_head", now=None, key=None):
        request = {"id": recovery["id"], "idempotency_key": key or clock.new_id()}
        return accounts_city.do(desk.confirm, security, accounts_city.claims(by), request, now or clock.now())

    return confirming


def waiting(city, role, **more):
    request = {"limit": 50, "cursor": None} | more
    return [item["id"] for item in city.ask(desk.list_open, city.claims(role), request, clock.now())["items"]]


def test_a_lost_password_becomes_one_for_a_single_use(accounts_city, security, ask, confirm):
    asked = ask()
    assert asked["state"] == "asked"
    done = confirm(asked)
    assert (done["state"], done["username"]) == ("confirmed", "official")
    assert done["decided_by"] == accounts_city.roles["unit_head"]["person_id"]
    assert refusal(sign_in, accounts_city, security, "official", accounts_city.password) == "wrong_credentials"
    found = sign_in(accounts_city, security, "official", done["one_time_password"])
    assert found["restriction"] == "password_change_required"
    [(name, data)] = said(accounts_city)
    assert (name, data["kept_session_id"]) == ("credentials_changed", None)
    assert {"recovery.asked", "recovery.confirmed", "account.password_reset"} <= set(audited(accounts_city))
    everything = "SELECT * FROM accounts, recoveries, audit_log, idempotency"
    assert done["one_time_password"] not in str(accounts_city.all(everything))


def test_a_password_that_was_lost_on_the_way_is_told_again_to_who_confirmed(accounts_city, security, ask, confirm):
    asked = ask()
    done = confirm(asked, key="one")
    assert confirm(asked, key="one") == done
    assert refusal(confirm, asked, key="another") == "wrong_state"
    assert refusal(confirm, asked, by="administrator", key="one") == "wrong_state"
    told = [action for action in audited(accounts_city) if action in ("account.password_reset", "recovery.told")]
    assert told == ["account.password_reset", "recovery.told", "recovery.told"]
    assert sign_in(accounts_city, security, "official", done["one_time_password"])


def test_a_password_that_opens_nothing_any_more_is_not_told_again(accounts_city, security, ask, confirm):
    asked = ask()
    confirm(asked, key="one")
    found = accounts_city.one("SELECT CAST(id AS text), version FROM accounts WHERE username = 'official'")
    by = accounts_city.claims("administrator")
    accounts_city.do(accounts.revoke_account, by, found.id, None, clock.now())
    assert confirm(asked, key="one")["one_time_password"] is None
    accounts_city.do(accounts.restore_account, by, found.id, None, clock.now())
    assert confirm(asked, key="one")["one_time_password"]
    newer = confirm(ask(by="administrator"))["one_time_password"]
    told = audited(accounts_city).count("recovery.told")
    assert confirm(asked, key="one")["one_time_password"] is None
    assert audited(accounts_city).count("recovery.told") == told
    assert sign_in(accounts_city, security, "official", newer)


def test_who_does_not_look_after_it_any_more_is_told_nothing(trial, security):
    request = {"person_id": trial.roles["official"]["person_id"], "kind": "password", "reason": ""}
    asked = trial.do(desk.ask, trial.claims("unit_clerk"), request | {"idempotency_key": "one"}, clock.now())
    again = (desk.confirm, security, trial.claims("unit_head"), {"id": asked["id"], "idempotency_key": "one"})
    assert trial.do(*again, clock.now())["one_time_password"]
    appoint_tomorrow(trial, "official", like="department_head")
    assert refusal(trial.do, *again, clock.now()) == "not_found"


def test_an_identity_that_is_linked_at_that_moment_goes_with_the_others(accounts_city, ask, confirm):
    asked, person_id = ask(), accounts_city.roles["official"]["person_id"]
    waits = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as another:
        with accounts_city.store.transaction() as tx:
            identities.link(tx, person_id, "https://id.example", "s-1", clock.now())
            confirming = another.submit(confirm, asked)
            until(lambda: confirming.done() or accounts_city.all(waits))
        confirming.result()
    assert accounts_city.all("SELECT 1 FROM identities") == []
    again = (identities.link, person_id, "https://id.example", "s-1", clock.now())
    assert refusal(accounts_city.do, *again) == "password_change_required"


def test_the_desk_sees_whom_it_is_about(accounts_city, ask):
    request = {"limit": 50, "cursor": None}
    asked = ask()
    [seen] = accounts_city.ask(desk.list_open, accounts_city.claims("unit_head"), request, clock.now())["items"]
    names = {str(row.id): row.name for row in accounts_city.all("SELECT id, name FROM people")}
    assert (seen["person_name"], seen["asked_by_name"]) == (names[asked["person_id"]], names[asked["asked_by"]])
    assert seen["unit_name"] == accounts_city.one(
        "SELECT u.full_name FROM units u JOIN posts p ON p.unit_id = u.id JOIN memberships m ON m.post_id = p.id"
        ' WHERE m.person_id = :id AND m."primary"', id=asked["person_id"],
    ).full_name  # fmt: skip


def test_the_desk_decides_about_somebody_with_two_primary_posts(accounts_city, world, ask, confirm):
    """Nothing makes a second one; one that is there nevertheless locks nobody out."""
    asked = ask()
    held = membership_of(accounts_city, "official")
    with psycopg.connect(world.owners["directory"], autocommit=True) as owner:
        owner.execute(
            "INSERT INTO memberships SELECT gen_random_uuid(), (SELECT max(version) + 1 FROM memberships), person_id,"
            " post_id, true, valid_from, NULL FROM memberships WHERE id = %s", (held.id,),
        )  # fmt: skip
        try:
            assert waiting(accounts_city, "unit_head") == [asked["id"]]
            assert confirm(asked)["state"] == "confirmed"
        finally:
            owner.execute(
                "DELETE FROM memberships WHERE version = (SELECT max(version) FROM memberships) AND person_id = %s",
                (asked["person_id"],),
            )


def test_a_lost_password_ends_the_identities_of_the_account_as_well(accounts_city, ask, confirm):
    mine, other = (accounts_city.roles[role]["person_id"] for role in ("official", "unit_clerk"))
    for person_id, subject in ((mine, "s-1"), (other, "s-2")):
        accounts_city.do(identities.link, person_id, "https://id.example", subject, clock.now())
    accounts_city.do(identities.link, mine, "https://other.example", "s-1", clock.now())
    confirm(ask())
    assert accounts_city.all("SELECT subject FROM identities") == [("s-2",)]
    assert [name for name, _ in said(accounts_city)] == ["credentials_changed"]
    assert audited(accounts_city).count("identity.unlinked") == 2


def test_a_lost_second_factor_is_set_up_anew(accounts_city, security, ask, confirm):
    _, codes = enrol(accounts_city, security, "official")
    assert confirm(ask(kind="totp"))["one_time_password"] is None
    assert sign_in(accounts_city, security, "official", accounts_city.password)
    assert accounts_city.one("SELECT count(*) FROM recovery_codes").count == 0
    assert codes


def test_who_asks_does_not_confirm(ask, confirm):
    asked = ask()
    assert refusal(confirm, asked, by="unit_clerk") == "second_official_needed"
    assert confirm(asked, by="administrator")


def test_who_took_up_his_post_lately_says_neither_word(trial, security):
    def ask(by):
        request = {"person_id": trial.roles["official"]["person_id"], "kind": "password", "reason": ""}
        return trial.do(desk.ask, trial.claims(by), request | {"idempotency_key": clock.new_id()}, clock.now())

    def confirm(recovery):
        request = {"id": recovery["id"], "idempotency_key": clock.new_id()}
        return trial.do(desk.confirm, security, trial.claims("unit_head"), request, clock.now())

    begun(trial, "unit_head", 2)
    assert refusal(ask, "unit_head") == "newly_appointed"
    asked = ask("unit_clerk")
    assert refusal(confirm, asked) == "newly_appointed"
    begun(trial, "unit_head", 3)
    assert confirm(asked)["state"] == "confirmed"


def test_nobody_decides_about_himself(ask, confirm):
    asked = ask(whose="unit_head")
    assert refusal(confirm, asked, by="unit_head") == "not_found"
    assert refusal(ask, by="unit_head", whose="unit_head") == "not_found"


def test_officials_of_other_units_have_no_say(ask, confirm):
    assert refusal(ask, by="department_head") == "not_found"
    assert refusal(confirm, ask(), by="department_head") == "not_found"
    assert refusal(ask, by="official", whose="unit_clerk") == "not_authorised"


def test_an_administrators_account_is_no_matter_for_his_unit(ask):
    for by in ("chairman", "administrator"):
        assert refusal(ask, by=by, whose="administrator") == "not_found"


def test_it_takes_effect_once_and_within_a_day(accounts_city, ask, confirm):
    now = clock.now()
    asked = ask(now=now)
    assert refusal(confirm, asked, now=now + timedelta(days=1)) == "wrong_state"
    again = ask(now=now + timedelta(days=1))
    assert again["id"] != asked["id"]
    confirm(again)
    assert refusal(confirm, again) == "wrong_state"


def test_asking_twice_is_asking_once(accounts_city, ask):
    assert ask(key="one") == ask(key="one")
    assert ask(by="unit_head")["id"] == ask()["id"]
    assert accounts_city.one("SELECT count(*) FROM recoveries").count == 1


def test_what_is_refused_takes_no_effect(accounts_city, security, ask, confirm):
    asked = ask()
    refused = accounts_city.do(desk.refuse, accounts_city.claims("unit_clerk"), asked["id"], clock.now())
    assert refused["state"] == "refused"
    assert refused == accounts_city.do(desk.refuse, accounts_city.claims("unit_clerk"), asked["id"], clock.now())
    again = (desk.refuse, accounts_city.claims("unit_head"), asked["id"], clock.now())
    assert refusal(accounts_city.do, *again) == "wrong_state"
    assert refusal(confirm, asked) == "wrong_state"
    assert sign_in(accounts_city, security, "official", accounts_city.password)


def test_each_sees_what_waits_in_his_own_units(accounts_city, ask):
    mine, other = ask(), ask(by="chairman", whose="department_head")

    assert waiting(accounts_city, "unit_head") == [mine["id"]]
    assert waiting(accounts_city, "administrator") == [other["id"], mine["id"]]
    assert waiting(accounts_city, "administrator", limit=1) == [other["id"]]


def test_what_one_may_not_decide_he_does_not_see(trial):
    def ask(by, whose):
        request = {"person_id": trial.roles[whose]["person_id"], "kind": "password", "reason": ""}
        request |= {"idempotency_key": clock.new_id()}
        return trial.do(desk.ask, trial.claims(by), request, clock.now())["id"]

    about_auditor, about_head = ask("administrator", "auditor"), ask("unit_clerk", "unit_head")
    about_official = ask("unit_clerk", "official")
    assert waiting(trial, "administrator") == [about_official, about_head, about_auditor]
    assert waiting(trial, "chairman") == [about_official, about_head]
    assert waiting(trial, "unit_head") == [about_official]
    appoint_tomorrow(trial, "official", like="department_head")
    assert waiting(trial, "unit_head") == []
    assert waiting(trial, "chairman") == [about_official, about_head]


def test_what_was_not_lost_is_not_replaced(accounts_city, ask):
    assert refusal(ask, kind="totp") == "wrong_state"
    account = accounts_city.one("SELECT CAST(id AS text) FROM accounts WHERE username = 'official'").id
    accounts_city.do(accounts.revoke_account, accounts_city.claims("administrator"), account, None, clock.now())
    with pytest.raises(Refused):
        ask()


def test_a_code_of_the_lost_factor_counts_no_more(accounts_city, security, ask, confirm):
    secret, _ = enrol(accounts_city, security, "official")
    confirm(ask(kind="totp"))
    # it is not even asked for; whoever enrols anew has another secret
    assert sign_in(accounts_city, security, "official", accounts_city.password, pyotp.TOTP(secret).now())
