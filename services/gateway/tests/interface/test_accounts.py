"""Restricted sessions, where requests come from, and what ends the sessions of an account."""

import re
from datetime import timedelta

import pytest
import requests
import sqlalchemy as sa

from chassis import clock
from chassis.testing import until
from contracts import directory
from gateway import sessions
from gateway.openapi import entrypoints
from gateway.tests.support import PASSWORD, Directory, asked, assert_problem
from kernel.errors import Refused
from kernel.working_time import today
from tests.support.town import LONG_AGO, id_of, membership_of, person, post

HEAD = "ward-1 head"
ACCOUNT = {"account_id": id_of(f"account {HEAD}"), "person_id": person(HEAD)}
PARAMETER = re.compile(r"<(\w+):\w+>")
SAMPLES = {"uuid": id_of("x"), "int": "2026", "string": "x"}
CREDENTIALS = {"username": HEAD, "password": PASSWORD}


def changed(kept=None):
    return ACCOUNT | {"kept_session_id": kept}


@pytest.fixture
def restricted(client):
    """Signed in with a password for a single use."""
    answer = ACCOUNT | {"version": 1, "restriction": "password_change_required"}
    Directory.answers = {"directory.verify_credentials": answer}
    head = client.signed_in(HEAD)
    Directory.answers = {}
    return head


def test_a_restricted_session_opens_nothing_but_what_lifts_it(restricted):
    refused = set()
    for entrypoint in entrypoints():
        if entrypoint.meta.signed_in and not entrypoint.meta.while_restricted:
            path = PARAMETER.sub(lambda found: SAMPLES[found[1]], entrypoint.path.removeprefix("/api/v1"))
            assert_problem(restricted.call(entrypoint.method, path), 403, "password_change_required")
            refused.add(path)
    assert len(refused) > 20
    assert restricted.get("/me").json()["restriction"] == "password_change_required"


@pytest.mark.parametrize("left", ["totp_enrolment_required", None])
def test_the_same_session_goes_on_when_it_is_done(restricted, left):
    Directory.answers = {"directory.change_password": ACCOUNT | {"version": 2, "restriction": left}}
    body = {"password": PASSWORD, "new_password": "bốn con trâu qua cầu khỉ"}
    assert restricted.post("/me/password", body).json() == {"restriction": left}
    assert restricted.get("/me").json()["restriction"] == left
    if left:
        assert_problem(restricted.get("/sessions"), 403, left)
        Directory.answers = {"directory.confirm_totp": {"recovery_codes": ["abcd"], "restriction": None}}
        assert restricted.post("/me/totp/confirm", {"code": "123456"}).json()["recovery_codes"] == ["abcd"]
    assert restricted.get("/sessions").status_code == 200


def test_a_restriction_lifted_in_one_process_is_lifted_in_all(gateway):
    Directory.answers = {
        "directory.verify_credentials": ACCOUNT | {"version": 1, "restriction": "totp_enrolment_required"},
        "directory.confirm_totp": {"recovery_codes": [], "restriction": None},
    }
    one, other = gateway(), gateway()
    here = one.signed_in(HEAD)
    there = type(here)(other.base, here.token)
    assert_problem(there.get("/sessions"), 403, "totp_enrolment_required")
    here.post("/me/totp/confirm", {"code": "123456"})
    assert there.get("/sessions").status_code == 200


def test_too_many_guesses_are_told_when_to_come_back(client):
    refusal = Refused("too_many_attempts", retry_after=321)
    Directory.answers = {"directory.verify_credentials": refusal}
    answer = client.post("/tokens", CREDENTIALS)
    assert_problem(answer, 429, "too_many_attempts")
    assert answer.headers["Retry-After"] == "321"


