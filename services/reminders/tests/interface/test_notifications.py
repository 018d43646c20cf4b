"""How one is reached, what one was told, and what operators see: through the procedures, as a person asks."""

from datetime import timedelta

import pytest

from chassis.errors import CallFailed
from contracts import reminders
from kernel.working_time import today
from reminders.channels.settings import ChannelSettings, PushSettings
from reminders.service import Service
from reminders.settings import RemindersSettings
from reminders.tests.support import MORNING, new_keys, new_vapid_key, occasion, plan, set_up, tell
from tests.support.town import claims, person, unit

HEAD, OTHER, CHIEF = "ward-1 head", "ward-2 head", "office chief_of_office"
ENDPOINT = "https://fcm.googleapis.com/fcm/send/{}"


@pytest.fixture
def here(town, monkeypatch):
    found = town("reminders")
    # nothing goes out by itself, and nothing is forgotten that was of that day
    for timer in ("tell_nudges", "note_channels", "plan_digests", "send_push", "forget_nudges"):
        monkeypatch.setattr(Service, timer, None)
    return found


@pytest.fixture
def ask(here, world, run, caller, tmp_path):
    push = PushSettings(str(new_vapid_key(tmp_path)), "mailto:admin@city.example")
    run(Service, settings=RemindersSettings(**vars(world.settings("reminders")), channels=ChannelSettings(push=push)))

    def asked(procedure, request=None, who=HEAD):
        return caller(procedure, request or {}, claims=claims(who))

    return asked


def refusal(ask, *args, **kwargs) -> str:
    with pytest.raises(CallFailed) as refused:
        ask(*args, **kwargs)
    return refused.value.refusal_code


def test_settings_are_changed_part_by_part_and_no_change_is_lost(here, ask):
    set_up(here, "email", "push")
    before = ask(reminders.get_notification_settings)
    assert (before["version"], before["channels"]) == (0, ["in_app", "email", "push"])
    assert before["fixed"]["deep_red"] == {
        "in_app": True, "push": False, "email": True, "sms": False, "voice": False,
    }  # fmt: skip
    change = {
        "version": 0,
        "switches": {"yellow": {"email": False}},
        "quiet_hours": {"begins": "11:30", "ends": "13:00"},
    }
    after = ask(reminders.change_notification_settings, change)
    assert (after["version"], after["switches"]["yellow"]["email"], after["digest"]) == (1, False, True)
    assert refusal(ask, reminders.change_notification_settings, change) == "stale_version"
    again = ask(reminders.change_notification_settings, {"version": None, "digest": False})
    assert (again["version"], again["switches"], again["quiet_hours"]) == (2, after["switches"], change["quiet_hours"])
    assert ask(reminders.get_notification_settings) == again
    assert ask(reminders.get_notification_settings, who=OTHER)["version"] == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"switches": {"directive": {"email": False}}}, "cannot_be_muted"),
        ({"switches": {"deep_red": {"in_app": False}}}, "cannot_be_muted"),
        ({"switches": {"personal": {"sms": True}}}, "not_by_this_channel"),
        ({"quiet_hours": {"begins": "08:00", "ends": "16:00"}}, "quiet_hours_not_possible"),
        ({"quiet_hours": {"begins": "25:00", "ends": "16:00"}}, "invalid_request"),
        ({"switches": {"violet": {"email": False}}}, "invalid_request"),
        ({"switches": {"yellow": {"pigeon": False}}}, "invalid_request"),
    ],
)
def test_what_policy_does_not_leave_open_is_refused_and_nothing_is_half_done(here, ask, change, code):
    wanted = {"version": None, "digest": False} | change
    assert refusal(ask, reminders.change_notification_settings, wanted) == code
    assert here.rows("SELECT * FROM notification_settings") == []


def test_a_switch_decides_what_is_planned(here, ask):
    set_up(here, "email")
    ask(reminders.change_notification_settings, {"version": 0, "switches": {"red": {"email": False, "in_app": False}}})
    assert plan(here, occasion(1)) == 0
    assert plan(here, occasion(2, rung="deep_red"), occasion(3, urgency="express")) == 4


