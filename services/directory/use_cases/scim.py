"""People and units as SCIM resources, and the acts of the clients that feed them.

An act that has more than one thing to tell the other services happens in steps, a transaction and an event each. A
step answers None when there is another one to take; each may be taken again, because it begins with what is there.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from chassis import clock
from contracts import directory
from contracts.directory import SCIM_BASE
from directory import scim
from directory.domain import provisioning as rules
from directory.domain.employees import is_employee_number
from directory.domain.organisation import Membership, Post, ended
from directory.domain.posts import RANKS
from directory.domain.provisioning import ENTERPRISE, GENERIC_POST, UNIT, Taken
from directory.domain.reorganisation import Changes
from directory.storage import accounts, desk, facts, guesses, people, units
from directory.storage import provisioning as stored
from directory.storage.scim_filter import an_id
from directory.use_cases import identities
from directory.use_cases.appointments import record, with_consequences
from kernel.errors import Refused
from kernel.working_time import today

MOST_MEMBERS = 5_000  # that one answer shows, or one request names
Edit = Callable[[Any, Any], Any]  # from what is there and what came, to what shall be


def client_of(tx, claims: dict):
    """Whose token this is. A client that was revoked a moment ago is none any more."""
    client = stored.live_client(tx, claims["sub"].removeprefix("client:"))
    if client is None:
        raise Refused("unauthenticated", "This client was revoked.")
    return client


def find(tx, client, request: dict, now: datetime) -> dict:
    """A page of what a filter finds."""
    kind, day = request["resource"], today(now)
    start = max(1, request["start_index"])
    count = min(scim.LONGEST_PAGE, max(0, scim.PAGE if request["count"] is None else request["count"]))
    wanted = scim.read_filter(kind, request["filter"]) if request["filter"] else None
    shown = (request["attributes"], request["excluded_attributes"])
    with scim.refusing():
        if kind == "Users":
            total, rows = stored.user_page(tx, client, wanted, day, start - 1, count)
            resources = _users(tx, rows, day)
        else:
            total, rows = stored.group_page(tx, wanted, day, start - 1, count)
            resources = _groups(tx, client, rows, day, with_members=_asks_for("members", *shown))
    return {"total": total, "start_index": start, "resources": [rules.part_of(each, *shown) for each in resources]}


def get(tx, client, request: dict, now: datetime) -> dict:
    return _read(tx, client, _resource(tx, client, request["resource"], request["id"], today(now)), request)


# users


def create_user(tx, client, request: dict, now: datetime, first: bool) -> dict | None:
    """A new person, or the one whom the directory knows by this employee number and who has no account, or none any
    more.
    """
    day = today(now)
    user = scim.read_new(request["body"])
    username, said = _checked(tx, client, user, {})
    person, account = _known_already(tx, user, now)
    person_id = person.id if person else clock.new_id()
    if stored.is_taken(tx, client, username, user.get("externalId"), person_id, None):
        raise _taken_already()
    unit_id = stored.unit_of_code(tx, rules.unit_codes(user), day)
    held = stored.holdings(tx, [person_id], day)
    leaves, joins = rules.moves(held, None, units.with_sub_units(tx, unit_id) if unit_id else [])
    post_id = stored.generic_post(tx, unit_id, day) if joins else None
    active = user.get("active", True)
    restored = account is not None and account.revoked_at is None  # by the staff, after it was deleted
    if person and first and (not active or restored or (leaves and not joins)):
        _spend(tx, client, 1, day)
    if restored:
        _end_account(tx, account.id, person_id, now)
        tx.audit("scim.user_deactivated", subject=person_id, client=client.name)
        return None
    if joins and post_id is None:
        return make_generic_post(tx, unit_id, day)
    if person is None:
        stored.add_person(tx, person_id, rules.taken(user))
    else:
        taken = rules.taken_beside(user, _there(person))
        if taken != _there(person):
            _rename(tx, person_id, taken)
            return None
        stored.begin_anew(tx, person_id)
    state = {"revoked_at": None, "revoked_by": None} if active else {"revoked_at": now, "revoked_by": "client"}
    if account:
        clear_account(tx, account.id, username=username, **state)
    elif not stored.add_account(tx, id=clock.new_id(), person_id=person_id, username=username, **state):
        raise _taken_already()
    if not stored.name_outside(tx, client, person_id, user.get("externalId")):
        raise _taken_already()
    stored.remember(tx, client, person_id, said, rules.taken(user), now)
    changed = [ended(each.membership, day) for each in leaves]
    if joins:
        has_primary = any(each.membership.primary for each in held if each not in leaves)
        changed.append(_membership(person_id, post_id, not has_primary, day))
    if changed:
        _hold(tx, changed, day)
    known = person is not None
    tx.audit(
        "scim.user_created", subject=person_id, client=client.name, unit_id=unit_id, active=active, known=known
    )  # fmt: skip
    return _answer(_resource(tx, client, "Users", person_id, day), request)


def _known_already(tx, user: dict, now: datetime):
    """The person with this employee number, whom nobody else gets before the commit, and the account that he had."""
    number = rules.taken(user).employee_number
    if number is None:
        return None, None
    facts.claim_versions(tx, 0)
    person = people.numbered(tx, number)
    if person is None:
        return None, None
    account = stored.account_of(tx, person.id)
    if account is not None and account.deleted_at is None:
        raise _taken_already()
    _refuse_protected(tx, [person.id], today(now))
    if account is not None and account.revoked_at is not None and account.revoked_by != "client":
        raise Refused("not_authorised", "The directory's staff revoked his account, and only they restore it.")
    return person, account


def clear_account(tx, account_id: str, **state) -> None:
    """Whoever comes back has what a new user has: no password, no second factor, no identities, and an account that
    nobody has used, so that it is handed over.
    """
    identities.end_all(tx, account_id)
    accounts.replace_recovery_codes(tx, account_id, ())
    guesses.forget_sources(tx, account_id)
    desk.forget(tx, account_id)
    lost = (
        "password_hash", "password_until", "password_changed_at", "totp_secret", "totp_pending", "totp_last_step",
    )  # fmt: skip
    accounts.change(tx, account_id, password_once=False, **dict.fromkeys(lost), **state)


def _rename(tx, person_id: str, taken: Taken) -> None:
    version = stored.change_person(tx, person_id, taken)
    people.refresh_entries(tx, [person_id])
    tx.emit(directory.person_changed, subject=person_id, version=version, data={"person_id": person_id})


def change_user(tx, client, request: dict, edit: Edit, now: datetime, first: bool) -> dict | None:
    """What an edit (PUT or PATCH) makes of a user. His account's end is told before anything else changes."""
    day = today(now)
    row, before = _locked(tx, client, request, first, day)
    after = {"active": before["active"]} | edit(_writable(before), request["body"])
    unheard = _unheard_number(tx, row)
    if unheard and rules.number_in(after) == unheard:
        after = rules.numbered(after, rules.number_in(before))
    after = {name: value for name, value in after.items() if name not in ("schemas", "groups")}
    if after == {name: value for name, value in _writable(before).items() if name not in ("schemas", "groups")}:
        return _read(tx, client, before, request) if first else _answer(before, request)
    _refuse_protected(tx, [row.id], day)
    username, said = _checked(tx, client, after, before)
    now_there = _there(row)
    taken = rules.kept(rules.taken(after), now_there, _known(row))
    news = taken.employee_number if taken.employee_number != now_there.employee_number else None
    if news:
        facts.claim_versions(tx, 0)  # nobody else takes it before the commit
    if stored.is_taken(tx, client, username, after.get("externalId"), row.id, news):
        raise _taken_already()
    if after["active"] and not before["active"] and row.revoked_by != "client":
        raise Refused("not_authorised", "The directory's staff revoked this account, and only they restore it.")
    _refuse_nowhere(tx, row, before, after, day)
    if before["active"] and not after["active"]:
        _spend(tx, client, 1, day)
        _end_account(tx, row.account_id, row.id, now)
        tx.audit("scim.user_deactivated", subject=row.id, client=client.name)
        return None
    unit_before = stored.unit_of_code(tx, rules.unit_codes(before), day)
    unit_after = stored.unit_of_code(tx, rules.unit_codes(after), day)
    if unit_before != unit_after:
        facts.claim_versions(tx, 0)  # from here on nobody else changes memberships until the commit
        held = stored.holdings(tx, [row.id], day)
        leaves, joins = rules.moves(held, unit_before, units.with_sub_units(tx, unit_after) if unit_after else [])
        changed = [ended(each.membership, day) for each in leaves]
        if joins:
            post_id = stored.generic_post(tx, unit_after, day)
            if post_id is None:
                return make_generic_post(tx, unit_after, day)
            has_primary = any(each.membership.primary for each in held if each not in leaves)
            changed.append(_membership(row.id, post_id, not has_primary, day))
        elif leaves and first:
            _spend(tx, client, 1, day)
        if changed:
            _hold(tx, changed, day)
            tx.audit("scim.user_moved", subject=row.id, client=client.name, unit_id=unit_after)
            return None
    if username != row.username:
        accounts.change(tx, row.account_id, username=username)
    if after["active"] and not before["active"]:
        accounts.change(tx, row.account_id, revoked_at=None, revoked_by=None)
    if not stored.name_outside(tx, client, row.id, after.get("externalId")):
        raise _taken_already()
    if not row.own and row.said:
        unchanged = [name for name in ("emails", "phoneNumbers") if after.get(name) == before.get(name)]
        said |= {name: row.said.get(name, []) for name in unchanged}
    if unheard and taken.employee_number == now_there.employee_number:
        said = rules.numbered(said, unheard)
    if taken != now_there:
        _rename(tx, row.id, taken)
    stored.remember(tx, client, row.id, said, taken, now)
    names = sorted(name for name in {*before, *after} - {"meta", "id"} if before.get(name) != after.get(name))
    tx.audit("scim.user_changed", subject=row.id, client=client.name, attributes=names)
    return _answer(_resource(tx, client, "Users", row.id, day), request)


