"""Signing in through the whole platform: by a provider from a package, and by one that also signs people out."""

import warnings
from urllib.parse import urlsplit

import eventlet
import psycopg
import pytest
import requests

from chassis import clock
from chassis.database import Store
from chassis.testing import until
from directory.use_cases import identities
from kernel.directory_copy import resolve_actor
from tests.support.client import sign_in
from tests.support.identity_provider import CLIENT_ID, CLIENT_SECRET, listening

pytestmark = [  # the first test waits for the whole platform to start twice
    pytest.mark.filterwarnings("ignore::DeprecationWarning:authlib"),
    pytest.mark.timeout(300),
]
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import oidc_provider_mock


class Browser:
    """A browser without a screen: it keeps cookies, follows redirects, and signs in at the package's provider."""

    def __init__(self, platform):
        self.http = requests.Session()
        self.base = f"{platform.base_url}/api/v1"

    def get(self, path: str) -> requests.Response:
        address = path if path.startswith("http") else self.base + path
        return self.http.get(address, allow_redirects=False, timeout=30)

    def write(self, method: str, path: str, **kwargs) -> requests.Response:
        headers = {"X-CSRF-Token": self.get("/me").headers["X-CSRF-Token"]}
        return self.http.request(method, self.base + path, headers=headers, timeout=30, **kwargs)

    def sign_in_at(self, address: str, subject: str) -> requests.Response:
        """At the package's provider: its form, then back to us."""
        back = self.http.post(address, data={"sub": subject}, allow_redirects=False, timeout=30)
        assert back.status_code == 302, back.text
        return self.get(back.headers["Location"])

    def sign_in(self, subject: str) -> requests.Response:
        return self.sign_in_at(self.get("/oidc/ready/start?return_to=/home").headers["Location"], subject)

    @property
    def name(self) -> str:
        return self.get("/me").json()["person"]["name"]


@pytest.fixture(scope="module")
def own():
    with listening() as found:
        yield found


@pytest.fixture(scope="module")
def doors(platform, own):
    """The platform with two providers: `ready` is the package's, `own` is ours."""
    with oidc_provider_mock.run_server_in_thread(require_nonce=True) as ready:
        settings = {"OIDC_PROVIDERS": "ready,own"}
        for name, issuer in (("READY", f"http://localhost:{ready.server_port}"), ("OWN", own.issuer)):
            settings |= {
                f"OIDC_{name}_ISSUER": issuer,
                f"OIDC_{name}_TITLE": "Cổng định danh",
                f"OIDC_{name}_CLIENT_ID": CLIENT_ID,
                f"OIDC_{name}_CLIENT_SECRET": CLIENT_SECRET,
            }
        settings |= {"PUBLIC_URL": platform.base_url, "SECURE_COOKIES": "false"}
        with platform.instead(**{f"CONGVU_{name}": value for name, value in settings.items()}):
            yield platform


@pytest.fixture
def fed(doors, person):
    """Says who a demo account's holder is to a provider: `fed("official", "s-1")`."""
    administrator, given = person("administrator"), []

    def feed(role: str, subject: str, provider: str = "ready") -> str:
        path = f"/people/{doors.account(role)['person_id']}/identities/{provider}"
        answer = administrator.request("PUT", path, json={"subject": subject})
        assert (answer.status_code, answer.json()["state"]) == (200, "asked"), answer.text
        given.append(path)
        with Store(
            doors.addresses["databases"]["directory"], pool_size=1
        ).transaction() as tx:  # another one says so too
            person_id, issuer = doors.account(role)["person_id"], answer.json()["issuer"]
            claims, now = {"sub": doors.account("auditor")["person_id"]}, clock.now()
            another = resolve_actor(tx, claims, now, "directory.feed_identity")
            assert identities.feed(tx, another, person_id, issuer, subject, now)["state"] == "linked"
        return path

    yield feed
    for path in given:
        administrator.request("DELETE", path)


