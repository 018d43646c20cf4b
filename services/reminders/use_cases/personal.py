"""Personal reminders: what somebody wants to be reminded of, and when."""

from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import chain, dropwhile
from zoneinfo import ZoneInfo

from chassis import clock
from chassis.contract import Procedure, schema
from chassis.idempotency import answer_once
from chassis.paging import a_moment, an_id, page, position
from contracts import reminders as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import working_days
from kernel.errors import Refused
from kernel.working_time import TZ
from reminders.domain.items import URGENCY_RANKS
from reminders.domain.personal import ACTIVE_AT_MOST, followed, permit, times
from reminders.domain.recurrence import Recurrence, recurrence_of, upcoming
from reminders.rrules import expand
from reminders.storage import personal as storage
from reminders.use_cases import attention
from reminders.use_cases.deadlines import hear_deadline

SHOWN = 5  # occurrences to come
URGENCIES = {rank: urgency for urgency, rank in URGENCY_RANKS.items()}
TIMING = ("starts_at", "before_minutes", "rrule", "working_day", "link")
RULE = ("starts_at", "zone", "rrule", "working_day", "ends_at", "follows_id")


def create_reminder(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.create_reminder, claims, now)

    def produce() -> dict:
        row = add(tx, actor.person_id, request["reminder"], request["deadline"], now)
        tx.audit("reminder.created", subject=row["id"])
        return schema(contract.create_reminder.reply).dump(_detail(tx, row))

    wanted = [contract.create_reminder.full_name, request["reminder"]]
    return answer_once(tx, who=actor.person_id, key=request["idempotency_key"], request=wanted, produce=produce)


def change_reminder(tx, claims: dict, request: dict, now: datetime) -> dict:
    return _once(tx, contract.change_reminder, claims, request, now, _change)


def discard_reminder(tx, claims: dict, request: dict, now: datetime) -> dict:
    return _once(tx, contract.discard_reminder, claims, request, now, _discard)


def mark_done(tx, claims: dict, request: dict, now: datetime) -> dict:
    return _once(tx, contract.mark_done, claims, request, now, _done)


def skip_occurrence(tx, claims: dict, request: dict, now: datetime) -> dict:
    return _once(tx, contract.skip_occurrence, claims, request, now, _skipped)


def get_reminder(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_reminder, claims, now)
    return _detail(tx, _own(tx, actor, request["id"]))


def list_reminders(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_reminders, claims, now)
    after = position(request["cursor"], lambda value: None if value is None else a_moment(value), an_id)
    rows = storage.of_person(tx, actor.person_id, request["state"], after, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["occurs_at"], row["id"]])
    return {"items": [_shown(row) for row in rows], "next_cursor": next_cursor}


def list_occurrences(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_reminder_occurrences, claims, now)
    row = _own(tx, actor, request["reminder_id"])
    before_that = position(request["cursor"], a_moment)
    rows = storage.occurrences_of(tx, row["id"], before_that[0] if before_that else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda one: [one["occurrence"]])
    return {"items": rows, "next_cursor": next_cursor}


def _once(tx, procedure: Procedure, claims: dict, request: dict, now: datetime, act) -> dict:
    """The act, or the answer that it had when it was asked for before."""
    actor = actor_for(tx, procedure, claims, now)

    def produce() -> dict:
        row = _own(tx, actor, request["id"], lock=True)
        permit(row, request["version"])
        return schema(procedure.reply).dump(act(tx, row, request, now))

    said = {name: value for name, value in request.items() if name not in ("idempotency_key", "deadline")}
    return answer_once(
        tx, who=actor.person_id, key=request["idempotency_key"], request=[procedure.full_name, said], produce=produce
    )


def _own(tx, actor: Actor, reminder_id: str, *, lock: bool = False) -> Mapping:
    row = storage.find(tx, reminder_id, actor.person_id, lock=lock)
    if row is None:
        raise Refused("not_found", "No such reminder of yours.")
    return row


# writing


