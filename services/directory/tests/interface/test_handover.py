"""One-time passwords for a unit and for the whole city, and the accounts that only the operator makes."""

import csv
import io
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from chassis import clock
from directory.tests.support import appoint_tomorrow, audited, refusal, sign_in
from directory.use_cases import desk, handover

SERVICES = Path(__file__).resolve().parents[3]


@pytest.fixture
def newcomers_unit(city):
    """The demo ward."""
    return city.one("SELECT CAST(id AS text) FROM units WHERE code = '25747'").id


@pytest.fixture
def newcomers(accounts_city, newcomers_unit):
    """It, most of whose people have never had a password: some with an account, some with none."""
    unit = newcomers_unit
    with accounts_city.store.transaction() as tx:
        inside = """
            SELECT m.person_id FROM memberships m JOIN posts p ON p.id = m.post_id JOIN units u ON u.id = p.unit_id
            WHERE u.id = :unit OR u.parent_id = :unit"""
        spared = "username NOT IN ('unit_head', 'unit_clerk', 'official')"
        tx.execute(
            sa.text(f"UPDATE accounts SET password_hash = NULL WHERE person_id IN ({inside}) AND {spared}"),
            {"unit": unit},
        )
        tx.execute(sa.text("DELETE FROM accounts WHERE password_hash IS NULL AND username LIKE '%2'"))
    return unit


def hand_over(city, unit_id, by="unit_head", form="sheet", sub_units=True):
    request = {"unit_id": unit_id, "form": form, "sub_units": sub_units}
    return city.do(handover.hand_over_unit, city.claims(by), request, clock.now())


def rows(document):
    return list(csv.reader(io.StringIO(document.removeprefix("\ufeff"))))[1:]


def test_everybody_without_a_password_of_his_own_gets_one_for_a_single_use(accounts_city, security, newcomers):
    given = hand_over(accounts_city, newcomers)
    found = rows(given["document"])
    assert len(found) == given["accounts"] > 3
    assert len({row[3] for row in found}) == len(found)
    assert not {"unit_head", "unit_clerk", "official"} & {row[3] for row in found}
    for row in (found[0], found[-1]):
        assert re.fullmatch(r"([a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}", row[4])
        assert sign_in(accounts_city, security, row[3], row[4])["restriction"] == "password_change_required"
    assert sign_in(accounts_city, security, "official", accounts_city.password)["restriction"] is None
    assert found[0][4] not in str(accounts_city.all("SELECT * FROM accounts, audit_log"))
    assert "accounts.handed_over" in audited(accounts_city)
    written = accounts_city.all("SELECT subject FROM audit_log WHERE action = 'account.handed_over'")
    handed = accounts_city.all("SELECT CAST(id AS text) FROM accounts WHERE password_once")
    assert sorted(row.subject for row in written) == sorted(row.id for row in handed)


def test_handing_over_again_makes_the_earlier_sheet_worthless(accounts_city, security, newcomers):
    first, second = (rows(hand_over(accounts_city, newcomers)["document"]) for _ in range(2))
    assert [row[:4] for row in first] == [row[:4] for row in second]
    assert refusal(sign_in, accounts_city, security, first[0][3], first[0][4]) == "wrong_credentials"
    assert sign_in(accounts_city, security, second[0][3], second[0][4])


def test_only_who_looks_after_the_unit_hands_over(accounts_city, newcomers):
    assert refusal(hand_over, accounts_city, newcomers, by="department_head") == "not_authorised"
    assert refusal(hand_over, accounts_city, newcomers, by="official") == "not_authorised"
    assert refusal(hand_over, accounts_city, clock.new_id(), by="administrator") == "not_found"


def test_an_administrators_first_password_is_not_his_units_to_see(accounts_city):
    unit = accounts_city.one("SELECT CAST(id AS text) FROM units WHERE code = 'SKHCN-CDS'").id
    with accounts_city.store.transaction() as tx:
        tx.execute(
            sa.text("UPDATE accounts SET password_hash = NULL, totp_secret = NULL WHERE username = 'administrator'")
        )
    assert hand_over(accounts_city, unit, by="chairman")["accounts"] == 0


def test_more_than_a_sheet_is_the_operators(accounts_city, newcomers, monkeypatch):
    monkeypatch.setattr(handover, "AT_MOST", 3)
    assert refusal(hand_over, accounts_city, newcomers) == "too_many_accounts"
    assert accounts_city.one("SELECT count(*) FROM accounts WHERE password_once").count == 0


def names_given(city, unit, by):
    return {row[3] for row in rows(hand_over(city, unit, by=by)["document"])}


def unused(city, *names):
    """These accounts as if nobody had ever had a password for them."""
    with city.store.transaction() as tx:
        forget = "UPDATE accounts SET password_hash = NULL WHERE username = ANY(:names)"
        tx.execute(sa.text(forget), {"names": [*names]})


OFFICIALS = "(SELECT id FROM accounts WHERE username = 'official')"


@pytest.mark.parametrize(
    "use",
    [
        f"INSERT INTO identities VALUES (gen_random_uuid(), {OFFICIALS}, 'https://issuer', 'he', now())",
        f"INSERT INTO known_sources VALUES ({OFFICIALS}, 'there', 'address', now())",
        "UPDATE accounts SET password_changed_at = now() WHERE username = 'official'",
        "UPDATE accounts SET totp_secret = 'sealed' WHERE username = 'official'",
    ],
    ids=["identity", "signed in", "chosen", "second factor"],
)
def test_whoever_has_used_his_account_is_the_desks(trial, newcomers_unit, use):
    unused(trial, "official")
    assert "official" in names_given(trial, newcomers_unit, by="unit_clerk")
    with trial.store.transaction() as tx:
        tx.execute(sa.text(use))
    assert "official" not in names_given(trial, newcomers_unit, by="unit_clerk")


def test_what_two_officials_gave_one_alone_does_not_replace(trial, security, newcomers_unit):
    request = {"person_id": trial.roles["official"]["person_id"], "kind": "password", "reason": ""}
    request |= {"idempotency_key": clock.new_id()}
    asked = trial.do(desk.ask, trial.claims("unit_clerk"), request, clock.now())
    confirming = {"id": asked["id"], "idempotency_key": clock.new_id()}
    given = trial.do(desk.confirm, security, trial.claims("unit_head"), confirming, clock.now())
    assert "official" not in names_given(trial, newcomers_unit, by="unit_clerk")
    assert sign_in(trial, security, "official", given["one_time_password"])


def test_a_clerk_hands_neither_himself_nor_his_head_an_account(trial, newcomers_unit):
    unused(trial, "unit_head", "unit_clerk", "official")
    assert names_given(trial, newcomers_unit, by="unit_clerk") == {"official"}
    assert names_given(trial, newcomers_unit, by="unit_head") == {"unit_clerk", "official"}
    assert names_given(trial, newcomers_unit, by="chairman") == {"unit_head", "unit_clerk", "official"}


def test_whoever_is_to_hold_a_post_elsewhere_is_handed_over_from_above(trial, newcomers_unit):
    unused(trial, "official")
    appoint_tomorrow(trial, "official", like="department_head")
    assert names_given(trial, newcomers_unit, by="unit_head") == set()
    assert names_given(trial, newcomers_unit, by="chairman") == {"official"}
