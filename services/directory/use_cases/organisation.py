"""Units as they are and as they were, named audiences, working days."""

from datetime import date, datetime

from chassis.paging import an_id, page, position
from contracts import directory
from directory.domain.names import words_of
from directory.domain.organisation import audience_of_units, is_standing
from directory.domain.posts import DEPUTIES
from directory.domain.working_days import is_special, ordinary, special_days
from directory.storage import calendar, facts, history, organisation, people, units
from directory.use_cases.appointments import with_days
from directory.use_cases.facts import record_facts
from directory.use_cases.writing import same_version
from kernel.capacity import actor_for
from kernel.errors import Refused
from kernel.working_time import today


def list_units(tx, request: dict, now: datetime) -> dict:
    after = position(request["cursor"], a_code)
    day, table = _as_of(request["on"], now)
    rows = units.page(
        tx, day, kind=request["kind"], parent_id=request["parent_id"], words=words_of(request["q"]),
        after_code=after[0] if after else None, limit=request["limit"] + 1, table=table,
    )  # fmt: skip
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.code,))
    return {"items": [row._mapping for row in rows], "next_cursor": next_cursor}


def _as_of(on: date | None, now: datetime):
    """The day that is asked about, and the units as they were on it."""
    if on is None or on == today(now):
        return today(now), units.NOW
    return on, history.units_on(on)


def a_code(value) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise TypeError("not a unit's code")
    return value


def get_unit(tx, unit_id: str, now: datetime, on: date | None = None) -> dict:
    day, table = _as_of(on, now)
    unit = units.one(tx, unit_id, day, table)
    if unit is None:
        raise Refused("not_found")
    leaders = (
        people.entries_of_unit(tx, unit_id, DEPUTIES, day) if table is units.NOW
        else history.leaders_on(tx, unit_id, DEPUTIES, day)
    )  # fmt: skip
    leaders = [dict(row._mapping) | {"unit_name": unit.full_name} for row in leaders]
    return {
        **unit._mapping,
        "head": next((each for each in leaders if each["is_head"]), None),
        "deputies": [each for each in leaders if not each["is_head"]],
        "divisions": [row._mapping for row in units.divisions(tx, unit_id, day, table)],
    }


def get_successors(tx, unit_id: str, now: datetime) -> dict:
    unit = history.ever(tx, unit_id)
    if unit is None:
        raise Refused("not_found")
    after, before = history.links(tx, unit_id)
    return {
        **with_days(unit._mapping),
        "today": [row._mapping for row in history.today(tx, unit_id, today(now))],
        "successors": [row._mapping for row in after],
        "predecessors": [row._mapping for row in before],
    }


def list_heads(tx, request: dict) -> dict:
    if history.ever(tx, request["id"]) is None:
        raise Refused("not_found")
    before = position(request["cursor"], date.fromisoformat, an_id)
    rows = history.heads(tx, request["id"], before, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.valid_from, row.membership_id))
    return {"items": [with_days(row._mapping) for row in rows], "next_cursor": next_cursor}


# audiences


def list_audiences(tx) -> dict:
    rows = units.audiences(tx)
    return {"items": [{**row._mapping, "standing": is_standing(row.name)} for row in rows], "next_cursor": None}


def get_audience(tx, name: str) -> dict:
    row = units.audience(tx, name)
    if row is None:
        raise Refused("not_found")
    return {**row._mapping, "name": row.id, "standing": is_standing(row.id), "unit_count": len(row.unit_ids)}


def set_audience(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Saying the same twice changes nothing, so it needs no key."""
    actor_for(tx, directory.set_audience, claims, now)
    facts.claim_versions(tx, 0)
    name, wanted = request["name"], request["units"]["unit_ids"]
    row = units.audience(tx, name)
    if row is None or row.retired_on is not None:
        raise Refused("not_found")
    if row.unit_ids == wanted:
        return get_audience(tx, name)
    same_version(row.version, request["version"])
    city = organisation.load(tx, today(now), ())
    told = dict(row._mapping) | {"unit_ids": audience_of_units(city, name, wanted, today(now))}
    record_facts(tx, directory.audience_changed, "audience", [told], subject=name)
    tx.audit("audience.changed", subject=name, unit_ids=wanted)
    return get_audience(tx, name)


# working days


def get_working_days(tx, year: int) -> dict:
    rows = calendar.of_year(tx, year)
    return {
        "year": year,
        "version": max((row.version for row in rows), default=0),
        "days": [
            {"day": row.id, "working": row.working, "name": row.name} for row in rows if is_special(row.id, row.working)
        ],
    }  # fmt: skip


def set_working_days(tx, claims: dict, request: dict, now: datetime) -> dict:
    """All special days of a year. A day that is none any more stays in the table as what its weekday makes of it: facts
    are changed, never taken away. Saying the same twice changes nothing, so it needs no key.
    """
    actor_for(tx, directory.set_working_days, claims, now)
    facts.claim_versions(tx, 0)
    year = request["year"]
    before = get_working_days(tx, year)
    wanted = special_days(year, request["days"]["days"])
    known = {row.id: row for row in calendar.of_year(tx, year)}
    changed = [
        {"id": day, "working": working, "name": name}
        for day, (working, name) in (ordinary(known) | wanted).items()
        if day not in known or (known[day].working, known[day].name) != (working, name)
    ]
    if changed:
        same_version(before["version"], request["version"])
        record_facts(tx, directory.working_days_changed, "working_day", changed, subject=str(year))
        tx.audit("working_days.changed", subject=str(year), days=[each["id"].isoformat() for each in changed])
    return get_working_days(tx, year)
