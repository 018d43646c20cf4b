"""What is announced to one: found by the addresses that reach him, never by a row of his own."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chassis import clock
from chassis.contract import Procedure
from chassis.paging import a_moment, a_number, an_id, page, position
from contracts import messaging as contract
from kernel import policy
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import Address, addresses_of, units_below
from kernel.errors import Refused
from messaging.domain.announcements import DECIDES, WRITES, allowed
from messaging.storage import announcements as storage

ON_HOME, LOOKED_THROUGH = 5, 50


def list_announcements(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_announcements, claims, now)
    box, limit = request["box"], request["limit"] + 1
    if box in ("ours", "to_approve"):
        before = position(request["cursor"], an_id)
        rows = _of_the_house(tx, actor, box, before[0] if before else None, limit, now)
        rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    else:
        before = position(request["cursor"], a_moment, an_id)
        keys = addresses_of(tx, actor.person_id, actor.serves, now)
        rows = storage.received(tx, actor.person_id, keys, now, before, limit, past=box == "past")
        rows, next_cursor = page(rows, request["limit"], lambda row: [row["published_at"], row["id"]])
    return {"items": rows, "next_cursor": next_cursor}


def _of_the_house(tx, actor: Actor, box: str, before: str | None, limit: int, now: datetime) -> Sequence[Mapping]:
    if box == "ours":
        return storage.ours(tx, actor.person_id, actor.serves, before, limit)
    approve = contract.approve_announcement.full_name
    for_city = policy.allows(approve, actor)
    if not for_city and not policy.allows(approve, actor, [actor.unit_id]):
        return []
    below = units_below(tx, actor.unit_id, now)
    return storage.to_approve(tx, actor.person_id, for_city, below, before, limit)


def get_announcement(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_announcement, claims, now)
    return shown(tx, actor, visible(tx, actor, request["id"], now), now)


def see(tx, claims: dict, request: dict, now: datetime) -> dict:
    row = _received(tx, contract.see_announcement, claims, request["id"], now)
    if storage.see(tx, row["id"], claims["sub"], now):
        _tell_seen(tx, row, claims["sub"], now)
    return {}


def acknowledge(tx, claims: dict, request: dict, now: datetime) -> dict:
    row = _received(tx, contract.acknowledge_announcement, claims, request["id"], now)
    if not row["acknowledge"]:
        raise Refused("nothing_to_acknowledge", "It does not ask for that.")
    if row["state"] != "published":
        raise Refused("wrong_state", "It was withdrawn.", state=row["state"])
    if storage.acknowledge(tx, row["id"], claims["sub"], now):
        _tell_seen(tx, row, claims["sub"], now, acknowledged=True)
    return {}


def _tell_seen(tx, row: Mapping, person_id: str, now: datetime, *, acknowledged: bool = False) -> None:
    """Only where he would be told of it otherwise."""
    if row["acknowledge"] or row["importance"] in contract.TOLD:
        data = {"announcement_id": row["id"], "person_id": person_id, "acknowledged": acknowledged, "at": now}
        tx.emit(contract.announcement_seen, subject=clock.new_id(), version=1, data=data)


def get_reach(tx, claims: dict, request: dict, now: datetime) -> dict:
    """For whose word it is, whoever wrote it and who could withdraw it. It is no list of people: nobody is named."""
    actor = actor_for(tx, contract.get_reach, claims, now)
    row = visible(tx, actor, request["id"], now)
    if not his(tx, actor, row, now):
        raise Refused("not_authorised", "Whoever has published it knows that.", action=contract.get_reach.full_name)
    after = position(request["cursor"], a_number)
    start = after[0] if after else 0
    units = storage.reach(tx, row["id"], addressees(row), contract.get_announcement.full_name, now)
    counts = {name: sum(unit[name] for unit in units) for name in ("could_see", "seen", "acknowledged")}
    items, next_cursor = page(units[start:], request["limit"], lambda _: [start + request["limit"]])
    return counts | {"items": items, "next_cursor": next_cursor}


def unseen(tx, actor: Actor, now: datetime) -> dict:
    keys = addresses_of(tx, actor.person_id, actor.serves, now)
    rows = storage.unseen(tx, actor.person_id, keys, now, LOOKED_THROUGH)
    return {"count": len(rows), "items": rows[:ON_HOME]}


def addressees(row: Mapping) -> list[Address]:
    return [Address(each["kind"], each["id"]) for each in row["addressed"]]


def his(tx, actor: Actor, row: Mapping, now: datetime) -> set[str]:
    """Whether the actor's posts wrote it, or his post decides on it."""
    found = {WRITES} if row["writer_post_id"] in actor.serves else set()
    inside = not row["for_city"] and row["unit_id"] in units_below(tx, actor.unit_id, now)
    path = [actor.unit_id] if inside else []
    return found | ({DECIDES} if policy.allows(contract.approve_announcement.full_name, actor, path) else set())


def visible(tx, actor: Actor, announcement_id: str, now: datetime) -> Mapping:
    """Whom it reaches sees it once it is published; a draft is its writers', and from its submission on also theirs who
    decide on it.
    """
    row = storage.find(tx, announcement_id, actor.person_id)
    if row is None:
        raise _not_found()
    is_his = his(tx, actor, row, now)
    if WRITES in is_his or (DECIDES in is_his and row["state"] != "draft") or _reaches(tx, actor, row, now):
        return row
    raise _not_found()


def shown(tx, actor: Actor, row: Mapping, now: datetime) -> dict:
    is_his = his(tx, actor, row, now)
    hidden = row["state"] == "withdrawn" and not is_his
    return dict(row) | {
        "text": None if hidden else row["text"],
        "to": row["addressed"],
        "files": [] if hidden else storage.files_of(tx, row["id"]),
        "allowed": allowed(row, is_his),
    }


def opens_file(tx, claims: dict, file_id: str, now: datetime) -> bool:
    """Whether it is attached to an announcement that the actor may read."""
    of = storage.with_file(tx, file_id)
    if not of:
        return False
    actor = actor_for(tx, contract.get_announcement, claims, now)
    return any(_has_file(tx, actor, announcement_id, file_id, now) for announcement_id in of)


def _has_file(tx, actor: Actor, announcement_id: str, file_id: str, now: datetime) -> bool:
    try:
        row = visible(tx, actor, announcement_id, now)
    except Refused:
        return False
    return any(file["id"] == file_id for file in shown(tx, actor, row, now)["files"])


def _received(tx, procedure: Procedure, claims: dict, announcement_id: str, now: datetime) -> Mapping:
    actor = actor_for(tx, procedure, claims, now)
    row = storage.find(tx, announcement_id, actor.person_id)
    if row is None or not _reaches(tx, actor, row, now):
        raise _not_found()
    return row


def _reaches(tx, actor: Actor, row: Mapping, now: datetime) -> bool:
    if row["published_at"] is None or row["expired_at"] is not None:
        return False
    keys = addresses_of(tx, actor.person_id, actor.serves, now)
    return not {str(each) for each in addressees(row)}.isdisjoint(keys)


def _not_found() -> Refused:
    return Refused("not_found", "There is no such announcement for you.")
