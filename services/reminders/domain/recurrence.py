"""When a reminder comes, and comes again. A rule is kept in the local time of its zone, so that 08:00 stays 08:00."""

import re
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from kernel.errors import Refused
from kernel.working_time import ONE_DAY, WorkingDays

BEGINS_WITHIN = timedelta(days=10 * 366)
ENDS_WITHIN = timedelta(days=20 * 366)
COUNT_AT_MOST = 1000
TOO_OFTEN = ("SECONDLY", "MINUTELY")

# What a rule may say beside INTERVAL, WKST, COUNT and UNTIL: nothing by which it came twice in an hour, or by which a
# process would search for long before it knows that a day never comes.
_DAYS = r"(?:MO|TU|WE|TH|FR|SA|SU)"
_HOURS = r"(?:1?\d|2[0-3])"
_NTH_DAYS = rf"(?:[+-]?(?:[1-9]|[1-4]\d|5[0-3]))?{_DAYS}"
_MONTH_DAYS = r"[+-]?(?:[1-9]|[12]\d|3[01])"
_MONTHS = r"(?:[1-9]|1[0-2])"
_OF_A_DAY = {"BYHOUR": _HOURS}
_OF_A_MONTH = {"BYDAY": _NTH_DAYS, "BYMONTHDAY": _MONTH_DAYS, "BYSETPOS": r"[+-]?[1-9]\d?"}
GRAMMAR = {
    "HOURLY": {"BYDAY": _DAYS, "BYHOUR": _HOURS},
    "DAILY": {"BYDAY": _DAYS, "BYMONTH": _MONTHS, **_OF_A_DAY},
    "WEEKLY": {"BYDAY": _DAYS, "BYMONTH": _MONTHS, **_OF_A_DAY},
    "MONTHLY": {"BYMONTH": _MONTHS, **_OF_A_MONTH, **_OF_A_DAY},
    "YEARLY": {"BYMONTH": _MONTHS, **_OF_A_MONTH, **_OF_A_DAY},
}
_UNTIL = r"(\d{8})(?:T(\d{6})(Z?))?"
ONCE = {"INTERVAL": r"[1-9]\d{0,2}", "WKST": _DAYS, "COUNT": r"[1-9]\d{0,8}", "UNTIL": _UNTIL}
_MONTHS_OF = {"month": 1, "quarter": 3, "year": 12}
WORKING_DAYS_OF = ("day", "week", *_MONTHS_OF)

Expand = Callable[[str, datetime], Iterator[datetime]]


@dataclass(frozen=True, slots=True)
class Recurrence:
    """`starts_at` is its first occurrence, `ends_at` the end of the rule, both local. It has an `rrule` or a
    `working_day` (`nth` of a period), or comes once.
    """

    expand: Expand
    starts_at: datetime
    zone: str
    rrule: str | None = None
    working_day: Mapping | None = None
    ends_at: datetime | None = None

    @property
    def comes_again(self) -> bool:
        return self.rrule is not None or self.working_day is not None

    def since(self, occurrence: datetime, days: WorkingDays) -> Iterator[datetime]:
        """Itself, and what follows."""
        zone = ZoneInfo(self.zone)
        local = occurrence.astimezone(zone).replace(tzinfo=None)
        moments = self._moments(local, days)
        if self.ends_at is not None:
            moments = takewhile(lambda moment: moment <= self.ends_at, moments)
        return (moment.replace(tzinfo=zone).astimezone(UTC) for moment in moments)

    def all(self, days: WorkingDays) -> Iterator[datetime]:
        return self.since(self.starts_at.replace(tzinfo=ZoneInfo(self.zone)), days)

    def anew(self, days: WorkingDays) -> Iterator[datetime]:
        """All that come in working days, by others than those by which the first was found: it may be earlier now."""
        of, first = self.working_day["of"], self.starts_at.date()
        begins = first if of == "day" else _begin(of, first)
        return self.since(datetime.combine(begins, self.starts_at.time(), ZoneInfo(self.zone)), days)

    def _moments(self, first: datetime, days: WorkingDays) -> Iterator[datetime]:
        if self.rrule is not None:
            return self.expand(_endless(self.rrule), first)
        if self.working_day is not None:
            worked = _working_days(self.working_day["nth"], self.working_day["of"], first.date(), days)
            return (datetime.combine(day, first.time()) for day in worked)
        return iter((first,))


def _working_days(nth: int, of: str, first: date, days: WorkingDays) -> Iterator[date]:
    """The n-th working day of every period, counted from its end if n is negative; of a `day`: every working day."""
    if of == "day":
        while True:
            yield (first := days.on_or_after(first))
            first += ONE_DAY
    begin = _begin(of, first)
    while True:
        end = _begin(of, begin + timedelta(days=7 if of == "week" else 31 * _MONTHS_OF[of]))
        day = days.add(begin - ONE_DAY if nth > 0 else end, nth)
        if max(first, begin) <= day < end:
            yield day
        begin = end


