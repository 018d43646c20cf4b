"""How a piece of work stands against its deadline: derived from dates, never stored."""

from datetime import datetime
from typing import NamedTuple

from kernel.working_time import TZ, WorkingDays, today

NEAR = {"normal": 3}  # working days ahead that are "soon"
NEAR_WHEN_URGENT = 5


class DueState(NamedTuple):
    """`days` are working days: left while open, too early or too late once it counts; 0 where none applies."""

    name: str
    days: int = 0


def overdue_before(urgency: str, now: datetime) -> datetime:
    """Deadlines before this instant are missed. The end of the due day is on time; an express one has its minute."""
    return now if urgency == "express" else now.astimezone(TZ).replace(hour=0, minute=0, second=0, microsecond=0)


def due_state(
    due: datetime | None, urgency: str, now: datetime, days: WorkingDays, done_at: datetime | None = None
) -> DueState:
    """Against one deadline. `done_at` is when the result that was finally approved had been submitted."""
    if due is None:
        return DueState("no_deadline")
    if done_at is not None:
        return _done(due, urgency, done_at, days)
    if due < overdue_before(urgency, now):
        return DueState("overdue", days.between(today(due), today(now)))
    left = days.between(today(now), today(due))
    if today(due) == today(now):
        return DueState("due_today")
    return DueState("due_soon" if left <= NEAR.get(urgency, NEAR_WHEN_URGENT) else "on_track", left)


def _done(due: datetime, urgency: str, done_at: datetime, days: WorkingDays) -> DueState:
    if due < overdue_before(urgency, done_at):
        return DueState("late", days.between(today(due), today(done_at)))
    if today(done_at) < today(due):
        return DueState("early", days.between(today(done_at), today(due)))
    return DueState("on_time")
