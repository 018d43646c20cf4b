"""The morning's digest (bản tin sáng): once for each person and day, whatever crashes."""

from datetime import datetime

from chassis import clock
from contracts import reminders as contract
from kernel.directory_copy import resolve_actor, working_days
from kernel.errors import Refused
from kernel.working_time import today
from reminders.domain.burning import dues
from reminders.domain.deliveries import Digest
from reminders.domain.items import URGENCY_RANKS
from reminders.storage import digests as storage
from reminders.storage import items, preferences, snoozes
from reminders.use_cases.reading import COUNTED, counts

ACTION = contract.get_overview.full_name  # it says what home says
AT_ONCE = 5000
BURNING = 10


def plan(tx, now: datetime) -> int:
    """From 07:30 of a working day on, once; what was missed because nothing ran goes out later that day, in working
    hours. Returns how many were planned.
    """
    day = today(now)
    if not working_days(tx).is_open(now) or "email" not in preferences.channels(tx):
        return 0
    if not storage.begin_day(tx, day):
        return 0
    each = [(clock.new_id(), person_id) for person_id in storage.for_whom(tx, day, ACTION)]
    for start in range(0, len(each), AT_ONCE):
        storage.add(tx, each[start : start + AT_ONCE], day, now, URGENCY_RANKS["normal"])
    return len(each)


def of_person(tx, person_id: str, now: datetime) -> Digest | None:
    """What his home shows him: what waits for him and for the posts that he serves; None if he has no post. Raises what
    may be otherwise later.
    """
    try:
        actor = resolve_actor(tx, {"sub": person_id}, now, ACTION)
    except Refused as refused:
        if refused.retryable:
            raise
        return None
    addressees = (*actor.serves, person_id)
    asleep = snoozes.asleep(tx, person_id, addressees, now)
    hidden = [row["id"] for row in asleep]
    [late] = items.counts_of(tx, addressees, [dues("overdue", None, now)], COUNTED + 1, hidden)
    burning = items.burning(tx, addressees, BURNING, asleep=hidden)
    return Digest(counts(tx, addressees, asleep), late, burning, now)
