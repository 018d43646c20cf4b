"""A person who is gone loses his name: his id stays, for what he has done, and nothing says any more who he was."""

from datetime import datetime

from contracts import directory
from directory.domain import contact
from directory.domain.names import given_name, search_form
from directory.storage import accounts, facts, people, provisioning
from directory.use_cases.people import get_person
from directory.use_cases.scim import clear_account
from directory.use_cases.writing import same_version
from kernel.capacity import actor_for
from kernel.errors import Refused
from kernel.working_time import today

NAME = "Người đã xóa tên"
NOBODY = {
    "name": NAME, "folded": search_form(NAME), "given": given_name(NAME), "employee_number": None, "shown_to": {},
    **dict.fromkeys(contact.FIELDS),
}  # fmt: skip


def erase_person(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Again it changes nothing, so it needs no key."""
    actor = actor_for(tx, directory.erase_person, claims, now)
    person_id = request["id"]
    account = accounts.hold_of_person(tx, person_id)
    facts.claim_versions(tx, 0)  # from here on nobody appoints him until the commit
    known = people.to_change(tx, person_id)
    if known is None:
        raise Refused("not_found")
    if known.erased_at is None:
        same_version(known.version, request["version"])
        if any(post.now for post in accounts.posts_of(tx, person_id, today(now))):
            raise Refused("person_in_post", "Holds a post, or is to take one up.")
        if account is not None and account.revoked_at is None:
            raise Refused("account_not_ended", "His account is to be revoked first.", account_id=account.id)
        if known.folded in search_form(request["reason"]):
            raise Refused("reason_names_person", "The audit log would keep the name.", field="reason")
        _erase(tx, known, account, request["reason"], now)
    return get_person(tx, person_id, actor.person_id, now)


def _erase(tx, known, account, reason: str, now: datetime) -> None:
    """The account remains as that which the audit log speaks of; it belongs to nobody's care, and opens nothing."""
    version = known.version + 1
    people.change(tx, known.id, NOBODY | {"erased_at": now, "version": version})
    people.refresh_entries(tx, [known.id])
    provisioning.erase(tx, known.id, NAME, now)
    if account is not None:
        clear_account(tx, account.id, kind="erased", username=f"erased {account.id}")  # no user name has a blank
    tx.audit("person.erased", subject=known.id, reason=reason)
    tx.emit(directory.person_erased, subject=known.id, version=version, data={"person_id": known.id})
