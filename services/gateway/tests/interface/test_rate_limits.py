"""Who asks too often is refused, by all instances together, and nobody else with him."""

import ipaddress
import re
import time
from types import SimpleNamespace

import pytest
from prometheus_client import REGISTRY

from chassis.errors import DatabaseUnavailable
from chassis.testing import until
from gateway import rate_limits, storage
from gateway.rate_limits import DEFAULTS, SharedCounts, read_limit
from gateway.tests.support import ANSWERING, NEIGHBOURS, PASSWORD, assert_problem
from kernel.errors import Refused
from tests.support.town import id_of, person

CREDENTIALS = {"username": "ward-1 head", "password": PASSWORD}


@pytest.fixture
def limited(gateway):
    """A gateway with some limits changed: `limited(read=5)` allows five reads an hour."""

    def start(trusted_proxies=(), **changes):
        texts = DEFAULTS | {name: f"{amount}/hour" for name, amount in changes.items()}
        limits = {name: read_limit(text) for name, text in texts.items()}
        return gateway(limits=limits, trusted_proxies=trusted_proxies)

    return start


def answers(ask, times: int) -> list[int]:
    return [ask().status_code for _ in range(times)]


def test_whoever_asks_too_often_is_told_when_to_come_again(limited):
    head = limited(read=5).signed_in("ward-1 head")
    assert answers(lambda: head.get("/me"), 5) == [200] * 5
    refused = head.get("/me")
    assert assert_problem(refused, 429, "too_many_requests")["title"] == "Quá nhiều yêu cầu, hãy thử lại sau giây lát"
    seconds = int(refused.headers["Retry-After"])
    assert 1 <= seconds <= 3600
    assert refused.headers["RateLimit-Policy"] == '"read";q=5;w=3600'
    assert refused.headers["RateLimit"] == f'"read";r=0;t={seconds}'


def test_another_account_and_another_kind_of_route_are_not_hit(limited):
    client = limited(read=3, search=2)
    head, vice = client.signed_in("ward-1 head"), client.signed_in("committee vice_chairman")
    again = client.signed_in("ward-1 head")
    assert answers(lambda: head.get("/me"), 4) == [200, 200, 200, 429]
    assert again.get("/me").status_code == 429  # another session is the same account
    assert vice.get("/me").status_code == 200
    assert answers(lambda: head.get("/people", params={"q": "tran"}), 3) == [200, 200, 429]
    assert head.call("DELETE", "/sessions/current").status_code == 204


def test_instances_count_together(limited, here):
    one, other = limited(read=50), limited(read=50)
    head = one.signed_in("ward-1 head")
    elsewhere = type(head)(other.base, head.token, other.streams)

    def told_of(count: int) -> None:
        until(lambda: here.rows(f"SELECT 1 FROM request_counts WHERE key LIKE '%/read/%' AND count = {count}"))

    assert answers(lambda: head.get("/me"), 30) == [200] * 30
    told_of(30)
    assert elsewhere.get("/me").status_code == 200
    told_of(31)
    until(lambda: elsewhere.get("/me").status_code == 429)
    told_of(50)  # what was refused was not counted
    until(lambda: head.get("/me").status_code == 429)


