"""Signing in and out, and what becomes of a session."""

from datetime import timedelta

import eventlet
import pytest
import requests
import sqlalchemy as sa

from chassis import clock
from chassis.testing import until
from contracts import directory
from gateway.sessions import SessionStore
from gateway.tests.support import ANSWERING, NEIGHBOURS, PASSWORD, Directory, asked, assert_problem
from kernel.directory_copy.facts import apply_event, read_state
from kernel.errors import Refused
from kernel.working_time import today
from tests.support.mutations import mutations
from tests.support.town import id_of, membership_of, person, post

CREDENTIALS = {"username": "ward-1 head", "password": PASSWORD}


def origin(client) -> str:
    return client.base.removesuffix("/api/v1")


@pytest.fixture
def browser(gateway):
    """A signed-in browser: its cookie travels by itself, over plain HTTP only because this gateway allows it."""
    client = gateway(secure_cookies=False)
    browser = requests.Session()
    browser.base = client.base
    answer = browser.post(client.base + "/sessions", json=CREDENTIALS, timeout=5)
    assert answer.status_code == 201
    browser.csrf = answer.json()["csrf_token"]
    return browser


def test_a_token_opens_the_door_and_is_kept_as_a_hash_only(here, client):
    answer = client.post("/tokens", CREDENTIALS)
    assert answer.status_code == 201
    assert len(answer.json()["token"]) >= 22 and answer.json()["expires_at"]
    assert answer.json()["token"].encode() not in here.rows("SELECT token_hash FROM sessions")[0]["token_hash"]
    profile = client.get("/me", headers={"Authorization": f"Bearer {answer.json()['token']}"}).json()
    assert profile["person"]["id"] == person("ward-1 head")