def test_whom_the_administrator_fed_signs_in_and_nobody_else(doors, fed, person):
    fed("official", "cán bộ 17")
    browser = Browser(doors)
    assert [each["id"] for each in browser.get("/oidc/providers").json()["items"]] == ["ready", "own"]
    answer = browser.sign_in("cán bộ 17")
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/home"), answer.text
    assert browser.name == person("official").get("/me").json()["person"]["name"]
    stranger = Browser(doors)
    refused = stranger.sign_in("official@hcm.example")
    assert (refused.status_code, refused.json()["code"]) == (403, "unknown_identity")
    assert stranger.get("/me").status_code == 401


def test_an_official_may_not_say_who_people_are(doors, person):
    path = f"/people/{doors.account('unit_head')['person_id']}/identities/ready"
    answer = person("official").request("PUT", path, json={"subject": "me"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_authorised")


def test_a_person_links_his_own_account_and_unlinks_it_again(doors, person):
    account = doors.account("unit_clerk")
    browser = Browser(doors)
    credentials = {"username": account["username"], "password": account["password"]}
    assert browser.http.post(browser.base + "/sessions", json=credentials, timeout=30).status_code == 201
    begun = browser.write(
        "POST", "/me/identities", json={"provider": "ready", "password": account["password"], "return_to": "/me"}
    )
    assert begun.status_code == 201, begun.text
    assert browser.sign_in_at(begun.json()["url"], "văn thư").headers["Location"] == "/me"
    [identity] = browser.get("/me/identities").json()["items"]
    assert identity["provider"] == "ready"
    by_provider = Browser(doors)
    assert by_provider.sign_in("văn thư").status_code == 303
    assert by_provider.name == browser.name
    assert browser.write("DELETE", f"/me/identities/{identity['id']}").status_code == 204
    until(lambda: by_provider.get("/me").status_code == 401, 5)
    assert browser.get("/me").status_code == 200
    assert by_provider.sign_in("văn thư").json()["code"] == "unknown_identity"


def test_a_second_factor_of_ours_is_not_passed_by(doors, fed):
    fed("department_head", "quản trị")
    with psycopg.connect(doors.addresses["owners"]["directory"]) as connection:  # nobody says so of an administrator
        whose = "(SELECT id FROM accounts WHERE username = 'administrator')"
        connection.execute(f"UPDATE identities SET account_id = {whose} WHERE subject = 'quản trị'")
    answer = Browser(doors).sign_in("quản trị")
    with psycopg.connect(doors.addresses["owners"]["directory"]) as connection:
        connection.execute("DELETE FROM identities WHERE subject = 'quản trị'")
    assert (answer.status_code, answer.json()["code"]) == (401, "totp_required")


def test_eight_at_a_time(doors, fed):
    fed("unit_head", "s-8")

    def one():
        browser = Browser(doors)
        return browser.sign_in("s-8").status_code, browser.get("/me").status_code

    threads = [eventlet.spawn(one) for _ in range(8)]
    assert [thread.wait() for thread in threads] == [(303, 200)] * 8


def test_the_provider_signs_out_and_the_open_stream_ends(doors, own, fed):
    fed("official", "s-1", "own")
    browser = Browser(doors)
    back = own.sign_in(browser.get("/oidc/own/start").headers["Location"], "s-1", session="there")
    assert urlsplit(back).path == "/api/v1/oidc/own/callback"
    assert browser.get(back).status_code == 303
    stream = browser.http.get(browser.base + "/live", stream=True, timeout=(5, 30))
    ended = eventlet.spawn(lambda: b"".join(stream.iter_content(None)))
    token = own.logout_token(sid="there", sub="s-1")
    address = f"{browser.base}/oidc/own/backchannel-logout"
    assert requests.post(address, data={"logout_token": token}, timeout=30).status_code == 200
    with eventlet.Timeout(5):
        ended.wait()
    assert browser.get("/me").status_code == 401
    assert requests.post(address, data={"logout_token": token}, timeout=30).status_code == 400


def test_with_the_provider_gone_passwords_go_on(doors, own):
    own.answers = {"/.well-known/openid-configuration": lambda _request: eventlet.sleep(60)}
    assert sign_in(doors.base_url, doors.account("official")).get("/me").status_code == 200
    own.answers = {}
