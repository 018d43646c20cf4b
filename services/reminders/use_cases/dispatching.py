"""What is planned goes out: gathered into bundles, told or claimed, sent elsewhere, and settled here.

No transaction is open while a network call runs. Whoever claims a delivery moves its time on; if he dies, another one
tries when that time has come. So an e-mail may come twice after a crash, and none is lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chassis import clock
from contracts import reminders as contract
from kernel.directory_copy import working_days
from kernel.errors import Refused
from kernel.working_time import today
from reminders import metrics
from reminders.domain.deliveries import (
    Delivery,
    Digest,
    Line,
    Outcome,
    Permanent,
    Sent,
    Temporary,
    again_at,
    bundles,
    worth_sending_since,
)
from reminders.domain.items import URGENCY_RANKS
from reminders.domain.occasions import CHANNELS
from reminders.domain.preferences import kind_of
from reminders.storage import deliveries as storage
from reminders.storage import preferences
from reminders.use_cases import digests

IN_APP = "in_app"
COSTLY = ("sms", "voice")
GATHERED = 200  # nudges at once, and whatever else is due for the same people
TOLD_AT_ONCE = 10  # nudges of one person; of more he is told how many
LEASE = timedelta(seconds=60)
KEPT = timedelta(days=180)  # what became of a nudge
AT_ONCE = 1000  # dropped or forgotten
URGENCIES = {rank: urgency for urgency, rank in URGENCY_RANKS.items()}


def tell(tx, now: datetime) -> int:
    """What is due in the application is told to the people's streams; returns how many nudges that were."""
    made = _gather(tx, IN_APP, now)
    if not made:
        return 0
    lines = _lines(tx, made)
    told = [_told(bundle[0]["person_id"], lines[delivery_id]) for delivery_id, bundle in made.items()]
    storage.end(tx, list(made), "sent", now)
    _count(tx, now, [(bundle[0]["person_id"], len(bundle)) for bundle in made.values()])
    metrics.DELIVERIES.labels(IN_APP, "sent").inc(len(made))
    tx.emit(contract.nudge_due, subject=next(iter(made)), version=1, data={"at": now, "told": told})
    return sum(map(len, made.values()))


def _told(person_id: str, lines: Sequence[Mapping]) -> dict:
    shown = [
        dict(said, kind=kind_of(said["rule"], said["rung"]), urgency=_urgency(said)) for said in lines[:TOLD_AT_ONCE]
    ]
    return {"person_id": person_id, "nudges": shown, "more": len(lines) - len(shown)}


def gather(tx, channel: str, now: datetime) -> int:
    """What is due becomes deliveries; returns how many."""
    return len(_gather(tx, channel, now))


def _gather(tx, channel: str, now: datetime) -> dict[str, list[Mapping]]:
    """New deliveries and the nudges in each. Which hours are working hours is asked again: it may have changed."""
    if not storage.is_my_turn(tx, channel):
        return {}
    due = storage.due_nudges(tx, _when(tx, channel, now), GATHERED)
    if not due:
        return {}
    made = {clock.new_id(): bundle for bundle in bundles(due)}
    each = [
        {
            "id": delivery_id, "channel": channel, "person_id": bundle[0]["person_id"], "state": "waiting",
            "urgency_rank": bundle[0]["urgency_rank"], "any_hour": bundle[0]["any_hour"],
            "due_at": now, "made_at": now,
        }
        for delivery_id, bundle in made.items()
    ]  # fmt: skip
    storage.add(tx, each, {nudge["id"]: delivery_id for delivery_id, bundle in made.items() for nudge in bundle})
    return made


def claim(tx, channel: str, now: datetime, most: int, quota: int = 0) -> list[Delivery] | None:
    """Deliveries to send now; None: nothing is due. What nobody need be told any more is dropped, and what exceeds a
    unit's quota fails.
    """
    claimed = storage.claim(tx, _when(tx, channel, now), most, now + LEASE)
    if not claimed:
        return None
    lines = _lines(tx, [row["id"] for row in claimed])
    ready = []
    for row in claimed:
        told = tuple(Line(said["title"], said["text"], said["link"], _urgency(said)) for said in lines[row["id"]])
        known = {name: row[name] for name in ("id", "channel", "person_id", "attempt", "urgency_rank", "any_hour")}
        delivery = Delivery(**known, lines=told)
        try:
            digest = _digest(tx, row, now)
        except Refused as refused:
            _try_again(tx, delivery, Temporary(refused.refusal_code), now)
            continue
        if told or (digest and digest.waiting):
            ready.append(replace(delivery, digest=digest))
        else:
            storage.end(tx, [row["id"]], "dropped", now)
    return _within_quota(tx, channel, ready, now, quota) if channel in COSTLY else ready


