"""Short messages through a provider: only what stayed unread, within the unit's quota, and once."""

from datetime import timedelta

import orjson
import pytest

from reminders.channels.provider import Provider
from reminders.channels.settings import ProviderSettings
from reminders.domain.preferences import Preferences
from reminders.storage import preferences
from reminders.tests.support import MORNING, occasion, plan, set_up, tell
from reminders.use_cases import notifications
from tests.support.site import listening
from tests.support.town import person, unit

HEAD, CLERK, OTHER = person("ward-1 head"), person("ward-1 clerk"), person("ward-2 head")
URL = "https://congvu.example"
UNREAD = MORNING + timedelta(hours=2)
PLENTY = 100


@pytest.fixture
def site():
    with listening() as found:
        found.always = (200, {}, b'{"id": 77}')
        yield found


@pytest.fixture
def sms(site) -> Provider:
    body = {"phone": "{to}", "content": "{text}", "ref": "cv-{id}", "brand": "CONGVU", "flash": False}
    return Provider(ProviderSettings(f"http://127.0.0.1:{site.port}/send", "t0ken", body), URL)


@pytest.fixture
def here(town):
    found = town("reminders")
    set_up(found, "sms")
    return found


def states(here) -> list[tuple]:
    query = "SELECT state, attempts, fault FROM deliveries WHERE channel = 'sms' ORDER BY made_at, id"
    return [tuple(row.values()) for row in here.rows(query)]


def test_what_nobody_read_for_two_hours_goes_out_as_a_short_message(here, site, sms, dispatch):
    plan(here, occasion(text="{to} Đã quá hạn"))
    dispatch(here, "sms", sms, UNREAD - timedelta(seconds=1), quota=PLENTY)
    assert site.got == []
    dispatch(here, "sms", sms, UNREAD, quota=PLENTY)

    [(path, headers, body)] = site.got
    [row] = here.rows("SELECT id::text, state, provider_id FROM deliveries WHERE channel = 'sms'")
    assert (path, headers["authorization"], headers["idempotency-key"]) == ("/send", "Bearer t0ken", row["id"])
    assert (row["state"], row["provider_id"]) == ("sent", "77")
    assert orjson.loads(body) == {
        "phone": "0901234567", "ref": f"cv-{row['id']}", "brand": "CONGVU", "flash": False,
        "content": f"Công Vụ: {{to}} Đã quá hạn: Rà soát nhà, đất công 1 {URL}/assignments/1",
    }  # fmt: skip


def test_what_was_read_on_the_screen_needs_no_short_message(here, site, sms, dispatch):
    plan(here, occasion(1, HEAD, OTHER), occasion(2))
    tell(here)
    [shown] = here.rows(
        "SELECT n.id::text FROM nudges n JOIN occasions o ON o.id = occasion_id"
        " WHERE person_id = :head AND channel = 'in_app' AND subject_id = :subject",
        head=HEAD, subject=occasion(1).subject_id,
    )  # fmt: skip
    with here.store.transaction() as tx:
        notifications.read_nudges(tx, HEAD, {"ids": [shown["id"]]}, MORNING)
        notifications.read_nudges(tx, person("ward-3 head"), {"until": UNREAD}, MORNING)  # another's are not his
    dispatch(here, "sms", sms, UNREAD, quota=PLENTY)
    said = sorted(orjson.loads(body)["content"].split("/")[-1] for _, _, body in site.got)
    assert said == ["1", "2"]  # of the other head, and what this one has not read


def test_a_unit_has_so_many_a_month_and_a_second_try_is_none_of_them(here, site, sms, dispatch, people):
    people[CLERK] = {"email": None, "mobile": "0900000000"}
    site.answers = [(500, {}, b"")]
    plan(here, occasion(1), now=MORNING)
    dispatch(here, "sms", sms, UNREAD, quota=2)
    dispatch(here, "sms", sms, UNREAD + timedelta(minutes=5), quota=2)
    assert here.rows("SELECT unit_id::text, used FROM channel_quotas") == [{"unit_id": unit("ward-1"), "used": 1}]

    plan(here, occasion(2, HEAD), occasion(3, CLERK, OTHER))
    dispatch(here, "sms", sms, UNREAD + timedelta(hours=1), quota=2)
    found = here.rows("SELECT state, fault, count(*) AS n FROM deliveries GROUP BY 1, 2 ORDER BY 1")
    assert found == [{"state": "failed", "fault": "quota", "n": 1}, {"state": "sent", "fault": None, "n": 3}]
    next_month = MORNING + timedelta(days=14)
    plan(here, occasion(4), now=next_month)
    dispatch(here, "sms", sms, next_month + timedelta(hours=2), quota=2)
    assert states(here)[-1] == ("sent", 1, None)


def test_a_quota_of_nothing_lets_nothing_out(here, site, sms, dispatch):
    plan(here, occasion())
    dispatch(here, "sms", sms, UNREAD, quota=0)
    assert (site.got, states(here)) == ([], [("failed", 1, "quota")])


@pytest.mark.parametrize(
    ("answer", "state", "fault"),
    [
        ((400, {}, b"bad number"), "failed", "answers_400"),
        ((302, {"Location": "/elsewhere"}, b""), "failed", "answers_302"),
        ((401, {}, b""), "waiting", "answers_401"),
        ((429, {"Retry-After": "Tue, 24 Nov 2099 09:00:00 GMT"}, b""), "waiting", "answers_429"),
        ((503, {}, b""), "waiting", "answers_503"),
        ((200, {}, b"x" * 200_000), "waiting", "too_long"),
        (None, "waiting", "timed_out"),
    ],
)
def test_what_the_provider_does_instead_is_kept(here, site, sms, dispatch, monkeypatch, answer, state, fault):
    monkeypatch.setattr("chassis.outgoing.http.SECONDS", 0.2 if answer is None else 8.0)
    site.answers = [answer]
    plan(here, occasion())
    dispatch(here, "sms", sms, UNREAD, quota=PLENTY)
    assert (len(site.got), states(here)) == (1, [(state, 1, fault)])


def test_whoever_takes_all_the_time_there_is_loses_his_turn(here, site, sms, dispatch, monkeypatch):
    monkeypatch.setattr("reminders.channels.dispatcher.SECONDS", 0.2)
    site.answers = [None]
    plan(here, occasion())
    dispatch(here, "sms", sms, UNREAD, quota=PLENTY)
    assert states(here) == [("waiting", 1, "no_answer")]


def test_only_what_is_express_calls_and_at_night_too(here, site, sms, dispatch):
    set_up(here, "voice")
    night = MORNING - timedelta(hours=12)
    plan(here, occasion(1), occasion(2, urgency="express"), now=night)
    dispatch(here, "voice", sms, night + timedelta(hours=4), quota=PLENTY)
    assert [orjson.loads(body)["content"][-1] for _, _, body in site.got] == ["2"]


def test_without_a_number_nobody_is_called(here, site, sms, dispatch, people):
    people[HEAD] = {"email": "an@city.example", "mobile": None}
    plan(here, occasion())
    dispatch(here, "sms", sms, UNREAD, quota=PLENTY)
    assert states(here) == [("failed", 1, "no_address")]


def test_who_wants_none_gets_none(here):
    with here.store.transaction() as tx:
        preferences.choose(tx, HEAD, 0, Preferences({"red": {"sms": False}}))
    assert plan(here, occasion()) == 1