def _unheard_number(tx, row) -> str | None:
    """What the client has always called somebody and the directory could not take over: a number of a form that it
    does not have, or somebody else's. Saying it again is no fault of a request about something else.
    """
    said = rules.number_in(row.said) if row.own and row.said else None
    if said is None or said == row.employee_number:
        return None
    holder = people.numbered(tx, said)
    could_be_his = is_employee_number(said) and (holder is None or holder.id == row.id)
    return None if could_be_his else said


def delete_user(tx, client, request: dict, now: datetime, first: bool) -> dict | None:
    """The account ends and with it what he holds as an official; the person remains for what he has done."""
    day = today(now)
    row, _ = _locked(tx, client, request, first, day)
    held = stored.holdings(tx, [row.id], day)
    if others := [each for each in held if each.kind != GENERIC_POST]:
        raise Refused(
            "not_authorised", "Holds a post that only the directory's staff can end; deactivation is possible.",
            post_ids=[each.membership.post_id for each in others],
        )  # fmt: skip
    facts.claim_versions(tx, 0)
    if first:
        _spend(tx, client, 1, day)
    if held:
        _hold(tx, [ended(each.membership, day) for each in stored.holdings(tx, [row.id], day)], day)
        tx.audit("scim.memberships_ended", subject=row.id, client=client.name)
        return None
    if row.revoked_at is None:
        _end_account(tx, row.account_id, row.id, now)
    accounts.change(tx, row.account_id, username=f"deleted {row.account_id}")  # no user name has a blank
    stored.forget(tx, client, row.id, _there(row), now)
    tx.audit("scim.user_deleted", subject=row.id, client=client.name)
    return {}


