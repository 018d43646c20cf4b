"""Working days in SQL: a calendar is given with each query, and a date is looked up in it.

`domain.due` is the rule; what stands here says the same of many rows at once, and a test compares the two.
"""

from datetime import date, datetime
from functools import lru_cache
from itertools import accumulate

from kernel.working_time import ONE_DAY, WorkingDays, today
from tasks.domain.due import NEAR, NEAR_WHEN_URGENT, overdue_before

YEARS_BACK, DAYS_AHEAD = 6, 60
CALENDAR = "calendar AS MATERIALIZED (SELECT CAST(:calendar AS int[]) AS days)"
# kernel.working_time.TZ since 1975, without summer time; a zone that is named is looked up for every value, and that
# takes six times as long
_ZONE = "INTERVAL '+07:00'"


def given(days: WorkingDays, at: datetime) -> dict:
    """What a query with a calendar is told: how many working days there were up to each day."""
    counted = _counted(tuple(days.exceptions.items()), today(at))
    return counted | {"at": at, "day_begins": overdue_before("normal", at)}


@lru_cache(maxsize=8)
def _counted(exceptions: tuple[tuple[date, bool], ...], at: date) -> dict:
    days, first = WorkingDays(dict(exceptions)), date(at.year - YEARS_BACK, 1, 1)
    every = (first + n * ONE_DAY for n in range((at - first).days + DAYS_AHEAD))
    counts = list(accumulate(int(days.is_working(day)) for day in every))
    return {
        "calendar": "{" + ",".join(map(str, counts)) + "}",
        "first": first,
        "last": len(counts) - 1,
        "today": counts[(at - first).days],
    }


def day(moment: str) -> str:
    return f"(({moment}) AT TIME ZONE {_ZONE})::date"


def count(moment: str) -> str:
    """Working days up to a moment's day: the difference of two of them is `WorkingDays.between`."""
    place = f"least(greatest({day(moment)} - CAST(:first AS date), 0), :last) + 1"
    return f"CASE WHEN {moment} IS NOT NULL THEN ((SELECT days FROM calendar))[{place}] END"


def missed(due: str, moment: str, begins: str | None = None) -> str:
    """domain.due.overdue_before: whether a deadline had passed at a moment."""
    begins = begins or f"({day(moment)}::timestamp AT TIME ZONE {_ZONE})"
    return f"({due} < CASE WHEN t.urgency = 'express' THEN {moment} ELSE {begins} END)"


def overdue(due: str = "a.current_due") -> str:
    """Of an open piece `a` of an order `t`: since it was suspended the clock stands still."""
    now = missed(due, ":at", ":day_begins")
    return f"({now} AND (a.suspended_at IS NULL OR {missed(due, 'a.suspended_at')}))"


def due_state(due: str = "a.current_due") -> str:
    """The word of domain.due.due_state, of a piece `a` of an order `t`."""
    clock = "coalesce(a.suspended_at, CAST(:at AS timestamptz))"
    near = f"CASE WHEN t.urgency = 'normal' THEN {NEAR['normal']} ELSE {NEAR_WHEN_URGENT} END"
    return f"""CASE
        WHEN a.state = 'revoked' THEN NULL
        WHEN {due} IS NULL THEN 'no_deadline'
        WHEN a.done_at IS NOT NULL THEN CASE
            WHEN {missed(due, "a.done_at")} THEN 'late'
            WHEN {day("a.done_at")} < {day(due)} THEN 'early' ELSE 'on_time' END
        WHEN {overdue(due)} THEN 'overdue'
        WHEN {day(due)} = {day(clock)} THEN 'due_today'
        WHEN {count(due)} - {count(clock)} <= {near} THEN 'due_soon'
        ELSE 'on_track' END"""
