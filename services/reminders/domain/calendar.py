"""What a person's calendar holds, and an event as an invitation brings it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from kernel.working_time import WorkingDays
from reminders.domain.recurrence import Recurrence

EVENTS_AT_MOST = 50
UID_AT_MOST = 500
SAID_BEFORE = 15  # minutes, where the invitation does not say


@dataclass(frozen=True, slots=True)
class Content:
    """Reminders that wait; by id their rules, and the occurrences that something has come of ahead. What is to be acted
    on by when. The calendar of working days.
    """

    reminders: Sequence[Mapping]
    rules: Mapping[str, Recurrence]
    settled: Mapping[str, Collection[datetime]]
    deadlines: Sequence[Mapping]
    days: WorkingDays


@dataclass(frozen=True, slots=True)
class Invited:
    """`instead_of` is the occurrence of a series in whose place it stands; `left_out` are those that do not happen."""

    uid: str
    sequence: int
    cancelled: bool
    title: str
    note: str | None
    starts_at: datetime
    zone: str
    rrule: str | None
    before_minutes: int
    instead_of: datetime | None
    left_out: Sequence[datetime]

    @property
    def origin(self) -> str:
        if self.instead_of is None:
            return self.uid
        return f"{self.uid}#{self.instead_of.astimezone(UTC):%Y%m%dT%H%M%SZ}"
