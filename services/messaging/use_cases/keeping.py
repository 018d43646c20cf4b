"""What goes when its time of keeping is over, and what is kept by order of an auditor."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from chassis import clock
from chassis.paging import an_id, page, position
from contracts import messaging as contract
from kernel.capacity import actor_for
from kernel.directory_copy import require_fresh
from kernel.errors import Refused
from messaging import metrics
from messaging.domain import transcript
from messaging.domain.keeping import KINDS, Years, over_before, sha256
from messaging.storage import announcements
from messaging.storage import keeping as storage
from messaging.use_cases import files

AT_ONCE = 500


def expire_all(db, years: Years, now: datetime) -> None:
    """Batch after batch, each in a transaction of its own, until nothing is over any more."""
    for kind, expire in EXPIRE:
        before = over_before(getattr(years, kind), now)
        if before is None:
            continue
        last, is_more = None, True
        while is_more:
            with db.transaction() as tx:
                storage.expiring(tx)
                gone = expire(tx, before, last, now)
            metrics.EXPIRED.labels(kind).inc(len(gone))
            is_more = len(gone) == AT_ONCE
            last = gone[-1] if gone else None
        metrics.EXPIRING.labels(kind).set(before.timestamp())


def _messages(kind: str, tx, before: datetime, last: Mapping | None, now: datetime) -> Sequence[Mapping]:
    rows = storage.messages_over(tx, kind, before, last, AT_ONCE)
    sealed_at = storage.sealed_at(tx, [row["id"] for row in rows])
    lines = {row["id"]: transcript.line(row, sealed_at.get(row["id"])) for row in rows}
    storage.expire_messages(tx, {id_: sha256(line) for id_, line in lines.items()}, now)
    files.release(tx, files.HERE, [row["id"] for row in rows if row["files"]], now)
    return rows


def _receipts_alone(tx, before: datetime, _last, _now) -> Sequence[str]:
    return storage.forget_receipts(tx, before, AT_ONCE)


def _announcements(tx, before: datetime, _last, now: datetime) -> Sequence[Mapping]:
    rows = storage.announcements_over(tx, before, AT_ONCE)
    for row in rows:
        storage.expire_announcement(tx, row["id"], sha256(_line_of(row)), now)
    for draft_id in storage.never_announced(tx, before, AT_ONCE - len(rows)):
        announcements.discard(tx, draft_id)
        rows.append({"id": draft_id})
    files.release(tx, files.HERE, [row["id"] for row in rows], now)
    return rows


EXPIRE = (  # the setting of years, and what goes by it
    *((name, partial(_messages, kind)) for name, kinds in KINDS.items() for kind in kinds),
    ("directives", _receipts_alone),
    ("announcements", _announcements),
)


def _line_of(announcement: Mapping) -> str:
    kept = {name: announcement[name] for name in ("id", "version", "title", "text", "importance", "by_post_id")}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def place_hold(tx, claims: dict, request: dict, now: datetime) -> Mapping:
    """From its commit on nothing of the conversation expires."""
    actor = actor_for(tx, contract.place_hold, claims, now)
    require_fresh(tx, now)
    conversation_id = _existing(tx, request["conversation_id"])
    storage.holding(tx)
    standing = storage.standing_hold(tx, conversation_id)
    if standing is not None:
        return standing
    hold = {
        "id": clock.new_id(), "conversation_id": conversation_id, "reason": request["reason"],
        "placed_by_person_id": actor.person_id, "placed_at": now,
    }  # fmt: skip
    tx.audit("conversation.held", subject=conversation_id, hold_id=hold["id"])
    return storage.place_hold(tx, hold)


def lift_hold(tx, claims: dict, request: dict, now: datetime) -> Mapping:
    actor = actor_for(tx, contract.lift_hold, claims, now)
    require_fresh(tx, now)
    storage.holding(tx)
    standing = storage.standing_hold(tx, request["conversation_id"])
    if standing is None:
        raise Refused("not_found", "No hold stands on such a conversation.")
    tx.audit("conversation.released", subject=standing["conversation_id"], hold_id=standing["id"])
    return storage.lift_hold(
        tx, standing["id"], lifted_by_person_id=actor.person_id, lifted_at=now, lift_reason=request["reason"]
    )  # fmt: skip


def list_holds(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor_for(tx, contract.list_holds, claims, now)
    before = position(request["cursor"], an_id)
    rows = storage.all_holds(tx, before[0] if before else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    return {"items": rows, "next_cursor": next_cursor}


def _existing(tx, conversation_id: str) -> str:
    if storage.last_number(tx, conversation_id) is None:
        raise Refused("not_found", "There is no such conversation.")
    return conversation_id
