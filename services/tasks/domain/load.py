"""What a unit has to do around a day."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from kernel.working_time import TZ

SEVERAL = 3  # pieces due on one day,
MANY = 8  # and in one week, that stand in each other's way


def day_of(day: date) -> tuple[datetime, datetime]:
    """The instants between which a day lies: from the first up to, without, the second."""
    return datetime.combine(day, time.min, TZ), datetime.combine(day + timedelta(days=1), time.min, TZ)


def week_of(day: date) -> tuple[datetime, datetime]:
    """Monday to Sunday."""
    monday = day - timedelta(days=day.weekday())
    return day_of(monday)[0], day_of(monday + timedelta(days=6))[1]


def collision(counts: Mapping) -> str | None:
    """With the piece that is being planned."""
    if counts["due_same_day"] + 1 >= SEVERAL:
        return "day"
    return "week" if counts["due_same_week"] + 1 >= MANY else None
