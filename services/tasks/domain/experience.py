"""How long work has taken, in working days."""

from collections.abc import Iterable
from datetime import date

from kernel.working_time import WorkingDays

LEAST_PIECES = 8  # of fewer nothing is said


def experience(
    found: Iterable[tuple[date, date, int, int]], days: WorkingDays, least: int = LEAST_PIECES
) -> dict | None:
    """`found`: first day, last day, how many pieces took that long, and how many of them got more time."""
    took, extended = [], 0
    for begun, done, count, got_time in found:
        took += [max(0, days.between(begun, done))] * count
        extended += got_time
    if len(took) < least:
        return None
    took.sort()
    return {
        "pieces": len(took),
        "median_days": _percentile(took, 50),
        "p90_days": _percentile(took, 90),
        "extended": round(extended / len(took), 2),
    }


def _percentile(ordered: list[int], percent: int) -> int:
    """The nearest rank: a number of days that work really took."""
    return ordered[-(-len(ordered) * percent // 100) - 1]
