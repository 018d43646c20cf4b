"""The figures of the statistics. Of what was given each piece is in one class, so the classes add up to it."""

from datetime import date, datetime, timedelta

from kernel.errors import Refused
from kernel.working_time import ONE_DAY, TZ, end_of_day, today
from tasks.domain.due import APPROVER, ASSIGNER, NOBODY, OWNER

CLASSES = (
    "completed_on_time", "completed_late", "in_progress_in_time", "in_progress_overdue", "under_correction", "revoked",
)  # fmt: skip
LOST = (OWNER, APPROVER, ASSIGNER, NOBODY)
LONGEST = timedelta(days=366 * 3)


def period(since: date | None, until: date | None, now: datetime) -> tuple[datetime, datetime]:
    """From the beginning of a day to the end of another; by default this year so far."""
    last = until or today(now)
    first = since or last.replace(month=1, day=1)
    if first > last or last - first > LONGEST:
        raise Refused("wrong_period", "From a day to a later one, three years at most.", field="from")
    return datetime.combine(first, datetime.min.time(), TZ), datetime.combine(last + ONE_DAY, datetime.min.time(), TZ)


def instant(as_of: date | None, now: datetime) -> datetime | None:
    """The end of an earlier day; None for today, which is not over."""
    if as_of is None or as_of == today(now):
        return None
    if as_of > today(now):
        raise Refused("as_of_in_future", "That day is yet to come.", field="as_of")
    return end_of_day(as_of)
