"""How a piece of work stands against its deadline, and whose the lost days are: derived from dates, never stored."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from kernel.working_time import TZ, WorkingDays, today
from tasks.domain.assignment import CLOSED

NEAR = {"normal": 3}  # working days ahead that are "soon"
NEAR_WHEN_URGENT = 5
APPROVER_HAS = 1  # working days for a result,
ASSIGNER_HAS = 2  # and for a refusal or a request for more time, before the waiting is his
OWNER, APPROVER, ASSIGNER, NOBODY = "owner", "approver", "assigner", "nobody"


class DueState(NamedTuple):
    """`days` are working days: left while open, too early or too late once it counts; 0 where none applies."""

    name: str | None
    days: int = 0


NOT_DUE = DueState(None)  # what was revoked


def overdue_before(urgency: str, now: datetime) -> datetime:
    """Deadlines before this instant are missed. The end of the due day is on time; an express one has its minute."""
    return now if urgency == "express" else now.astimezone(TZ).replace(hour=0, minute=0, second=0, microsecond=0)


def due_state(
    due: datetime | None, urgency: str, now: datetime, days: WorkingDays, done_at: datetime | None = None,
    suspended_at: datetime | None = None,
) -> DueState:  # fmt: skip
    """Against one deadline. `done_at` is when the result that was finally approved had been submitted. Since
    `suspended_at` the clock stands still.
    """
    if due is None:
        return DueState("no_deadline")
    if done_at is not None:
        return _done(due, urgency, done_at, days)
    now = suspended_at or now
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


def report_class(state: DueState, *, done: bool) -> str:
    """One of the four classes in which the city reports upwards."""
    if done:
        return "completed_late" if state.name == "late" else "completed_on_time"
    return "in_progress_overdue" if state.name == "overdue" else "in_progress_in_time"


def delay(
    due: datetime | None,
    states: Iterable[tuple[datetime, str]],
    waits: Sequence[tuple[datetime, datetime | None]],
    now: datetime,
    days: WorkingDays,
) -> dict[str, int]:
    """The working days after the due day until the end (or now), split by whose they are; the parts are the whole.

    `states` are its states after each of its moves, and when, in order; `waits` the time from each request for more
    time to its decision. The owner's until he submits; the approver's after a day of waiting, the assigner's after
    two days of an undecided refusal or request; a suspension is nobody's, and so is a wait within those days for a
    result.
    """
    lost = dict.fromkeys((OWNER, APPROVER, ASSIGNER, NOBODY), 0)
    if due is None:
        return lost
    past = [(at, state) for at, state in states if at <= now]
    points = [point for point, before in zip(past, [None, *past], strict=False) if not before or before[1] != point[1]]
    ends = [at for at, _ in points[1:]] + [now]
    for (begin, state), end in zip(points, ends, strict=True):
        if state in CLOSED:
            continue
        for since, until, party in _parties(state, today(begin), today(end), waits, days):
            lost[party] += days.between(max(since, today(due)), max(until, today(due)))
    return lost


def _parties(
    state: str, begin: date, end: date, waits: Sequence[tuple[datetime, datetime | None]], days: WorkingDays
) -> list[tuple[date, date, str]]:
    """One stay in a state, cut where the days become another's."""
    if state == "suspended":
        return [(begin, end, NOBODY)]
    if state == "result_submitted":
        his = min(end, days.add(begin, APPROVER_HAS))
        return [(begin, his, NOBODY), (his, end, APPROVER)]
    if state == "declined":
        his = min(end, days.add(begin, ASSIGNER_HAS))
        return [(begin, his, OWNER), (his, end, ASSIGNER)]
    found, place = [], begin
    for asked, decided in sorted(waits, key=lambda wait: wait[0]):
        since = min(end, max(place, days.add(today(asked), ASSIGNER_HAS)))
        until = end if decided is None else max(since, min(end, today(decided)))
        found += [(place, since, OWNER), (since, until, ASSIGNER)]
        place = until
    return [*found, (place, end, OWNER)]
