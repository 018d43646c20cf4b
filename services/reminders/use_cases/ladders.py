"""The rules of the ladders: read, changed, checked."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chassis import clock
from chassis.paging import a_number, page, position
from contracts import reminders as contract
from kernel.capacity import actor_for
from kernel.directory_copy import require_fresh
from kernel.errors import Refused
from reminders.domain.default_ladders import DEFAULT
from reminders.domain.ladders import Rule, check, rules_of
from reminders.storage import ladders as storage

SET_IN_CODE = {
    "version": 1, "rules": list(DEFAULT), "reason": None, "changed_at": None, "person_id": None, "post_id": None,
}  # fmt: skip


def in_force(tx) -> Mapping:
    return next(iter(storage.versions(tx, storage.NO_VERSION, 1)), SET_IN_CODE)


def get_ladders(tx, claims: dict, now: datetime) -> dict:
    actor_for(tx, contract.get_ladders, claims, now)
    return _shown(tx)


def list_ladder_versions(tx, claims: dict, request: dict, now: datetime) -> dict:
    """All that were ever set, the newest first; the first of all is the program's own."""
    actor_for(tx, contract.list_ladder_versions, claims, now)
    before = position(request["cursor"], a_number)
    number = before[0] if before else storage.NO_VERSION
    rows = storage.versions(tx, min(number, storage.NO_VERSION), request["limit"] + 1)
    if number > SET_IN_CODE["version"]:
        rows = [*rows, SET_IN_CODE]
    rows, next_cursor = page(rows[: request["limit"] + 1], request["limit"], lambda row: [row["version"]])
    return {"items": [dict(row) for row in rows], "next_cursor": next_cursor}


def change_ladders(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Sets other rules: what comes next of every open piece is reckoned anew, in the background. Saying the same twice
    changes nothing, so it needs no key.
    """
    actor = actor_for(tx, contract.change_ladders, claims, now)
    require_fresh(tx, now)
    rules = checked(request["rules"])
    storage.hold_versions(tx)
    before = in_force(tx)
    if rules != before["rules"]:
        if request["version"] not in (None, before["version"]):
            raise Refused("stale_version", "It has changed since you read it.", current=before["version"])
        version = before["version"] + 1
        storage.add_version(
            tx, rules,
            version=version, reason=request["reason"], changed_at=now, person_id=actor.person_id,
            post_id=actor.post_id,
        )  # fmt: skip
        storage.begin_recount(tx, clock.new_id(), "rules", now)
        tx.audit("ladders.changed", subject=str(version), before=before["version"])
    return _shown(tx)


def checked(rules: Sequence[Mapping]) -> list[Mapping]:
    """Raises what the form of rules does not tell."""
    check(rules_of(rules))
    return list(rules)


def rules_in_force(tx) -> tuple[Rule, ...]:
    return rules_of(in_force(tx)["rules"])


def _shown(tx) -> dict:
    return {**in_force(tx), "recount": storage.last_recount(tx)}