def add(
    tx, person_id: str, wanted: Mapping, deadline: Mapping | None, now: datetime, zone: str = TZ.key, **origin
) -> Mapping:
    storage.hold_person(tx, person_id)
    if storage.active_of_person(tx, person_id, ACTIVE_AT_MOST) == ACTIVE_AT_MOST:
        raise Refused("too_many_reminders", f"{ACTIVE_AT_MOST} reminders wait already.", most=ACTIVE_AT_MOST)
    row = {"id": clock.new_id(), "version": 1, "person_id": person_id, "changed_at": now, **origin}
    row |= {name: wanted[name] for name in ("title", "note", "link", "before_minutes")}
    row |= {"urgency_rank": URGENCY_RANKS[wanted["urgency"]]}
    return storage.add(tx, row | planned(tx, None, wanted, deadline, zone, now))


def _change(tx, row: Mapping, request: dict, now: datetime) -> dict:
    changes = request["changes"]
    after = {name: changes.get(name, row[name]) for name in ("title", "note", "link", "before_minutes")}
    after |= {"urgency_rank": URGENCY_RANKS[changes["urgency"]]} if "urgency" in changes else {}
    if _moves(row, changes):
        after |= moved(tx, row, _as_wanted(row, changes), request["deadline"], row["zone"], now)
    tx.audit("reminder.changed", subject=row["id"])
    return _detail(tx, storage.change(tx, row["id"], version=row["version"] + 1, changed_at=now, **after))


def _moves(row: Mapping, changes: Mapping) -> bool:
    """A link is more than that only where its deadline is followed."""
    follows = row["follows_id"] is not None and "link" in changes
    return follows or any(name in changes for name in TIMING if name != "link")


def _as_wanted(row: Mapping, changes: Mapping) -> dict:
    """With one of the rules given, the other one is gone."""
    merged = {name: row[name] for name in TIMING} | {"starts_at": _first(row)}
    for name, other in (("rrule", "working_day"), ("working_day", "rrule")):
        if changes.get(name):
            merged[other] = None
    merged |= {name: changes[name] for name in TIMING if name in changes}
    if merged["rrule"] and merged["working_day"]:
        raise Refused("recurrence_not_understood", "Give either rrule or working_day.", field="working_day")
    return merged


def moved(tx, row: Mapping, wanted: Mapping, deadline: Mapping | None, zone: str, now: datetime) -> dict:
    """It comes at other times: what is to come is said, though it was said at its former time. At the same times it
    stays as it is.
    """
    after = planned(tx, row, wanted, deadline, zone, now)
    if all(row[name] == after[name] for name in RULE) and row["before_minutes"] == wanted["before_minutes"]:
        return {}
    attention.stop(tx, [row["id"]])
    storage.unsay(tx, row["id"], now)
    return after | {"timed_version": row["version"] + 1}


def planned(
    tx, row: Mapping | None, wanted: Mapping, deadline: Mapping | None, zone: str, now: datetime
) -> dict:  # fmt: skip
    """When it comes, from now on; what was done or skipped ahead stays so."""
    settled = storage.recorded_from(tx, [row["id"]], now, settled=True)[row["id"]] if row else frozenset()
    if wanted["starts_at"] is None:
        return _planned_by_deadline(tx, row, wanted, deadline, settled, now)
    days = working_days(tx)
    rule = recurrence_of(wanted["starts_at"], zone, wanted["rrule"], wanted["working_day"], now, expand, days)
    to_come = dropwhile(lambda occurrence: occurrence <= now, rule.all(days))
    first = next(to_come, None)
    if first is None:
        raise Refused("time_has_passed", "Its time has passed.", field="starts_at")
    coming = next((occurrence for occurrence in chain((first,), to_come) if occurrence not in settled), None)
    return {
        "starts_at": rule.starts_at, "zone": zone, "rrule": rule.rrule, "working_day": rule.working_day,
        "ends_at": rule.ends_at, "follows_id": None, **times(coming, wanted, days),
    }  # fmt: skip


