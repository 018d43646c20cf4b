"""What is taken out, as lines of JSON: a conversation by an auditor who says why, and by everybody what is his own."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from chassis import clock
from chassis.paging import a_number, an_id, page, position
from chassis.wire import to_json, weight
from contracts import messaging as contract
from kernel.capacity import actor_for
from kernel.directory_copy import require_fresh
from kernel.errors import Refused
from messaging.domain import transcript
from messaging.storage import exports as storage
from messaging.storage.keeping import last_number

OPEN = timedelta(hours=1)  # for whoever began an export to read it


class Kind(NamedTuple):
    """Of lines, with the columns by which the next ones are found: an id, and maybe a number."""

    name: str
    find: Callable
    id: str
    number: str | None = None

    def place(self, row: Mapping) -> tuple[str, int]:
        return row[self.id], row[self.number] if self.number else 0

    def line(self, row: Mapping) -> str:
        return to_json({"type": self.name} | (_said(row) if self.name == "message" else dict(row)))


OF_A_CONVERSATION = (
    Kind("message", storage.said_in, "conversation_id", "number"),
    Kind("version", storage.versions_in, "message_id", "version"),
    Kind("receipt", storage.receipts_in, "id"),
    Kind("participant", storage.taking_part_in, "addressee"),
)
OF_A_PERSON = (
    Kind("message", storage.said_by, "conversation_id", "number"),
    Kind("version", storage.versions_by, "message_id", "version"),
    Kind("receipt", storage.receipts_by, "id"),
    Kind("announcement_written", storage.announced_by, "id"),
    Kind("announcement", storage.seen_by, "announcement_id"),
    Kind("participant", storage.parts_of, "conversation_id"),
    Kind("settings", storage.settings_of, "conversation_id"),
    Kind("read", storage.read_by, "conversation_id"),
    Kind("file", storage.handed_in_by, "id"),
)


def begin_export(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Nothing is read without a reason that stands in the audit log."""
    actor = actor_for(tx, contract.begin_export, claims, now)
    require_fresh(tx, now)
    number = last_number(tx, request["conversation_id"])
    if number is None:
        raise Refused("not_found", "There is no such conversation.")
    export = {"id": clock.new_id(), "person_id": actor.person_id, "through_number": number, "begun_at": now}
    storage.begin_export(tx, export | request)
    tx.audit("conversation.exported", subject=request["conversation_id"], export_id=export["id"])
    return {"id": export["id"]}


def read_export(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.read_export, claims, now)
    export = storage.find_export(tx, request["id"], actor.person_id, now - OPEN)
    if export is None:
        raise Refused("not_found", "You have begun no such export lately.")
    return _lines(tx, OF_A_CONVERSATION, export, request)


def export_own(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.export_own, claims, now)
    return _lines(tx, OF_A_PERSON, actor.person_id, request)


def _lines(tx, kinds: Sequence[Kind], about: object, request: dict) -> dict:
    first, *after = position(request["cursor"], a_number, an_id, a_number) or (0,)
    found, limit = [], request["limit"]
    for at, kind in enumerate(kinds):
        if at >= first and len(found) <= limit:
            rows = kind.find(tx, about, after if at == first and after else None, limit + 1 - len(found))
            found += [((at, *kind.place(row)), kind.line(row)) for row in rows]
    found, next_cursor = page(found, limit, lambda each: each[0], lambda each: weight(each[1]))
    return {"lines": [line for _, line in found], "next_cursor": next_cursor}


def _said(message: Mapping) -> dict:
    """As a transcript writes it, with its files even if it was removed; of what is gone when, and the hash it had."""
    said = json.loads(transcript.line(message)) | {name: message[name] for name in ("conversation_id", "expired_at")}
    return said | {"files": message["files"] or [], "sha256": message["sha256"]}
