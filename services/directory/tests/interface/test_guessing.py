"""How often one may guess, and that nobody locks out others by guessing (promise S10)."""

from collections import Counter
from datetime import timedelta

import eventlet
import pytest
import sqlalchemy as sa

from chassis import clock
from directory import hashing, passwords
from directory.tests.support import ELSEWHERE, HOME, OFFICE, refusal, sign_in
from directory.use_cases import guessing
from kernel.errors import Refused

LIMIT = guessing.PER_BUCKET


def guess(city, security, username, times=1, **named) -> Counter:
    """How a number of wrong guesses was answered."""
    return Counter(refusal(sign_in, city, security, username, "wrong", **named) for _ in range(times))


def test_after_ten_wrong_guesses_not_even_the_right_one_is_heard_for_a_while(accounts_city, security):
    now = clock.now()
    assert guess(accounts_city, security, "official", 12, now=now) == {
        "wrong_credentials": LIMIT,
        "too_many_attempts": 2,
    }
    with pytest.raises(Refused) as refused:
        sign_in(accounts_city, security, "official", accounts_city.password, now=now + timedelta(minutes=10))
    assert refused.value.refusal_code == "too_many_attempts"
    assert refused.value.details == {"retry_after": 300}
    assert sign_in(
        accounts_city, security, "official", accounts_city.password, now=now + timedelta(minutes=15, seconds=1)
    )


def test_a_name_that_nobody_has_is_limited_alike(accounts_city, security):
    assert guess(accounts_city, security, "nobody", 11) == {"wrong_credentials": LIMIT, "too_many_attempts": 1}


def test_who_guesses_elsewhere_does_not_lock_out_the_owner(accounts_city, security):
    """Not from the address where he signed in before, and not from his own browser wherever it is."""
    sign_in(accounts_city, security, "official", accounts_city.password, address=OFFICE, device="his browser")
    assert guess(accounts_city, security, "official", 11, address=ELSEWHERE)["too_many_attempts"] == 1
    assert (
        refusal(sign_in, accounts_city, security, "official", accounts_city.password, address=HOME)
        == "too_many_attempts"
    )
    assert sign_in(accounts_city, security, "official", accounts_city.password, address=OFFICE)
    assert sign_in(accounts_city, security, "official", accounts_city.password, address=HOME, device="his browser")


def test_many_addresses_have_no_more_guesses_than_one(accounts_city, security):
    answers = Counter()
    for number in range(15):
        answers += guess(accounts_city, security, "official", address=f"203.0.113.{number}")
    assert answers == {"wrong_credentials": LIMIT, "too_many_attempts": 5}


def test_a_colleague_at_the_same_address_goes_on(accounts_city, security):
    guess(accounts_city, security, "official", 12)
    assert sign_in(accounts_city, security, "unit_clerk", accounts_city.password)


def test_guesses_at_the_same_time_are_counted_each(accounts_city, security):
    found = Counter()

    def one():
        found.update([refusal(sign_in, accounts_city, security, "official", "wrong")])

    for thread in [eventlet.spawn(one) for _ in range(15)]:
        thread.wait()
    assert found == {"wrong_credentials": LIMIT, "too_many_attempts": 5}


def test_only_failures_count_also_of_those_at_the_same_time(accounts_city, security):
    threads = [eventlet.spawn(sign_in, accounts_city, security, "official", accounts_city.password) for _ in range(12)]
    assert all(thread.wait()["person_id"] for thread in threads)
    assert accounts_city.one("SELECT count(*) FROM guesses").count == 0


def test_one_time_codes_and_recovery_codes_are_guesses_too(accounts_city, security):
    codes = ["000000", "abcd-efgh-jkmn-pqrs"] * 6
    answers = Counter(
        refusal(sign_in, accounts_city, security, "administrator", accounts_city.password, code) for code in codes
    )
    assert answers == {"wrong_credentials": LIMIT, "too_many_attempts": 2}


def test_a_password_without_its_code_is_no_guess(accounts_city, security):
    for _ in range(12):
        assert refusal(sign_in, accounts_city, security, "administrator", accounts_city.password) == "totp_required"


