"""The morning's digest (bản tin sáng): once for each person and day, whatever crashes."""

from datetime import datetime

from chassis import clock
from kernel.directory_copy import working_days
from kernel.working_time import today
from reminders.domain.items import URGENCY_RANKS
from reminders.storage import digests as storage
from reminders.storage import preferences

AT_ONCE = 5000


def plan(tx, now: datetime) -> int:
    """From 07:30 of a working day on, once; what was missed because nothing ran goes out later that day, in working
    hours. Returns how many were planned.
    """
    day = today(now)
    if not working_days(tx).is_open(now) or "email" not in preferences.channels(tx):
        return 0
    if not storage.begin_day(tx, day):
        return 0
    each = [(clock.new_id(), person_id) for person_id in storage.for_whom(tx, day)]
    for start in range(0, len(each), AT_ONCE):
        storage.add(tx, each[start : start + AT_ONCE], day, now, URGENCY_RANKS["normal"])
    return len(each)