# units


def change_group(tx, client, request: dict, edit: Edit, now: datetime, first: bool) -> dict | None:
    """Who is an official of a unit. Everything else about units is the directory's own."""
    day = today(now)
    unit_id = an_id(request["id"]) or ""
    facts.claim_versions(tx, 0)
    before = _resource(tx, client, "Groups", request["id"], day)
    if first:
        _require_version(request, before)
    there = [each["value"] for each in before.get("members", [])]
    wanted = edit(there, request["body"])
    joining, leaving = sorted(wanted - set(there)), sorted(set(there) - wanted)
    if not joining and not leaving:
        return _read(tx, client, before, request)
    if len(joining) > len(stored.users(tx, client, filter(None, map(an_id, joining)))):
        raise Refused("scim_invalid_value", "A member is not a user.")
    _refuse_protected(tx, [*joining, *leaving], day)
    post_id = stored.generic_post(tx, unit_id, day)
    if joining and post_id is None:
        return make_generic_post(tx, unit_id, day)
    held = stored.holdings(tx, [*joining, *leaving], day)
    here = [each for each in held if each.unit_id == unit_id and each.membership.person_id in set(leaving)]
    if any(each.kind != GENERIC_POST for each in here):
        raise Refused("scim_mutability", "A member holds a post in this unit that only the directory's staff can end.")
    if leaving:
        _spend(tx, client, len(leaving), day)
    settled = {each.membership.person_id for each in held if each.membership.primary}
    changed = [ended(each.membership, day) for each in here]
    changed += [_membership(person_id, post_id, person_id not in settled, day) for person_id in joining]
    _hold(tx, changed, day)
    tx.audit("scim.members_changed", subject=unit_id, client=client.name, joined=joining, left=leaving)
    return _answer(_resource(tx, client, "Groups", unit_id, day), request)


def replaced_members(there: list[str], body) -> set[str]:
    """Who shall be in a unit after a PUT; one that names no members leaves them as they are."""
    members = scim.read_members(body)
    return set(there) if members is None else _named(members)