@pytest.mark.parametrize(
    "proxies, forwarded, address",
    [
        ("", None, "127.0.0.1"),
        ("", "192.0.2.1", "127.0.0.1"),  # who trusts nobody believes nobody
        ("127.0.0.0/8", None, "127.0.0.1"),
        ("127.0.0.0/8", "192.0.2.1", "192.0.2.1"),
        ("127.0.0.0/8", "6.6.6.6, 192.0.2.1", "192.0.2.1"),  # what the client wrote himself stands in front
        ("127.0.0.0/8,10.0.0.0/8", "6.6.6.6, 192.0.2.1, 10.1.2.3", "192.0.2.1"),
        ("127.0.0.0/8", "nonsense", "127.0.0.1"),
        ("127.0.0.0/8", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("127.0.0.0/8", "::ffff:192.0.2.1", "192.0.2.1"),
    ],
)
def test_the_directory_hears_where_a_guess_comes_from(gateway, proxies, forwarded, address):
    from gateway.settings import _network

    client = gateway(trusted_proxies=tuple(map(_network, filter(None, proxies.split(",")))))
    client.post("/tokens", CREDENTIALS, headers={"X-Forwarded-For": forwarded} if forwarded else {})
    [(_, request)] = asked("directory.verify_credentials")
    assert (request["address"], request["device"]) == (address, None)


def test_a_browser_shows_that_it_was_here_before(gateway):
    base = gateway(secure_cookies=False).base
    browser = requests.Session()
    for _ in range(2):
        assert browser.post(base + "/sessions", json=CREDENTIALS, timeout=5).status_code == 201
    first, second = (request["device"] for _, request in asked("directory.verify_credentials"))
    assert first == second == browser.cookies.get("congvu-device")
    other = requests.post(base + "/sessions", json=CREDENTIALS, cookies={"congvu-device": "short"}, timeout=5)
    assert len(other.cookies["congvu-device"]) == 43


def test_other_credentials_end_all_sessions_but_the_one_in_which_it_was_done(client, vice, tell):
    kept, other = client.signed_in(HEAD), client.signed_in(HEAD)
    streams = [each.live() for each in (kept, other)]
    current = next(each["id"] for each in kept.get("/sessions").json()["items"] if each["current"])
    for _ in range(2):
        tell(directory.credentials_changed, changed(kept=current), version=2)
    until(lambda: other.get("/me").status_code == 401 and streams[1].ended, 5)
    assert kept.get("/me").status_code == 200 and not streams[0].ended
    assert vice.get("/me").status_code == 200


def test_a_sign_in_with_what_was_changed_meanwhile_opens_nothing(client, tell, here):
    """Its answer was on the way when the account's sessions ended: it would outlive them."""
    tell(directory.credentials_changed, changed(), version=2)
    until(lambda: here.rows("SELECT version FROM account_versions") == [{"version": 2}])
    assert_problem(client.post("/tokens", CREDENTIALS), 401, "wrong_credentials")
    Directory.answers = {"directory.verify_credentials": ACCOUNT | {"version": 2, "restriction": None}}
    head = client.signed_in(HEAD)
    tell(directory.credentials_changed, changed(), version=2)  # once more, late: it is of before
    tell(directory.account_revoked, ACCOUNT | {"account_id": id_of("another")}, version=9)
    until(lambda: len(here.rows("SELECT version FROM account_versions")) == 2)
    assert head.get("/me").status_code == 200


def test_one_signs_out_everywhere(client, head, vice):
    again, stream = client.signed_in(HEAD), head.live()
    assert head.call("DELETE", "/sessions").status_code == 204
    for each in (head, again):
        assert_problem(each.get("/me"), 401, "unauthenticated")
    until(lambda: stream.ended, 5)
    assert vice.get("/me").status_code == 200


def ending(name, day):
    fact = {"person_id": person(name), "post_id": post(name), "primary": True, "valid_from": LONG_AGO, "valid_to": day}
    return {"id": membership_of(name), "kind": "membership", "fact": fact}


def test_whoever_leaves_his_last_post_is_signed_out_with_his_streams(client, head, vice, tell, here):
    stream = head.live()
    version = here.rows("SELECT version FROM copy_state")[0]["version"]
    facts = [ending(HEAD, today(clock.now()).isoformat()) | {"version": version + 1}]
    tell(directory.membership_changed, {"previous": version, "facts": facts}, version=version + 1)
    until(lambda: stream.ended and head.get("/me").status_code == 401, 5)
    assert vice.get("/me").status_code == 200


def test_a_post_that_ends_by_its_date_ends_the_sessions_that_day(head, vice, here, monkeypatch):
    tomorrow = today(clock.now()) + timedelta(days=1)
    with here.store.transaction() as tx:
        tx.execute(
            sa.text("UPDATE copy_memberships SET valid_to = :day WHERE person_id = :who"),
            {"day": tomorrow, "who": person(HEAD)},
        )
    stream = head.live()
    now = clock.now()
    assert head.get("/me").status_code == 200 and not stream.ended
    monkeypatch.setattr(sessions, "today", lambda moment: today(moment) + timedelta(days=1))
    until(lambda: stream.ended and head.get("/me").status_code == 401, 6)
    assert (clock.now() - now).total_seconds() < 6
    assert vice.get("/me").status_code == 200


def test_slips_are_a_file_that_runs_nothing(head):
    document = "<html><style>b{}</style>Phiếu</html>"
    Directory.answers = {"directory.hand_over_accounts": {"document": document, "accounts": 1}}
    answer = head.post(f"/units/{id_of('unit ward-1')}/account-handover", {"form": "slips"})
    assert answer.status_code == 200, answer.text
    assert answer.content.decode() == document
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "script" not in answer.headers["Content-Security-Policy"]
    assert "style-src 'sha256-" in answer.headers["Content-Security-Policy"]
