"""One's own account: another password, a second factor, recovery codes."""

from collections import Counter
from datetime import timedelta

import pyotp
import pytest

from chassis import clock
from directory.security import Security
from directory.tests.support import audited, refusal, said, sign_in
from directory.use_cases import accounts, guessing

NEW = "bốn con trâu qua cầu khỉ"


def change(city, security, role, old, new, now=None):
    request = {"password": old, "new_password": new}
    return accounts.change_password(city.store, security, city.claims(role), request, now or clock.now())


def enrol(city, security, role, now=None, totp=None):
    """Answers the secret and the recovery codes."""
    now, claims = now or clock.now(), city.claims(role)
    begun = accounts.begin_totp(city.store, security, claims, {"password": city.password, "totp": totp}, now)
    code = pyotp.TOTP(begun["secret"]).at(now)
    return begun["secret"], accounts.confirm_totp(city.store, security, claims, code, now)["recovery_codes"]


def test_a_new_password_replaces_the_old_one_and_ends_the_other_sessions(accounts_city, security):
    changed = change(accounts_city, security, "official", accounts_city.password, NEW)
    assert (changed["version"], changed["restriction"]) == (2, None)
    assert refusal(sign_in, accounts_city, security, "official", accounts_city.password) == "wrong_credentials"
    assert sign_in(accounts_city, security, "official", NEW)["version"] == 2
    [(name, data)] = said(accounts_city)
    assert (name, data["kept_session_id"]) == ("credentials_changed", "test")
    assert audited(accounts_city)[0] == "account.password_changed"


def test_the_present_password_is_asked_for_and_not_often(accounts_city, security):
    answers = Counter(refusal(change, accounts_city, security, "official", "wrong", NEW) for _ in range(12))
    assert answers == {"wrong_password": guessing.PER_BUCKET, "too_many_attempts": 2}
    assert sign_in(
        accounts_city, security, "official", accounts_city.password
    )  # who found an open session locks nobody out


@pytest.mark.parametrize(
    "new, code",
    [
        ("ngắn quá", "password_too_short"),
        ("x" * 201, "password_too_short"),
        ("official@CongVu2026", "password_contextual"),
        ("Phường Thủ Dầu Một 2026", "password_contextual"),
        ("123456789012", "password_common"),
        ("qwertyuiop123", "password_common"),
        ("mật khẩu thử nghiệm", "password_unchanged"),
    ],
)
def test_bad_passwords_are_refused_by_name(city, security, new, code):
    assert refusal(change, city, security, "official", city.password, new) == code


def test_a_second_factor_counts_from_its_confirmation_on(accounts_city, security):
    now = clock.now()
    secret, codes = enrol(accounts_city, security, "official", now)
    assert (len(codes), len(set(codes))) == (10, 10)
    assert refusal(sign_in, accounts_city, security, "official", accounts_city.password) == "totp_required"
    used = pyotp.TOTP(secret).at(now)
    assert (
        refusal(sign_in, accounts_city, security, "official", accounts_city.password, used, now) == "wrong_credentials"
    )
    later = now + timedelta(seconds=30)
    assert sign_in(accounts_city, security, "official", accounts_city.password, pyotp.TOTP(secret).at(later), later)
    kept = str(accounts_city.all("SELECT * FROM recovery_codes")) + str(
        accounts_city.all("SELECT totp_secret FROM accounts")
    )
    assert secret not in kept and not any(code in kept for code in codes)


def test_until_it_is_confirmed_nothing_changes(accounts_city, security):
    claims = accounts_city.claims("official")
    accounts.begin_totp(
        accounts_city.store, security, claims, {"password": accounts_city.password, "totp": None}, clock.now()
    )
    confirm = (accounts.confirm_totp, accounts_city.store, security, claims, "000000", clock.now())
    answers = Counter(refusal(*confirm) for _ in range(11))
    assert answers == {"wrong_code": 10, "too_many_attempts": 1}
    assert sign_in(accounts_city, security, "official", accounts_city.password)


def test_nothing_waits_to_be_confirmed_without_a_beginning(city, security):
    confirm = (accounts.confirm_totp, city.store, security, city.claims("official"), "000000", clock.now())
    assert refusal(*confirm) == "wrong_state"


def test_each_recovery_code_counts_once(accounts_city, security):
    _, codes = enrol(accounts_city, security, "official")
    assert sign_in(accounts_city, security, "official", accounts_city.password, codes[0].upper())
    assert (
        refusal(sign_in, accounts_city, security, "official", accounts_city.password, codes[0]) == "wrong_credentials"
    )
    own = accounts_city.ask(accounts.get_own_account, security, accounts_city.claims("official")["sub"], clock.now())
    assert (own["recovery_codes_left"], own["totp_enrolled"]) == (9, True)


def test_a_second_factor_is_replaced_with_the_present_one_only(accounts_city, security):
    _, codes = enrol(accounts_city, security, "official")
    request = (accounts_city.store, security, accounts_city.claims("official"))
    for totp in (None, "000000", "abcd-abcd-abcd-abcd"):
        proof = {"password": accounts_city.password, "totp": totp}
        assert refusal(accounts.begin_totp, *request, proof, clock.now()) == "wrong_code"
        assert refusal(accounts.renew_recovery_codes, *request, proof, clock.now()) == "wrong_code"
    proof = {"password": accounts_city.password, "totp": codes[1]}
    renewed = accounts.renew_recovery_codes(*request, proof, clock.now())["recovery_codes"]
    assert (
        refusal(sign_in, accounts_city, security, "official", accounts_city.password, codes[2]) == "wrong_credentials"
    )
    _, again = enrol(accounts_city, security, "official", totp=renewed[0])
    assert sign_in(accounts_city, security, "official", accounts_city.password, again[0])


def test_whoever_must_set_up_a_second_factor_is_free_when_he_has(accounts_city, security):
    strict = Security(security.sealer, frozenset({"official"}))
    changed = change(accounts_city, strict, "official", accounts_city.password, NEW)
    assert changed["restriction"] == "totp_enrolment_required"
    claims = accounts_city.claims("official")
    begun = accounts.begin_totp(accounts_city.store, strict, claims, {"password": NEW, "totp": None}, clock.now())
    assert begun["otpauth_uri"].startswith("otpauth://totp/C%C3%B4ng%20V%E1%BB%A5:official?secret=")
    code = pyotp.TOTP(begun["secret"]).now()
    assert accounts.confirm_totp(accounts_city.store, strict, claims, code, clock.now())["restriction"] is None
