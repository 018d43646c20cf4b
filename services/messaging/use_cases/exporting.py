"""What is taken out: a conversation by an auditor who says why, and by everybody what is his own."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from chassis import clock
from chassis.paging import a_number, an_id, page, position
from chassis.wire import to_json
from contracts import messaging as contract
from kernel.capacity import actor_for
from kernel.directory_copy import require_fresh
from kernel.errors import Refused
from messaging.domain import transcript
from messaging.storage import keeping as storage
from messaging.storage import transcripts

OPEN = timedelta(hours=1)  # for whoever began an export to read it
OWN = (  # kinds of lines, in this order, and by what the next one is found
    ("message", storage.said_by), ("announcement", storage.seen_by), ("file", storage.handed_in_by),
)  # fmt: skip


def begin_export(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Nothing is read without a reason that stands in the audit log."""
    actor = actor_for(tx, contract.begin_export, claims, now)
    require_fresh(tx, now)
    number = storage.last_number(tx, request["conversation_id"])
    if number is None:
        raise Refused("not_found", "There is no such conversation.")
    export = {"id": clock.new_id(), "person_id": actor.person_id, "through_number": number, "begun_at": now}
    storage.begin_export(tx, export | request)
    tx.audit("conversation.exported", subject=request["conversation_id"], export_id=export["id"])
    return {"id": export["id"]}


def read_export(tx, claims: dict, request: dict, now: datetime) -> dict:
    """As a transcript writes it."""
    actor = actor_for(tx, contract.read_export, claims, now)
    export = storage.find_export(tx, request["id"], actor.person_id, now - OPEN)
    if export is None:
        raise Refused("not_found", "You have begun no such export lately.")
    (after,) = position(request["cursor"], a_number) or (0,)
    rows = transcripts.said(tx, export["conversation_id"], after, export["through_number"], request["limit"] + 1)
    rows, next_cursor = page(list(rows), request["limit"], lambda row: [row["number"]])
    return {"lines": [transcript.line(row) for row in rows], "next_cursor": next_cursor}


def export_own(tx, claims: dict, request: dict, now: datetime) -> dict:
    """What he has said, which announcements he has seen, which files he has handed in: page by page, kind by kind."""
    actor = actor_for(tx, contract.export_own, claims, now)
    kind, id_, number = position(request["cursor"], a_number, an_id, a_number) or (0, None, 0)
    found: list[tuple[int, Mapping]] = []
    for at, (name, find) in enumerate(OWN):
        if at >= kind:
            after = (id_, number) if name == "message" else id_
            rows = find(tx, actor.person_id, after if at == kind and id_ else None, request["limit"] + 1 - len(found))
            found += [(at, row) for row in rows]
    found, next_cursor = page(found, request["limit"], lambda each: [each[0], *_place(each[1])])
    return {"lines": [_line(OWN[at][0], row) for at, row in found], "next_cursor": next_cursor}


def _place(row: Mapping) -> tuple[str, int]:
    if "number" in row:
        return row["conversation_id"], row["number"]
    return row.get("announcement_id") or row["id"], 0


def _line(name: str, row: Mapping) -> str:
    if name == "message":
        said = json.loads(transcript.line(row)) | {"conversation_id": row["conversation_id"]}
        return json.dumps({"type": name} | said, ensure_ascii=False)
    return to_json({"type": name} | dict(row))
