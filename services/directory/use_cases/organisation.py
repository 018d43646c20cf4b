"""Units, named audiences, and who holds which post."""

from datetime import date, datetime

from chassis.paging import page, position
from contracts import directory
from directory.domain.names import words_of
from directory.domain.posts import DEPUTIES
from directory.storage import facts, people, units
from directory.use_cases.facts import record_facts
from directory.use_cases.people import described
from kernel.errors import Refused
from kernel.working_time import today


def list_units(tx, request: dict, now: datetime) -> dict:
    after = position(request["cursor"], _a_code)
    rows = units.page(
        tx, today(now), kind=request["kind"], parent_id=request["parent_id"], words=words_of(request["q"]),
        after_code=after[0] if after else None, limit=request["limit"] + 1,
    )  # fmt: skip
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.code,))
    return {"items": [row._mapping for row in rows], "next_cursor": next_cursor}


def _a_code(value) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise TypeError("not a unit's code")
    return value


def get_unit(tx, unit_id: str, now: datetime) -> dict:
    day = today(now)
    unit = units.one(tx, unit_id, day)
    if unit is None:
        raise Refused("not_found")
    leaders = people.entries_of_unit(tx, unit_id, DEPUTIES, day)
    return {
        **unit._mapping,
        "head": next((row._mapping for row in leaders if row.is_head), None),
        "deputies": [row._mapping for row in leaders if not row.is_head],
        "divisions": [row._mapping for row in units.divisions(tx, unit_id, day)],
    }


def list_audiences(tx) -> dict:
    return {"items": [row._mapping for row in units.audiences(tx)]}


def appoint(tx, *, person_id: str, post_id: str, from_day: date, membership_id: str) -> None:
    """A person takes up a post as his primary one and leaves the one before.

    A post that heads its unit has one holder, so whoever holds it leaves it that day. One event tells of all of it.
    """
    described(tx, person_id)
    post = units.post(tx, post_id, from_day)
    if post is None:
        raise Refused("not_found")
    facts.claim_versions(tx, 0)  # from here on nobody else changes facts until the commit
    ending = people.open_memberships(tx, person_id=person_id, day=from_day)
    if post.is_head:
        ending += people.open_memberships(tx, post_id=post_id, day=from_day)
    changed = {row["id"]: row | {"valid_to": max(from_day, row["valid_from"])} for row in ending}
    changed[membership_id] = {
        "id": membership_id, "person_id": person_id, "post_id": post_id, "primary": True,
        "valid_from": from_day, "valid_to": None,
    }  # fmt: skip
    record_facts(tx, directory.membership_changed, "membership", list(changed.values()), subject=person_id)
    people.refresh_entries(tx, {row["person_id"] for row in changed.values()})
