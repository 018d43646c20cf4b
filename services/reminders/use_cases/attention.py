"""The one way to a person's attention: whoever has something to nudge about says the occasion, and no more."""

from collections.abc import Sequence
from datetime import datetime

from chassis import clock
from kernel.directory_copy import working_days
from reminders.domain.items import URGENCY_RANKS
from reminders.domain.occasions import Occasion, planned
from reminders.storage import nudges

SAID = ("subject_id", "rule", "rung", "deadline_version", "title", "text", "link")


def call_for(tx, occasions: Sequence[Occasion], now: datetime) -> int:
    """Plan the nudges of those occasions that had not happened yet; returns how many. What is due is sent by whatever
    serves its channel.
    """
    if not occasions:
        return 0
    given = [(clock.new_id(), one) for one in occasions]
    new = nudges.add_occasions(tx, [
        {"id": occasion_id, "at": now, "urgency_rank": URGENCY_RANKS[one.urgency]}
        | {name: getattr(one, name) for name in SAID}
        for occasion_id, one in given
    ])  # fmt: skip
    happened = [(occasion_id, one) for occasion_id, one in given if occasion_id in new]
    channels = channels_of(tx, {person for _, one in happened for person in one.people})
    days = working_days(tx)
    made = [
        {"id": clock.new_id(), "occasion_id": occasion_id, "person_id": person, "channel": channel,
         "urgency_rank": URGENCY_RANKS[one.urgency], "due_at": due_at}
        for occasion_id, one in happened
        for person in dict.fromkeys(one.people)
        for channel, due_at in planned(one, channels[person], now, days)
    ]  # fmt: skip
    nudges.add_nudges(tx, made)
    return len(made)


def stop(tx, subject_ids: Sequence[str]) -> None:
    """It has been acted on: what was to go out about these subjects does not."""
    nudges.drop_waiting(tx, subject_ids)


def channels_of(tx, people: set[str]) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(people, ("in_app",))
