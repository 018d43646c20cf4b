"""Nobody copies the city's people: how many different ones an account may be shown in a day.

Counted is by person, whatever sessions he has, in the transaction in which he is shown them; whoever was shown already
today costs nothing. Beyond the alert somebody should ask, beyond the limit there are no new people until tomorrow.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import structlog
from cachetools import LRUCache
from prometheus_client import Counter

from directory.storage import shown
from kernel.errors import Refused
from kernel.working_time import ONE_DAY, end_of_day, today

log = structlog.get_logger()

ALERTS = Counter("congvu_people_budget_total", "Accounts that were shown unusually many people", ["outcome"])
VIEWERS_REMEMBERED = 5_000


@dataclass(frozen=True)
class Budget:
    """`known` is whom this process has shown to whom today: to show them again takes no statement."""

    alert: int
    most: int
    known: LRUCache[str, tuple[date, set[str]]] = field(default_factory=lambda: LRUCache(VIEWERS_REMEMBERED))

    def spend(self, tx, viewer_id: str, people: Iterable[str], now: datetime) -> None:
        """Raises `people_budget_spent`: nobody of them may be shown then."""
        day = today(now)
        known = self._known(viewer_id, day)
        new = set(people) - known - {viewer_id}
        if not new:
            return
        total, fresh = shown.add(tx, viewer_id, day, new)
        if total > self.most:
            until = end_of_day(day) + timedelta(seconds=1) - now
            raise Refused("people_budget_spent", "Too many people today.", retry_after=int(until.total_seconds()) + 1)
        if total - fresh < self.alert <= total:
            ALERTS.labels("alert").inc()
            log.warning("an account was shown unusually many people", viewer_id=viewer_id, people=total)
            tx.audit("people.many_shown", subject=viewer_id, people=total)
        known |= new

    def note_refusal(self, tx, viewer_id: str, now: datetime) -> None:
        """The first refusal of a day is an alert; those that follow are only that."""
        if shown.note_refusal(tx, viewer_id, today(now)):
            ALERTS.labels("refused").inc()
            log.warning("an account was refused more people today", viewer_id=viewer_id)
            tx.audit("people.budget_spent", subject=viewer_id)

    def _known(self, viewer_id: str, day: date) -> set[str]:
        known_on, known = self.known.get(viewer_id, (day, set()))
        if known_on != day:
            known = set()
        self.known[viewer_id] = day, known
        return known


def forget_old(tx, now: datetime) -> None:
    shown.forget_before(tx, today(now) - ONE_DAY)
