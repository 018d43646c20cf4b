"""The morning's digest (bản tin sáng): once for each person and day, whatever crashes."""

from datetime import datetime

from kernel.directory_copy import working_days
from kernel.working_time import today
from reminders.domain.items import URGENCY_RANKS
from reminders.storage import digests as storage
from reminders.storage import preferences


def plan(tx, now: datetime) -> int:
    """From 07:30 of a working day on, once; what was missed because nothing ran goes out later that day, in working
    hours. Returns how many were planned.
    """
    day = today(now)
    if not working_days(tx).is_open(now) or "email" not in preferences.channels(tx):
        return 0
    return storage.plan(tx, day, now, URGENCY_RANKS["normal"]) if storage.begin_day(tx, day) else 0