def patched_members(there: list[str], body) -> set[str]:
    wanted = set(there)
    for act, ids in scim.member_operations(body):
        if act == "add":
            wanted |= _named(ids)
        elif act == "replace":
            wanted = _named(ids)
        else:
            wanted -= _named(ids) if ids is not None else wanted
    return wanted


def _named(members: list[dict]) -> set[str]:
    if len(members) > MOST_MEMBERS:
        raise Refused("scim_invalid_value", f"At most {MOST_MEMBERS} members at once.")
    ids = {an_id(each.get("value") or "") for each in members}
    if None in ids:
        raise Refused("scim_invalid_value", "A member is not a user.")
    return ids


def make_generic_post(tx, unit_id: str, day: date) -> None:
    """The post of a unit that a machine may give, where there is none yet."""
    facts.claim_versions(tx, 0)
    if stored.generic_post(tx, unit_id, day) is None:
        unit = units.one(tx, unit_id, day)
        title, rank = f"Chuyên viên {unit.full_name}", RANKS[GENERIC_POST]
        post = Post(clock.new_id(), unit_id, GENERIC_POST, title, False, rank, day, None, day)
        record(tx, directory.post_changed, Changes(posts={post.id: post}), post.id)
        tx.audit("scim.post_made", subject=post.id, unit_id=unit_id)


# what is common


def _membership(person_id: str, post_id: str, primary: bool, day: date) -> Membership:
    return Membership(clock.new_id(), person_id, post_id, primary, day, None)


def _hold(tx, memberships: list[Membership], day: date) -> None:
    """Told with the first membership as the subject, which siblings read: a person's id they never do."""
    if memberships:
        record(tx, directory.membership_changed, with_consequences(tx, memberships, day), memberships[0].id)


def _end_account(tx, account_id: str, person_id: str, now: datetime) -> None:
    """Its sessions end as well."""
    revoked = accounts.revoke(tx, account_id, "client", now)
    tx.emit(
        directory.account_revoked, subject=account_id, version=revoked.version,
        data={"account_id": account_id, "person_id": person_id},
    )  # fmt: skip


def _spend(tx, client, count: int, day: date) -> None:
    """A machine that goes wrong takes only so many people away before somebody looks."""
    if not stored.spend(tx, client.id, count, day):
        raise Refused("too_many_endings", "This client has taken away as many people as it may on one day.")


def _refuse_nowhere(tx, row, before: dict, after: dict, day: date) -> None:
    """A code that no unit has is more often a fault than somebody's last day, so it ends no post."""
    codes = rules.unit_codes(after)
    if not codes or stored.unit_of_code(tx, codes, day):
        return
    unit_before = stored.unit_of_code(tx, rules.unit_codes(before), day)
    leaves, _ = rules.moves(stored.holdings(tx, [row.id], day), unit_before, [])
    if leaves:
        raise Refused("scim_invalid_value", "No unit has this code: without any, the post as an official ends.")


def _refuse_protected(tx, person_ids: list[str], day: date) -> None:
    if stored.is_protected(tx, person_ids, day):
        raise Refused("not_authorised", "No client changes administrators and auditors.")


def _taken_already() -> Refused:
    return Refused("scim_uniqueness", "Another user has this userName, externalId or employeeNumber.")


def _checked(tx, client, user: dict, before: dict) -> tuple[str, dict]:
    """The user name as accounts have it, and what is to be kept as it was said."""
    if fault := rules.fault_in(user) or rules.fault_in_number(user):
        raise Refused("scim_invalid_value", fault)
    username = rules.username_of(user["userName"])
    if username is None:
        raise Refused("scim_invalid_value", "userName has at most 100 characters and no blanks.")
    said = {name: value for name, value in user.items() if name not in rules.BESIDE}
    manager = said.get(ENTERPRISE, {}).get("manager")
    if manager is not None:
        person_id = an_id(manager.get("value") or manager.get("$ref", "").rpartition("/")[2])
        known = before.get(ENTERPRISE, {}).get("manager", {}).get("value")  # one who has gone since hinders nothing
        if person_id is None or (person_id != known and not stored.is_user(tx, client, person_id)):
            raise Refused("scim_invalid_value", "The manager is not a user.")
        said[ENTERPRISE] = said[ENTERPRISE] | {"manager": {"value": person_id}}
    return username, said


def _locked(tx, client, request: dict, first: bool, day: date):
    person_id = an_id(request["id"])
    row = stored.lock_user(tx, client, person_id) if person_id else None
    if row is None:
        raise Refused("not_found")
    resource = _users(tx, [row], day)[0]
    if first:
        _require_version(request, resource)
    return row, resource


