"""The one way to a person's attention: whoever has something to nudge about says the occasion, and no more."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis import clock
from kernel.directory_copy import working_days
from reminders.domain.items import URGENCY_RANKS
from reminders.domain.occasions import CHANNELS, WAITING, Occasion, goes_out_at_night, planned
from reminders.domain.preferences import Preferences
from reminders.storage import nudges
from reminders.storage import preferences as storage

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
    ways = ways_to(tx, {person for _, one in happened for person in one.people})
    days = working_days(tx)
    made = [
        {"id": clock.new_id(), "occasion_id": occasion_id, "person_id": person, "channel": channel,
         "urgency_rank": URGENCY_RANKS[one.urgency], "due_at": ways[person].wants.not_before(at, one, channel, days),
         "any_hour": goes_out_at_night(one, channel)}
        for occasion_id, one in happened
        for person in dict.fromkeys(one.people)
        for channel, at in planned(one, ways[person].for_(one), now, days)
    ]  # fmt: skip
    nudges.add_nudges(tx, made)
    return len(made)


def stop(tx, subject_ids: Sequence[str], until: datetime | None = None) -> None:
    """It has been acted on: what was to go out about these subjects does not, as far as it was said until then. What
    waits for somebody, him or another, still does.
    """
    nudges.drop_waiting(tx, subject_ids, until, but_rule=WAITING)


def has_read(tx, person_id: str, subject_ids: Sequence[str], at: datetime, rung: str | None = None) -> None:
    """He has seen for himself what he was to be told of them, by this rung or at all."""
    nudges.read_about(tx, person_id, subject_ids, at, rung)


def no_longer_waits(tx, subject_ids: Sequence[str]) -> None:
    """What was to go out because these subjects wait for somebody does not."""
    nudges.drop_waiting(tx, subject_ids, rule=WAITING)


def take_back(tx, subject_ids: Sequence[str]) -> None:
    """They are another matter now: what the ladders were to say of them does not go out. An occasion of which nobody
    has been told has not happened, and may be said again.
    """
    if dropped := nudges.drop_waiting(tx, subject_ids, but_rule=WAITING):
        nudges.remove_unheard(tx, dropped)


@dataclass(frozen=True)
class Ways:
    """The channels by which a person can be reached, and which of them he wants."""

    channels: Sequence[str]
    wants: Preferences

    def for_(self, occasion: Occasion) -> list[str]:
        return [channel for channel in self.channels if self.wants.admits(occasion, channel)]


def ways_to(tx, people: Collection[str]) -> dict[str, Ways]:
    """The screen is always there, the rest where it is set up; what is pushed needs a device."""
    if not people:
        return {}
    there = storage.channels(tx)
    chosen = storage.chosen(tx, people)
    with_device = storage.with_device(tx, people) if "push" in there else set()

    def channels(person: str) -> list[str]:
        mine = there if person in with_device else there - {"push"}
        return [each for each in CHANNELS if each == "in_app" or each in mine]

    return {person: Ways(channels(person), chosen.get(person, Preferences())) for person in people}
