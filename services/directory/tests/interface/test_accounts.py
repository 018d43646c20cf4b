"""Signing in: who may, who may not, and that the two look alike."""

import time
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from chassis import clock
from directory import hashing
from directory.security import Security
from directory.tests.support import appoint_tomorrow, audited, refusal, said, sign_in
from directory.use_cases import accounts
from directory.use_cases.people import get_contacts
from kernel.working_time import today


@pytest.fixture
def administrator(city):
    return city.claims("administrator")


def account_id_of(city, role):
    return city.one(
        "SELECT CAST(id AS text) FROM accounts WHERE username = :name", name=city.roles[role]["username"]
    ).id


def change(city, role, **values):
    names = ", ".join(f"{name} = :{name}" for name in values)
    with city.store.transaction() as tx:
        tx.execute(sa.text(f"UPDATE accounts SET {names} WHERE username = '{role}'"), values)


def test_the_right_password_signs_in(city, security):
    found = sign_in(city, security, "chairman", city.password)
    assert found["person_id"] == city.roles["chairman"]["person_id"]
    assert (found["version"], found["restriction"]) == (1, None)


def test_user_names_have_no_case_and_passwords_no_composition(city, security):
    assert sign_in(city, security, " Chairman ", city.password)
    assert sign_in(city, security, "chairman", "mật khẩu thử nghiệm")  # each diacritic a letter of its own


def test_wrong_and_unknown_are_refused_alike_and_take_the_same_time(accounts_city, security):
    def seconds(username):
        began = time.perf_counter()
        assert refusal(sign_in, accounts_city, security, username, "wrong") == "wrong_credentials"
        return time.perf_counter() - began

    once = {"password_hash": hashing.hash_drawn("abcd"), "password_once": True}
    change(accounts_city, "auditor", **once)
    known, unknown, handed = (sorted(seconds(name) for _ in range(5))[2] for name in ("chairman", "nobody", "auditor"))
    assert 0.4 < known / unknown < 2.5
    assert 0.4 < handed / unknown < 2.5


def test_a_second_factor_is_asked_for_only_after_the_password(city, security):
    for password, code, expected in (
        ("wrong", None, "wrong_credentials"),
        (city.password, None, "totp_required"),
        (city.password, "abc", "wrong_credentials"),
        (city.password, "000000", "wrong_credentials"),
    ):
        assert refusal(sign_in, city, security, "administrator", password, code) == expected


def test_a_one_time_code_counts_once(accounts_city, security):
    code_of = pyotp.TOTP(accounts_city.roles["administrator"]["totp_secret"]).at
    now = clock.now()
    arguments = (accounts_city, security, "administrator", accounts_city.password)
    assert sign_in(*arguments, code_of(now), now)
    assert refusal(sign_in, *arguments, code_of(now), now) == "wrong_credentials"
    assert refusal(sign_in, *arguments, code_of(now - timedelta(seconds=30)), now) == "wrong_credentials"
    after = now + timedelta(seconds=30)
    assert sign_in(*arguments, code_of(after), after)


def test_a_secret_of_one_time_codes_does_not_stand_in_clear(city):
    secret = city.roles["administrator"]["totp_secret"]
    kept = city.one("SELECT totp_secret FROM accounts WHERE username = 'administrator'").totp_secret
    assert kept and secret not in kept


def test_outdated_hashes_are_made_anew_at_sign_in(accounts_city, security):
    change(accounts_city, "official", password_hash=PasswordHasher(1, 1024, 1).hash(accounts_city.password))
    assert sign_in(accounts_city, security, "official", accounts_city.password)
    kept = accounts_city.one("SELECT password_hash FROM accounts WHERE username = 'official'").password_hash
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert sign_in(accounts_city, security, "official", accounts_city.password)


def test_whoever_needs_a_second_factor_and_has_none_is_let_in_to_set_it_up(city, security):
    strict = Security(security.sealer, frozenset({"chairman"}))
    assert sign_in(city, strict, "chairman", city.password)["restriction"] == "totp_enrolment_required"
    assert sign_in(city, strict, "official", city.password)["restriction"] is None


def test_a_one_time_password_lets_in_to_choose_another_until_its_day(accounts_city, security):
    now = clock.now()
    change(accounts_city, "official", password_hash=hashing.hash_drawn("abcdefgh23456789"), password_once=True,
           password_until=now + timedelta(days=1))  # fmt: skip
    for typed in ("abcd-efgh-2345-6789", "ABCDEFGH23456789", "abcd efgh 2345 6789"):
        assert sign_in(accounts_city, security, "official", typed)["restriction"] == "password_change_required"
    late = now + timedelta(days=1)
    assert refusal(sign_in, accounts_city, security, "official", "abcdefgh23456789", now=late) == "wrong_credentials"


