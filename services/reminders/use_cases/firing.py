"""The clock of personal reminders: what is due is said once, whoever says it and however late."""

from collections.abc import Mapping, Sequence
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
    storage.move_on(tx, [{"id": row["id"], **times(one.next, row)} for row, one in each])


def _due(row: Mapping, recorded, now: datetime, days: WorkingDays) -> Due:
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
        subject_id=row["id"], rule=RULE, rung=fired.due.occurrence.isoformat(), deadline_version=1, title=row["title"],
        text=fired.text, link=link_of(row), urgency=URGENCIES[row["urgency_rank"]], people=(row["person_id"],),
        at_once=True,
    )  # fmt: skip


def _said(fired: Fired) -> dict:
    row = fired.row
    return {
        "reminder_id": row["id"], "person_id": row["person_id"], "occurrence": fired.due.occurrence,
        "missed": fired.due.missed, "title": row["title"], "text": fired.text, "link": link_of(row),
        "urgency": URGENCIES[row["urgency_rank"]],
    }  # fmt: skip


def recount(store, now: datetime) -> None:
    """The calendar of working days has changed: what is to come is found anew."""
    while True:
        with store.transaction() as tx:
            rows = storage.claim_recounts(tx)
            if rows:
                days = working_days(tx)
                storage.move_on(tx, [{"id": row["id"], **_recounted(tx, row, now, days)} for row in rows])
        if len(rows) < storage.BATCH:
            return


def _recounted(tx, row: Mapping, now: datetime, days: WorkingDays) -> dict:
    """The first that is not over of the days that it has now, in the period of the one that was waited for."""
    if row["occurs_at"] is None or row["next_at"] <= now:
        return {name: row[name] for name in ("occurs_at", "next_at")}
    recorded = storage.recorded_from(tx, [row["id"]], now)[row["id"]]
    coming = (one for one in rule_of(row).all(days) if one - before(row) > now and one not in recorded)
    return times(next(coming, None), row)


def forget(store, now: datetime) -> None:
    with store.transaction() as tx:
        storage.forget(tx, now - KEPT)
        storage.forget_deadlines(tx, now - HEARD_FOR)
