"""Which deadlines a list is asked for: pure."""

from datetime import datetime, time
from typing import NamedTuple

from kernel.working_time import ONE_DAY, TZ, today

NEVER = "infinity"  # the deadline of what has none


class Dues(NamedTuple):
    """Deadlines from an instant on, up to another without it; None: whatever they are."""

    start: datetime | str | None = None
    end: datetime | str | None = None


NO_MATTER = Dues()


def dues(word: str | None, late_since: datetime | None, now: datetime) -> Dues:
    tomorrow = datetime.combine(today(now) + ONE_DAY, time(), TZ)
    start, end = {
        "overdue": (None, now),
        "due_today": (now, tomorrow),
        "later": (tomorrow, NEVER),
        "no_deadline": (NEVER, None),
        None: (None, None),
    }[word]
    if late_since is None:
        return Dues(start, end)
    if word in (None, "overdue"):
        return Dues(late_since, now)
    return Dues(NEVER, NEVER)  # nothing of it is late


def newly_late(since: datetime | None, now: datetime) -> Dues:
    """What became late since then, or since the day began."""
    return Dues(since or datetime.combine(today(now), time(), TZ), now)