def test_a_revoked_account_is_refused_like_a_wrong_password_and_said_once(accounts_city, security, administrator):
    account_id = account_id_of(accounts_city, "unit_clerk")
    for _ in range(2):
        state = accounts_city.do(accounts.revoke_account, administrator, account_id, None, clock.now())
        assert (state["state"], state["version"]) == ("revoked", 2)
    assert refusal(sign_in, accounts_city, security, "unit_clerk", accounts_city.password) == "wrong_credentials"
    person_id = accounts_city.roles["unit_clerk"]["person_id"]
    assert said(accounts_city) == [("account_revoked", {"account_id": account_id, "person_id": person_id})]
    assert audited(accounts_city) == ["account.revoked", "account.sign_in_refused"]
    assert accounts_city.do(accounts.restore_account, administrator, account_id, 2, clock.now())["state"] == "active"
    assert sign_in(accounts_city, security, "unit_clerk", accounts_city.password)


def test_where_people_are_written_to_is_told_until_their_account_is_revoked(accounts_city, administrator):
    who = accounts_city.roles["official"]
    person_ids = [who["person_id"], accounts_city.roles["chairman"]["person_id"], clock.new_id()]

    def reached() -> set[str]:
        return {each["person_id"] for each in accounts_city.ask(get_contacts, person_ids)["items"]}

    assert reached() == set(person_ids[:2])
    revoked = account_id_of(accounts_city, "official")
    accounts_city.do(accounts.revoke_account, administrator, revoked, None, clock.now())
    assert reached() == {person_ids[1]}


@pytest.mark.parametrize("first", ["unit_head", None])
def test_what_an_administrator_revoked_only_administrators_restore(accounts_city, administrator, first):
    account_id = account_id_of(accounts_city, "official")

    def act(case, claims) -> str:
        return accounts_city.do(case, claims, account_id, None, clock.now())["state"]

    head, clerk = accounts_city.claims("unit_head"), accounts_city.claims("unit_clerk")
    act(accounts.revoke_account, head)
    assert act(accounts.restore_account, clerk) == "active"
    if first:
        act(accounts.revoke_account, accounts_city.claims(first))
    act(accounts.revoke_account, administrator)
    act(accounts.revoke_account, head)
    for claims in (head, clerk, accounts_city.claims("chairman")):
        assert refusal(act, accounts.restore_account, claims) == "not_authorised"
    assert act(accounts.restore_account, administrator) == "active"
    assert act(accounts.restore_account, clerk) == "active"


def test_a_stale_version_revokes_nothing(accounts_city, administrator):
    account_id = account_id_of(accounts_city, "official")
    act = (accounts.revoke_account, administrator, account_id, 7, clock.now())
    assert refusal(accounts_city.do, *act) == "stale_version"


def test_what_was_revoked_or_restored_already_may_be_said_again_with_the_version_of_then(accounts_city, administrator):
    account_id = str(accounts_city.one("SELECT id FROM accounts WHERE username = 'official'").id)
    for act, before, after in ((accounts.revoke_account, 1, 2), (accounts.restore_account, 2, 3)):
        for _ in range(2):
            done = accounts_city.do(act, administrator, account_id, before, clock.now())
            assert done["version"] == after
    assert audited(accounts_city) == ["account.revoked", "account.restored"]
    stale = (accounts.revoke_account, administrator, account_id, 1, clock.now())
    assert refusal(accounts_city.do, *stale) == "stale_version"


@pytest.mark.parametrize(
    "by, whose, allowed",
    [
        ("unit_head", "official", True),  # of a division of his ward
        ("unit_clerk", "official", True),
        ("chairman", "unit_head", True),
        ("unit_head", "department_head", False),  # of another unit
        ("unit_clerk", "chairman", False),
        ("unit_head", "unit_head", False),  # his own
        ("chairman", "auditor", False),  # only administrators look after those
        ("administrator", "auditor", True),
    ],
)
def test_accounts_are_looked_after_by_administrators_and_in_ones_own_unit(city, by, whose, allowed):
    asked = (accounts.get_account, city.claims(by), city.roles[whose]["person_id"], clock.now())
    if allowed:
        assert city.ask(*asked)["username"] == whose
    else:
        assert refusal(city.ask, *asked) == "not_found"


@pytest.mark.parametrize("by, post", [("unit_clerk", "department_head"), ("chairman", "administrator")])
def test_a_post_that_is_to_begin_counts_already(trial, by, post):
    asked = (accounts.get_account, trial.claims(by), trial.roles["official"]["person_id"], clock.now())
    assert trial.ask(*asked)["username"] == "official"
    appoint_tomorrow(trial, "official", like=post)
    assert refusal(trial.ask, *asked) == "not_found"


def test_others_look_after_no_accounts(city):
    asked = (accounts.get_account, city.claims("official"), city.roles["unit_clerk"]["person_id"], clock.now())
    assert refusal(city.ask, *asked) == "not_authorised"


def test_an_unknown_account_cannot_be_revoked(city, administrator):
    assert refusal(city.do, accounts.revoke_account, administrator, clock.new_id(), None, clock.now()) == "not_found"


def test_whoever_holds_no_post_does_not_sign_in(own_city, security):
    person_id = own_city.roles["official"]["person_id"]
    with own_city.store.transaction() as tx:
        tx.execute(
            sa.text("UPDATE memberships SET valid_to = :day WHERE person_id = :id"),
            {"day": today(clock.now()), "id": person_id},
        )
    assert refusal(sign_in, own_city, security, "official", own_city.password) == "wrong_credentials"
