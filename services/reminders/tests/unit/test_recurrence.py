"""When reminders come: rules of RFC 5545 and of working days, in local time, none that would never end."""

import os
import time
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refused
from kernel.working_time import TZ, WorkingDays
from reminders.domain.recurrence import Recurrence, due, recurrence_of
from reminders.rrules import expand

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=TZ)
TET = {day: False for day in (date(2027, 2, 5) + timedelta(days=n) for n in range(9)) if day.weekday() < 5}
DAYS = WorkingDays({date(2027, 1, 1): False} | TET)


def rule(rrule: str | None = None, starts_at: datetime = NOW, zone: str = TZ.key, **working_day) -> Recurrence:
    return recurrence_of(starts_at, zone, rrule, working_day or None, NOW, expand, DAYS)


def first(count: int, *args, **kwargs) -> list[str]:
    return [f"{each.astimezone(TZ):%Y-%m-%d %H:%M}" for each in islice(rule(*args, **kwargs).all(DAYS), count)]


@pytest.mark.parametrize(
    "rrule, expected",
    [
        ("FREQ=DAILY", ["2026-11-23", "2026-11-24", "2026-11-25"]),
        ("RRULE:freq=weekly;byday=mo,th;", ["2026-11-23", "2026-11-26", "2026-11-30"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", ["2026-11-24", "2026-12-08", "2026-12-22"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2026-11-30", "2026-12-31", "2027-01-29"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["2026-12-31", "2027-01-31", "2027-03-31"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("FREQ=DAILY;COUNT=2", ["2026-11-23", "2026-11-24"]),
        ("FREQ=DAILY;UNTIL=20261124", ["2026-11-23", "2026-11-24"]),
        ("FREQ=DAILY;UNTIL=20261124T010000Z", ["2026-11-23", "2026-11-24"]),
        ("FREQ=DAILY;UNTIL=20261124T005959Z", ["2026-11-23"]),
    ],
)
def test_a_rule_comes_on_its_days(rrule, expected):
    assert first(3, rrule) == [f"{day} 08:00" for day in expected]


@pytest.mark.parametrize(
    "nth, of, expected",
    [
        (1, "day", ["2026-12-31", "2027-01-04", "2027-01-05"]),
        (1, "week", ["2027-01-04", "2027-01-11", "2027-01-18"]),
        (-1, "week", ["2026-12-31", "2027-01-08", "2027-01-15"]),
        (1, "month", ["2027-01-04", "2027-02-01", "2027-03-01"]),
        (-1, "month", ["2026-12-31", "2027-01-29", "2027-02-26"]),
        (3, "quarter", ["2027-01-06", "2027-04-05", "2027-07-05"]),
        (-1, "year", ["2026-12-31", "2027-12-31", "2028-12-29"]),
    ],
)
def test_working_days_are_those_of_the_calendar(nth, of, expected):
    last_day = datetime(2026, 12, 31, 8, 0, tzinfo=TZ)
    assert first(3, starts_at=last_day, nth=nth, of=of) == [f"{day} 08:00" for day in expected]


def test_a_period_without_such_a_day_is_passed_over():
    """The week of Tết has one working day and the next none."""
    weeks = first(4, starts_at=datetime(2027, 1, 25, 8, 0, tzinfo=TZ), nth=2, of="week")
    assert weeks == ["2027-01-26 08:00", "2027-02-02 08:00", "2027-02-16 08:00", "2027-02-23 08:00"]


@pytest.mark.parametrize(
    "rrule, code",
    [
        ("FREQ=SECONDLY", "recurrence_too_often"),
        ("FREQ=MINUTELY;INTERVAL=90", "recurrence_too_often"),
        ("FREQ=DAILY;BYMINUTE=0,30", "recurrence_not_understood"),
        ("FREQ=DAILY;COUNT=10000", "recurrence_too_long"),
        ("FREQ=HOURLY;UNTIL=20991231", "recurrence_too_long"),
        ("FREQ=DAILY;UNTIL=20251231", "dates_in_wrong_order"),
        ("FREQ=DAILY;UNTIL=20270230", "recurrence_not_understood"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20271231", "recurrence_not_understood"),
        ("FREQ=DAILY;COUNT=0", "recurrence_not_understood"),
        ("FREQ=DAILY;FREQ=WEEKLY", "recurrence_not_understood"),
        ("FREQ=FORTNIGHTLY", "recurrence_not_understood"),
        ("FREQ=DAILY;INTERVAL=0", "recurrence_not_understood"),
        ("FREQ=WEEKLY;BYDAY=XX", "recurrence_not_understood"),
        ("FREQ=YEARLY;BYEASTER=1", "recurrence_not_understood"),
        ("BYDAY=MO", "recurrence_not_understood"),
        ("", "recurrence_not_understood"),
        (";;;", "recurrence_not_understood"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "recurrence_never_comes"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1000", "recurrence_never_comes"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", "recurrence_never_comes"),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=3", "recurrence_never_comes"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=7", "recurrence_never_comes"),
        ("FREQ=HOURLY;INTERVAL=24;BYHOUR=3", "recurrence_never_comes"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_its_code(rrule, code):
    with pytest.raises(Refused) as refused:
        rule(rrule)
    assert (refused.value.refusal_code, refused.value.details["field"]) == (code, "rrule")


_DAYS = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=3, unique=True)
RULES = st.one_of(
    st.builds("FREQ=HOURLY;INTERVAL={}".format, st.integers(1, 30)),
    st.builds("FREQ=DAILY;INTERVAL={}".format, st.integers(1, 40)),
    st.builds(lambda n, days: f"FREQ=WEEKLY;INTERVAL={n};BYDAY={','.join(days)}", st.integers(1, 5), _DAYS),
    st.builds(lambda n, days: f"FREQ=WEEKLY;INTERVAL={n};WKST=SU;BYDAY={','.join(days)}", st.integers(1, 5), _DAYS),
    st.builds("FREQ=MONTHLY;INTERVAL={};BYMONTHDAY={}".format, st.integers(1, 7), st.integers(1, 31)),
    st.builds("FREQ=MONTHLY;BYDAY=MO,WE,FR;BYSETPOS={}".format, st.sampled_from([-2, -1, 1, 2])),
    st.builds("FREQ=YEARLY;BYMONTH={}".format, st.integers(1, 12)),
)


@given(RULES, st.integers(0, 40))
def test_it_goes_on_from_any_of_its_occurrences(rrule, n):
    """What follows an occurrence is found without those before it, as dateutil finds it from the beginning."""
    whole = list(islice(rrulestr(rrule, dtstart=datetime(2026, 11, 23, 8, 0)), n + 5))
    found = Recurrence(expand, whole[0], TZ.key, rrule)
    after = islice(found.since(whole[n].replace(tzinfo=TZ), DAYS), 5)
    assert [each.astimezone(TZ).replace(tzinfo=None) for each in after] == whole[n:]


def test_the_hour_stays_through_the_summer_time_of_its_zone():
    paris = rule("FREQ=MONTHLY", datetime(2027, 2, 15, 9, 0, tzinfo=ZoneInfo("Europe/Paris")), "Europe/Paris")
    assert [f"{each:%m-%d %H}" for each in islice(paris.all(DAYS), 3)] == ["02-15 08", "03-15 08", "04-15 07"]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
def test_the_zone_of_the_process_does_not_matter(zone, monkeypatch):
    here = first(40, "FREQ=WEEKLY;BYDAY=MO,SU", starts_at=datetime(2026, 11, 22, 23, 30, tzinfo=TZ))
    monkeypatch.setitem(os.environ, "TZ", zone)
    time.tzset()
    try:
        assert first(40, "FREQ=WEEKLY;BYDAY=MO,SU", starts_at=datetime(2026, 11, 22, 23, 30, tzinfo=TZ)) == here
    finally:
        monkeypatch.undo()
        time.tzset()


def test_of_many_that_nobody_said_the_latest_stands_for_all():
    hourly = rule("FREQ=HOURLY")
    found = due(hourly, NOW, timedelta(), (), NOW + timedelta(hours=8, minutes=5), DAYS)
    assert (found.occurrence, found.missed, found.next) == (NOW + timedelta(hours=8), 8, NOW + timedelta(hours=9))


def test_what_was_settled_ahead_is_passed_over():
    daily = rule("FREQ=DAILY")
    tomorrow = (NOW + timedelta(days=1)).astimezone(UTC)
    found = due(daily, NOW, timedelta(), {tomorrow}, NOW, DAYS)
    assert (found.occurrence, found.missed, found.next) == (NOW, 0, NOW + timedelta(days=2))


def test_what_comes_before_its_time_is_due_before_it():
    found = due(rule("FREQ=DAILY;COUNT=1"), NOW, timedelta(minutes=15), (), NOW - timedelta(minutes=15), DAYS)
    assert (found.occurrence, found.next) == (NOW, None)
    waits = due(rule("FREQ=DAILY;COUNT=1"), NOW, timedelta(minutes=15), (), NOW - timedelta(minutes=16), DAYS)
    assert (waits.occurrence, waits.next) == (None, NOW)


def test_it_begins_within_ten_years():
    with pytest.raises(Refused, match="ten years"):
        rule(starts_at=NOW + timedelta(days=4000))
