"""Accounts over HTTP, from the desk to the second factor; what ends sessions, streams included; several posts."""

import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime

import pyotp
import pytest
import sqlalchemy as sa

from chassis.database import Store
from chassis.testing import until
from contracts import directory
from directory.use_cases.facts import record_facts
from kernel.working_time import today
from tests.support.client import Client

NEW = "bốn con trâu qua cầu khỉ"
ANY = {"If-Match": "*"}
LAST_DENIED = "SELECT actor FROM audit_log WHERE action = 'denied' ORDER BY number DESC LIMIT 1"


@pytest.fixture
def officials(person, ward):
    """People of the ward who serve no other test: ids and user names."""
    found = person("unit_clerk").get("/people", params={"unit_id": ward, "post": "official", "limit": 10}).json()
    ids = [entry["id"] for entry in found["items"]]
    accounts = [person("unit_clerk").get(f"/people/{each}/account").json() for each in ids]
    return [account for account in accounts if account["username"].startswith("nv")]


def signed_in(platform, username, password, totp=None) -> tuple[Client, dict]:
    client = Client(platform.base_url)
    body = {"username": username, "password": password, "totp": totp}
    answer = client.request("POST", "/tokens", json=body)
    assert answer.status_code == 201, answer.text
    client.token = answer.json()["token"]
    return client, answer.json()


def store_of(platform) -> Store:
    return Store(platform.addresses["databases"]["directory"], pool_size=1)


def codes(*answers) -> list[str | None]:
    return [answer.json().get("code") for answer in answers]


def test_from_the_desk_to_a_password_of_ones_own(platform, person, officials):
    clerk, head, official = person("unit_clerk"), person("unit_head"), officials[0]
    before, _ = signed_in(platform, official["username"], platform.account("official")["password"])
    asked = clerk.post("/account-recoveries", {"person_id": official["person_id"], "kind": "password", "reason": "Mất"})
    assert asked.status_code == 201, asked.text
    confirming = f"/account-recoveries/{asked.json()['id']}/confirm"
    assert codes(clerk.post(confirming)) == ["second_official_needed"]
    waiting = head.get("/account-recoveries").json()["items"]
    assert asked.json()["id"] in [each["id"] for each in waiting]
    key = {"Idempotency-Key": "xac-nhan-1"}
    drawn = head.request("POST", confirming, headers=key).json()["one_time_password"]
    assert head.request("POST", confirming, headers=key).json()["one_time_password"] == drawn
    until(lambda: before.get("/me").status_code == 401, 5)

    client, opened = signed_in(platform, official["username"], drawn)
    assert opened["restriction"] == client.get("/me").json()["restriction"] == "password_change_required"
    refused = [client.get("/units"), client.get("/home"), client.get("/live"), client.get("/sessions")]
    assert codes(*refused) == ["password_change_required"] * 4
    weak = client.post("/me/password", {"password": drawn, "new_password": "congvu-2026-tphcm"})
    assert (weak.status_code, weak.json()["code"]) == (422, "password_contextual")
    changed = client.post("/me/password", {"password": drawn, "new_password": NEW})
    assert changed.json() == {"restriction": None}, changed.text
    assert client.get("/units").status_code == 200
    time.sleep(1)  # the event that ends the other sessions has come: this one stays
    assert client.get("/units").status_code == 200
    signed_in(platform, official["username"], NEW)


def test_a_second_factor_from_its_setting_up_to_a_recovery_code(platform, officials):
    username, password = officials[1]["username"], platform.account("official")["password"]
    client, _ = signed_in(platform, username, password)
    begun = client.post("/me/totp", {"password": password}).json()
    assert begun["otpauth_uri"].startswith("otpauth://totp/")
    done = client.post("/me/totp/confirm", {"code": pyotp.TOTP(begun["secret"]).now()}).json()
    assert len(done["recovery_codes"]) == 10
    body = {"username": username, "password": password}
    without = Client(platform.base_url).request("POST", "/tokens", json=body)
    assert (without.status_code, without.json()["code"]) == (401, "totp_required")
    again, _ = signed_in(platform, username, password, done["recovery_codes"][0])
    assert again.get("/me/account").json()["recovery_codes_left"] == 9


def test_a_revoked_account_is_out_within_five_seconds_with_its_stream(platform, person, officials):
    official, password = officials[2], platform.account("official")["password"]
    client, _ = signed_in(platform, official["username"], password)
    stream = client.live()
    until(lambda: stream.named("hello"))
    began = time.monotonic()
    revoked = person("unit_head").post(f"/accounts/{official['id']}/revoke", headers=ANY)
    assert revoked.json()["state"] == "revoked", revoked.text
    until(lambda: stream.ended and client.get("/me").status_code == 401, 6)
    assert time.monotonic() - began <= 5
    restored = person("unit_head").post(f"/accounts/{official['id']}/restore", headers={"If-Match": '"2"'})
    assert restored.json()["state"] == "active", restored.text
    signed_in(platform, official["username"], password)


