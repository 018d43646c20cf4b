"""What one is invited to becomes reminders: once for each UID, whatever is sent again."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chassis.contract import schema
from chassis.idempotency import answer_once
from contracts import reminders as contract
from kernel.capacity import actor_for
from kernel.errors import Refused
from reminders.domain.calendar import Invited
from reminders.storage import personal as storage
from reminders.use_cases import attention, personal


def may_import(tx, claims: dict, now: datetime) -> None:
    """Who asks is settled before what he sends is read."""
    actor_for(tx, contract.import_invitation, claims, now)


def import_invitation(tx, claims: dict, request: dict, events: Sequence[Invited], now: datetime) -> dict:
    actor = actor_for(tx, contract.import_invitation, claims, now)

    def produce() -> dict:
        found = _import(tx, actor.person_id, events, now)
        changed = {name: found[name] for name in ("created", "changed", "removed") if found[name]}
        if changed:
            tx.audit("reminder.imported", subject=actor.person_id, **changed)
        return schema(contract.import_invitation.reply).dump(found)

    wanted = [contract.import_invitation.full_name, request["text"]]
    return answer_once(tx, who=actor.person_id, key=request["idempotency_key"], request=wanted, produce=produce)


def _import(tx, person_id: str, events: Sequence[Invited], now: datetime) -> dict:
    """A series first, then what stands in the place of one of its occurrences."""
    storage.hold_person(tx, person_id)
    found = {"created": [], "changed": [], "removed": [], "unchanged": 0}
    for event in sorted(events, key=lambda event: event.instead_of is not None):
        known = storage.by_origin(tx, person_id, [event.origin, event.uid])
        if event.instead_of is not None and event.uid in known:
            _leave_out(tx, known[event.uid], [event.instead_of], now)
        before = known.get(event.origin)
        if before is not None and event.sequence < before["origin_sequence"]:
            found["unchanged"] += 1
        elif event.cancelled:
            _remove(tx, person_id, event, before, found)
        else:
            _keep(tx, person_id, event, before, found, now)
    return found


def _remove(tx, person_id: str, event: Invited, before: Mapping | None, found: dict) -> None:
    rows = storage.of_origin(tx, person_id, event.uid) if event.instead_of is None else [before] if before else []
    ids = [row["id"] for row in rows]
    if not ids:
        found["unchanged"] += 1
        return
    attention.stop(tx, ids)
    storage.discard(tx, ids)
    found["removed"] += ids


def _keep(tx, person_id: str, event: Invited, before: Mapping | None, found: dict, now: datetime) -> None:
    wanted = _wanted(event)
    origin = {"origin_uid": event.origin, "origin_sequence": event.sequence}
    try:
        if before is None:
            row = personal.add(tx, person_id, wanted, None, now, event.zone, **origin)
            found["created"].append(row["id"])
        else:
            times = personal.moved(tx, before, wanted, None, event.zone, now)
            changes = {name: wanted[name] for name in ("title", "note", "before_minutes")} | times | origin
            row = storage.change(tx, before["id"], version=before["version"] + 1, changed_at=now, **changes)
            found["changed"].append(row["id"])
    except Refused as refused:
        if refused.refusal_code != "time_has_passed":
            raise
        found["unchanged"] += 1  # it is over
        return
    _leave_out(tx, row, event.left_out, now)


def _wanted(event: Invited) -> dict:
    said = {name: getattr(event, name) for name in ("title", "note", "before_minutes", "rrule")}
    return schema(contract.NewReminder).load(said | {"starts_at": event.starts_at.isoformat()})


def _leave_out(tx, row: Mapping, moments: Sequence[datetime], now: datetime) -> None:
    coming = [each for each in moments if row["occurs_at"] is not None and each >= row["occurs_at"]]
    if coming:
        storage.settle(tx, row["id"], coming, "skipped", now)
        storage.change(tx, row["id"], **personal.waiting(tx, row))
