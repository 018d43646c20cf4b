"""How fast one person may act in all conversations together: speak, change what he said, begin, add."""

from datetime import datetime, timedelta

from kernel.errors import Refused
from messaging.domain.saying import Pace
from messaging.storage import pacing as storage

PEOPLE_AN_ACT = 10  # who are told of it


def keep(tx, person_id: str, pace: Pace, now: datetime, people: int = 0) -> None:
    """The last thing that an act does: whoever acts in another conversation at once waits for its end."""
    everywhere = pace.everywhere
    if not storage.keep(tx, person_id, everywhere, now, 1 + people // PEOPLE_AN_ACT):
        raise too_fast(storage.until(tx, person_id) - everywhere.ahead - now)


def too_fast(wait: timedelta) -> Refused:
    return Refused("too_many_messages", retry_after=max(1, -int(-wait.total_seconds() // 1)))