def test_a_wrong_password_and_a_wrong_token(client):
    assert_problem(client.post("/tokens", CREDENTIALS | {"password": "sai"}), 401, "wrong_credentials")
    for token in ("x", "x" * 5000, "Bearer", "é"):
        answer = client.get("/me", headers={"Authorization": f"Bearer {token}".encode("latin-1")})
        assert_problem(answer, 401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert_problem(client.get("/me"), 401, "unauthenticated")


def test_whoever_is_not_signed_in_learns_nothing_of_the_form(client):
    assert_problem(client.post("/tasks", {"nonsense": 1}), 401, "unauthenticated")


def test_the_cookie_is_for_this_host_and_no_script(client):
    cookie = client.post("/sessions", CREDENTIALS).headers["Set-Cookie"]
    assert cookie.startswith("__Host-congvu=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}


def test_a_browser_reads_freely_and_writes_with_its_csrf_token(browser):
    assert browser.get(browser.base + "/me", timeout=5).headers["X-CSRF-Token"] == browser.csrf
    for headers, code in (
        ({}, "csrf_token_invalid"),
        ({"X-CSRF-Token": "é".encode("latin-1")}, "csrf_token_invalid"),
        ({"X-CSRF-Token": browser.csrf, "Origin": "https://evil.example"}, "foreign_origin"),
        ({"X-CSRF-Token": browser.csrf, "Origin": "null"}, "foreign_origin"),
        ({"X-CSRF-Token": browser.csrf, "Sec-Fetch-Site": "cross-site"}, "foreign_origin"),
    ):
        assert_problem(browser.delete(browser.base + "/sessions/current", headers=headers, timeout=5), 403, code)
    good = {"X-CSRF-Token": browser.csrf, "Origin": browser.base.removesuffix("/api/v1")}
    answer = browser.delete(browser.base + "/sessions/current", headers=good, timeout=5)
    assert answer.status_code == 204 and "Max-Age=0" in answer.headers["Set-Cookie"]
    assert_problem(browser.get(browser.base + "/me", timeout=5), 401, "unauthenticated")


def test_a_cookies_token_is_no_bearer_token_and_the_other_way_round(browser, client):
    token = browser.cookies.get("congvu")
    assert_problem(client.get("/me", headers={"Authorization": f"Bearer {token}"}), 401, "unauthenticated")
    bearer = client.signed_in("ward-1 head").token
    assert_problem(client.get("/me", headers={"Cookie": f"__Host-congvu={bearer}"}), 401, "unauthenticated")


def test_two_hundred_mutations_of_a_session_are_all_refused(browser, client):
    """As a bearer token, as a cookie, and of the CSRF token that belongs to it."""
    head, plain = client.signed_in("ward-1 head"), requests.Session()
    cookie = browser.cookies.get("congvu")

    def answers(headers, method="GET", path="/me"):
        sent = {name: value.encode() for name, value in headers.items()}
        return plain.request(method, browser.base + path, headers=sent, timeout=30).status_code

    assert answers({"Authorization": f"Bearer {head.token}"}) == answers({"Cookie": f"congvu={cookie}"}) == 200
    for bearer in mutations(head.token, 70):
        assert answers({"Authorization": f"Bearer {bearer}"}) == 401, bearer
    for other in mutations(cookie, 70):
        assert answers({"Cookie": f"congvu={other}"}) == 401, other
    for csrf in mutations(browser.csrf, 70):
        sent = {"Cookie": f"congvu={cookie}", "X-CSRF-Token": csrf}
        assert answers(sent, "DELETE", "/sessions/current") == 403, csrf
    assert answers({"Cookie": f"congvu={cookie}", "X-CSRF-Token": browser.csrf}, "DELETE", "/sessions/current") == 204


def test_signing_in_from_a_foreign_page_is_refused(client):
    answer = client.post("/sessions", CREDENTIALS, headers={"Origin": "https://evil.example"})
    assert_problem(answer, 403, "foreign_origin")


def test_one_sees_and_ends_only_ones_own_sessions(client, vice, head):
    other = client.signed_in("ward-1 head")
    sessions = head.get("/sessions").json()["items"]
    assert [each["current"] for each in sessions] == [False, True]
    [foreign] = vice.get("/sessions").json()["items"]
    assert_problem(head.call("DELETE", f"/sessions/{foreign['id']}"), 404, "not_found")
    assert_problem(head.call("DELETE", f"/sessions/{id_of('absent')}"), 404, "not_found")
    assert head.call("DELETE", f"/sessions/{sessions[0]['id']}").status_code == 204
    assert_problem(other.get("/me"), 401, "unauthenticated")
    assert vice.get("/me").status_code == 200


def test_a_session_ended_in_one_process_ends_in_the_others(gateway):
    one, other = gateway(), gateway()
    head = one.signed_in("ward-1 head")
    elsewhere = type(head)(other.base, head.token, other.streams)
    stream = elsewhere.live()
    assert elsewhere.get("/me").status_code == 200
    assert head.call("DELETE", "/sessions/current").status_code == 204
    until(lambda: elsewhere.get("/me").status_code == 401, 5)
    until(lambda: stream.ended, 5)


def test_a_revoked_account_is_out_with_all_its_sessions_and_streams(client, head, vice, tell):
    again, stream = client.signed_in("ward-1 head"), head.live()
    account = {"account_id": id_of("account ward-1 head"), "person_id": person("ward-1 head")}
    for _ in range(2):
        tell(directory.account_revoked, account, version=2)
    until(lambda: head.get("/me").status_code == 401 and again.get("/me").status_code == 401, 5)
    until(lambda: stream.ended, 5)
    assert vice.get("/me").status_code == 200


def test_a_session_ends_when_idle_and_at_the_end_of_its_life(gateway):
    for limit in ("session_idle", "session_lifetime"):
        client = gateway(**{limit: 1})
        head = client.signed_in("ward-1 head")
        stream = head.live()
        assert head.get("/me").status_code == 200
        eventlet.sleep(1.1)
        assert_problem(head.get("/me"), 401, "unauthenticated")
        until(lambda stream=stream: stream.ended, 8)


def test_use_is_noted_now_and_then_only(here, store, head):
    def last_used():
        return here.rows("SELECT last_used_at FROM sessions")[0]["last_used_at"]

    first = last_used()
    head.get("/me")
    assert last_used() == first
    with store("gateway").transaction() as tx:
        tx.execute(sa.text("UPDATE sessions SET last_used_at = last_used_at - interval '5 minutes'"))
    eventlet.sleep(2.1)
    head.get("/me")
    assert last_used() >= first


def test_the_chosen_capacity_goes_with_the_question(head):
    head.get("/me")
    head.get("/me", headers={"X-Acting-For": membership_of("ward-1 head")})
    for foreign in (id_of("something else"), membership_of("ward-2 head"), "no id", ""):
        assert_problem(head.get("/me", headers={"X-Acting-For": foreign}), 403, "unknown_capacity")
    chosen = [(claims["membership_id"], claims["delegation_id"]) for claims, _ in asked("directory.get_profile")]
    assert chosen == [(None, None), (membership_of("ward-1 head"), None)]


def written(here) -> list[tuple]:
    return [
        (row["action"], row["subject"], row["actor"]["sub"])
        for row in here.rows("SELECT action, subject, actor FROM audit_log ORDER BY number")
    ]


def test_the_audit_log_tells_of_every_session_from_its_beginning_to_its_end(here, client, head):
    [session] = here.rows("SELECT id FROM sessions")
    head.call("DELETE", "/sessions/current")
    assert written(here) == [
        ("session.opened", str(session["id"]), "service:gateway"),
        ("session.ended", str(session["id"]), person("ward-1 head")),
    ]


def test_the_sessions_of_a_revoked_account_end_in_the_audit_log_too(here, client, head, tell):
    account = {"account_id": id_of("account ward-1 head"), "person_id": person("ward-1 head")}
    tell(directory.account_revoked, account, version=9)
    until(lambda: len(written(here)) == 2)
    assert written(here)[1][0] == "session.ended"


def test_a_capacity_of_somebody_else_is_refused_in_the_audit_log(here, head):
    answer = head.get("/me", headers={"X-Acting-For": membership_of("ward-2 head")})
    assert_problem(answer, 403, "unknown_capacity")
    assert written(here)[-1] == ("denied", "gateway.get_me", person("ward-1 head"))


def test_what_a_service_refuses_stands_in_that_services_log_alone(here, head):
    NEIGHBOURS["tasks"].answers["tasks.list_tasks"] = Refused("not_authorised")
    assert_problem(head.get("/tasks"), 403, "not_authorised")
    assert [action for action, *_ in written(here)] == ["session.opened"]


def test_the_gateways_own_log_is_for_auditors_only(here, head, auditor):
    assert_problem(head.get("/audit", params={"service": "gateway"}), 403, "not_authorised")
    assert_problem(auditor.get("/audit"), 422, "invalid_request")
    first = auditor.get("/audit", params={"service": "gateway", "action": "session.opened", "limit": 1}).json()
    [entry] = first["items"]
    assert entry["details"]["person_id"] == person("dept auditor")
    rest = auditor.get("/audit", params={"service": "gateway", "cursor": first["next_cursor"]}).json()
    assert [item["number"] for item in rest["items"]] == list(range(entry["number"] - 1, 0, -1))
    by_actor = auditor.get("/audit", params={"service": "gateway", "actor": person("ward-1 head")}).json()
    assert [item["action"] for item in by_actor["items"]] == ["denied"]
    none = auditor.get("/audit", params={"service": "gateway", "to": entry["at"], "from": entry["at"]}).json()
    assert none == {"items": [], "next_cursor": None}


def test_another_services_log_is_asked_of_that_service(auditor):
    auditor.get("/audit", params={"service": "tasks", "subject": "x", "from": "2026-11-22T00:00:00+07:00"})
    [(_, request)] = [(claims, request) for name, claims, request in ANSWERING if name == "tasks.list_audit"]
    assert request["subject"] == "x" and request["since"].isoformat() == "2026-11-21T17:00:00+00:00"


@pytest.fixture
def take_up(here, tell):
    """Somebody takes up a post beside his own, and the gateway knows."""

    def taking(who, post_name, from_day):
        newest = here.rows("SELECT version FROM copy_state")[0]["version"]
        told = appointment(who, post_name, from_day, newest)
        tell(directory.membership_changed, told)
        until(lambda: here.rows("SELECT 1 FROM copy_memberships WHERE id = :id", id=told["facts"][0]["id"]))

    return taking


def appointment(who, post_name, from_day, newest) -> dict:
    fact = {
        "person_id": person(who), "post_id": post(post_name), "primary": False,
        "valid_from": from_day.isoformat(), "valid_to": None,
    }  # fmt: skip
    facts = [{"kind": "membership", "id": id_of(f"{who} as {post_name}"), "version": newest + 1, "fact": fact}]
    return {"previous": newest, "facts": facts}


def test_whoever_gets_a_post_that_needs_a_second_factor_signs_in_anew(gateway, take_up):
    """Directory then sees to it that he sets one up before anything else."""
    client = gateway(totp_required_for=frozenset({"head"}))
    promoted, already, colleague = (client.signed_in(f"ward-1 {who}") for who in ("official", "head", "clerk"))
    day = today(clock.now())
    take_up("ward-1 clerk", "ward-2 official", day)
    take_up("ward-1 head", "ward-2 head", day)
    take_up("ward-1 official", "ward-3 head", day)
    until(lambda: promoted.get("/me").status_code == 401)
    assert already.get("/me").status_code == colleague.get("/me").status_code == 200
    again = client.signed_in("ward-1 official")
    take_up("ward-1 official", "ward-3 clerk", day)
    assert again.get("/me").status_code == 200


def test_a_post_that_comes_while_its_holder_signs_in_restricts_the_session(gateway, take_up):
    """Between directory's look and the session nobody knows of the other."""
    client = gateway(totp_required_for=frozenset({"head"}))

    def appointed_meanwhile(request):
        who = request["username"]
        take_up(who, "ward-3 head", today(clock.now()))
        return {
            "account_id": id_of(who), "person_id": person(who), "version": 1, "restriction": None,
            "lacks_second_factor": who == "ward-1 official",
        }  # fmt: skip

    Directory.answers = {"directory.verify_credentials": appointed_meanwhile}
    promoted = client.signed_in("ward-1 official")
    assert promoted.get("/me").json()["restriction"] == "totp_enrolment_required"
    assert_problem(promoted.get("/home"), 403, "totp_enrolment_required")
    assert client.signed_in("ward-2 official").get("/me").json()["restriction"] is None  # he has one


def test_a_session_waits_for_the_facts_that_are_just_being_written(here):
    keeper = SessionStore(here.store, 3600, 3600, frozenset({"head"}))
    account = {"account_id": id_of("x"), "person_id": person("ward-1 official"), "lacks_second_factor": True}
    with here.store.transaction() as tx:
        apply_event(tx, appointment("ward-1 official", "ward-3 head", today(clock.now()), read_state(tx).version))
        opening = eventlet.spawn(keeper.open, account, "token", "")
        until(lambda: here.rows("SELECT 1 FROM pg_locks WHERE NOT granted") or opening.dead)
    _, opened = opening.wait()
    assert opened["restriction"] == "totp_enrolment_required"


def test_a_post_that_needs_a_second_factor_counts_from_its_first_day(here, client, take_up):
    official, head = client.signed_in("ward-1 official"), client.signed_in("ward-1 head")
    tomorrow = clock.now() + timedelta(days=1)
    take_up("ward-1 official", "ward-2 head", today(tomorrow))
    take_up("ward-1 head", "ward-2 head", today(tomorrow))
    keeper = SessionStore(here.store, 3600, 3600, frozenset({"head"}))
    keeper.begin_day(clock.now())
    assert here.rows("SELECT 1 FROM sessions WHERE ended_at IS NOT NULL") == []
    keeper.begin_day(tomorrow)
    until(lambda: official.get("/me").status_code == 401)
    assert head.get("/me").status_code == 200
