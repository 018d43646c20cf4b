"""The city's days: which of them are worked, and how to count with them.

Everything here is in days of `TZ`, whatever the time zone of the process.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

TZ = ZoneInfo("Asia/Ho_Chi_Minh")
LAST_SECOND = time(23, 59, 59)
OPENS, CLOSES = time(7, 30), time(17, 0)  # of a working day
ONE_DAY = timedelta(days=1)


def today(now: datetime) -> date:
    """The city's date at an instant."""
    return now.astimezone(TZ).date()


def end_of_day(day: date) -> datetime:
    """The last instant that still counts as `day`."""
    return datetime.combine(day, LAST_SECOND, TZ)


@dataclass(frozen=True)
class WorkingDays:
    """Monday to Friday, but for the exceptions: holidays and days in lieu (False), make-up days (True)."""

    exceptions: Mapping[date, bool]

    @cached_property
    def fingerprint(self) -> str:
        """Another one when the exceptions are others."""
        return hashlib.sha256(repr(sorted(self.exceptions.items())).encode()).hexdigest()[:16]

    def is_working(self, day: date) -> bool:
        return self.exceptions.get(day, _is_weekday(day))

    def on_or_before(self, day: date) -> date:
        while not self.is_working(day):
            day -= ONE_DAY
        return day

    def on_or_after(self, day: date) -> date:
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def add(self, day: date, n: int) -> date:
        """The n-th working day after `day` (before it, if n is negative); `day` itself if n is 0."""
        step = ONE_DAY if n > 0 else -ONE_DAY
        for _ in range(abs(n)):
            day += step
            while not self.is_working(day):
                day += step
        return day

    def between(self, start: date, end: date) -> int:
        """Working days after `start`, up to and with `end`; negative when `end` comes first.

        Counted, not walked: a date in the year 9999 costs no more than tomorrow.
        """
        if end < start:
            return -self.between(end, start)
        count = _weekdays_up_to(end) - _weekdays_up_to(start)
        for day, working in self.exceptions.items():
            if start < day <= end:
                count += working - _is_weekday(day)
        return count

    def is_open(self, now: datetime) -> bool:
        """Whether an instant lies in working hours."""
        local = now.astimezone(TZ)
        return self.is_working(local.date()) and OPENS <= local.time() < CLOSES

    def add_time(self, now: datetime, time: timedelta) -> datetime:
        """The instant at which so much working time has passed since `now`: the next one in working hours, if none."""
        day = self.on_or_after(today(now))
        at = max(now, datetime.combine(day, OPENS, TZ))
        while at + time >= (closes := datetime.combine(day, CLOSES, TZ)):
            time -= max(closes - at, timedelta())
            day = self.on_or_after(day + ONE_DAY)
            at = datetime.combine(day, OPENS, TZ)
        return at + time


def _is_weekday(day: date) -> bool:
    return day.weekday() < 5


def _weekdays_up_to(day: date) -> int:
    """Mondays to Fridays from the first day of the calendar (a Monday) up to and with `day`."""
    weeks, rest = divmod(day.toordinal(), 7)
    return weeks * 5 + min(rest, 5)
