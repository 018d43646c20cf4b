"""The clock of personal reminders: what is due is said once, whoever says it and however late."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from chassis import clock
from contracts import reminders as contract
from contracts.reminders import REMINDER_URGENCIES
from kernel.directory_copy import working_days
from kernel.working_time import WorkingDays
from reminders.domain.items import URGENCY_RANKS
from reminders.domain.occasions import Occasion
from reminders.domain.personal import RULE, before, link_of, text_of, times
from reminders.domain.recurrence import Due, due
from reminders.storage import personal as storage
from reminders.use_cases import attention
from reminders.use_cases.personal import URGENCIES, rule_of

log = structlog.get_logger()

RANKS = sorted(URGENCY_RANKS[urgency] for urgency in REMINDER_URGENCIES)
KEPT = timedelta(days=400)
HEARD_FOR = timedelta(days=1)
FORGOTTEN_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Fired:
    """A reminder whose time has come."""

    row: Mapping
    due: Due
    text: str


def fire_due(store, now: datetime) -> None:
    """The most urgent first, in small transactions that several processes share among them."""
    for rank in RANKS:
        while fire_some(store, rank, now) == storage.BATCH:
            pass


def fire_some(store, rank: int, now: datetime) -> int:
    """Says what is due, notes it, and waits for what follows, all together or not at all."""
    with store.transaction(keep_plans=True) as tx:
        rows = storage.claim_due(tx, rank, now)
        if rows:
            _fire(tx, rows, now)
    return len(rows)


def _fire(tx, rows: Sequence[Mapping], now: datetime) -> None:
    days = working_days(tx)
    recorded = storage.recorded_from(tx, [row["id"] for row in rows], min(row["occurs_at"] for row in rows))
    each = [(row, _due(row, recorded.get(row["id"], ()), now, days)) for row in rows]
    fired = [Fired(row, one, text_of(row, one.occurrence, one.missed)) for row, one in each if one.occurrence]
    if fired:
        attention.call_for(tx, [_occasion(one) for one in fired], now)
        storage.record_fired(
            tx,
            [{"reminder_id": f.row["id"], "occurrence": f.due.occurrence, "missed": f.due.missed} for f in fired],
            now,
        )
        tx.emit(
            contract.reminder_fired,
            subject=clock.new_id(),
            version=1,
            data={"at": now, "items": [_said(one) for one in fired]},
        )
    storage.move_on(tx, [{"id": row["id"], **times(one.next, row, days)} for row, one in each])


def _due(row: Mapping, recorded: Collection[datetime], now: datetime, days: WorkingDays) -> Due:
    if row["follows_id"]:
        return Due(row["occurs_at"], 0, None)
    try:
        return due(rule_of(row), row["occurs_at"], before(row), recorded, now, days)
    except Exception:  # the others' time has come too
        log.exception("a rule failed", reminder=row["id"])
        return Due(row["occurs_at"], 0, None)


def _occasion(fired: Fired) -> Occasion:
    row = fired.row
    return Occasion(
        subject_id=row["id"], rule=RULE, rung=fired.due.occurrence.isoformat(),
        deadline_version=row["timed_version"], title=row["title"], text=fired.text, link=link_of(row),
        urgency=URGENCIES[row["urgency_rank"]], people=(row["person_id"],), at_once=True,
    )  # fmt: skip


def _said(fired: Fired) -> dict:
    return {
        "reminder_id": fired.row["id"], "person_id": fired.row["person_id"], "occurrence": fired.due.occurrence,
        "missed": fired.due.missed,
    }  # fmt: skip


def recount(store, now: datetime) -> None:
    """What waits for a day that was found by other working days is found anew, part by part."""
    while recount_some(store, now):
        pass


def recount_some(store, now: datetime) -> int:
    with store.transaction(keep_plans=True) as tx:
        days = working_days(tx)
        rows = storage.claim_counted_otherwise(tx, days.fingerprint)
        if rows:
            recorded = storage.recorded_from(tx, [row["id"] for row in rows], now)
            found = [(row, _recounted(row, recorded.get(row["id"], ()), now, days)) for row in rows]
            storage.move_on(tx, [{"id": row["id"], **times(occurrence, row, days)} for row, occurrence in found])
    return len(rows)


def _recounted(row: Mapping, recorded: Collection[datetime], now: datetime, days: WorkingDays) -> datetime | None:
    """The first that is to come of the days that it has now, in the period of the one that was waited for."""
    if row["next_at"] <= now:
        return row["occurs_at"]
    try:
        return next((one for one in rule_of(row).anew(days) if one > now and one not in recorded), None)
    except Exception:  # the others' days have changed too
        log.exception("a rule failed", reminder=row["id"])
        return row["occurs_at"]


def forget(store, now: datetime) -> None:
    """What is long over, part by part."""
    for forget_some, kept in (
        (storage.forget_occurrences, KEPT), (storage.forget_ended, KEPT), (storage.forget_deadlines, HEARD_FOR),
    ):  # fmt: skip
        gone = FORGOTTEN_AT_ONCE
        while gone == FORGOTTEN_AT_ONCE:
            with store.transaction() as tx:
                gone = forget_some(tx, now - kept, FORGOTTEN_AT_ONCE)
