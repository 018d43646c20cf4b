"""Signing in: who may, who may not, and that the two look alike."""

import time
from datetime import timedelta

import pyotp
import pytest

from chassis import clock
from directory.use_cases import accounts
from kernel.errors import Refused


def sign_in(city, username, password, totp=None, now=None):
    checked = accounts.check_password(city.store, username, password)
    return city.do(accounts.check_totp, checked, totp, now or clock.now())


def refusal(*arguments, **named):
    with pytest.raises(Refused) as refused:
        sign_in(*arguments, **named)
    return refused.value.refusal_code


def test_the_right_password_signs_in(city):
    found = sign_in(city, "chairman", city.password)
    assert found["person_id"] == city.roles["chairman"]["person_id"]


def test_user_names_have_no_case(city):
    assert sign_in(city, " Chairman ", city.password)


def test_wrong_and_unknown_are_refused_alike_and_take_the_same_time(city):
    def seconds(username):
        began = time.perf_counter()
        assert refusal(city, username, "wrong") == "wrong_credentials"
        return time.perf_counter() - began

    known = sorted(seconds("chairman") for _ in range(5))[2]
    unknown = sorted(seconds("nobody") for _ in range(5))[2]
    assert 0.4 < known / unknown < 2.5


def test_a_second_factor_is_asked_for_only_after_the_password(city):
    assert refusal(city, "administrator", "wrong") == "wrong_credentials"
    assert refusal(city, "administrator", city.password) == "totp_required"
    assert refusal(city, "administrator", city.password, totp="abc") == "wrong_credentials"


def test_a_one_time_code_counts_once(own_city):
    code_of = pyotp.TOTP(own_city.roles["administrator"]["totp_secret"]).at
    now = clock.now()
    assert sign_in(own_city, "administrator", own_city.password, code_of(now), now)
    assert refusal(own_city, "administrator", own_city.password, code_of(now), now) == "wrong_credentials"
    before = now - timedelta(seconds=30)
    assert refusal(own_city, "administrator", own_city.password, code_of(before), now) == "wrong_credentials"
    after = now + timedelta(seconds=30)
    assert sign_in(own_city, "administrator", own_city.password, code_of(after), after)


def test_a_revoked_account_is_refused_like_a_wrong_password_and_said_once(own_city):
    account_id = sign_in(own_city, "auditor", own_city.password)["account_id"]
    for _ in range(2):
        own_city.do(accounts.revoke_account, account_id, clock.now())
    assert refusal(own_city, "auditor", own_city.password) == "wrong_credentials"
    said = own_city.one("SELECT name, version, data FROM outbox")
    assert (said.name, said.version) == ("account_revoked", 2)
    assert said.data == {"account_id": account_id, "person_id": own_city.roles["auditor"]["person_id"]}


def test_an_unknown_account_cannot_be_revoked(own_city):
    with pytest.raises(Refused) as refused:
        own_city.do(accounts.revoke_account, clock.new_id(), clock.now())
    assert refused.value.refusal_code == "not_found"
