"""What a person wants to hear over which channel, and what policy does not leave to him."""

from dataclasses import replace
from datetime import datetime, time

import pytest

from contracts import reminders as contract
from kernel.errors import Refused
from kernel.working_time import TZ, WorkingDays
from reminders.domain.occasions import CHANNELS, Occasion
from reminders.domain.preferences import FIXED, KINDS, Preferences, changed, fixed, kind_of

DAYS = WorkingDays({})
LUNCH = {"begins": time(11, 30), "ends": time(13, 30)}


def occasion(rule="ladder", rung="yellow", urgency="normal") -> Occasion:
    return Occasion("s", rule, rung, 1, "Việc", "Nhắc", "/api/v1/x", urgency, ())


def at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=TZ)


def test_the_contract_names_the_same_kinds_and_channels():
    assert contract.NUDGE_KINDS == KINDS == tuple(contract.KindSwitches().fields)
    assert contract.CHANNELS == CHANNELS == tuple(contract.Switches().fields)


@pytest.mark.parametrize(
    ("rule", "rung", "kind"),
    [
        ("ladder", "yellow", "yellow"),
        ("ladder", "deep_red", "deep_red"),
        ("personal", "2026-11-23T09:00", "personal"),
        ("directive", "sent", "directive"),
        ("waiting", "opened", "waiting"),
        ("answer", "unanswered", "other"),
        ("their_own", "opened", "other"),
    ],
)
def test_every_nudge_is_of_a_kind(rule, rung, kind):
    assert kind_of(rule, rung) == kind


def test_short_messages_and_calls_are_for_what_is_late_until_one_says_otherwise():
    at_first = Preferences()
    assert [kind for kind in KINDS if at_first.is_on(kind, "sms")] == [
        "red", "deep_red", "unreceived", "other", "directive",
    ]  # fmt: skip
    assert all(at_first.is_on(kind, channel) for kind in KINDS for channel in ("in_app", "push", "email"))
    assert changed(at_first, {"switches": {"yellow": {"sms": True}}}).is_on("yellow", "sms")


@pytest.mark.parametrize("channel", ["sms", "voice"])
def test_what_one_asks_of_oneself_costs_the_unit_nothing(channel):
    with pytest.raises(Refused) as refused:
        changed(Preferences(), {"switches": {"personal": {channel: True}}})
    assert refused.value.refusal_code == "not_by_this_channel"
    assert not Preferences({"personal": {channel: True}}).admits(occasion("personal", "at", "urgent"), channel)
    assert changed(Preferences(), {"switches": {"personal": {channel: False}}}) and fixed()["personal"][channel]


def test_one_change_leaves_the_rest():
    once = changed(Preferences(), {"switches": {"yellow": {"email": False}}})
    twice = changed(once, {"switches": {"yellow": {"push": False}}, "digest": False})
    assert [twice.is_on("yellow", each) for each in ("in_app", "push", "email")] == [True, False, False]
    assert (once.digest, twice.digest) == (True, False)


@pytest.mark.parametrize(("kind", "channel"), sorted(FIXED))
def test_what_policy_wants_heard_cannot_be_turned_off(kind, channel):
    with pytest.raises(Refused) as refused:
        changed(Preferences(), {"switches": {kind: {channel: False}}})
    assert refused.value.refusal_code == "cannot_be_muted"
    assert Preferences({kind: {channel: False}}).is_on(kind, channel)


@pytest.mark.parametrize(("rule", "rung"), [("answer", "unanswered"), ("their_own", "late"), ("directive", "raised")])
def test_what_operators_add_and_what_is_ordered_cannot_be_turned_off(rule, rung):
    quiet = Preferences({kind: dict.fromkeys(CHANNELS, False) for kind in KINDS})
    assert [each for each in CHANNELS if quiet.admits(occasion(rule, rung), each)] == ["in_app", "email"]


def test_what_is_express_is_heard_though_its_kind_is_turned_off():
    quiet = Preferences({"yellow": dict.fromkeys(CHANNELS, False)})
    heard = [each for each in CHANNELS if quiet.admits(occasion(urgency="express"), each)]
    assert (heard, quiet.admits(occasion(), "in_app")) == (["in_app", "email"], False)


@pytest.mark.parametrize(
    ("begins", "ends"),
    [(time(11), time(14, 1)), (time(13), time(13)), (time(14), time(12)), (time(7), time(9)), (time(16), time(17, 1))],
)
def test_quiet_hours_are_some_of_the_working_day(begins, ends):
    with pytest.raises(Refused) as refused:
        changed(Preferences(), {"quiet_hours": {"begins": begins, "ends": ends}})
    assert refused.value.refusal_code == "quiet_hours_not_possible"


def test_in_ones_quiet_hours_only_the_screen_changes_and_the_urgent_calls():
    mine = changed(Preferences(), {"quiet_hours": LUNCH})
    assert mine.not_before(at(12), occasion(), "email", DAYS) == at(13, 30)
    assert mine.not_before(at(13, 30), occasion(), "email", DAYS) == at(13, 30)
    assert mine.not_before(at(12), occasion(), "in_app", DAYS) == at(12)
    assert mine.not_before(at(12), occasion(urgency="urgent"), "email", DAYS) == at(12)
    assert mine.not_before(at(12), replace(occasion(), at_once=True), "email", DAYS) == at(12)
    to_the_end = changed(Preferences(), {"quiet_hours": {"begins": time(15), "ends": time(17)}})
    assert to_the_end.not_before(at(16), occasion(), "push", DAYS) == at(7, 30, day=24)
    assert changed(mine, {"quiet_hours": None}).quiet is None
