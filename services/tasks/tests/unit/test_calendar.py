"""Promise R10: a deadline is the city's, whatever the process' time zone, and a changed calendar moves none that was
given.
"""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.working_time import WorkingDays, end_of_day, today
from tasks.domain.due import due_state, overdue_before

ZONES = ("UTC", "Asia/Ho_Chi_Minh", "America/Los_Angeles")
days = st.dates(date(2025, 1, 1), date(2028, 12, 31))
calendars = st.dictionaries(days, st.booleans(), max_size=40).map(WorkingDays)
instants = st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))
urgencies = st.sampled_from(["normal", "urgent", "very_urgent", "express"])
pytestmark = pytest.mark.timeout(120)


def test_ten_thousand_dates_are_the_same_under_three_time_zones():
    module = "tasks.tests.unit.deadlines"
    running = [
        subprocess.Popen([sys.executable, "-m", module], env=os.environ | {"TZ": zone}, stdout=subprocess.PIPE)
        for zone in ZONES
    ]
    said = {process.communicate()[0].decode() for process in running}
    assert len(said) == 1 and said.pop().startswith("10000 ")


@given(calendars, calendars, days, instants, urgencies)
def test_a_changed_calendar_makes_nothing_late_and_nothing_punctual(before, after, due_on, now, urgency):
    """What was given stays what it was: only the days that are counted are others."""
    due = end_of_day(due_on)
    stands = [due_state(due, urgency, now, calendar) for calendar in (before, after)]
    late = {state.name == "overdue" for state in stands}
    assert late == {due < overdue_before(urgency, now)}
    done = {due_state(due, urgency, now, calendar, done_at=now).name for calendar in (before, after)}
    assert len(done) == 1


@given(calendars, days, days, st.data())
def test_a_day_off_that_is_made_up_within_the_time_costs_nothing(calendar, one, other, data):
    """Hoán đổi: a working day off for a day off that is worked, both within the span that is counted."""
    start, end = min(one, other), max(one, other)
    span = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    worked = [day for day in span if calendar.is_working(day)]
    free = [day for day in span if not calendar.is_working(day)]
    if worked and free:
        swapped = {data.draw(st.sampled_from(worked)): False, data.draw(st.sampled_from(free)): True}
        assert WorkingDays({**calendar.exceptions, **swapped}).between(start, end) == calendar.between(start, end)


@given(calendars, instants, st.integers(-1, 1), days)
def test_an_hour_by_which_the_clock_steps_is_no_day(calendar, now, hours, due_on):
    """Late is late only after the city's midnight, whichever way the clock went."""
    stepped = now + timedelta(hours=hours)
    state = due_state(end_of_day(due_on), "normal", stepped, calendar)
    assert (state.name == "overdue") is (today(stepped) > due_on)
