"""Local accounts, bearer tokens, browser sessions, and their end."""

import time

import pytest
import requests

from chassis.testing import until
from tests.support.client import Client, sign_in

ROLES = (
    "chairman", "vice_chairman", "chief_of_office", "office_clerk", "department_head", "unit_head", "unit_clerk",
    "official", "administrator", "auditor",
)  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_each_demo_account_signs_in_and_is_who_it_says(person, role):
    me = person(role).get("/me").json()
    assert me["person"]["name"]
    assert sum(m["primary"] for m in me["memberships"]) == 1
    assert all(m["title"] and m["unit_id"] and m["post_id"] for m in me["memberships"])


def test_the_ward_roles_belong_to_one_ward(person):
    units = set()
    for role in ("unit_head", "unit_clerk", "official"):
        entries = person(role).get("/me").json()["memberships"]
        unit = person(role).get(f"/units/{entries[0]['unit_id']}").json()
        units.add(unit["id"] if unit["kind"] == "ward" else unit["parent_id"])
    assert len(units) == 1


def test_wrong_credentials_all_look_alike(platform):
    account = platform.account("official")
    answers = [
        Client(platform.base_url).request("POST", "/tokens", json={"username": name, "password": word})
        for name, word in ((account["username"], "wrong"), ("nobody-at-all", account["password"]))
    ]
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(401, "wrong_credentials")}


def test_the_administrator_needs_his_second_factor(platform):
    account = platform.account("administrator")
    assert account["totp_secret"]
    body = {"username": account["username"], "password": account["password"]}
    answer = Client(platform.base_url).request("POST", "/tokens", json=body)
    assert (answer.status_code, answer.json()["code"]) == (401, "totp_required")


def test_signing_out_ends_the_session_and_its_stream(platform):
    client = sign_in(platform.base_url, platform.account("official"))
    stream = client.live()
    until(lambda: stream.named("hello"))
    assert client.request("DELETE", "/sessions/current").status_code == 204
    assert client.get("/me").status_code == 401
    began = time.monotonic()
    until(lambda: stream.ended, 6)
    assert time.monotonic() - began <= 5


def test_a_browser_session_needs_its_csrf_token_on_writes(platform):
    account = platform.account("official")
    body = {"username": account["username"], "password": account["password"]}
    answer = requests.post(f"{platform.base_url}/api/v1/sessions", json=body, timeout=10)
    assert answer.status_code == 201, answer.text
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-")
    for word in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
        assert word in cookie
    headers = {"Cookie": cookie.split(";")[0]}
    assert requests.get(f"{platform.base_url}/api/v1/me", headers=headers, timeout=10).status_code == 200
    end = f"{platform.base_url}/api/v1/sessions/current"
    refused = requests.delete(end, headers=headers, timeout=10)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_token_invalid")
    headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    assert requests.delete(end, headers=headers, timeout=10).status_code == 204


def test_people_are_found_without_diacritics(person):
    official = person("official")
    name = official.get("/me").json()["person"]["name"]
    import unicodedata

    plain = unicodedata.normalize("NFD", name.replace("Đ", "D").replace("đ", "d"))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    unit = official.get("/me").json()["memberships"][0]["unit_id"]
    for q in (plain, name, " ".join(reversed(plain.split()))):
        found = official.get("/people", params={"q": q, "unit_id": unit}).json()["items"]
        assert name in [entry["name"] for entry in found], q
    assert official.get("/people", params={"q": "n"}).status_code == 422


def test_units_and_their_heads(person):
    client = person("official")
    by_kind = {}
    for kind in ("office", "department", "ward", "commune", "special_zone"):
        page = client.get("/units", params={"kind": kind, "limit": 200}).json()
        assert page["next_cursor"] is None
        by_kind[kind] = len(page["items"])
    assert by_kind == {"office": 1, "department": 15, "ward": 113, "commune": 54, "special_zone": 1}
    ward = client.get("/units", params={"q": "Thủ Dầu Một"}).json()["items"][0]
    detail = client.get(f"/units/{ward['id']}").json()
    assert (detail["code"], detail["full_name"]) == ("25747", "Phường Thủ Dầu Một")
    assert detail["head"]["name"]
    assert len(detail["divisions"]) >= 3
    audiences = {a["name"]: a["unit_count"] for a in client.get("/audiences").json()["items"]}
    assert audiences["all-units"] == 184
