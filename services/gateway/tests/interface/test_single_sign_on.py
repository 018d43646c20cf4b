"""Signing in by another identity provider: a real flow over HTTP, and everything that can be wrong in it."""

import base64
import hmac
import time
from ipaddress import ip_network
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import eventlet
import orjson
import pytest
import requests
from joserfc import jwt

from chassis.testing import until
from contracts import directory
from gateway.single_sign_on import flow, outbound, provider
from gateway.single_sign_on.settings import ProviderSettings
from gateway.tests.support import PASSWORD, Stream, asked, assert_problem
from kernel.errors import Refused
from tests.support.identity_provider import CLIENT_ID, CLIENT_SECRET, listening, new_key
from tests.support.town import id_of, person

WHO = "ward-1 head"
PUBLIC = "https://congvu.example"
OUR_PATH = "/api/v1/oidc/city/callback"


@pytest.fixture
def city():
    with listening() as found:
        yield found


@pytest.fixture
def doors(gateway, city, monkeypatch):
    """A gateway that offers the city's provider, and more that a test names: `doors(other=provider)`."""
    monkeypatch.setattr(outbound, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(provider, "NEW_KEYS_SECONDS", 0.0)

    def start(second_factor=False, trusted_proxies=(), **others):
        offered = tuple(
            ProviderSettings(name, name.title(), each.issuer, CLIENT_ID, CLIENT_SECRET, second_factor)
            for name, each in ({"city": city} | others).items()
        )
        return gateway(
            secure_cookies=False, providers=offered, public_url=PUBLIC, trusted_proxies=trusted_proxies
        )  # fmt: skip

    return start


class Browser:
    """Follows no redirect by itself; its cookies travel."""

    def __init__(self, client):
        self.http = requests.Session()
        self.base, self.client = client.base, client

    def get(self, path, **kwargs):
        return self.http.get(self.base + path, allow_redirects=False, timeout=15, **kwargs)

    def leave(self, name="city", **query) -> str:
        """The provider's address to which it is sent."""
        answer = self.get(f"/oidc/{name}/start", params=query)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def back(self, address: str, **kwargs):
        """The callback, as the provider's redirect leads to it."""
        parts = urlsplit(address)
        assert parts.scheme + "://" + parts.netloc == PUBLIC
        return self.get(parts.path.removeprefix("/api/v1") + "?" + parts.query, **kwargs)

    def sign_in(self, at, subject=WHO, name="city", **query):
        return self.back(at.sign_in(self.leave(name, **query), subject, session="s-1"))

    def code(self, ticket: str, totp: str):
        form = {"ticket": ticket, "totp": totp}
        return self.http.post(self.base + "/oidc/city/code", data=form, allow_redirects=False, timeout=15)

    def me(self):
        return self.get("/me")

    def live(self) -> Stream:
        answer = self.get("/live", stream=True)
        assert answer.status_code == 200
        self.client.streams.append(Stream(answer))
        return self.client.streams[-1]


@pytest.fixture
def browser(doors):
    return Browser(doors())


def test_a_person_signs_in_and_is_who_the_directory_says(browser, city):
    answer = browser.sign_in(city, return_to="/tasks?box=mine")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/tasks?box=mine")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {x.strip() for x in answer.headers["Set-Cookie"].split(";")}
    assert browser.me().json()["person"]["id"] == person(WHO)
    [(_, request)] = asked("directory.verify_identity")
    assert request == {"issuer": city.issuer, "subject": WHO, "second_factor": False, "totp": None}
    token = browser.me().headers["X-CSRF-Token"]
    ended = browser.http.delete(browser.base + "/sessions/current", headers={"X-CSRF-Token": token}, timeout=5)
    assert ended.status_code == 204
    assert browser.me().status_code == 401


def test_the_way_to_the_provider_asks_for_what_binds_the_answer(browser, city):
    first, second = (dict(parse_qsl(urlsplit(browser.leave()).query)) for _ in range(2))
    assert first["theme"] == "city" and first["redirect_uri"] == PUBLIC + OUR_PATH
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43 and first[name] != second[name]


def test_the_cookie_of_the_way_is_for_this_host_and_no_script(gateway, city):
    offered = (ProviderSettings("city", "City", city.issuer, CLIENT_ID, CLIENT_SECRET),)
    client = gateway(providers=offered, public_url=PUBLIC)
    cookie = client.get("/oidc/city/start", allow_redirects=False).headers["Set-Cookie"]
    assert cookie.startswith("__Host-congvu-signing-in=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}


def test_two_tabs_of_one_browser_do_not_disturb_each_other(browser, city):
    first, second = browser.leave(return_to="/one"), browser.leave(return_to="/two")
    assert browser.back(city.sign_in(first, WHO)).headers["Location"] == "/one"
    assert browser.back(city.sign_in(second, WHO)).headers["Location"] == "/two"


def test_the_answer_counts_only_in_the_browser_that_began_and_only_once(doors, city):
    client = doors()
    victim, thief = Browser(client), Browser(client)
    address = city.sign_in(victim.leave(), WHO)
    assert_problem(thief.back(address), 400, "sign_in_expired")
    thief.leave()
    assert_problem(thief.back(address), 400, "sign_in_expired")
    assert victim.back(address).status_code == 303  # what the thief tried did not spend it
    asked_before = city.asked.count("/token")
    assert_problem(victim.back(address), 400, "sign_in_expired")
    assert city.asked.count("/token") == asked_before


def test_a_state_that_nobody_was_given_or_that_is_too_old_is_refused(browser, here, city, store):
    address = city.sign_in(browser.leave(), WHO)
    assert_problem(browser.back(changed(address, state="x" * 43)), 400, "sign_in_expired")
    with store("gateway").transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE sign_in_attempts SET expires_at = now()")
    assert_problem(browser.back(address), 400, "sign_in_expired")


def test_a_code_that_another_sign_in_was_given_does_not_fit(browser, city):
    """The verifier is the attempt's, so a code that was put into another's answer is refused by the provider."""
    stolen = parse_qs(urlsplit(city.sign_in(browser.leave(), "ward-2 head")).query)["code"][0]
    address = city.sign_in(browser.leave(), WHO)
    assert_problem(browser.back(changed(address, code=stolen)), 400, "sign_in_failed")
    assert_problem(browser.me(), 401, "unauthenticated")


def test_from_one_address_only_so_many_are_under_way(doors, city, monkeypatch):
    monkeypatch.setattr(flow, "UNFINISHED_PER_SOURCE", 2)
    client = doors(trusted_proxies=(ip_network("127.0.0.1"),))
    office, elsewhere = ({"X-Forwarded-For": address} for address in ("192.0.2.1", "192.0.2.2"))
    browser = Browser(client)
    left = [browser.get("/oidc/city/start", headers=office) for _ in range(2)]
    refused = browser.get("/oidc/city/start", headers=office)
    assert_problem(refused, 429, "too_many_attempts")
    assert 0 < int(refused.headers["Retry-After"]) <= flow.ATTEMPT_SECONDS
    assert browser.get("/oidc/city/start", headers=elsewhere).status_code == 303
    me = client.signed_in(WHO)  # whoever is signed in is no stranger
    linking = me.post("/me/identities", {"provider": "city", "password": PASSWORD}, headers=office)
    assert linking.status_code == 201
    assert browser.back(city.sign_in(left[0].headers["Location"], WHO)).status_code == 303
    assert browser.get("/oidc/city/start", headers=office).status_code == 303


def test_nobody_is_sent_to_another_site(browser):
    for path in (
        "https://evil.example", "//evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example", "/ x", "",
        "javascript:x", "evil.example", "/a\r\nSet-Cookie: x=1", "/é", "/a\\b",
    ):  # fmt: skip
        assert_problem(browser.get("/oidc/city/start", params={"return_to": path}), 422, "invalid_request")


def test_an_unknown_subject_is_refused_and_no_account_is_made(browser, city):
    assert_problem(browser.sign_in(city, "stranger"), 403, "unknown_identity")
    assert_problem(browser.me(), 401, "unauthenticated")


def test_a_person_sees_a_page_and_a_program_a_problem(browser, city):
    address = city.sign_in(browser.leave(), "stranger")
    page = browser.back(address, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.headers["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert "Danh tính này chưa được gắn với tài khoản nào" in page.content.decode()
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def owing(neighbours, right: str) -> None:
    """The directory asks for a one-time code, unless it is told that there was a second factor."""

    def checked(request):
        if request["second_factor"] or request["totp"] == right:
            return {
                "account_id": id_of("account"), "person_id": person(WHO), "version": 1, "restriction": None,
                "lacks_second_factor": False,
            }  # fmt: skip
        return Refused("wrong_credentials" if request["totp"] else "totp_required")

    neighbours["directory"].service_cls.answers = {"directory.verify_identity": checked}


def test_where_the_provider_sees_to_a_second_factor_ours_is_not_asked_for(doors, city, neighbours):
    owing(neighbours, "123456")
    assert Browser(doors(second_factor=True)).sign_in(city).status_code == 303


def test_a_code_of_ours_is_asked_for_and_brought_with_a_ticket(doors, city, neighbours):
    owing(neighbours, "123456")
    client = doors()
    browser, thief = Browser(client), Browser(client)
    thief.leave()
    first = assert_problem(browser.sign_in(city, return_to="/home"), 401, "totp_required")["details"]["ticket"]
    assert_problem(browser.me(), 401, "unauthenticated")
    assert_problem(thief.code(first, "123456"), 400, "sign_in_expired")
    assert_problem(browser.get("/oidc/city/callback", params={"state": first, "code": "x"}), 400, "sign_in_expired")
    second = assert_problem(browser.code(first, "000000"), 401, "wrong_credentials")["details"]["ticket"]
    assert_problem(browser.code(first, "123456"), 400, "sign_in_expired")
    answer = browser.code(second, "123456")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/home")
    assert browser.me().json()["person"]["id"] == person(WHO)
    assert_problem(browser.code(second, "123456"), 400, "sign_in_expired")
    assert_problem(browser.code("", ""), 422, "invalid_request")


def test_a_logout_there_counts_for_whoever_still_owes_a_code(doors, city, neighbours):
    owing(neighbours, "123456")
    browser = Browser(doors())
    ticket = browser.sign_in(city).json()["details"]["ticket"]
    assert logout(browser.client, city.logout_token(sid="s-1")).status_code == 200
    assert_problem(browser.code(ticket, "123456"), 400, "sign_in_expired")


def test_a_person_is_shown_where_to_write_his_code(doors, city, neighbours):
    owing(neighbours, "123456")
    browser = Browser(doors())
    page = browser.back(city.sign_in(browser.leave(), WHO), headers={"Accept": "text/html"}).content.decode()
    assert 'action="/api/v1/oidc/city/code"' in page
    ticket = page.partition('name="ticket" value="')[2].partition('"')[0]
    assert browser.code(ticket, "123456").status_code == 303


def test_a_provider_that_refuses(browser):
    for error, status, code in (("access_denied", 403, "sign_in_refused"), ("server_error", 400, "sign_in_failed")):
        state = parse_qs(urlsplit(browser.leave()).query)["state"][0]
        answer = browser.get("/oidc/city/callback", params={"state": state, "error": error, "error_description": "x"})
        assert_problem(answer, status, code)
    state = parse_qs(urlsplit(browser.leave()).query)["state"][0]
    assert_problem(browser.get("/oidc/city/callback", params={"state": state}), 400, "sign_in_failed")


def test_a_provider_that_is_not_offered(browser, client):
    for each in (browser, client):
        assert_problem(each.get("/oidc/nobody/start"), 404, "unknown_provider")
        assert_problem(each.get("/oidc/nobody/callback", params={"state": "x"}), 404, "unknown_provider")
    assert browser.get("/oidc/providers").json()["items"] == [{"id": "city", "title": "City"}]
    assert client.get("/oidc/providers").json()["items"] == []


def test_a_refused_code_brings_nobody_in_whatever_comes_with_it(browser, city):
    address = city.sign_in(browser.leave(), WHO)

    def refusing(request):
        answer = city._token(request)
        answer.status_code = 400
        return answer

    city.answers = {"/token": refusing}
    assert_problem(browser.back(address), 400, "sign_in_failed")


# tokens


def hostile(city) -> dict:
    """Id tokens that must not count: how the provider makes them."""
    now = int(time.time())
    stranger, edwards = new_key("first"), new_key("ed", "Ed25519")
    city.keys.insert(0, edwards)

    def with_claims(**claims):
        return lambda: city.claims.update(claims)

    def signed(sign):
        def change():
            city.sign = sign

        return change

    def encoded(header, key):
        return signed(lambda claims: jwt.encode(header, claims, key, algorithms=["ES256"]))

    def unsigned(claims):
        return by_hand(b'{"alg":"none"}', claims, lambda _: b"")

    def with_secret(secret):
        header = b'{"alg":"HS256","kid":"first"}'
        return signed(lambda claims: by_hand(header, claims, lambda data: hmac.digest(secret, data, "sha256")))

    return {
        "another issuer": with_claims(iss="https://evil.example"),
        "another audience": with_claims(aud="somebody-else"),
        "one of several audiences without azp": with_claims(aud=[CLIENT_ID, "other"]),
        "meant for another party": with_claims(aud=[CLIENT_ID, "other"], azp="other"),
        "no audience": with_claims(aud=None),
        "another nonce": with_claims(nonce="x" * 43),
        "no nonce": with_claims(nonce=None),
        "expired": with_claims(exp=now - 120),
        "no expiry": with_claims(exp=None),
        "an expiry that is no number": with_claims(exp="tomorrow"),
        "not a time": with_claims(iat=True),
        "from the future": with_claims(iat=now + 600),
        "from long ago": with_claims(iat=now - 3600),
        "not yet": with_claims(nbf=now + 600),
        "no subject": with_claims(sub=None),
        "an empty subject": with_claims(sub=""),
        "a subject that is no text": with_claims(sub=7),
        "a subject with a NUL": with_claims(sub="ward-1\0"),
        "a subject that is too long": with_claims(sub="ward-" + "x" * 300),
        "a session that is no text": with_claims(sid=["s-1"]),
        "signed by a stranger under a known name": encoded({"alg": "ES256", "kid": "first"}, stranger),
        "signed by a key that nobody knows": encoded({"alg": "ES256", "kid": "second"}, stranger),
        "with its own key in the header": encoded(
            {"alg": "ES256", "kid": "first", "jwk": stranger.as_dict(private=False)}, stranger
        ),
        "not signed": signed(unsigned),
        "signed with the public key as a secret": with_secret(city.keys[-1].as_pem(private=False)),
        "signed with the client's secret": with_secret(CLIENT_SECRET.encode()),
        "a logout token": encoded({"alg": "ES256", "kid": "first", "typ": "logout+jwt"}, city.keys[-1]),
        "with a critical header that nobody knows": signed(
            lambda claims: by_hand(b'{"alg":"Ed25519","kid":"ed","crit":["x"],"x":1}', claims, edwards.private_key.sign)
        ),
        "no token": signed(lambda claims: ""),
        "three dots": signed(lambda claims: "..."),
        "not an object in the header": signed(lambda claims: "W10.W10.W10"),
        "too long": with_claims(filling="x" * 20_000),
    }  # fmt: skip


def by_hand(header: bytes, claims: dict, sign) -> str:
    """What no library would make."""
    parts = [base64.urlsafe_b64encode(each).rstrip(b"=") for each in (header, orjson.dumps(claims))]
    parts.append(base64.urlsafe_b64encode(sign(b".".join(parts))).rstrip(b"="))
    return b".".join(parts).decode()


def test_tokens_that_must_not_count(browser, city):
    for name, change in hostile(city).items():
        city.claims, city.sign = {}, None
        change()
        answer = browser.sign_in(city)
        assert (answer.status_code, answer.json()["code"]) == (400, "sign_in_failed"), name
        assert browser.me().status_code == 401, name
    assert asked("directory.verify_identity") == []
    city.claims, city.sign = {"aud": [CLIENT_ID, "other"], "azp": CLIENT_ID, "iat": int(time.time()) + 30}, None
    assert browser.sign_in(city).status_code == 303  # the clocks differ a little
    edwards = city.keys[0]
    city.sign = lambda claims: by_hand(b'{"alg":"Ed25519","kid":"ed","x":1}', claims, edwards.private_key.sign)
    assert browser.sign_in(city).status_code == 303  # a header that is not critical may say anything


def test_keys_are_changed_while_people_sign_in(browser, city, monkeypatch):
    assert browser.sign_in(city).status_code == 303
    city.keys = [new_key("second")]
    assert browser.sign_in(city).status_code == 303
    city.keys = [new_key("third", "RS256")]
    assert browser.sign_in(city).status_code == 303
    city.keys.append(new_key("fourth", "Ed25519"))
    assert browser.sign_in(city).status_code == 303


def test_unknown_keys_do_not_make_us_ask_for_ever(browser, city, monkeypatch):
    monkeypatch.setattr(provider, "NEW_KEYS_SECONDS", 30.0)
    assert browser.sign_in(city).status_code == 303
    before = city.asked.count("/jwks")
    stranger = new_key("stranger")
    city.sign = lambda claims: jwt.encode({"alg": "ES256", "kid": "stranger"}, claims, stranger)
    for _ in range(3):
        assert_problem(browser.sign_in(city), 400, "sign_in_failed")
    assert city.asked.count("/jwks") == before


def test_two_providers_are_not_mixed_up(doors, city):
    with listening() as other:
        browser = Browser(doors(other=other))
        address = city.sign_in(browser.leave("city"), WHO)
        assert_problem(browser.back(address.replace("/city/", "/other/")), 400, "sign_in_expired")
        assert_problem(browser.back(changed(address, iss=other.issuer)), 400, "sign_in_failed")
        other.keys = city.keys  # even one that has the other's keys does not speak for its people
        other.claims = {"iss": city.issuer}
        assert_problem(browser.sign_in(other, name="other"), 400, "sign_in_failed")
        other.claims = {}
        assert browser.sign_in(other, name="other").status_code == 303
        assert [request["issuer"] for _, request in asked("directory.verify_identity")] == [other.issuer]


def test_a_provider_that_names_itself_in_answers_must_do_so(browser, city):
    city.metadata = {"authorization_response_iss_parameter_supported": True}
    address = city.sign_in(browser.leave(), WHO)
    assert_problem(browser.back(changed(address, iss=None)), 400, "sign_in_failed")


# the provider is not well


def test_a_provider_that_hangs_takes_its_share_of_the_places_only(doors, city, monkeypatch):
    monkeypatch.setattr(outbound, "SECONDS", 3.0)
    monkeypatch.setattr(outbound, "AT_ONCE", 2)
    monkeypatch.setattr(outbound, "WAIT_SECONDS", 0.1)
    client = doors()
    browsers = [Browser(client) for _ in range(12)]
    addresses = [city.sign_in(each.leave(), WHO) for each in browsers]
    city.answers = {"/token": lambda _request: eventlet.sleep(30)}
    waiting = [eventlet.spawn(each.back, address) for each, address in zip(browsers, addresses, strict=True)]
    eventlet.sleep(0.3)
    began = time.monotonic()
    assert client.post("/tokens", {"username": WHO, "password": PASSWORD}).status_code == 201
    assert time.monotonic() - began < 2.5  # before the provider's time is over
    for each in waiting:
        assert_problem(each.wait(), 503, "provider_unavailable")


def test_while_the_directory_is_down_nobody_is_let_in(browser, city, neighbours):
    address = city.sign_in(browser.leave(), WHO)
    neighbours["directory"].stop()
    assert browser.back(address).status_code == 503
    assert browser.me().status_code in (401, 503)


def test_eight_at_a_time(doors, city):
    client = doors()

    def one(number):
        browser = Browser(client)
        answers = [browser.sign_in(city, f"ward-{number} head").status_code for _ in range(3)]
        return answers, browser.me().json()["person"]["id"]

    threads = [eventlet.spawn(one, number) for number in range(8)]
    assert [thread.wait() for thread in threads] == [([303] * 3, person(f"ward-{n} head")) for n in range(8)]
    assert city.asked.count("/.well-known/openid-configuration") == 1  # one asks, the others wait for it


# signing out


def logout(client, token, name="city"):
    return client.call("POST", f"/oidc/{name}/backchannel-logout", data={"logout_token": token})


def test_the_providers_session_ends_ours_and_its_stream(doors, city):
    client = doors()
    browser, other, local = Browser(client), Browser(client), client.signed_in(WHO)
    browser.sign_in(city)
    other.back(city.sign_in(other.leave(), WHO, session="s-2"))
    stream = browser.live()
    answer = logout(client, city.logout_token(sid="s-1", sub=WHO))
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    until(lambda: browser.me().status_code == 401 and stream.ended, 5)
    assert other.me().status_code == 200 and local.get("/me").status_code == 200
    assert logout(client, city.logout_token(sub=WHO)).status_code == 200
    until(lambda: other.me().status_code == 401, 5)
    assert local.get("/me").status_code == 200


def test_a_provider_signs_out_nobody_but_its_own(doors, city):
    with listening() as other:
        browser = Browser(doors(other=other))
        browser.sign_in(city)
        assert logout(browser.client, other.logout_token(sid="s-1", sub=WHO), "other").status_code == 200
        assert logout(browser.client, other.logout_token(sub=WHO), "other").status_code == 200
        assert browser.me().status_code == 200


def test_a_logout_in_one_process_ends_the_stream_of_another(doors, city):
    one, elsewhere = doors(), doors()
    browser = Browser(one)
    browser.sign_in(city)
    stream = browser.live()
    assert logout(elsewhere, city.logout_token(sid="s-1")).status_code == 200
    until(lambda: browser.me().status_code == 401 and stream.ended, 5)


def test_logout_tokens_that_must_not_count(doors, city):
    client = doors()
    browser = Browser(client)
    browser.sign_in(city)
    now, wrong = int(time.time()), {"sub": WHO}
    key = city.keys[0]
    tokens = {
        "no session and nobody": city.logout_token(),
        "no events": city.logout_token(**wrong, events=None),
        "another event": city.logout_token(**wrong, events={"x": {}}),
        "an event that is no object": city.logout_token(
            **wrong, events={"http://schemas.openid.net/event/backchannel-logout": 1}
        ),
        "a nonce": city.logout_token(**wrong, nonce="x"),
        "no id": city.logout_token(**wrong, jti=None),
        "an id that is too long": city.logout_token(**wrong, jti="x" * 300),
        "no time": city.logout_token(**wrong, iat=None),
        "no expiry": city.logout_token(**wrong, exp=None),
        "expired": city.logout_token(**wrong, exp=now - 120),
        "kept back": city.logout_token(**wrong, iat=now - 3600),
        "another issuer": city.logout_token(**wrong, iss="https://evil.example"),
        "another audience": city.logout_token(**wrong, aud="other"),
        "an id token": city.id_token({"sub": WHO, "sid": "s-1", "nonce": "x"}),
        "an id token's kind": jwt.encode(
            {"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}, jwt.decode(city.logout_token(**wrong), key).claims, key
        ),
        "a stranger's": jwt.encode({"alg": "ES256", "kid": key.kid}, {"sub": WHO}, new_key("x")),
        "nothing": "",
    }
    for name, token in tokens.items():
        answer = logout(client, token)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_logout_token"), name
    twice = f"logout_token={city.logout_token(**wrong)}&logout_token=b".encode()
    for body in (b"", b"logout_token", b"\xff", twice, b"&".join([b"x=1"] * 20)):
        answer = client.call(
            "POST", "/oidc/city/backchannel-logout", data=body,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
        assert_problem(answer, 400, "invalid_logout_token")
    assert_problem(client.post("/oidc/city/backchannel-logout", {"logout_token": "x"}), 415, "unsupported_media_type")
    assert browser.me().status_code == 200


def test_a_logout_token_counts_once(doors, city):
    client = doors()
    token = city.logout_token(sub=WHO)
    assert logout(client, token).status_code == 200
    browser = Browser(client)
    eventlet.sleep(1.1)  # a sign-in after it, by the provider's clock
    browser.sign_in(city)
    assert_problem(logout(client, token), 400, "invalid_logout_token")
    assert browser.me().status_code == 200


def test_a_logout_that_overtakes_the_sign_in_is_not_lost(doors, city):
    client = doors()
    browser = Browser(client)
    address = city.sign_in(browser.leave(), WHO, session="s-9")
    assert logout(client, city.logout_token(sid="s-9")).status_code == 200
    assert_problem(browser.back(address), 400, "sign_in_expired")
    assert browser.sign_in(city).status_code == 303  # another session of the same person


def test_an_identity_that_is_taken_away_ends_what_it_opened(doors, city, tell):
    client = doors()
    browser, local = Browser(client), client.signed_in(WHO)
    browser.sign_in(city)
    stream = browser.live()
    for _ in range(2):
        tell(directory.identity_removed, {"issuer": city.issuer, "subject": WHO})
    until(lambda: browser.me().status_code == 401 and stream.ended, 5)
    assert local.get("/me").status_code == 200


def test_signing_out_here_and_there(browser, city):
    browser.sign_in(city)
    token = browser.me().headers["X-CSRF-Token"]
    address = browser.base + "/oidc/city/logout"
    assert_problem(browser.http.post(address, timeout=5), 403, "csrf_token_invalid")
    away = browser.http.post(address, params={"return_to": ".evil.example"}, headers={"X-CSRF-Token": token}, timeout=5)
    assert_problem(away, 422, "invalid_request")
    answer = browser.http.post(address, params={"return_to": "/bye"}, headers={"X-CSRF-Token": token}, timeout=5)
    asked_for = dict(parse_qsl(urlsplit(answer.json()["url"]).query))
    assert asked_for == {"client_id": CLIENT_ID, "post_logout_redirect_uri": PUBLIC + "/bye"}
    assert browser.me().status_code == 401


# linking one's own account


def test_a_signed_in_person_links_the_identity_that_he_shows(doors, city):
    client = doors()
    me, browser = client.signed_in(WHO), Browser(client)
    begun = me.post("/me/identities", {"provider": "city", "password": PASSWORD, "return_to": "/settings"})
    assert begun.status_code == 201
    browser.http.cookies.update(begun.cookies)
    assert dict(parse_qsl(urlsplit(begun.json()["url"]).query))["prompt"] == "login"
    answer = browser.back(city.sign_in(begun.json()["url"], "s-17"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings")
    assert "Set-Cookie" not in answer.headers  # nobody was signed in by it
    [(claims, request)] = asked("directory.link_identity")
    assert claims["sub"] == person(WHO) and request == {"issuer": city.issuer, "subject": "s-17"}
    assert asked("directory.verify_identity") == []


def test_whoever_signed_out_meanwhile_links_nothing(doors, city):
    client = doors()
    me, browser = client.signed_in(WHO), Browser(client)
    begun = me.post("/me/identities", {"provider": "city", "password": PASSWORD})
    browser.http.cookies.update(begun.cookies)
    me.call("DELETE", "/sessions/current")
    assert_problem(browser.back(city.sign_in(begun.json()["url"], "s-17")), 401, "unauthenticated")
    assert asked("directory.link_identity") == []


def test_linking_needs_a_fresh_sign_in_and_a_known_provider(doors, store):
    me = doors().signed_in(WHO)
    assert_problem(me.post("/me/identities", {"provider": "nobody", "password": PASSWORD}), 404, "unknown_provider")
    away = {"provider": "city", "return_to": "//evil.example"}
    assert_problem(me.post("/me/identities", away), 422, "invalid_request")
    for password in ({}, {"password": "wrong"}):
        assert_problem(me.post("/me/identities", {"provider": "city"} | password), 403, "wrong_password")
    with store("gateway").transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE sessions SET created_at = created_at - interval '16 minutes'")
    eventlet.sleep(2.1)
    assert_problem(me.post("/me/identities", {"provider": "city", "password": PASSWORD}), 403, "fresh_sign_in_required")


def test_ones_own_identities_and_those_that_an_administrator_feeds(doors, city, neighbours):
    me = doors().signed_in(WHO)
    entry = {"id": id_of("identity"), "issuer": city.issuer, "linked_at": "2026-11-23T08:30:00+07:00"}
    foreign = entry | {"issuer": "https://gone.example"}
    neighbours["directory"].service_cls.answers = {"directory.list_identities": {"items": [entry, foreign]}}
    assert [each["provider"] for each in me.get("/me/identities").json()["items"]] == ["city", None]
    assert me.call("DELETE", f"/me/identities/{entry['id']}").status_code == 204
    path = f"/people/{person('ward-2 head')}/identities/city"
    assert me.call("PUT", path, json={"subject": "s-2"}).json()["provider"] == "city"
    assert me.call("DELETE", path).status_code == 204
    fed = {"person_id": person("ward-2 head"), "issuer": city.issuer}
    assert [request for _, request in asked("directory.feed_identity")] == [fed | {"subject": "s-2"}]
    assert [request for _, request in asked("directory.remove_identity")] == [fed]
    assert_problem(me.call("DELETE", path.replace("city", "nobody")), 404, "unknown_provider")


def changed(address: str, **changes) -> str:
    """A callback's address with other parameters; None takes one away."""
    parts = urlsplit(address)
    query = {name: value for name, value in (dict(parse_qsl(parts.query)) | changes).items() if value is not None}
    return parts._replace(query=urlencode(query)).geturl()
