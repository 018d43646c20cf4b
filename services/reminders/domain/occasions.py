"""Why people are nudged, over which channels, and when: pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.working_time import WorkingDays

CHANNELS = ("in_app", "push", "email", "sms", "voice")
EXPRESS = "express"
DIRECTIVE = "directive"
WAITING = "waiting"  # for whoever must act: something has begun to
NO_LADDERS = ("personal", DIRECTIVE, WAITING)  # rules that operators do not set
# of working time; of an express matter, of time
AFTER = {
    "sms": timedelta(hours=2),
    "voice": timedelta(hours=4),
}  # unread


@dataclass(frozen=True)
class Occasion:
    """Something to nudge people about: it happens once for a subject, a rule, a rung and a version of the deadline,
    whatever crashes or repeats. `link` is the API path that shows what it is about. `at_once`: whoever is nudged has
    chosen the time himself, be it at night.
    """

    subject_id: str
    rule: str
    rung: str
    deadline_version: int
    title: str
    text: str
    link: str
    urgency: str
    people: Sequence[str]
    at_once: bool = False


def planned(
    occasion: Occasion, channels: Collection[str], now: datetime, days: WorkingDays
) -> Iterator[tuple[str, datetime]]:
    """Each channel that is tried, with the instant before which nothing goes out. A call is made for what is express
    only, and at night nothing else goes out but what is for that time.
    """
    for channel in channels:
        if channel == "voice" and occasion.urgency != EXPRESS:
            continue
        wait = AFTER.get(channel, timedelta())
        yield channel, now + wait if goes_out_at_night(occasion, channel) else days.add_time(now, wait)


def goes_out_at_night(occasion: Occasion, channel: str) -> bool:
    """What is express; and what somebody wanted to hear then, but for what follows because he has not read it."""
    return occasion.urgency == EXPRESS or (occasion.at_once and channel not in AFTER)