def test_whoever_leaves_his_last_post_is_out_within_five_seconds(platform, officials):
    official, password = officials[3], platform.account("official")["password"]
    client, _ = signed_in(platform, official["username"], password)
    stream = client.live()
    until(lambda: stream.named("hello"))
    began = time.monotonic()
    with store_of(platform).transaction() as tx:
        found = sa.text("SELECT * FROM memberships WHERE person_id = :id")
        rows = [dict(row) for row in tx.execute(found, {"id": official["person_id"]}).mappings()]
        left = [
            {name: str(value) if name.endswith("id") else value for name, value in row.items()}
            | {"valid_to": today(datetime.now(UTC))}
            for row in rows
        ]
        record_facts(tx, directory.membership_changed, "membership", left, subject=official["person_id"])
    until(lambda: stream.ended and client.get("/me").status_code == 401, 6)
    assert time.monotonic() - began <= 5
    body = {"username": official["username"], "password": password}
    refused = Client(platform.base_url).request("POST", "/tokens", json=body)
    assert (refused.status_code, refused.json()["code"]) == (401, "wrong_credentials")


def test_ten_wrong_guesses_and_the_owner_elsewhere_goes_on(platform, officials):
    """The test's own address is known to the account from the sign-in; guesses come through a browser without it."""
    username, password = officials[4]["username"], platform.account("official")["password"]
    wrong = {"username": username, "password": "sai mật khẩu rồi"}
    answers = [Client(platform.base_url).request("POST", "/tokens", json=wrong) for _ in range(11)]
    assert codes(*answers) == ["wrong_credentials"] * 10 + ["too_many_attempts"]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 15 * 60
    right = Client(platform.base_url).request("POST", "/tokens", json=wrong | {"password": password})
    assert right.status_code == 429
    signed_in(platform, officials[5]["username"], password)


def test_who_holds_two_posts_acts_in_the_one_that_he_chooses(platform, person, ward):
    clerk = person("unit_clerk")
    deputies = clerk.get("/people", params={"unit_id": ward, "sub_units": False, "post": "deputy_head"}).json()["items"]
    for entry in deputies:
        username = clerk.get(f"/people/{entry['id']}/account").json()["username"]
        client, _ = signed_in(platform, username, platform.account("official")["password"])
        memberships = client.get("/me").json()["memberships"]
        if len(memberships) == 2:
            break
    own, second = memberships
    assert (own["primary"], second["primary"]) == (True, False)
    foreign = person("unit_head").get("/me").json()["memberships"][0]["id"]
    assert codes(client.get("/me", headers={"X-Acting-For": foreign})) == ["unknown_capacity"]
    for membership in (own, second):
        refused = client.get(f"/people/{own['id']}/account", headers={"X-Acting-For": membership["id"]})
        assert codes(refused) == ["not_authorised"]
        with store_of(platform).reading() as tx:
            assert tx.execute(sa.text(LAST_DENIED)).scalar_one()["membership_id"] == membership["id"]


def seal(platform) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "directory.operate", "break-glass"], capture_output=True, text=True,
        env=os.environ | {"CONGVU_DATABASE_URL": platform.addresses["databases"]["directory"]},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return tuple(re.findall(r": (\S+)$", done.stdout, re.M))


def alarms(client: Client) -> list[dict]:
    return [item for item in client.get("/home").json()["reminders"]["items"] if item["kind"] == "break_glass_used"]


def test_whoever_breaks_the_glass_is_seen_by_the_administrator_until_it_is_sealed_again(platform, person):
    administrator = person("administrator")
    username, password = seal(platform)
    stream = administrator.live()
    until(lambda: stream.named("hello"))
    intruder, opened = signed_in(platform, username, password)
    assert opened["restriction"] is None
    until(lambda: [each for each in stream.named("action_item_raised") if each["data"]["kind"] == "break_glass_used"])
    [item] = until(lambda: alarms(administrator))
    assert (item["urgency"], item["task_id"]) == ("express", None)
    entries = administrator.get(item["link"].removeprefix("/api/v1")).json()["items"]
    assert "account.signed_in" in [entry["action"] for entry in entries]
    assert alarms(intruder) == [] and alarms(person("unit_head")) == []
    seal(platform)
    until(lambda: not alarms(administrator) and intruder.get("/me").status_code == 401)
    until(lambda: [each for each in stream.named("action_item_closed") if each["data"]["kind"] == "break_glass_used"])
    stream.close()


def test_whose_name_is_erased_is_an_id_for_everybody(person):
    administrator, head, now = person("administrator"), person("unit_head"), {"If-Match": "*"}
    made = administrator.post("/people", {"name": "Trịnh Thị Đã Nghỉ", "mobile": "0100 909 808"}).json()
    path, reason = f"/people/{made['id']}", {"reason": "Theo đơn số 15"}
    assert head.get(path).json()["name"] == "Trịnh Thị Đã Nghỉ"
    assert head.post(f"{path}/erase", reason, headers=now).json()["code"] == "not_authorised"
    assert administrator.post(f"{path}/erase", reason).json()["code"] == "if_match_required"
    erased = administrator.post(f"{path}/erase", reason, headers={"If-Match": '"1"'})
    assert (erased.status_code, erased.json()["name"]) == (200, "Người đã xóa tên"), erased.text
    seen = head.get(path).json()
    assert (seen["name"], seen["contact"]["mobile"]) == ("Người đã xóa tên", None) and seen["erased_at"]
    named = administrator.request("PATCH", path, json={"name": "Trịnh Thị Đã Nghỉ"}, headers=now)
    assert (named.status_code, named.json()["code"]) == (409, "person_erased")
