"""One account cannot copy the city's people, whatever it asks over HTTP and however many sessions it opens."""

import itertools
import string

import pytest

from chassis.http import HttpServer, HttpSettings
from directory.service import Service as Directory
from directory.settings import DirectorySettings
from directory.tests.conftest import own_city  # noqa: F401
from gateway.service import Service as Gateway
from gateway.settings import GatewaySettings
from gateway.tests.support import Client, assert_problem

ALERT, MOST = 100, 300


@pytest.fixture
def client(world, own_city, run, clean):  # noqa: F811
    clean("gateway")
    own = {"sealing_keys": f"{world.keys}/sealing.keys", "totp_required_for": frozenset()}
    limits = {"people_alert": ALERT, "people_most": MOST}
    run(Directory, settings=DirectorySettings(**vars(world.settings("directory")) | own | limits))
    http = HttpSettings(port=0, stop_seconds=1)
    container = run(Gateway, settings=GatewaySettings(**vars(world.settings("gateway")), http=http))
    server = next(each for each in container.subextensions if isinstance(each, HttpServer))
    return Client(f"http://127.0.0.1:{server.port}/api/v1")


@pytest.fixture
def session(client, own_city):  # noqa: F811
    def signed_in() -> Client:
        answer = client.post("/tokens", {"username": "official", "password": own_city.password})
        assert answer.status_code == 201, answer.text
        return Client(client.base, answer.json()["token"])

    return signed_in


def pages(client, path):
    """Every page of a list until it ends or is refused: the last answer is the refusal."""
    cursor = ""
    while cursor is not None:
        answer = client.get(f"{path}{cursor and '&cursor='}{cursor}")
        yield answer
        cursor = answer.json().get("next_cursor") if answer.ok else None


def test_whoever_copies_is_stopped_and_a_second_session_does_not_help(session, own_city):  # noqa: F811
    scraper, copied, refused = session(), set(), []
    searches = (f"/people?limit=50&q={a}{b}" for a, b in itertools.product(string.ascii_lowercase, repeat=2))
    for answer in itertools.chain.from_iterable(pages(scraper, path) for path in itertools.islice(searches, 80)):
        if answer.ok:
            copied |= {person["id"] for person in answer.json()["items"]}
        else:
            refused.append(answer)
    assert MOST - 50 <= len(copied) <= MOST + 1  # himself is free
    spent = next(answer for answer in refused if answer.status_code == 429)
    assert_problem(spent, 429, "people_budget_spent")
    assert 0 < int(spent.headers["Retry-After"]) <= 24 * 3600 + 1

    again = session()
    unit = str(own_city.one("SELECT id FROM units WHERE code = 'UBND'").id)
    stranger = next(
        str(row.id) for row in own_city.all("SELECT id FROM people ORDER BY id DESC") if str(row.id) not in copied
    )
    for path in (f"/units/{unit}/people?limit=200", f"/people/{stranger}", f"/people/{stranger}/vcard"):
        assert again.get(path).status_code in (429, 200)
    assert again.get(f"/units/{unit}/people?limit=200").status_code == 429
    assert again.get(f"/people/{next(iter(copied))}").status_code == 200  # whom he has seen he may look up
    audited = own_city.all("SELECT action FROM audit_log WHERE action LIKE 'people.%' ORDER BY number DESC LIMIT 2")
    assert [row.action for row in audited] == ["people.budget_spent", "people.many_shown"]


def test_a_card_and_the_staff_of_a_unit_come_over_http(session, own_city):  # noqa: F811
    official = session()
    unit = str(own_city.one("SELECT id FROM units WHERE code = '25747'").id)
    first, *rest = pages(official, f"/units/{unit}/people?limit=3")
    head = first.json()["items"][0]
    assert head["title"] == "Chủ tịch UBND Phường Thủ Dầu Một"
    assert len({person["unit_id"] for page in (first, *rest) for person in page.json()["items"]}) > 1
    own = [page.json()["items"] for page in pages(official, f"/units/{unit}/people?limit=50&sub_units=false")]
    assert {person["unit_id"] for person in itertools.chain(*own)} == {unit}
    card = official.get(f"/people/{head['id']}/vcard")
    assert card.headers["Content-Type"] == "text/vcard; charset=utf-8"
    assert card.text.startswith("BEGIN:VCARD\r\n") and "CELL" not in card.text


def test_one_changes_how_he_can_be_reached_with_its_etag(session, own_city):  # noqa: F811
    official = session()
    me = own_city.claims("official")["sub"]
    etag = official.get(f"/people/{me}").headers["ETag"]
    wanted = {"mobile": "0100 999 888", "visibility": {"mobile": "city"}}
    assert_problem(official.call("PATCH", "/me/contact", json=wanted), 428, "if_match_required")
    changed = official.call("PATCH", "/me/contact", json=wanted, headers={"If-Match": etag})
    assert changed.json()["contact"]["mobile"] == "0100 999 888"
    assert changed.json()["visibility"]["mobile"] == "city"
    assert_problem(
        official.call("PATCH", "/me/contact", json={"room": "1"}, headers={"If-Match": etag}), 412, "stale_version"
    )
    wrong = {"mobile": "gọi tôi", "email": "@", "visibility": {"mobile": "friends"}, "fax": "1"}
    refused = official.call("PATCH", "/me/contact", json=wrong, headers={"If-Match": "*"})
    problem = assert_problem(refused, 422, "invalid_request")
    assert {error["field"] for error in problem["errors"]} == {"mobile", "email", "visibility.mobile", "fax"}
    others = official.call("PATCH", f"/people/{me}", json={"room": "1"}, headers={"If-Match": "*"})
    assert_problem(others, 403, "not_authorised")
    assert [person["id"] for person in official.get("/people?q=0100999").json()["items"]] == [me]
