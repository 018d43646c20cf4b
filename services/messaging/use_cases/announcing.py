"""Announcements before and when they are published. A leader gives his own word; what others write a second person
approves.
"""

from collections.abc import Mapping
from datetime import datetime

from chassis import clock
from chassis.contract import Procedure, schema
from chassis.idempotency import answer_once
from contracts import messaging as contract
from kernel import policy
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import (
    Address,
    require_fresh,
    require_fresh_if_lent,
    standing,
    units_below,
    units_concerned,
    units_of_kinds,
)
from kernel.errors import Refused
from messaging.domain.announcements import permit, require_another, require_times
from messaging.storage import announcements as storage
from messaging.use_cases import files
from messaging.use_cases.announcements import addressees, his, shown, visible

TEXT = ("title", "text", "importance", "valid_from", "valid_until", "acknowledge", "acknowledge_by")
UNKNOWN = {"person": "unknown_person", "unit": "unknown_unit", "audience": "unknown_audience"}


def announce(tx, claims: dict, request: dict, scans: bool, now: datetime) -> dict:
    """Thông báo: a leader's own word, which needs nobody else's."""
    return _written_once(tx, contract.announce, claims, request, scans, now)


def draft(tx, claims: dict, request: dict, scans: bool, now: datetime) -> dict:
    return _written_once(tx, contract.draft_announcement, claims, request, scans, now)


def _written_once(tx, procedure: Procedure, claims: dict, request: dict, scans: bool, now: datetime) -> dict:
    actor = actor_for(tx, procedure, claims, now)
    wanted = request["announcement"]

    def produce() -> dict:
        require_fresh(tx, now)
        row = _write(tx, actor, wanted, now)
        storage.add(tx, row)
        _attach(tx, actor, row["id"], wanted["file_ids"], scans, now)
        if procedure is contract.announce:
            policy.require(procedure.full_name, actor, [] if row["for_city"] else [actor.unit_id])
            _publish(tx, row, now)
        return _told(tx, procedure, actor, row["id"], now)

    said = [procedure.full_name, actor.post_id, wanted]
    return answer_once(tx, who=actor.person_id, key=request["idempotency_key"], request=said, produce=produce)


def _write(tx, actor: Actor, wanted: Mapping, now: datetime) -> dict:
    to = _addressed(wanted)
    return _checked(tx, actor.unit_id, wanted, to, now) | {
        "id": clock.new_id(),
        "version": 1,
        "state": "draft",
        "unit_id": actor.unit_id,
        "by_post_id": actor.post_id,
        "by_title": actor.post_title,
        "writer_post_id": actor.post_id,
        "writers": [actor.person_id],
        "written_at": now,
    }


def _checked(tx, unit_id: str, wanted: Mapping, to: list[Address], now: datetime) -> dict:
    """It is the word of this unit, whoever writes it."""
    require_times(wanted, now)
    stands = standing(tx, to, now)
    for address in to:
        if address not in stands:
            raise Refused(UNKNOWN[address.kind], f"There is no such {address.kind}.", id=address.id)
    is_committee = any(unit.id == unit_id for unit in units_of_kinds(tx, ["committee"], now))
    own = {unit_id} if is_committee else units_below(tx, unit_id, now)
    concerned = units_concerned(tx, to, now)
    return {name: wanted[name] for name in TEXT} | {
        "addressed": [{"kind": address.kind, "id": address.id} for address in to],
        "for_city": concerned is None or not concerned <= own,
    }


def _addressed(wanted: Mapping) -> list[Address]:
    named = wanted["to"] or [{"audience": wanted["audience"]}]
    return list(dict.fromkeys(Address(kind.removesuffix("_id"), id_) for each in named for kind, id_ in each.items()))


def edit(tx, claims: dict, request: dict, scans: bool, now: datetime) -> dict:
    def act(actor: Actor, row: Mapping) -> None:
        require_fresh_if_lent(tx, actor, now, [row["writer_post_id"]])
        wanted = request["announcement"]
        changes = _checked(tx, row["unit_id"], wanted, _addressed(wanted), now)
        writers = list(dict.fromkeys([*row["writers"], actor.person_id]))
        _step(tx, row, writers=writers, written_at=now, **changes)
        _attach(tx, actor, row["id"], wanted["file_ids"], scans, now)

    return _once(tx, contract.edit_announcement, claims, request, now, "edit", act)


def discard(tx, claims: dict, request: dict, now: datetime) -> dict:
    def act(actor: Actor, row: Mapping) -> None:
        require_fresh_if_lent(tx, actor, now, [row["writer_post_id"]])
        files.release(tx, files.HERE, [row["id"]], now)
        storage.discard(tx, row["id"])

    return _once(tx, contract.discard_announcement, claims, request, now, "discard", act)