def _planned_by_deadline(
    tx, row: Mapping | None, wanted: Mapping, deadline: Mapping | None, settled: Collection[datetime], now: datetime
) -> dict:  # fmt: skip
    """The edge says what whoever asks sees of the piece; if something newer was heard meanwhile, that counts."""
    if wanted["rrule"] or wanted["working_day"]:
        raise Refused("recurrence_not_understood", "What follows a deadline comes once.", field="rrule")
    if deadline is not None:
        known = hear_deadline(tx, deadline, now)
    elif row is not None and row["follows_id"] is not None and row["link"] == wanted["link"]:
        known = storage.find_deadline(tx, row["follows_id"])
    else:
        raise Refused("no_deadline_to_follow", "Say which piece of work it follows.", field="link")
    coming = followed(known, False, now)
    if coming is None:
        raise Refused("no_deadline_to_follow", "It has no deadline that is yet to come.", field="link")
    return {
        "starts_at": None, "zone": TZ.key, "rrule": None, "working_day": None, "ends_at": None,
        "follows_id": known["assignment_id"], **times(None if coming in settled else coming, wanted),
    }  # fmt: skip


def _discard(tx, row: Mapping, request: dict, now: datetime) -> dict:
    attention.stop(tx, [row["id"]])
    storage.discard(tx, [row["id"]])
    tx.audit("reminder.discarded", subject=row["id"])
    return {}


def _done(tx, row: Mapping, request: dict, now: datetime) -> dict:
    return _settle(tx, row, request["occurrence"], "done", now)


def _skipped(tx, row: Mapping, request: dict, now: datetime) -> dict:
    return _settle(tx, row, request["occurrence"], "skipped", now)


def _settle(tx, row: Mapping, occurrence: datetime, outcome: str, now: datetime) -> dict:
    """One that was said already, or one that is to come; nobody is nudged about it any more."""
    if storage.is_recorded(tx, row["id"], occurrence):
        attention.stop(tx, [row["id"]])
    elif not is_to_come(tx, row, occurrence):
        raise Refused("no_such_occurrence", "It does not come at that time.", field="occurrence")
    storage.settle(tx, row["id"], [occurrence], outcome, now)
    tx.audit(f"reminder.{outcome}", subject=row["id"], occurrence=occurrence.isoformat())
    return _detail(tx, storage.change(tx, row["id"], version=row["version"] + 1, changed_at=now, **waiting(tx, row)))


def is_to_come(tx, row: Mapping, occurrence: datetime) -> bool:
    if row["occurs_at"] is None or occurrence < row["occurs_at"]:
        return False
    days = working_days(tx)
    coming = (each for each in _occurrences(row, days) if each >= occurrence)
    return next(coming, None) == occurrence


def waiting(tx, row: Mapping) -> dict:
    """What is waited for now that something has come of some occurrences."""
    if row["occurs_at"] is None:
        return {}
    settled = storage.recorded_from(tx, [row["id"]], row["occurs_at"])[row["id"]]
    days = working_days(tx)
    coming = (each for each in _occurrences(row, days) if each not in settled)
    return times(next(coming, None), row, days)


# reading


def rule_of(row: Mapping) -> Recurrence:
    return Recurrence(expand, *(row[name] for name in ("starts_at", "zone", "rrule", "working_day", "ends_at")))


def _occurrences(row: Mapping, days):
    return iter((row["occurs_at"],)) if row["follows_id"] else rule_of(row).since(row["occurs_at"], days)


def _first(row: Mapping) -> datetime | None:
    return row["starts_at"] and row["starts_at"].replace(tzinfo=ZoneInfo(row["zone"]))


def _shown(row: Mapping) -> dict:
    return dict(row) | {
        "urgency": URGENCIES[row["urgency_rank"]],
        "starts_at": _first(row),
        "assignment_id": row["follows_id"],
        "state": "ended" if row["occurs_at"] is None else "active",
        "next_occurrence": row["occurs_at"],
    }


def _detail(tx, row: Mapping) -> dict:
    if row["occurs_at"] is None:
        return _shown(row) | {"upcoming": []}
    if row["follows_id"]:
        return _shown(row) | {"upcoming": [row["occurs_at"]]}
    settled = storage.recorded_from(tx, [row["id"]], row["occurs_at"])[row["id"]]
    return _shown(row) | {"upcoming": upcoming(rule_of(row), row["occurs_at"], settled, working_days(tx), SHOWN)}
