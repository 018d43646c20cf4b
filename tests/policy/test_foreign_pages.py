"""Promise S9: no page of another site makes a browser that is signed in here change anything."""

import pytest
import requests

from gateway import openapi
from gateway.auth import SAFE_METHODS
from gateway.examples import EXAMPLES
from gateway.routes import BASE
from tests.policy.scene import NOBODY

CHANGING = [each for each in openapi.entrypoints() if each.method not in SAFE_METHODS]
BY_COOKIE = [each for each in CHANGING if each.meta.signed_in]
# What needs no session asks for something else that no other page has.
OTHERWISE = [each for each in CHANGING if not each.meta.signed_in]


@pytest.fixture(scope="module")
def browsers(platform) -> list[tuple[dict, str]]:
    """Two people's: the headers that say who it is, and the token that goes with it."""
    found = []
    for role in ("unit_head", "official"):
        account = platform.account(role)
        body = {"username": account["username"], "password": account["password"]}
        answer = requests.post(f"{platform.base_url}{BASE}/sessions", json=body, timeout=30)
        assert answer.status_code == 201, answer.text
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        found.append(({"Cookie": cookie}, answer.json()["csrf_token"]))
    return found


def ask(platform, entrypoint, headers: dict) -> requests.Response:
    """The route's own example, about nothing that there is."""
    path = entrypoint.path.replace("<int:year>", "2027").replace("<int:number>", "1")
    body = EXAMPLES.get(entrypoint.operation, {}).get("body")
    usual = {"If-Match": "*", "Idempotency-Key": "from-elsewhere"}
    address = platform.base_url + openapi._PARAMETER.sub(NOBODY, path)
    return requests.request(entrypoint.method, address, json=body, headers=usual | headers, timeout=30)


@pytest.mark.parametrize("entrypoint", BY_COOKIE, ids=lambda each: each.operation)
def test_a_page_of_another_site_changes_nothing(platform, browsers, entrypoint):
    (victim, token), (_, of_another) = browsers
    with_token = victim | {"X-CSRF-Token": token}
    here = platform.base_url
    forged = [
        ({}, "csrf_token_invalid"),
        ({"X-CSRF-Token": ""}, "csrf_token_invalid"),
        ({"X-CSRF-Token": "0" * 64}, "csrf_token_invalid"),
        ({"X-CSRF-Token": of_another}, "csrf_token_invalid"),
        ({"X-CSRF-Token": token.upper()}, "csrf_token_invalid"),
        ({"Origin": here, "Sec-Fetch-Site": "same-origin"}, "csrf_token_invalid"),
        (with_token | {"Origin": "https://evil.example"}, "foreign_origin"),
        (with_token | {"Origin": f"{here}.evil.example"}, "foreign_origin"),
        (with_token | {"Origin": f"{here}1"}, "foreign_origin"),
        (with_token | {"Origin": "null"}, "foreign_origin"),
        (with_token | {"Origin": ""}, "foreign_origin"),
        (with_token | {"Sec-Fetch-Site": "cross-site"}, "foreign_origin"),
        (with_token | {"Sec-Fetch-Site": "same-site"}, "foreign_origin"),
        (with_token | {"Origin": here, "Sec-Fetch-Site": "cross-site"}, "foreign_origin"),
    ]
    for headers, code in forged:
        answer = ask(platform, entrypoint, victim | headers)
        assert (answer.status_code, answer.json().get("code")) == (403, code), headers


@pytest.mark.parametrize("entrypoint", OTHERWISE, ids=lambda each: each.operation)
def test_where_no_session_is_asked_for_a_cookie_opens_nothing(platform, browsers, entrypoint):
    (victim, _), _ = browsers
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = ask(platform, entrypoint, victim | headers)
        assert 400 <= answer.status_code < 500, answer.text
        assert "Set-Cookie" not in answer.headers


def test_the_same_browser_on_a_page_of_ours_does_change_something(platform, browsers):
    """Else everything above would be refused for some other reason. Both are still signed in."""
    for victim, token in browsers:
        headers = victim | {"X-CSRF-Token": token, "Origin": platform.base_url, "If-Match": "*"}
        address = f"{platform.base_url}{BASE}/notification-settings"
        answer = requests.patch(address, json={"digest": True}, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text


def test_a_link_changes_nothing(platform, browsers):
    """Whoever follows one from elsewhere brings no cookie (Strict), and what it leads to only reads."""
    reading = [each for each in openapi.entrypoints() if each.method in SAFE_METHODS]
    assert not [each.operation for each in reading if each.body or each.meta.idempotency_key or each.meta.if_match]


def test_a_machines_door_takes_no_cookie(platform, browsers):
    (victim, token), _ = browsers
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        headers = victim | {"X-CSRF-Token": token}
        answer = requests.request(method, f"{platform.base_url}/scim/v2/Users/x", headers=headers, timeout=30)
        assert answer.status_code == 401
