"""How often a unit reports on its work, and how many reports are missing: derived from dates, never stored. A missing
report is not "overdue"; it has its own count.
"""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kernel.working_time import WorkingDays, today

REPORTED_IN = ("in_progress", "suspended", "result_submitted")
DUE_TOO_SOON = 5  # working days: whoever delivers by then need not report before


def period_of(urgency: str, due: datetime | None, now: datetime, days: WorkingDays) -> str:
    """Unless the order says another."""
    if due is not None and days.between(today(now), today(due)) <= DUE_TOO_SOON:
        return "none"
    return "monthly" if urgency == "normal" else "weekly"


@dataclass(frozen=True, slots=True)
class Standing:
    """`missing` counts the periods that ended without a report, `next_due` is the end of the present one."""

    missing: int
    next_due: date | None


def reports_owed(
    period: str, since: datetime, reported: Iterable[datetime], until: datetime, days: WorkingDays, *, open_: bool
) -> Standing:
    """From the day of the order on, until it was delivered, suspended, or now. A period that ends on a day off ends on
    the working day after it; a report on its last day is in it.
    """
    if period == "none":
        return Standing(0, None)
    told = sorted({today(at) for at in reported})
    begin, last, missing, number = today(since), today(until), 0, 1
    while (end := days.on_or_after(_nth(today(since), period, number))) < last:
        missing += not any(begin < day <= end for day in told) and not (number == 1 and begin in told)
        begin, number = end, number + 1
    return Standing(missing, end if open_ else None)


def next_report(period: str, since: date, reported: Iterable[date], days: WorkingDays) -> date:
    """The end of the first period without a report after the last one; each counts from the day of the beginning."""
    told = sorted(reported)
    number = 1
    while told and days.on_or_after(_nth(since, period, number)) < told[-1]:
        number += 1
    return days.on_or_after(_nth(since, period, number + bool(told)))


def _nth(day: date, period: str, number: int) -> date:
    """The day on which the n-th period ends; where a month is too short, its last day."""
    if period == "weekly":
        return day + timedelta(weeks=number)
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
