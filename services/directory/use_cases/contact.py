"""How people can be reached, and who may know it."""

from datetime import datetime

from contracts import directory
from directory.domain.contact import FIELDS
from directory.storage import people
from directory.use_cases.people import get_person
from kernel.capacity import actor_for
from kernel.errors import Refused


def change_own(tx, person_id: str, request: dict, now: datetime) -> dict:
    """What the person himself says of himself."""
    return _change(tx, person_id, request, person_id, now)


def change(tx, claims: dict, request: dict, now: datetime) -> dict:
    """What an administrator says of somebody."""
    actor = actor_for(tx, directory.change_contact, claims, now)
    return _change(tx, request["id"], request, actor.person_id, now)


def _change(tx, person_id: str, request: dict, by: str, now: datetime) -> dict:
    known = people.to_change(tx, person_id)
    if known is None:
        raise Refused("not_found")
    if request["version"] not in (None, known.version):
        raise Refused("stale_version", "It has changed since it was read.", version=known.version)
    changed = {
        field: request[field] for field in FIELDS if field in request and request[field] != getattr(known, field)
    }
    shown_to = known.shown_to | request.get("visibility", {})
    if shown_to != known.shown_to:
        changed["shown_to"] = shown_to
    if changed:
        people.change(tx, person_id, changed | {"version": known.version + 1})
        people.refresh_entries(tx, [person_id])
        tx.audit("person.contact_changed", subject=person_id, fields=sorted(changed))
        tx.emit(
            directory.person_changed, subject=person_id, version=known.version + 1, data={"person_id": person_id}
        )  # fmt: skip
    return get_person(tx, person_id, by, now)
