"""The named audiences that the Office keeps: made, changed, retired. Who orders by a name means its units of then."""

from datetime import datetime

from chassis.paging import page, position
from contracts import directory
from directory.domain.organisation import audience_of_units, is_standing
from directory.storage import facts, organisation, units
from directory.use_cases.facts import record_facts
from directory.use_cases.organisation import a_code, get_audience
from directory.use_cases.writing import once, same_version
from kernel.capacity import actor_for
from kernel.errors import Refused
from kernel.working_time import today


def list_members(tx, request: dict, now: datetime) -> dict:
    """The units that a name means today."""
    if units.audience(tx, request["name"]) is None:
        raise Refused("not_found")
    after = position(request["cursor"], a_code)
    rows = units.members(tx, request["name"], today(now), after[0] if after else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.code,))
    return {"items": [row._mapping for row in rows], "next_cursor": next_cursor}


def create_audience(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, directory.create_audience, claims, now)
    wanted = request["audience"]
    return once(tx, actor, directory.create_audience, request, wanted, lambda: _create(tx, wanted, now))


def change_audience(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Saying the same twice changes nothing, so it needs no key."""
    actor_for(tx, directory.change_audience, claims, now)
    before, changes = _kept(tx, request["name"]), request["changes"]
    if before["retired_on"] is not None:
        raise Refused("not_found")
    after = before | changes
    if after != before:
        same_version(before["version"], request["version"])
        if "unit_ids" in changes:
            after["unit_ids"] = _units(tx, before["id"], changes["unit_ids"], now)
        _record(tx, "changed", after)
    return get_audience(tx, before["id"])


def retire_audience(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Its name stays taken. Doing it twice changes nothing, so it needs no key."""
    actor_for(tx, directory.retire_audience, claims, now)
    before = _kept(tx, request["name"])
    if before["retired_on"] is None:
        same_version(before["version"], request["version"])
        _record(tx, "retired", before | {"unit_ids": [], "retired_on": today(now)})
    return get_audience(tx, before["id"])


def _create(tx, wanted: dict, now: datetime) -> dict:
    facts.claim_versions(tx, 0)
    name = wanted["name"]
    if is_standing(name) or units.audience(tx, name) is not None:
        raise Refused("audience_exists", "This name was given already.", field="name")
    row = {"id": name, "title": wanted["title"], "title_en": wanted["title_en"] or wanted["title"]}
    _record(tx, "created", row | {"unit_ids": _units(tx, name, wanted["unit_ids"], now), "retired_on": None})
    return get_audience(tx, name)


def _kept(tx, name: str) -> dict:
    """One of the Office's, as no other writer of facts changes it meanwhile."""
    facts.claim_versions(tx, 0)
    row = units.audience(tx, name)
    if row is None:
        raise Refused("not_found")
    if is_standing(name):
        raise Refused("standing_audience", "This audience is the platform's own.")
    return dict(row._mapping)


def _units(tx, name: str, unit_ids: list[str], now: datetime) -> list[str]:
    return audience_of_units(organisation.load(tx, today(now), ()), name, unit_ids, today(now))


def _record(tx, how: str, row: dict) -> None:
    record_facts(tx, directory.audience_changed, "audience", [row], subject=row["id"])
    tx.audit(f"audience.{how}", subject=row["id"], unit_ids=row["unit_ids"])
