"""Promise S10: ten guesses for an account, whatever is guessed and from wherever, and its owner goes on."""

import pyotp
import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.support.client import Client


class Elsewhere(HTTPAdapter):
    """All of 127.0.0.0/8 is this machine: a client may come from any of it."""

    def __init__(self, address: str):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, source_address=(self.address, 0), **kwargs)


def at(platform, address: str) -> Client:
    session = requests.Session()
    session.mount("http://", Elsewhere(address))
    return Client(platform.base_url, session=session)


@pytest.fixture
def usernames(person, ward) -> list[str]:
    """Of officials of the ward who serve no other test."""
    clerk = person("unit_clerk")
    found = clerk.get("/people", params={"unit_id": ward, "post": "official", "limit": 50}).json()["items"]
    accounts = [clerk.get(f"/people/{entry['id']}/account").json() for entry in found[-6:]]
    return [account["username"] for account in accounts if account["username"].startswith("nv")]


def sign_in(client: Client, username: str, password: str, totp: str | None = None) -> tuple[int, str | None]:
    answer = client.request("POST", "/tokens", json={"username": username, "password": password, "totp": totp})
    if answer.status_code == 429:
        assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60
    client.token = answer.json().get("token")
    return answer.status_code, answer.json().get("code")


def test_strangers_have_ten_guesses_together_and_the_owner_is_not_locked_out(platform, usernames):
    username, password = usernames[0], platform.account("official")["password"]
    owner = at(platform, "127.0.0.1")
    assert sign_in(owner, username, password) == (201, None)
    guesses = [sign_in(at(platform, f"127.0.1.{number}"), username, f"đoán {number}") for number in range(1, 13)]
    assert guesses == [(401, "wrong_credentials")] * 10 + [(429, "too_many_attempts")] * 2
    assert sign_in(at(platform, "127.0.1.99"), username, password) == (429, "too_many_attempts")
    assert sign_in(owner, username, password) == (201, None)


def test_codes_are_guesses_too(platform, usernames):
    username, password = usernames[1], platform.account("official")["password"]
    owner = at(platform, "127.0.0.1")
    assert sign_in(owner, username, password) == (201, None)
    secret = owner.post("/me/totp", {"password": password}).json()["secret"]
    code = pyotp.TOTP(secret).now()
    recovery = owner.post("/me/totp/confirm", {"code": code}).json()["recovery_codes"]
    wrong = [sign_in(at(platform, f"127.0.2.{number}"), username, password, f"{number:06}") for number in range(1, 12)]
    assert wrong == [(401, "wrong_credentials")] * 10 + [(429, "too_many_attempts")]
    assert sign_in(at(platform, "127.0.2.99"), username, password, recovery[0]) == (429, "too_many_attempts")
    assert sign_in(owner, username, password, recovery[0]) == (201, None)


def test_the_present_password_is_guessed_ten_times_in_an_open_session(platform, usernames):
    """By whoever finds it open; the owner, elsewhere, signs in."""
    username, password = usernames[2], platform.account("official")["password"]
    found_open, owner = at(platform, "127.0.0.1"), at(platform, "127.0.3.1")
    assert sign_in(found_open, username, password) == (201, None)
    changes = [
        found_open.post("/me/password", {"password": f"đoán {number}", "new_password": "bốn con trâu qua cầu khỉ"})
        for number in range(11)
    ]
    codes = [answer.json()["code"] for answer in changes]
    assert codes == ["wrong_password"] * 10 + ["too_many_attempts"]
    assert found_open.post("/me/totp", {"password": password}).json()["code"] == "too_many_attempts"
    assert sign_in(owner, username, password) == (201, None)