def _within_quota(tx, channel: str, ready: Sequence[Delivery], now: datetime, quota: int) -> list[Delivery]:
    """What is tried for the first time counts."""
    day = today(now)
    units = storage.units_of(tx, [delivery.person_id for delivery in ready], day)
    within = []
    for delivery in ready:
        unit_id = units.get(delivery.person_id)
        if delivery.attempt > 1 or (unit_id and storage.spend(tx, unit_id, channel, day.replace(day=1), quota)):
            within.append(delivery)
        else:
            _fail(tx, delivery, "quota" if unit_id else "no_unit", now)
    return within


def settle(tx, delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    """What became of it, unless somebody else has tried since."""
    if not storage.is_still_mine(tx, delivery.id, delivery.attempt):
        return
    metrics.DELIVERIES.labels(delivery.channel, type(outcome).__name__.lower()).inc()
    match outcome:
        case Sent(provider_id):
            storage.end(tx, [delivery.id], "sent", now, provider_id=provider_id and provider_id[:200])
            _count(tx, now, [(delivery.person_id, len(delivery.lines))])
        case Temporary():
            _try_again(tx, delivery, outcome, now)
        case Permanent(fault):
            _fail(tx, delivery, fault, now)


def _try_again(tx, delivery: Delivery, outcome: Temporary, now: datetime) -> None:
    due_at = again_at(delivery, outcome, now, working_days(tx))
    if due_at is None:
        _fail(tx, delivery, outcome.fault, now)
    else:
        storage.try_again(tx, delivery.id, due_at, outcome.fault)


def _fail(tx, delivery: Delivery, fault: str, now: datetime) -> None:
    storage.end(tx, [delivery.id], "failed", now, fault=fault[:200])


def remove_dead_devices(tx, endpoints: Sequence[str]) -> None:
    preferences.remove_dead(tx, endpoints)


def drop_late(tx, now: datetime) -> bool:
    """A part of what nobody sent in time; whether there may be more."""
    oldest = worth_sending_since(now, working_days(tx))
    late = [storage.drop_late(tx, channel, oldest, now, AT_ONCE) for channel in CHANNELS if channel != IN_APP]
    return AT_ONCE in late


def forget(tx, now: datetime) -> bool:
    """A part of what is older than anybody asks for; whether there may be more."""
    return AT_ONCE in storage.forget(tx, now - KEPT, AT_ONCE)


def _when(tx, channel: str, now: datetime) -> storage.When:
    """On the screen is told whatever was not, however late."""
    days = working_days(tx)
    oldest = None if channel == IN_APP else worth_sending_since(now, days)
    return storage.When(channel, now, oldest, days.is_open(now))


def _lines(tx, delivery_ids: Iterable[str]) -> dict[str, list[Mapping]]:
    found: dict[str, list[Mapping]] = {delivery_id: [] for delivery_id in delivery_ids}
    for row in storage.lines(tx, found):
        found[row["delivery_id"]].append(row)
    return found


def _digest(tx, row: Mapping, now: datetime) -> Digest | None:
    """Of today: yesterday's would say the same."""
    return digests.of_person(tx, row["person_id"], now) if row["digest_on"] == today(now) else None


def _count(tx, now: datetime, told: Iterable[tuple[str, int]]) -> None:
    by_person: dict[str, tuple[int, int]] = {}
    for person_id, nudges in told:
        before = by_person.get(person_id, (0, 0))
        by_person[person_id] = before[0] + nudges, before[1] + 1
    for of_day in storage.count(tx, today(now), by_person):
        metrics.NUDGES_OF_A_DAY.observe(of_day)


def _urgency(said: Mapping) -> str:
    return URGENCIES[said["urgency_rank"]]
