"""How a piece stands against its deadline. March 2026: the 2nd is a Monday, the 7th a Saturday."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.working_time import TZ, WorkingDays, end_of_day, today
from tasks.domain.due import delay, due_state, overdue_before, report_class

DAYS = WorkingDays({})
URGENCIES = st.sampled_from(["normal", "urgent", "very_urgent", "express"])
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
DEADLINES = st.dates(date(2026, 1, 1), date(2027, 12, 31)).map(end_of_day)


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=TZ)


def due(day: int) -> datetime:
    return end_of_day(date(2026, 3, day))


@pytest.mark.parametrize(
    ("urgency", "deadline", "expected"),
    [
        ("normal", due(2), ("due_today", 0)),
        ("normal", due(5), ("due_soon", 3)),
        ("normal", due(6), ("on_track", 4)),
        ("urgent", due(9), ("due_soon", 5)),  # over a weekend: five working days are a week
        ("urgent", due(10), ("on_track", 6)),
        ("express", due(9), ("due_soon", 5)),
        ("normal", None, ("no_deadline", 0)),
    ],
)
def test_open_work_by_the_working_days_that_are_left(urgency, deadline, expected):
    assert due_state(deadline, urgency, at(2), DAYS) == expected


def test_the_end_of_the_due_day_is_on_time_and_a_second_later_is_not():
    assert due_state(due(3), "normal", at(3, 23, 59), DAYS).name == "due_today"
    assert due_state(due(3), "normal", at(4, 0, 0), DAYS) == ("overdue", 1)


def test_an_hour_counts_only_for_express_orders():
    deadline = at(3, 10)
    assert due_state(deadline, "urgent", at(3, 11), DAYS).name == "due_today"
    assert due_state(deadline, "express", at(3, 11), DAYS) == ("overdue", 0)


def test_a_holiday_is_nobodys_delay():
    holidays = WorkingDays({date(2026, 3, 4): False, date(2026, 3, 5): False})
    assert due_state(due(3), "normal", at(5), holidays) == ("overdue", 0)
    assert due_state(due(3), "normal", at(6), holidays) == ("overdue", 1)


@pytest.mark.parametrize(
    ("done_at", "expected"),
    [(at(2), ("early", 3)), (at(5, 23), ("on_time", 0)), (at(6, 0), ("late", 1)), (at(9), ("late", 2))],
)
def test_done_work_by_the_day_of_the_result_that_was_approved(done_at, expected):
    assert due_state(due(5), "normal", at(20), DAYS, done_at) == expected


@given(DEADLINES, URGENCIES, MOMENTS)
def test_every_open_piece_is_in_exactly_one_state_and_overdue_means_past_its_day(deadline, urgency, now):
    name, days = due_state(deadline, urgency, now, DAYS)

    assert days >= 0
    assert (name == "overdue") == (now > deadline + timedelta(milliseconds=999))
    assert (name == "due_today") == (today(now) == today(deadline) and name != "overdue")
    assert (name == "overdue") == (deadline < overdue_before(urgency, now))


@given(DEADLINES, URGENCIES, MOMENTS, st.integers(0, 400))
def test_time_never_makes_a_deadline_less_pressing(deadline, urgency, now, days_later):
    order = ["on_track", "due_soon", "due_today", "overdue"]
    before = due_state(deadline, urgency, now, DAYS).name
    after = due_state(deadline, urgency, now + timedelta(days=days_later), DAYS).name

    assert order.index(before) <= order.index(after)


@given(DEADLINES, URGENCIES, MOMENTS, MOMENTS)
def test_once_done_the_clock_no_longer_matters(deadline, urgency, done_at, now):
    state = due_state(deadline, urgency, now, DAYS, done_at)

    assert state == due_state(deadline, urgency, done_at, DAYS, done_at)
    assert (state.name == "late") == (due_state(deadline, urgency, done_at, DAYS).name == "overdue")


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.times(), URGENCIES)
def test_the_process_time_zone_is_of_no_account(day, hour, urgency):
    local = datetime.combine(day, time(hour.hour, hour.minute), TZ)

    assert due_state(due(20), urgency, local, DAYS) == due_state(due(20), urgency, local.astimezone(UTC), DAYS)


def test_while_it_is_suspended_the_clock_stands_where_it_stood():
    assert due_state(due(5), "normal", at(20), DAYS, suspended_at=at(3)) == ("due_soon", 2)
    assert due_state(due(5), "normal", at(20), DAYS, suspended_at=at(9)) == ("overdue", 2)
    assert due_state(due(5), "normal", at(20), DAYS) == ("overdue", 11)


@pytest.mark.parametrize(
    ("done_at", "now", "expected"),
    [
        (None, 5, "in_progress_in_time"),
        (None, 6, "in_progress_overdue"),
        (at(5), 20, "completed_on_time"),
        (at(4), 20, "completed_on_time"),
        (at(6), 20, "completed_late"),
    ],
)
def test_the_four_classes_of_a_report_upwards(done_at, now, expected):
    state = due_state(due(5), "normal", at(now), DAYS, done_at)

    assert report_class(state, done=done_at is not None) == expected


def split(states: list[tuple[int, str]], now: int, waits=(), deadline: int = 5) -> tuple[int, int, int, int]:
    """Days of the owner, the approver, the assigner and nobody; due on Thursday the 5th."""
    asked = [(at(since), until and at(until)) for since, until in waits]
    lost = delay(due(deadline), [(at(day), state) for day, state in states], asked, at(now), DAYS)
    return lost["owner"], lost["approver"], lost["assigner"], lost["nobody"]


RECEIVED = [(2, "assigned"), (3, "in_progress")]


@pytest.mark.parametrize(
    ("states", "now", "expected"),
    [
        (RECEIVED, 5, (0, 0, 0, 0)),
        (RECEIVED, 10, (3, 0, 0, 0)),  # the weekend is nobody's delay
        ([*RECEIVED, (6, "result_submitted")], 12, (1, 3, 0, 1)),  # the approver has Monday the 9th
        ([*RECEIVED, (4, "result_submitted")], 10, (0, 3, 0, 0)),
        ([*RECEIVED, (6, "result_submitted"), (11, "completed")], 30, (1, 2, 0, 1)),
        ([*RECEIVED, (6, "result_submitted"), (10, "in_progress")], 12, (3, 1, 0, 1)),  # sent back: the owner's again
        ([*RECEIVED, (6, "result_submitted"), (10, "result_submitted")], 12, (1, 3, 0, 1)),  # moved: no new days
        ([(2, "assigned"), (4, "declined")], 10, (1, 0, 2, 0)),
        ([(2, "assigned"), (4, "declined"), (9, "declined")], 10, (1, 0, 2, 0)),
        ([(2, "assigned"), (6, "declined"), (12, "assigned")], 13, (4, 0, 2, 0)),
        ([*RECEIVED, (6, "suspended"), (12, "in_progress")], 13, (2, 0, 0, 4)),
        ([*RECEIVED, (6, "revoked")], 13, (1, 0, 0, 0)),
        ([*RECEIVED, (6, "result_submitted"), (9, "completed"), (16, "in_progress")], 17, (2, 0, 0, 1)),
    ],
)
def test_the_days_after_the_due_day_are_somebodys(states, now, expected):
    assert split(states, now) == expected


@pytest.mark.parametrize(
    ("waits", "expected"),
    [
        ([(9, None)], (4, 0, 2, 0)),  # asked on the 9th: his are the 9th, 10th and 11th too
        ([(9, 10)], (6, 0, 0, 0)),
        ([(3, 10)], (3, 0, 3, 0)),
        ([(3, 6), (10, None)], (4, 0, 2, 0)),
    ],
)
def test_an_undecided_request_is_the_assigners_after_two_days(waits, expected):
    assert split(RECEIVED, 13, waits) == expected


def test_without_a_deadline_nobody_loses_days():
    assert sum(delay(None, [(at(2), "assigned")], [], at(20), DAYS).values()) == 0