def _require_version(request: dict, resource: dict) -> None:
    if request["if_match"] is not None and not rules.matches(request["if_match"], resource["meta"]["version"]):
        raise Refused("stale_version")


def _writable(resource: dict) -> dict:
    return {name: value for name, value in resource.items() if name not in ("id", "meta")}


def _answer(resource: dict, request: dict) -> dict:
    meta = resource["meta"]
    shown = rules.part_of(resource, request["attributes"], request["excluded_attributes"])
    return {"resource": shown, "version": meta["version"], "location": meta["location"]}


def _read(tx, client, resource: dict, request: dict) -> dict:
    """What is shown without having been changed."""
    tx.audit("scim.read", subject=resource["id"], client=client.name)
    return _answer(resource, request)


def _asks_for(name: str, attributes: list[str], excluded: list[str]) -> bool:
    """Whether an attribute that costs something will be shown at all."""

    def names(paths: list[str]) -> set[str]:
        return {path.rpartition(":")[2].split(".")[0].lower() for path in paths}

    return name in names(attributes) if attributes else name not in {path.lower() for path in excluded}


def _resource(tx, client, kind: str, resource_id: str, day: date) -> dict:
    found = []
    if known := an_id(resource_id):
        if kind == "Users":
            found = _users(tx, stored.users(tx, client, [known]), day)
        elif unit := stored.group(tx, known, day):
            found = _groups(tx, client, [unit], day)
    if not found:
        raise Refused("not_found")
    return found[0]


def _users(tx, rows: list, day: date) -> list[dict]:
    groups: dict[str, list] = {}
    for each in stored.units_of(tx, [row.id for row in rows], day):
        reference = {"value": each.unit_id, "$ref": f"{SCIM_BASE}/Groups/{each.unit_id}", "display": each.unit_name}
        groups.setdefault(each.person_id, []).append(reference)
    return [_user(row, groups.get(row.id, [])) for row in rows]


def _user(row, groups: list[dict]) -> dict:
    then = Taken(row.said_name, row.said_phone, row.said_mobile, row.said_email) if row.said is not None else None
    said = rules.said_now(row.said, then, _there(row), _known(row), row.own)
    core = {"id": row.id, "userName": row.username, "active": row.revoked_at is None}
    if row.external_id is not None:
        core["externalId"] = row.external_id
    if "manager" in said.get(ENTERPRISE, {}):
        manager = said[ENTERPRISE]["manager"]
        reference = manager | {"$ref": f"{SCIM_BASE}/Users/{manager['value']}"}
        said = said | {ENTERPRISE: said[ENTERPRISE] | {"manager": reference}}
    schemas = [str(scim.User.__schema__), *([ENTERPRISE] if ENTERPRISE in said else [])]
    resource = {"schemas": schemas, **core, **said} | ({"groups": groups} if groups else {})
    times = {}
    if row.said is not None:
        times = {"created": row.created_at.isoformat(), "lastModified": row.changed_at.isoformat()}
    return _described(resource, "User", f"{SCIM_BASE}/Users/{row.id}", times)


def _there(row) -> Taken:
    return Taken(row.name, row.phone, row.mobile, row.email, row.employee_number)


def _known(row) -> Taken:
    own = row.said if row.own else {}
    return rules.known(own, _there(row), row.shown_to)


def _groups(tx, client, rows: list, day: date, with_members: bool = True) -> list[dict]:
    members: dict[str, list] = {}
    if with_members and rows:
        found = stored.members(tx, client, [row.id for row in rows], day, MOST_MEMBERS + 1)
        if len(found) > MOST_MEMBERS:
            raise Refused("scim_too_many", "Too many members for one answer: exclude members, or ask for fewer groups.")
        for each in found:
            reference = {"value": each.id, "$ref": f"{SCIM_BASE}/Users/{each.id}"}
            members.setdefault(each.unit_id, []).append(reference)
    return [_group(row, members.get(row.id, [])) for row in rows]


def _group(row, members: list[dict]) -> dict:
    resource = {
        "schemas": [str(scim.Group.__schema__), UNIT], "id": row.id, "displayName": row.full_name,
        UNIT: {"code": row.code, "kind": row.kind},
    } | ({"members": members} if members else {})  # fmt: skip
    return _described(resource, "Group", f"{SCIM_BASE}/Groups/{row.id}", {})


def _described(resource: dict, kind: str, location: str, times: dict) -> dict:
    meta = {"resourceType": kind, **times, "location": location, "version": rules.version_of(resource)}
    return resource | {"meta": meta}