def test_one_address_guesses_at_all_accounts_together_so_often(accounts_city, security, monkeypatch):
    monkeypatch.setattr(guessing, "PER_SOURCE", 5)
    answers = Counter()
    for number in range(7):
        answers += guess(accounts_city, security, f"nv{number:06d}", address=ELSEWHERE)
    assert answers == {"wrong_credentials": 5, "too_many_attempts": 2}
    assert sign_in(accounts_city, security, "official", accounts_city.password, address=OFFICE)


def test_places_are_remembered_a_few_of_each_kind(accounts_city, security):
    now = clock.now()
    for number in range(12):
        place = {"address": f"192.0.2.{number}", "device": f"browser {number}"}
        sign_in(
            accounts_city, security, "official", accounts_city.password, now=now + timedelta(seconds=number), **place
        )
    kept = accounts_city.all("SELECT kind, count(*) FROM known_sources GROUP BY kind")
    assert {row.kind: row.count for row in kept} == guessing.KNOWN


def test_old_guesses_are_forgotten(accounts_city, security):
    now = clock.now()
    guess(accounts_city, security, "official", 3, now=now)
    accounts_city.do(guessing.forget_old, now + timedelta(minutes=16))
    assert accounts_city.one("SELECT count(*) FROM guesses").count == 0


def give_drawn(city, username, drawn="abcdefgh23456789"):
    with city.store.transaction() as tx:
        change = "UPDATE accounts SET password_hash = :hash, password_once = true WHERE username = :name"
        tx.execute(sa.text(change), {"hash": hashing.hash_drawn(drawn), "name": username})
    return drawn


def test_nobody_keeps_a_newcomer_from_his_first_password(accounts_city, security):
    """What was drawn is never guessed, so whoever has it is heard; wrong ones are answered as before."""
    drawn = give_drawn(accounts_city, "official")
    assert guess(accounts_city, security, "official", 12, address=ELSEWHERE)["too_many_attempts"] == 2
    late = clock.now() + timedelta(days=31)
    found = sign_in(accounts_city, security, "official", drawn, address=ELSEWHERE)
    assert found["restriction"] == "password_change_required"
    assert guess(accounts_city, security, "official", address=HOME) == {"too_many_attempts": 1}
    with accounts_city.store.transaction() as tx:
        tx.execute(sa.text("UPDATE accounts SET password_until = now() WHERE username = 'official'"))
    assert guess(accounts_city, security, "official", 12, now=late, address=HOME)["too_many_attempts"] == 2
    assert refusal(sign_in, accounts_city, security, "official", drawn, now=late, address=HOME) == "too_many_attempts"


def test_codes_of_a_second_factor_are_limited_behind_a_drawn_password_too(accounts_city, security):
    drawn = give_drawn(accounts_city, "administrator")
    answers = Counter(refusal(sign_in, accounts_city, security, "administrator", drawn, "000000") for _ in range(12))
    assert answers == {"wrong_credentials": LIMIT, "too_many_attempts": 2}


def test_a_refused_password_is_looked_at_alike_whatever_it_is(accounts_city, security, monkeypatch):
    """No argon2 for any; a salted SHA-256 for all."""
    give_drawn(accounts_city, "official")
    names = ("official", "unit_clerk", "nobody")
    for name in names:
        guess(accounts_city, security, name, LIMIT)
    checked = []
    digest = hashing._digest
    monkeypatch.setattr(hashing, "_digest", lambda salt, letters: checked.append(letters) or digest(salt, letters))
    monkeypatch.setattr(passwords, "matches", None)
    for name in names:
        assert guess(accounts_city, security, name) == {"too_many_attempts": 1}
    assert checked == ["wrong"] * 3


def test_one_machine_in_an_office_does_not_lock_out_known_browsers_there(accounts_city, security, monkeypatch):
    monkeypatch.setattr(guessing, "PER_SOURCE", 3)
    sign_in(accounts_city, security, "official", accounts_city.password, device="his browser")
    for number in range(3):
        guess(accounts_city, security, f"nv{number:06d}")
    assert refusal(sign_in, accounts_city, security, "official", accounts_city.password) == "too_many_attempts"
    assert sign_in(accounts_city, security, "official", accounts_city.password, device="his browser")
    # to another account the browser is a stranger's
    asked = (accounts_city, security, "unit_clerk", accounts_city.password)
    assert refusal(sign_in, *asked, device="his browser") == "too_many_attempts"
