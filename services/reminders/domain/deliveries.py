"""What goes out at once to one person, how it ends, and when it is tried again: pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from kernel.working_time import TZ, WorkingDays, today
from reminders.domain.items import URGENCY_RANKS

URGENT_RANK = URGENCY_RANKS["urgent"]
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_ASKED = timedelta(days=1)
ATTEMPTS_AT_MOST = 30  # a day
WORTH_SENDING = 2  # working days


@dataclass(frozen=True)
class Line:
    """One thing that one is nudged about. `link` is its API path."""

    title: str
    text: str
    link: str
    urgency: str = "normal"


@dataclass(frozen=True)
class Digest:
    """What waits for somebody in the morning."""

    counts: Sequence[Mapping]  # kind, count
    late: int
    burning: Sequence[Mapping]  # title, link, due
    now: datetime

    @property
    def waiting(self) -> int:
        return sum(each["count"] for each in self.counts)


@dataclass(frozen=True)
class Delivery:
    """`to` is where it goes: an address, a number, the person's devices."""

    id: str
    channel: str
    person_id: str
    attempt: int
    urgency_rank: int
    any_hour: bool
    lines: Sequence[Line] = field(default_factory=tuple)
    digest: Digest | None = None
    to: Any = None


@dataclass(frozen=True)
class Sent:
    provider_id: str | None = None


@dataclass(frozen=True)
class Temporary:
    """It may work later; `retry_after` is what the other side asks for."""

    fault: str
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class Permanent:
    """It would never work."""

    fault: str


Outcome = Sent | Temporary | Permanent


def bundles(nudges: Iterable[Mapping]) -> list[list[Mapping]]:
    """What goes out at once: all that is not urgent together, apart what may go out at any hour; what is urgent by
    itself; the most urgent first.
    """
    ordered = sorted(nudges, key=lambda each: (each["urgency_rank"], each["due_at"], each["id"]))
    alone = [[each] for each in ordered if each["urgency_rank"] <= URGENT_RANK]
    rest = sorted((each for each in ordered if each["urgency_rank"] > URGENT_RANK), key=_together)
    return alone + [list(bundle) for _, bundle in groupby(rest, key=_together)]


def _together(nudge: Mapping) -> tuple[str, bool]:
    return nudge["person_id"], nudge["any_hour"]


def again_at(delivery: Delivery, outcome: Temporary, now: datetime, days: WorkingDays) -> datetime | None:
    """When it is tried again, ever later and not at night unless it may be; None: it was tried often enough."""
    if delivery.attempt >= ATTEMPTS_AT_MOST:
        return None
    pause = min(FIRST_PAUSE * 2 ** (delivery.attempt - 1), LONGEST_PAUSE)
    if outcome.retry_after is not None:
        pause = max(pause, min(outcome.retry_after, LONGEST_ASKED))
    return now + pause if delivery.any_hour else days.add_time(now + pause, timedelta())


def worth_sending_since(now: datetime, days: WorkingDays) -> datetime:
    """What was due before then, and nobody has tried since, is no news any more: its channel was away."""
    return datetime.combine(days.add(today(now), -WORTH_SENDING), now.astimezone(TZ).time(), TZ)