def _begin(of: str, day: date) -> date:
    if of == "week":
        return day - timedelta(days=day.weekday())
    months = _MONTHS_OF[of]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


@dataclass(frozen=True, slots=True)
class Due:
    """What is said now and what comes after: `missed` occurrences before `occurrence` are said with it."""

    occurrence: datetime | None
    missed: int
    next: datetime | None


def due(
    recurrence: Recurrence, waiting: datetime, before: timedelta, settled: Collection[datetime], now: datetime,
    days: WorkingDays,
) -> Due:  # fmt: skip
    """`waiting` is the first occurrence that nothing has come of; the `settled` ones were done or skipped ahead. Of
    several that are due the latest stands for all. Whatever has become of the rule: what was waited for is said.
    """
    passed = []
    for occurrence in recurrence.since(waiting, days):
        if occurrence in settled:
            continue
        if occurrence - before > now:
            return Due(passed[-1] if passed else None, max(len(passed) - 1, 0), occurrence)
        passed.append(occurrence)
    return Due(passed[-1] if passed else waiting, max(len(passed) - 1, 0), None)


def upcoming(
    recurrence: Recurrence, waiting: datetime, settled: Collection[datetime], days: WorkingDays, count: int
) -> list[datetime]:
    """The next occurrences, from the one that is waited for on."""
    coming = (occurrence for occurrence in recurrence.since(waiting, days) if occurrence not in settled)
    return list(islice(coming, count))


def recurrence_of(
    starts_at: datetime, zone: str, rrule: str | None, working_day: Mapping | None, now: datetime, expand: Expand,
    days: WorkingDays,
) -> Recurrence:  # fmt: skip
    """As it was asked for, if there is such a thing; `starts_at` becomes its first occurrence."""
    if abs(starts_at - now) > BEGINS_WITHIN:
        raise Refused("day_too_far", "It begins within ten years.", field="starts_at")
    local = starts_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0)
    wanted = Recurrence(expand, local, zone, None if rrule is None else _rule(rrule), working_day)
    if wanted.rrule is not None:
        wanted = replace(wanted, ends_at=_end(wanted))
    first = next(wanted.all(days), None)
    if first is None or first - starts_at > ENDS_WITHIN:
        raise Refused("recurrence_never_comes", "No day fits this rule.", field="rrule")
    first = first.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return replace(wanted, starts_at=first)


def _rule(text: str) -> str:
    parts = [part.partition("=") for part in text.upper().removeprefix("RRULE:").rstrip(";").split(";")]
    named = {name: value for name, _, value in parts}
    if named.get("FREQ") in TOO_OFTEN:
        raise Refused("recurrence_too_often", "There is at least an hour between two occurrences.", field="rrule")
    if len(named) != len(parts) or {"COUNT", "UNTIL"} <= named.keys() or not _can_be(dict(named)):
        raise _not_understood()
    return ";".join(f"{name}={value}" for name, value in named.items())


def _endless(rrule: str) -> str:
    """Intervals can be counted from any occurrence on, a number of occurrences cannot."""
    return ";".join(part for part in rrule.split(";") if not part.startswith(("COUNT=", "UNTIL=")))


def _can_be(named: dict[str, str]) -> bool:
    lists = GRAMMAR.get(named.pop("FREQ", ""))
    return lists is not None and all(
        re.fullmatch(rf"{lists[name]}(?:,{lists[name]})*" if name in lists else ONCE.get(name, "(?!)"), value)
        for name, value in named.items()
    )


def _end(wanted: Recurrence) -> datetime | None:
    """The last moment at which it may come, local."""
    ends = dict(part.split("=") for part in wanted.rrule.split(";"))
    if "UNTIL" in ends:
        until = _until(ends["UNTIL"], wanted.zone)
        if until < wanted.starts_at:
            raise Refused("dates_in_wrong_order", "It ends before it begins.", field="rrule")
        if until - wanted.starts_at > ENDS_WITHIN:
            raise Refused("recurrence_too_long", "It ends within twenty years.", field="rrule")
        return until
    if "COUNT" not in ends:
        return None
    if int(ends["COUNT"]) > COUNT_AT_MOST:
        raise Refused("recurrence_too_long", "It comes a thousand times at most.", field="rrule")
    coming = wanted.expand(_endless(wanted.rrule), wanted.starts_at)
    last = deque(islice(coming, int(ends["COUNT"])), maxlen=1)
    return last[0] if last else None


def _until(text: str, zone: str) -> datetime:
    day, clock, in_utc = re.fullmatch(_UNTIL, text).groups()
    try:
        until = datetime.strptime(day + (clock or "235959"), "%Y%m%d%H%M%S")
    except ValueError:  # a day that no calendar has
        raise _not_understood() from None
    return until.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) if in_utc else until


def _not_understood() -> Refused:
    return Refused("recurrence_not_understood", "No such rule.", field="rrule")
