"""What the directory says of a person himself: his name, his number, how he can be reached and who may know it."""

from datetime import datetime

from chassis import clock
from contracts import directory
from directory.domain.contact import FIELDS
from directory.domain.names import given_name, search_form
from directory.storage import facts, people
from directory.use_cases.people import get_person
from directory.use_cases.writing import once, same_version
from kernel.capacity import actor_for
from kernel.errors import Refused

CORRECTED = ("name", "employee_number", *FIELDS)


def add(tx, claims: dict, request: dict, now: datetime) -> dict:
    """A person without a post. Nobody has heard of him, so nobody is told: his first post will be."""
    actor = actor_for(tx, directory.add_person, claims, now)
    wanted = request["person"]
    return once(tx, actor, directory.add_person, request, wanted, lambda: _add(tx, actor.person_id, wanted, now))


def _add(tx, by: str, wanted: dict, now: datetime) -> dict:
    _require_free(tx, wanted["employee_number"])
    person_id = clock.new_id()
    said = {name: wanted[name] for name in CORRECTED if name in wanted}
    people.add(tx, person_id, _searchable(said) | {"shown_to": wanted.get("visibility", {})})
    tx.audit("person.added", subject=person_id)
    return get_person(tx, person_id, by, now)


def correct(tx, claims: dict, request: dict, now: datetime) -> dict:
    """What an administrator puts right."""
    actor = actor_for(tx, directory.change_person, claims, now)
    return _change(tx, request["id"], request, actor.person_id, "person.corrected", now)


def change_own(tx, person_id: str, request: dict, now: datetime) -> dict:
    """What the person himself says of himself."""
    return _change(tx, person_id, request, person_id, "person.contact_changed", now)


def _change(tx, person_id: str, request: dict, by: str, audited: str, now: datetime) -> dict:
    """Saying the same twice changes nothing, so it needs no key."""
    if request.get("employee_number"):
        facts.claim_versions(tx, 0)  # before the person, as an import does
    known = people.to_change(tx, person_id)
    if known is None:
        raise Refused("not_found")
    if known.erased_at is not None:
        raise Refused("person_erased", "Nothing is said of him any more.")
    changed = {
        field: request[field] for field in CORRECTED if field in request and request[field] != getattr(known, field)
    }
    shown_to = known.shown_to | request.get("visibility", {})
    if shown_to != known.shown_to:
        changed["shown_to"] = shown_to
    if changed:
        same_version(known.version, request["version"])
        _require_free(tx, changed.get("employee_number"), person_id)
        people.change(tx, person_id, _searchable(changed) | {"version": known.version + 1})
        people.refresh_entries(tx, [person_id])
        tx.audit(audited, subject=person_id, fields=sorted(changed))
        tx.emit(
            directory.person_changed, subject=person_id, version=known.version + 1, data={"person_id": person_id}
        )  # fmt: skip
    return get_person(tx, person_id, by, now)


def _searchable(said: dict) -> dict:
    """With the forms of a name by which it is found."""
    name = said.get("name")
    return said | {"folded": search_form(name), "given": given_name(name)} if name else said


def _require_free(tx, number: str | None, person_id: str | None = None) -> None:
    """Nobody else has this employee number, and nobody takes it before the commit."""
    if not number:
        return
    facts.claim_versions(tx, 0)
    holder = people.numbered(tx, number)
    if holder is not None and holder.id != person_id:
        raise Refused(
            "employee_number_taken", "Somebody else has this number.", field="employee_number", person_id=holder.id
        )  # fmt: skip
