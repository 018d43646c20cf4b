"""A year's days that differ from Monday to Friday."""

from collections.abc import Iterable, Mapping
from datetime import date

from kernel.errors import Refused
from kernel.working_time import WorkingDays

CALENDAR = WorkingDays({})


def is_special(day: date, working: bool) -> bool:
    return working != CALENDAR.is_working(day)


def ordinary(days: Iterable[date]) -> dict[date, tuple[bool, str]]:
    """What these days are when nobody says otherwise: day -> (working, name)."""
    return {day: (CALENDAR.is_working(day), "") for day in days}


def special_days(year: int, days: Iterable[Mapping]) -> dict[date, tuple[bool, str]]:
    found = {}
    for place, each in enumerate(days):
        day, where = each["day"], f"days.{place}.day"
        if day.year != year:
            raise Refused("day_not_in_year", "The day is of another year.", field=where)
        if day in found:
            raise Refused("day_twice", "A day is named once.", field=where)
        if not is_special(day, each["working"]):
            raise Refused("day_not_special", "This is what the weekday makes of it.", field=where)
        found[day] = (each["working"], each["name"])
    return found
