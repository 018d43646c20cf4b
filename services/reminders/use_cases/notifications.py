"""How one is reached, what one was told, and what operators see of it."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from chassis import clock
from chassis.paging import a_moment, a_number, an_id, page, position
from chassis.sealing import Sealer
from contracts import reminders as contract
from kernel.capacity import actor_for
from kernel.directory_copy import unit_names
from kernel.errors import Refused
from kernel.working_time import today
from reminders.domain.items import URGENCY_RANKS
from reminders.domain.preferences import Preferences, changed, fixed, kind_of
from reminders.storage import deliveries, nudges
from reminders.storage import preferences as storage
from reminders.use_cases.feeds import token_of

DEVICES_AT_MOST = 10
NAMED_FOR = timedelta(minutes=5)  # a channel, by a process that has it
URGENCIES = {rank: urgency for urgency, rank in URGENCY_RANKS.items()}


def get_settings(tx, person_id: str, sealer: Sealer | None) -> dict:
    return _shown(tx, *storage.chosen_by(tx, person_id), token_of(tx, person_id, sealer))


def change_settings(tx, person_id: str, request: Mapping, sealer: Sealer | None) -> dict:
    version, preferences = storage.chosen_by(tx, person_id)
    if request["version"] not in (None, version):
        raise Refused("stale_version", "The settings have changed since.")
    after = changed(preferences, request)
    if not storage.choose(tx, person_id, version, after):
        raise Refused("stale_version", "The settings have changed since.")
    tx.audit("notification_settings.changed", subject=person_id, digest=after.digest, switches=after.switches)
    return _shown(tx, version + 1, after, token_of(tx, person_id, sealer))


def _shown(tx, version: int, preferences: Preferences, calendar_feed_token: str | None) -> dict:
    quiet = preferences.quiet
    return {
        "version": version,
        "channels": ["in_app", *sorted(storage.channels(tx))],
        "switches": preferences.shown(),
        "fixed": fixed(),
        "digest": preferences.digest,
        "quiet_hours": quiet and {"begins": quiet[0], "ends": quiet[1]},
        "calendar_feed_token": calendar_feed_token,
    }


def subscribe(tx, person_id: str, request: Mapping, now: datetime) -> dict:
    """The same browser again is the same device."""
    storage.hold_devices(tx, person_id)
    known = storage.devices(tx, person_id)
    if len(known) >= DEVICES_AT_MOST and request["endpoint"] not in {each["endpoint"] for each in known}:
        raise Refused("too_many_devices", f"{DEVICES_AT_MOST} devices at most.", most=DEVICES_AT_MOST)
    device = storage.add_device(tx, {
        "id": clock.new_id(), "person_id": person_id, "endpoint": request["endpoint"], **request["keys"],
        "created_at": now,
    })  # fmt: skip
    tx.audit("push_subscription.added", subject=device["id"], service=urlsplit(device["endpoint"]).hostname)
    return _device(device)


def list_devices(tx, person_id: str) -> dict:
    return {"items": [_device(each) for each in storage.devices(tx, person_id)]}


def unsubscribe(tx, person_id: str, subscription_id: str) -> dict:
    if not storage.remove_device(tx, person_id, subscription_id):
        raise Refused("not_found", "There is no such device.")
    tx.audit("push_subscription.removed", subject=subscription_id)
    return {}


def _device(row: Mapping) -> dict:
    return {"id": row["id"], "service": urlsplit(row["endpoint"]).hostname, "created_at": row["created_at"]}


def list_nudges(tx, person_id: str, request: Mapping) -> dict:
    before = position(request["cursor"], a_moment, an_id)
    rows = nudges.told(tx, person_id, request["unread"], before, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["sent_at"], row["id"]])
    items = [dict(row, kind=kind_of(row["rule"], row["rung"]), urgency=URGENCIES[row["urgency_rank"]]) for row in rows]
    return {"items": items, "next_cursor": next_cursor}


def read_nudges(tx, person_id: str, request: Mapping, now: datetime) -> dict:
    nudges.read(tx, person_id, now, request.get("ids"), request.get("until"))
    return {}


def list_deliveries(tx, claims: dict, request: Mapping, now: datetime) -> dict:
    actor_for(tx, contract.list_deliveries, claims, now)
    [before] = position(request["cursor"], an_id) or (None,)
    rows = deliveries.listed(tx, request["channel"], request["state"], before, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    return {"items": rows, "next_cursor": next_cursor}


def list_nudge_counts(tx, claims: dict, request: Mapping, now: datetime) -> dict:
    actor_for(tx, contract.list_nudge_counts, claims, now)
    day = request["day"] or today(now)
    after = position(request["cursor"], a_number, an_id)
    counted = deliveries.counted if request["by"] == "person" else deliveries.counted_by_unit
    rows, next_cursor = page(
        counted(tx, day, after, request["limit"] + 1), request["limit"], lambda row: [row["nudges"], row["id"]]
    )
    names = unit_names(tx, [row["id"] for row in rows]) if request["by"] == "unit" else {}
    items = [dict(row, name=names.get(row["id"])) for row in rows]
    return {"by": request["by"], "day": day, "items": items, "next_cursor": next_cursor}


def note_channels(tx, there: Collection[str], now: datetime) -> None:
    """What no process has set up is not planned either."""
    storage.note_channels(tx, there, now, now - NAMED_FOR)
