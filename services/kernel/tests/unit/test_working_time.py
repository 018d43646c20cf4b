"""The city's days: counting agrees with walking, whatever the holidays."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.working_time import TZ, WorkingDays, end_of_day, today

NATIONAL_DAY = date(2026, 9, 2)
SWAP_DAY, MAKE_UP_DAY = date(2026, 8, 31), date(2026, 8, 22)  # a Monday off, the Saturday worked for it
CITY = WorkingDays({NATIONAL_DAY: False, date(2026, 9, 1): False, SWAP_DAY: False, MAKE_UP_DAY: True})

days = st.dates(date(2025, 1, 1), date(2028, 12, 31))
calendars = st.dictionaries(days, st.booleans(), max_size=40).map(WorkingDays)
pytestmark = pytest.mark.timeout(60)


def test_a_holiday_moves_to_the_working_day_before_it():
    assert date(2026, 8, 28) == CITY.on_or_before(NATIONAL_DAY)


def test_a_make_up_saturday_is_worked():
    assert CITY.is_working(MAKE_UP_DAY)
    assert date(2026, 8, 24) == CITY.add(MAKE_UP_DAY, 1)


def test_counting_steps_over_days_off():
    assert date(2026, 9, 4) == CITY.add(date(2026, 8, 28), 2)
    assert CITY.between(date(2026, 8, 28), date(2026, 9, 4)) == 2
    assert CITY.between(date(2026, 9, 4), date(2026, 8, 28)) == -2


def test_a_day_ends_in_the_city_not_in_the_process():
    assert datetime(2026, 11, 22, 16, 59, 59, tzinfo=UTC) == end_of_day(date(2026, 11, 22))
    assert date(2026, 11, 23) == today(datetime(2026, 11, 22, 17, 0, tzinfo=UTC))


def test_the_last_day_of_the_calendar_costs_no_more_than_tomorrow():
    assert CITY.between(date(2026, 1, 1), date.max) > 2_000_000


@given(calendars, days, days)
def test_counting_agrees_with_walking(calendar, start, end):
    first, last = min(start, end), max(start, end)
    walked = sum(calendar.is_working(first + timedelta(n)) for n in range(1, (last - first).days + 1))
    assert (walked if start <= end else -walked) == calendar.between(start, end)


@given(calendars, days, st.integers(0, 60))
def test_what_was_added_is_what_lies_between(calendar, day, n):
    assert n == calendar.between(day, calendar.add(day, n))


@given(calendars, days, st.integers(1, 60))
def test_going_back_ends_on_a_working_day(calendar, day, n):
    back = calendar.add(day, -n)
    assert calendar.is_working(back)
    assert calendar.add(calendar.on_or_before(day), -n) <= back < day


@given(calendars, days)
def test_the_nearest_working_days_have_none_between_them(calendar, day):
    before, after = calendar.on_or_before(day), calendar.on_or_after(day)
    assert before <= day <= after
    assert calendar.is_working(before) and calendar.is_working(after)
    assert (0 if before == after else 1) == calendar.between(before, after)


@given(st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.timezones()))
def test_an_instant_is_within_its_own_day(now):
    assert now <= end_of_day(today(now)) + timedelta(seconds=1)
    assert end_of_day(today(now) - timedelta(days=1)).astimezone(TZ) < now


@pytest.mark.parametrize(
    ("now", "hours", "then"),
    [
        ("2026-08-28T09:00", 2, "2026-08-28T11:00"),
        ("2026-08-28T06:00", 0, "2026-08-28T07:30"),
        ("2026-08-28T17:00", 0, "2026-09-03T07:30"),  # a Friday before holidays
        ("2026-08-28T16:00", 2, "2026-09-03T08:30"),
        ("2026-08-22T16:59", 0, "2026-08-22T16:59"),  # a Saturday that is worked
        ("2026-08-23T12:00", 0, "2026-08-24T07:30"),
        ("2026-08-24T07:30", 19, "2026-08-26T07:30"),
    ],
)
def test_working_time_passes_in_working_hours_only(now, hours, then):
    now, then = (datetime.fromisoformat(each).replace(tzinfo=TZ) for each in (now, then))
    assert CITY.add_time(now, timedelta(hours=hours)) == then
    assert CITY.is_open(then)


@given(calendars, st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)), st.integers(0, 600), st.integers(0, 600))
def test_working_time_adds_up(calendar, now, minutes, more):
    now = now.replace(tzinfo=TZ)
    minutes, more = timedelta(minutes=minutes), timedelta(minutes=more)
    assert calendar.add_time(calendar.add_time(now, minutes), more) == calendar.add_time(now, minutes + more)
