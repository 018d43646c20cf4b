"""Web Push to a real endpoint: what the device can read and nobody else, and what becomes of it otherwise."""

from base64 import urlsafe_b64decode
from datetime import timedelta
from ipaddress import ip_network

import orjson
import pytest
from py_vapid import Vapid02

from reminders.channels.push import Push
from reminders.channels.settings import PushSettings
from reminders.storage import preferences
from reminders.tests.support import MORNING, new_keys, new_vapid_key, occasion, plan, set_up
from tests.support.site import listening
from tests.support.town import id_of, person

HEAD = person("ward-1 head")
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
LATER = MORNING + timedelta(minutes=10)


@pytest.fixture
def site(certificates):
    with listening(certificates) as found:
        yield found


@pytest.fixture
def here(town):
    found = town("reminders")
    set_up(found, "push")
    return found


@pytest.fixture
def pushing(here, site, certificates, tmp_path):
    """A channel that may reach the site on loopback: `pushing(networks=())` takes that away."""
    key = new_vapid_key(tmp_path)

    def forget(endpoint: str) -> None:
        with here.store.transaction() as tx:
            preferences.remove_dead(tx, [endpoint])

    def made(**changes) -> Push:
        given = {"hosts": (f"localhost:{site.port}",), "networks": LOOPBACK, "ca_file": str(certificates.ca_file)}
        return Push(PushSettings(str(key), "mailto:admin@city.example", **given | changes), forget)

    return made


@pytest.fixture
def device(here, site):
    """Makes a person's device: `device("phone")`."""

    def add(name: str, person_id: str = HEAD):
        keys = new_keys()
        given = {"endpoint": f"https://localhost:{site.port}/{name}", **keys.public}
        with here.store.transaction() as tx:
            preferences.add_device(
                tx, given | {"id": id_of(name), "person_id": person_id, "created_at": MORNING}
            )  # fmt: skip
        return keys

    return add


def states(here) -> list[tuple]:
    return [tuple(row.values()) for row in here.rows("SELECT state, attempts, fault FROM deliveries ORDER BY id")]


def claims(headers: dict) -> dict:
    body = headers["authorization"].split("t=")[1].split(",")[0].split(".")[1]
    return orjson.loads(urlsafe_b64decode(body + "=="))


def test_a_device_reads_what_it_is_sent_and_the_service_knows_who_sends_it(here, site, pushing, device, dispatch):
    keys, push = device("phone"), pushing()
    plan(here, occasion(urgency="urgent"))
    dispatch(here, "push", push)

    [(path, headers, body)] = site.got
    note = keys.opened(body)
    assert (path, note["title"], note["body"]) == ("/phone", "Nhiệm vụ đã quá hạn", "Rà soát nhà, đất công 1")
    assert (note["link"], note["urgency"]) == ("/assignments/1", "urgent")
    assert (headers["content-encoding"], headers["urgency"], headers["ttl"]) == ("aes128gcm", "high", "43200")
    assert Vapid02.verify(headers["authorization"])
    assert headers["authorization"].endswith(push.public_key)
    assert (claims(headers)["aud"], claims(headers)["sub"]) == (
        f"https://localhost:{site.port}", "mailto:admin@city.example",
    )  # fmt: skip
    assert states(here) == [("sent", 1, None)]


def test_every_device_is_tried_and_one_that_takes_it_is_enough(here, site, pushing, device, dispatch):
    device("phone"), device("tablet"), device("elsewhere", person("ward-2 head"))
    site.answers = [(500, {}, b""), (201, {}, b"")]
    plan(here, occasion())
    dispatch(here, "push", pushing())
    assert sorted(path for path, _, _ in site.got) == ["/phone", "/tablet"]
    assert states(here) == [("sent", 1, None)]


def test_a_device_that_is_silent_holds_up_none_and_what_one_took_does_not_come_again(
    here, site, pushing, device, dispatch, monkeypatch
):
    monkeypatch.setattr("reminders.channels.push.DEVICE_SECONDS", 2)
    silent = 6  # one after another they would take longer than a delivery may
    for number in range(silent + 1):
        device(f"device-{number}")
    site.answers = [None] * silent  # and then one that takes it
    plan(here, occasion())
    dispatch(here, "push", pushing())
    dispatch(here, "push", pushing(), MORNING + timedelta(hours=1))
    assert (len(site.got), states(here)) == (silent + 1, [("sent", 1, None)])


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_is_no_more_is_removed_and_nobody_without_a_device_is_pushed_anything(
    here, site, pushing, device, dispatch, status
):
    device("phone")
    site.always = (status, {}, b"")
    plan(here, occasion())
    dispatch(here, "push", pushing())
    assert states(here) == [("failed", 1, "device_gone")]
    assert here.rows("SELECT id FROM push_subscriptions") == []
    assert plan(here, occasion(2)) == 1  # on the screen


def test_the_service_says_when_to_come_back(here, site, pushing, device, dispatch):
    device("phone")
    site.answers = [(429, {"Retry-After": "300"}, b"")]
    plan(here, occasion())
    for now in (MORNING, MORNING + timedelta(seconds=299), MORNING + timedelta(seconds=300)):
        dispatch(here, "push", pushing(), now)
    assert (len(site.got), states(here)) == (2, [("sent", 2, None)])


@pytest.mark.parametrize(("status", "state"), [(307, "failed"), (400, "failed"), (403, "failed"), (503, "waiting")])
def test_other_answers_are_kept_and_no_redirect_is_followed(here, site, pushing, device, dispatch, status, state):
    device("phone")
    site.answers = [(status, {"Location": f"https://localhost:{site.port}/elsewhere"}, b"")]
    plan(here, occasion())
    dispatch(here, "push", pushing())
    assert (len(site.got), states(here)) == (1, [(state, 1, f"answers_{status}")])


def test_an_answer_without_an_end_is_not_read_to_it(here, site, pushing, device, dispatch):
    device("phone")
    site.answers = [(201, {}, b"x" * 200_000)]
    plan(here, occasion())
    dispatch(here, "push", pushing())
    assert states(here) == [("waiting", 1, "too_long")]


@pytest.mark.parametrize("changes", [{"networks": ()}, {"hosts": ("fcm.googleapis.com",)}])
def test_nothing_inside_is_reached(here, site, pushing, device, dispatch, changes):
    """A name on the list that leads to an address of ours; a device from before the list was changed."""
    device("phone")
    plan(here, occasion())
    dispatch(here, "push", pushing(**changes))
    assert (site.got, states(here)) == ([], [("failed", 1, "endpoint_refused")])


def test_a_service_that_somebody_else_vouches_for_gets_nothing(here, site, pushing, device, dispatch):
    device("phone")
    plan(here, occasion())
    dispatch(here, "push", pushing(ca_file=""))
    assert (site.got, states(here)) == ([], [("waiting", 1, "unreachable")])