def test_a_device_is_one_device_however_often_it_says_so_and_only_its_owner_removes_it(here, ask):
    assert len(ask(reminders.get_push_key)["key"]) == 87
    wanted = {"endpoint": ENDPOINT.format(1), "keys": new_keys().public}
    first, again = (ask(reminders.subscribe_push, wanted) for _ in range(2))
    assert (first["id"], first["service"]) == (again["id"], "fcm.googleapis.com")
    set_up(here, "push")
    assert plan(here, occasion(1, person(HEAD), person(OTHER))) == 3

    assert refusal(ask, reminders.unsubscribe_push, {"id": first["id"]}, OTHER) == "not_found"
    taken = ask(reminders.subscribe_push, wanted, OTHER)  # another signs in at the same browser
    assert ask(reminders.list_push_subscriptions)["items"] == []
    ask(reminders.unsubscribe_push, {"id": taken["id"]}, OTHER)
    assert refusal(ask, reminders.unsubscribe_push, {"id": taken["id"]}, OTHER) == "not_found"


def test_endpoints_that_point_inside_and_too_many_devices_are_refused(here, ask):
    keys = new_keys().public
    inside = {"endpoint": "https://127.0.0.1/x", "keys": keys}
    assert refusal(ask, reminders.subscribe_push, inside) == "push_endpoint_refused"
    assert refusal(ask, reminders.subscribe_push, {"endpoint": ENDPOINT, "keys": keys}) == "push_endpoint_refused"
    for number in range(10):
        ask(reminders.subscribe_push, {"endpoint": ENDPOINT.format(number), "keys": keys})
    assert refusal(ask, reminders.subscribe_push, {"endpoint": ENDPOINT.format(11), "keys": keys}) == "too_many_devices"
    ask(reminders.subscribe_push, {"endpoint": ENDPOINT.format(1), "keys": keys})


def test_ones_own_nudges_come_newest_first_page_by_page_and_are_read_once(here, ask):
    for number in range(1, 6):
        at = MORNING + timedelta(minutes=number)
        plan(here, occasion(number, person(HEAD), person(OTHER)), now=at)
        tell(here, at)
    first = ask(reminders.list_nudges, {"limit": 2})
    second = ask(reminders.list_nudges, {"limit": 200, "cursor": first["next_cursor"]})
    each = [*first["items"], *second["items"]]
    assert [nudge["title"][-1] for nudge in each] == ["5", "4", "3", "2", "1"]
    assert (second["next_cursor"], each[0]["kind"], each[0]["read_at"]) == (None, "red", None)

    ask(reminders.read_nudges, {"ids": [each[1]["id"]]}, OTHER)  # not his
    assert len(ask(reminders.list_nudges, {"unread": True})["items"]) == 5
    for _ in range(2):
        ask(reminders.read_nudges, {"ids": [each[1]["id"]]})
    ask(reminders.read_nudges, {"until": (MORNING + timedelta(minutes=2)).isoformat()})
    assert [nudge["title"][-1] for nudge in ask(reminders.list_nudges, {"unread": True})["items"]] == ["5", "3"]
    assert refusal(ask, reminders.read_nudges, {}) == "invalid_request"
    assert refusal(ask, reminders.list_nudges, {"cursor": "x"}) == "invalid_request"


def test_operators_see_what_went_out_and_how_much_but_not_what_it_says(here, ask):
    here.do("UPDATE copy_posts SET kind = 'administrator' WHERE title = 'Kiểm soát viên nhật ký'")
    admin = "dept auditor"
    now = MORNING
    plan(here, occasion(1, person(HEAD), person("ward-1 clerk")), occasion(2, person(HEAD)), occasion(3, person(OTHER)))
    tell(here, now)
    page = ask(reminders.list_deliveries, {"channel": "in_app", "state": "sent", "limit": 2}, admin)
    rest = ask(reminders.list_deliveries, {"cursor": page["next_cursor"]}, admin)
    assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
    assert sorted(len(each["nudge_ids"]) for each in page["items"] + rest["items"]) == [1, 1, 2]
    assert "title" not in page["items"][0]
    assert ask(reminders.list_deliveries, {"state": "failed"}, admin)["items"] == []
    assert refusal(ask, reminders.list_deliveries) == "not_authorised"

    day = today(now).isoformat()
    people = ask(reminders.list_nudge_counts, {"day": day, "limit": 1}, CHIEF)
    assert [(each["id"], each["nudges"], each["deliveries"]) for each in people["items"]] == [(person(HEAD), 2, 1)]
    rest = ask(reminders.list_nudge_counts, {"day": day, "cursor": people["next_cursor"]}, CHIEF)
    assert [each["nudges"] for each in rest["items"]] == [1, 1]
    units = ask(reminders.list_nudge_counts, {"day": day, "by": "unit"}, admin)["items"]
    assert [(each["id"], each["name"], each["nudges"]) for each in units] == [
        (unit("ward-1"), "Phường 1", 3), (unit("ward-2"), "Phường 2", 1),
    ]  # fmt: skip
    assert refusal(ask, reminders.list_nudge_counts) == "not_authorised"
