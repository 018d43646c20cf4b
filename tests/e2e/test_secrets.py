"""Promise S13, of what runs: no secret in a log or on a command line, and in an environment only the process's own."""

import os
import stat
from pathlib import Path
from urllib.parse import unquote, urlsplit

import orjson
import pyotp
import pytest
import requests

from chassis.testing import until
from contracts.catalogue import SERVICES
from tests.support.client import Client
from tests.support.scim import join, leave

NEW = "một mật khẩu rất riêng của bài thử"


@pytest.fixture(scope="module")
def of_operators(platform) -> dict[str, str]:
    """Passwords of the databases and the broker, by whose they are, and the keys."""
    found = {}
    for kind in ("databases", "owners", "brokers"):
        for name, address in platform.addresses[kind].items():
            found[f"{kind} {name}"] = unquote(urlsplit(address).password)
    keys = Path(platform.addresses["keys"])
    for file in keys.iterdir():
        if file.name.endswith(".json") and "d" in (key := orjson.loads(file.read_bytes())):
            found[f"key {file.stem}"] = key["d"]
    found["sealing"] = (keys / "sealing.keys").read_text().split()[0]
    assert all(len(secret) >= 12 for secret in found.values())
    return found


@pytest.fixture(scope="module")
def of_people(platform) -> dict[str, str]:
    """What passes through the platform when somebody signs in by every way there is, at the right place and wherever it
    may be put by mistake.
    """
    account = platform.account("official")
    client = Client(platform.base_url)
    credentials = {"username": account["username"], "password": account["password"]}
    token = client.token = client.request("POST", "/tokens", json=credentials).json()["token"]
    client.request("POST", "/tokens", json=credentials | {"password": NEW})
    browser = requests.post(f"{platform.base_url}/api/v1/sessions", json=credentials, timeout=30)
    cookie = browser.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    feed = client.post("/calendar-feed").json()["url"]
    assert requests.get(feed, timeout=30).status_code == 200
    totp = client.post("/me/totp", {"password": account["password"]}).json()["secret"]
    code = pyotp.TOTP(totp).at(0)
    scim = join(platform, "secrets")
    assert scim.ask("GET", "/Users").status_code == 200
    found = {
        "token": token, "cookie": cookie, "CSRF token": browser.json()["csrf_token"], "password": account["password"],
        "wrong password": NEW, "TOTP secret": totp, "feed": feed.partition("token=")[2], "SCIM token": scim.token,
    }  # fmt: skip
    client.post("/me/totp/confirm", {"code": code})
    client.post("/me/password", {"password": NEW, "new_password": account["password"] + NEW})
    for secret in found.values():
        client.get(f"/{secret}")
        client.get("/me", params={"token": secret})
        client.post("/tasks", {"title": secret, secret[:40]: 1})
        client.post("/tokens", {"username": secret, "password": secret})
        client.get("/me", headers={"X-Acting-For": secret.encode(), "traceparent": secret.encode()})
        requests.get(f"{platform.base_url}/scim/v2/Users/{secret}", auth=("x", secret.encode()), timeout=30)
        requests.post(
            f"{platform.base_url}/api/v1/oidc/city/backchannel-logout", data={"logout_token": secret}, timeout=30
        )
    client.request("DELETE", "/calendar-feed")
    last = client.get("/me").headers["X-Request-Id"]
    until(lambda: last in (platform.log / "gateway.log").read_text())  # what was said until then is in the logs
    leave(platform, "secrets")
    return found


def test_no_log_holds_a_secret(platform, of_people, of_operators):
    logs = {file.name: file.read_bytes() for file in platform.log.iterdir() if file.is_file()}
    assert {f"{service}.log" for service in SERVICES} <= logs.keys()
    for name, content in logs.items():
        for what, secret in (of_people | of_operators).items():
            for written in (secret, secret.encode().decode("latin-1"), requests.utils.quote(secret)):
                assert written.encode() not in content, f"{what} in {name}"


def test_no_command_line_holds_a_secret(of_people, of_operators):
    lines = {}
    for process in Path("/proc").iterdir():
        try:
            lines[process.name] = (process / "cmdline").read_bytes() if process.name.isdigit() else b""
        except OSError:
            continue  # it has ended
    assert any(b"chassis.launch" in line for line in lines.values())
    for what, secret in (of_people | of_operators).items():
        assert [line for line in lines.values() if secret.encode() in line] == [], what


def test_an_environment_holds_what_its_own_process_needs(platform, of_people, of_operators):
    for service in SERVICES:
        place = Path(f"/proc/{platform.pid(service)}/environ")
        assert stat.S_IMODE(place.stat().st_mode) == 0o400 and place.stat().st_uid == os.geteuid()
        environment = place.read_bytes()
        held = {what for what, secret in (of_people | of_operators).items() if secret.encode() in environment}
        assert held == {f"databases {service}", f"brokers {service}"}


def test_what_is_secret_in_files_is_for_their_owner_alone(platform):
    keys = Path(platform.addresses["keys"])
    secret = [each for each in keys.iterdir() if each.name != "trusted.json"]
    assert len(secret) > len(SERVICES)
    for file in (*secret, platform.log.parent / "accounts.json", platform.log.parent / "run.json"):
        assert not file.exists() or stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file.name