def submit(tx, claims: dict, request: dict, now: datetime) -> dict:
    def act(actor: Actor, row: Mapping) -> None:
        require_fresh_if_lent(tx, actor, now, [row["writer_post_id"]])
        _step(tx, row, state="submitted", reason=None)

    return _once(tx, contract.submit_announcement, claims, request, now, "submit", act)


def send_back(tx, claims: dict, request: dict, now: datetime) -> dict:
    def act(actor: Actor, row: Mapping) -> None:
        require_fresh(tx, now)
        _step(tx, row, state="draft", reason=request["reason"])
        tx.audit("announcement.returned", subject=row["id"])

    return _once(tx, contract.return_announcement, claims, request, now, "return", act)


def approve(tx, claims: dict, request: dict, now: datetime) -> dict:
    def act(actor: Actor, row: Mapping) -> None:
        require_fresh(tx, now)
        require_another(row, actor.person_id)
        require_times(row, now)
        word = {"by_post_id": actor.post_id, "by_title": actor.post_title, "approver_person_id": actor.person_id}
        storage.change(tx, row["id"], **word)
        _publish(tx, dict(row) | word, now)

    return _once(tx, contract.approve_announcement, claims, request, now, "approve", act)


def withdraw(tx, claims: dict, request: dict, now: datetime) -> dict:
    """It disappears from whoever it reached, and says why to whoever opens it all the same."""

    def act(actor: Actor, row: Mapping) -> None:
        require_fresh(tx, now)
        storage.unpublish(tx, row["id"])
        version = _step(tx, row, state="withdrawn", reason=request["reason"], withdrawn_at=now)
        tx.audit("announcement.withdrawn", subject=row["id"])
        if row["state"] == "published":
            said = {
                "announcement_id": row["id"],
                "unit_id": row["unit_id"],
                "to": row["addressed"],
                "withdrawn_at": now,
            }
            tx.emit(contract.announcement_withdrawn, subject=row["id"], version=version, data=said)

    return _once(tx, contract.withdraw_announcement, claims, request, now, "withdraw", act)


def publish_due(tx, now: datetime) -> bool:
    """One that was approved and whose time has come; False when there is none."""
    row = storage.due(tx, now)
    if row is not None:
        _publish(tx, row, now)
    return row is not None


def _publish(tx, row: Mapping, now: datetime) -> None:
    """Now, or when its time comes. Its cost is the same, whoever it reaches."""
    tx.audit("announcement.approved" if row["valid_from"] and row["valid_from"] > now else "announcement.published",
             subject=row["id"], unit_id=row["unit_id"])  # fmt: skip
    if row["valid_from"] and row["valid_from"] > now:
        _step(tx, row, state="approved")
        return
    version = _step(tx, row, state="published", published_at=now)
    storage.publish(tx, row, map(str, addressees(row)), now)
    said = dict(row) | {"announcement_id": row["id"], "to": row["addressed"], "published_at": now}
    tx.emit(contract.announcement_published, subject=row["id"], version=version, data=said)


def _step(tx, row: Mapping, **changes) -> int:
    version = row["version"] + 1
    storage.change(tx, row["id"], version=version, **changes)
    return version


def _once(tx, procedure: Procedure, claims: dict, request: dict, now: datetime, verb: str, act) -> dict:
    """The act, or the answer that it had when it was asked for before."""
    actor = actor_for(tx, procedure, claims, now)

    def produce() -> dict:
        storage.lock(tx, request["id"])
        row = visible(tx, actor, request["id"], now)
        permit(row, verb, his(tx, actor, row, now), request["version"])
        act(actor, row)
        return {} if verb == "discard" else _told(tx, procedure, actor, row["id"], now)

    said = {name: value for name, value in request.items() if name != "idempotency_key"}
    return answer_once(
        tx, who=actor.person_id, key=request["idempotency_key"], request=[procedure.full_name, actor.post_id, said],
        produce=produce,
    )  # fmt: skip


def _told(tx, procedure: Procedure, actor: Actor, announcement_id: str, now: datetime) -> dict:
    row = storage.find(tx, announcement_id, actor.person_id)
    return schema(procedure.reply).dump(shown(tx, actor, row, now))


def _attach(tx, actor: Actor, announcement_id: str, file_ids: list[str], scans: bool, now: datetime) -> None:
    """What was attached before need not be one's own; what is left out is attached to nothing any more."""
    before = {file["id"]: file for file in storage.files_of(tx, announcement_id)}
    new = [file_id for file_id in file_ids if file_id not in before]
    held = files.hold(tx, actor.person_id, new, scans, now) if new else []
    known = before | {file["id"]: file for file in held}
    storage.attach(tx, announcement_id, [known[file_id] for file_id in file_ids])
    if before.keys() - set(file_ids):
        files.release(tx, files.HERE, [announcement_id], now)
    files.attach(tx, files.HERE, announcement_id, file_ids)
