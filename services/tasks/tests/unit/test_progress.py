"""How often a unit reports, and how many reports are missing."""

from datetime import date, datetime

import pytest

from kernel.working_time import TZ, WorkingDays
from tasks.domain.progress import Standing, period_of, reports_owed

DAYS = WorkingDays({date(2026, 2, 16): False})  # a Monday off


def at(month: int, day: int, hour: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=TZ)


@pytest.mark.parametrize(
    ("urgency", "due", "period"),
    [
        ("normal", at(6, 30), "monthly"),
        ("normal", None, "monthly"),
        ("urgent", at(6, 30), "weekly"),
        ("express", None, "weekly"),
        ("urgent", at(2, 9), "none"),  # five working days
        ("urgent", at(2, 10), "weekly"),
    ],
)
def test_how_often_follows_from_urgency_and_deadline(urgency, due, period):
    assert period_of(urgency, due, at(2, 2), DAYS) == period


@pytest.mark.parametrize(
    ("reported", "until", "missing", "next_due"),
    [
        ([], at(2, 9), 0, date(2026, 2, 9)),  # the last day of a period is in it
        ([], at(2, 10), 1, date(2026, 2, 17)),
        ([at(2, 2)], at(2, 10), 0, date(2026, 2, 17)),  # on the very first day
        ([at(2, 9, 23)], at(2, 10), 0, date(2026, 2, 17)),
        ([], at(2, 17), 1, date(2026, 2, 17)),  # the 16th is off
        ([at(2, 17)], at(2, 18), 1, date(2026, 2, 23)),
        ([at(2, 10), at(2, 11)], at(2, 24), 2, date(2026, 3, 2)),  # two in one week are one
    ],
)
def test_a_week_that_ended_without_a_report_is_missing(reported, until, missing, next_due):
    assert reports_owed("weekly", at(2, 2), reported, until, DAYS, open_=True) == Standing(missing, next_due)


def test_a_month_that_is_too_short_ends_on_its_last_day():
    assert reports_owed("monthly", at(1, 31), [], at(2, 5), DAYS, open_=True) == Standing(0, date(2026, 3, 2))
    assert reports_owed("monthly", at(1, 31), [], at(4, 15), DAYS, open_=False) == Standing(2, None)


def test_without_a_period_nothing_is_missing():
    assert reports_owed("none", at(1, 1), [], at(12, 1), DAYS, open_=True) == Standing(0, None)