@pytest.mark.parametrize("untold", [0, 1])
def test_an_instance_hears_what_the_others_counted_before_the_window_turned(here, monkeypatch, untold):
    at = (time.time() // 60 + 1) * 60
    monkeypatch.setattr(rate_limits, "time", SimpleNamespace(time=lambda: at))
    one, other = SharedCounts(), SharedCounts()

    def allowed(counts: SharedCounts) -> int:
        return next(number for number in range(200) if not counts.acquire_sliding_window_entry("key", 100, 60))

    assert other.acquire_sliding_window_entry("key", 100, 60)
    other.exchange(here.store)
    at += 58
    assert allowed(one) == 100  # it has not heard of the other's
    one.exchange(here.store)
    for _ in range(untold):  # which it tells when the window has turned
        other.incr(other.sliding_window_keys("key", 60, at)[1], 120)
    at += 2.1
    assert other.acquire_sliding_window_entry("key", 100, 60)
    other.exchange(here.store)
    assert other.get_sliding_window("key", 60)[::2] == (101 + untold, 1)
    assert allowed(other) <= 1


def test_an_address_cannot_be_changed_by_saying_so(limited):
    client = limited(public=3)
    forged = iter(range(10))

    def ask():
        said = {"X-Forwarded-For": f"203.0.113.{next(forged)}", "X-Real-IP": "203.0.113.99", "Forwarded": "for=1.2.3.4"}
        return client.get("/openapi.json", headers=said)

    assert answers(ask, 4) == [200, 200, 200, 429]


def test_behind_a_proxy_the_address_is_the_one_that_it_saw(limited):
    client = limited(public=2, trusted_proxies=(ipaddress.ip_network("127.0.0.1"),))

    def come(*addresses: str) -> list[int]:
        return [client.get("/openapi.json", headers={"X-Forwarded-For": each}).status_code for each in addresses]

    assert come("203.0.113.1", "203.0.113.1", "203.0.113.1", "203.0.113.2") == [200, 200, 429, 200]
    assert come("198.51.100.7, 203.0.113.1") == [429]  # what the client wrote before the proxy
    assert come("2001:db8::1", "2001:db8::ffff:1", "2001:db8::2", "2001:db8:0:1::1") == [200, 200, 429, 200]


def test_a_flood_of_tokens_that_are_none_costs_no_look_ups_and_shuts_out_nobody_who_is_in(limited, monkeypatch):
    client = limited(unauthenticated=10)
    head = client.signed_in("ward-1 head")
    assert head.get("/me").status_code == 200
    looked_up = []
    look_up = storage.session_by_token
    monkeypatch.setattr(storage, "session_by_token", lambda tx, token: looked_up.append(token) or look_up(tx, token))
    tokens = iter(range(100))

    def ask():
        return client.get("/me", headers={"Authorization": f"Bearer none-{next(tokens)}"})

    assert answers(ask, 15) == [401] * 10 + [429] * 5
    assert len(looked_up) == 10
    assert head.get("/me").status_code == 200
    assert client.signed_in("ward-1 vice_chairman").get("/me").status_code == 200
    assert head.call("DELETE", "/sessions/current").status_code == 204
    assert answers(lambda: head.get("/me"), 3) == [401] * 3  # so he learns that he must sign in
    assert client.get("/me").status_code == 401


def test_no_token_and_one_that_is_over_are_no_flood(limited, here):
    client = limited(unauthenticated=2)
    head, vice = client.signed_in("ward-1 head"), client.signed_in("committee vice_chairman")
    here.do(
        "UPDATE sessions SET last_used_at = last_used_at - interval '1 day' WHERE person_id = :id",
        id=person("ward-1 head"),
    )
    client.container.stop()
    client = limited(unauthenticated=2)  # which knows nobody
    head, vice = (type(each)(client.base, each.token, each.streams) for each in (head, vice))
    assert vice.call("DELETE", "/sessions/current").status_code == 204
    for each in (client, head, vice):
        assert answers(lambda each=each: each.get("/me"), 4) == [401] * 4


def test_a_restricted_session_that_is_over_is_not_looked_up_each_time(limited, monkeypatch):
    def restricted(request):
        return {
            "account_id": id_of("account"), "person_id": person("ward-1 head"), "version": 1,
            "restriction": "password_change_required", "lacks_second_factor": False,
        }  # fmt: skip

    NEIGHBOURS["directory"].answers = {"directory.verify_credentials": restricted}
    head = limited().signed_in("ward-1 head")
    assert head.call("DELETE", "/sessions/current").status_code == 204
    looked_up = []
    look_up = storage.session_by_token
    monkeypatch.setattr(storage, "session_by_token", lambda tx, token: looked_up.append(token) or look_up(tx, token))
    assert answers(lambda: head.get("/me"), 30) == [401] * 30
    assert 0 < len(looked_up) < 30


def test_what_somebody_is_refused_counts_too(limited):
    head = limited(read=3).signed_in("ward-1 head")
    assert answers(lambda: head.get("/me", headers={"X-Acting-For": id_of("nobody")}), 4) == [403, 403, 403, 429]


def test_signing_in_counts_when_it_is_in_vain(limited):
    client = limited(sign_in=3)
    assert answers(lambda: client.post("/tokens", CREDENTIALS), 6) == [201] * 6
    wrong = CREDENTIALS | {"password": "sai"}
    assert answers(lambda: client.post("/sessions", wrong), 4) == [401, 401, 401, 429]
    assert_problem(client.post("/tokens", CREDENTIALS), 429, "too_many_requests")


def test_signing_in_counts_when_it_is_malformed(limited):
    client = limited(sign_in=4)
    assert answers(lambda: client.post("/sessions", {"username": "ward-1 head"}), 2) == [422] * 2
    broken = {"data": b"{", "headers": {"Content-Type": "application/json"}}
    assert answers(lambda: client.call("POST", "/tokens", **broken), 3) == [400, 400, 429]


def test_one_account_opens_so_many_sessions_and_no_guess_keeps_its_owner_out(limited):
    client = limited(session=3)
    assert answers(lambda: client.post("/tokens", CREDENTIALS | {"password": "sai"}), 5) == [401] * 5
    assert answers(lambda: client.post("/tokens", CREDENTIALS), 2) == [201] * 2
    again = CREDENTIALS | {"username": " Ward-1 HEAD"}  # is the same to directory
    assert client.post("/sessions", CREDENTIALS).status_code == 201
    ANSWERING.clear()
    assert answers(lambda: client.post("/sessions", again), 2) == [429] * 2
    assert ANSWERING == []  # no password was looked at
    client.signed_in("committee vice_chairman")


def test_a_password_without_its_second_factor_counts_where_it_is_used(limited):
    def needs_code(request):
        raise Refused("totp_required")

    NEIGHBOURS["directory"].answers = {"directory.verify_credentials": needs_code}
    client = limited(session=2, trusted_proxies=(ipaddress.ip_network("127.0.0.1"),))

    def come(address: str) -> int:
        return client.post("/tokens", CREDENTIALS, headers={"X-Forwarded-For": address}).status_code

    assert [come("203.0.113.1") for _ in range(3)] == [401, 401, 429]
    assert come("203.0.113.2") == 401


def test_a_machine_with_a_wrong_token_is_a_stranger_too(limited):
    client = limited(unauthenticated=3)
    scim = client.base.removesuffix("/api/v1") + "/scim/v2"
    client.base = scim

    def ask():
        return client.get("/Users", headers={"Authorization": "Bearer x"})

    assert answers(lambda: client.get("/Users"), 4) == [401, 401, 401, 429]
    refused = ask()
    assert refused.headers["Content-Type"] == "application/scim+json" and int(refused.headers["Retry-After"]) >= 1


def test_a_file_counts_once_though_its_sender_is_looked_at_twice(limited):
    head = limited(upload=2).signed_in("ward-1 head")

    def ask():
        sent = {
            "Content-Type": "application/octet-stream", "Content-Disposition": "attachment; filename=a.txt",
            "Idempotency-Key": "a",
        }  # fmt: skip
        return head.call("POST", "/files", data=b"abc", headers=sent)

    assert answers(ask, 3) == [201, 201, 429]


def test_without_its_database_an_instance_counts_alone(limited, monkeypatch):
    client = limited(public=5)

    def away(*_args, **_kwargs):
        raise DatabaseUnavailable("away")

    def alone() -> float:
        return REGISTRY.get_sample_value("congvu_http_limits_alone_total")

    before = alone()
    with monkeypatch.context() as patched:
        patched.setattr(client.container.store, "_begin", away)
        assert answers(lambda: client.get("/openapi.json"), 6) == [200] * 5 + [429]
        until(lambda: alone() > before)
    other = limited(public=5)
    until(lambda: other.get("/openapi.json").status_code == 429)


def test_what_is_refused_is_counted_by_limit(limited):
    def refused(name: str) -> float:
        return REGISTRY.get_sample_value("congvu_http_limited_total", {"limit": name}) or 0

    before, client = refused("public"), limited(public=1)
    answers(lambda: client.get("/openapi.json"), 4)
    assert refused("public") - before == 3


def test_every_route_has_a_limit(gateway):
    from gateway import openapi

    unlimited = [each.operation for each in openapi.entrypoints() if each.meta.limit not in DEFAULTS]
    assert unlimited == []
    assert all(re.fullmatch("[a-z_]+", name) for name in DEFAULTS)
