"""When an order recurs: the days of a rule, moved to working days, and which of them are due."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, islice, takewhile

from kernel.errors import Refused
from kernel.working_time import ONE_DAY, WorkingDays

SHOWN = 5  # occurrences
LATE_BY = 3  # working days after which an occurrence that nobody made is missed
MOVED_BY_AT_MOST = timedelta(days=60)  # 20 working days and the longest holidays
BEGINS_WITHIN = timedelta(days=366)
ENDS_WITHIN = timedelta(days=20 * 366)

# What a rule may say beside INTERVAL. Every rule that can be written so comes again: a day that some months lack (the
# 29th and later) is reached from the end of the month, so nobody searches the years for one that never comes.
_DAYS = r"(?:MO|TU|WE|TH|FR|SA|SU)"
_LIST = r"{0}(?:,{0})*"
_NTH_DAYS = _LIST.format(rf"(?:-?[1-4]){_DAYS}")
_MONTH_DAYS = _LIST.format(r"-?(?:[1-9]|1\d|2[0-8])")
_MONTHS = _LIST.format(r"(?:[1-9]|1[0-2])")
GRAMMAR = {
    "DAILY": ({},),
    "WEEKLY": ({}, {"BYDAY": _LIST.format(_DAYS)}),
    "MONTHLY": ({"BYMONTHDAY": _MONTH_DAYS}, {"BYDAY": _NTH_DAYS}),
    "YEARLY": ({"BYMONTH": _MONTHS, "BYMONTHDAY": _MONTH_DAYS}, {"BYMONTH": _MONTHS, "BYDAY": _NTH_DAYS}),
}
_INTERVAL = re.compile(r"[1-9]\d?")


@dataclass(frozen=True, slots=True)
class Recurrence:
    """`expand(rule, starts_on, since)` are the days of a rule, without an end."""

    expand: Callable[[str, date, date], Iterator[date]]
    rrule: str
    starts_on: date
    ends_on: date | None
    day_off: str
    offset: int

    def occurrences(self, since: date) -> Iterator[date]:
        """The days of the rule from a day on."""
        last = min(self.ends_on or date.max, self.starts_on + ENDS_WITHIN)
        return takewhile(lambda day: day <= last, self.expand(self.rrule, self.starts_on, since))

    def day_of(self, occurrence: date, days: WorkingDays) -> date:
        """The day on which its draft is made, by the calendar as it is now."""
        if self.day_off == "before":
            occurrence = days.on_or_before(occurrence)
        elif self.day_off == "after":
            occurrence = days.on_or_after(occurrence)
        return days.add(occurrence, self.offset)

    def dated(self, since: date, days: WorkingDays) -> Iterator[tuple[date, date]]:
        """Occurrences with their days. Of those that fall together, as a weekend's on Monday, the last stands for
        all.
        """
        dated = ((each, self.day_of(each, days)) for each in self.occurrences(since))
        for _, together in groupby(dated, key=lambda each: each[1]):
            *_, last = together
            yield last


def recurrence_of(given: Mapping, today: date, expand: Callable[[str, date, date], Iterator[date]]) -> Recurrence:
    """As it was asked for, if there is such a thing."""
    starts_on, ends_on = given["starts_on"], given["ends_on"]
    if abs(starts_on - today) > BEGINS_WITHIN:
        raise Refused("day_too_far", "It begins within a year.", field="recurrence.starts_on")
    if ends_on is not None and ends_on < starts_on:
        raise Refused("dates_in_wrong_order", "It ends before it begins.", field="recurrence.ends_on")
    return Recurrence(expand, _rule(given["rrule"]), starts_on, ends_on, given["day_off"], given["offset"])


def _rule(text: str) -> str:
    parts = [part.partition("=") for part in text.upper().removeprefix("RRULE:").split(";")]
    named = {name: value for name, _, value in parts}
    if len(named) == len(parts) and _can_be(dict(named)):
        return ";".join(f"{name}={value}" for name, value in named.items())
    raise Refused("recurrence_not_understood", "No such rule.", field="recurrence.rrule")


def _can_be(named: dict[str, str]) -> bool:
    if not _INTERVAL.fullmatch(named.pop("INTERVAL", "1")):
        return False
    forms = GRAMMAR.get(named.pop("FREQ", ""), ())
    return any(
        form.keys() == named.keys() and all(re.fullmatch(form[name], value) for name, value in named.items())
        for form in forms
    )


def shown(recurrence: Recurrence, after: date | None, days: WorkingDays, count: int = SHOWN) -> list[dict]:
    """The next occurrences from one on, and when they are drafted."""
    coming = () if after is None else islice(recurrence.dated(after, days), count)
    return [{"occurrence": occurrence, "day": day} for occurrence, day in coming]


def first_to_come(recurrence: Recurrence, done: date | None, today: date, days: WorkingDays) -> date | None:
    """The first occurrence after the last that something came of, and whose day has not passed: what was before a
    template, or while it was paused, is never caught up.
    """
    since = max(recurrence.starts_on, today - MOVED_BY_AT_MOST)
    if done is not None:
        since = max(since, done + ONE_DAY)
    return next((occurrence for occurrence, day in recurrence.dated(since, days) if day >= today), None)


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done today: one draft at most, and what it is too late for. `next` is what comes after."""

    missed: list[date]
    drafted: date | None
    next: date | None


def due(recurrence: Recurrence, waiting: date | None, today: date, days: WorkingDays) -> Due:
    """`waiting` is the first occurrence that nothing has come of. Of several that are due only the latest is drafted,
    and not even that when its day is long past.
    """
    passed, following = [], None
    for occurrence, day in () if waiting is None else recurrence.dated(waiting, days):
        if day > today:
            following = occurrence
            break
        passed.append((occurrence, day))
    missed = [occurrence for occurrence, _ in passed]
    if passed and days.between(passed[-1][1], today) <= LATE_BY:
        return Due(missed[:-1], missed[-1], following)
    return Due(missed, None, following)


def order_of(template: Mapping, occurrence: date, today: date, days: WorkingDays) -> dict:
    """The order as it is drafted for an occurrence, due so many working days after today."""
    order = dict(template)
    due_in = order.pop("due_in")
    for name in ("title", "content"):
        order[name] = _filled(order[name], occurrence)
    return order | {"due_on": None if due_in is None else days.add(today, due_in).isoformat(), "due_at": None}


def _filled(text: str, day: date) -> str:
    quarter = (day.month + 2) // 3
    for name, value in (("day", day.day), ("month", day.month), ("quarter", quarter), ("year", day.year)):
        text = text.replace(f"{{{name}}}", str(value))
    return text
