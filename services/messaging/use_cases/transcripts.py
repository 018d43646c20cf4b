"""The transcript of a closed case: sealed when the task closes, and read by whoever takes part."""

import hashlib
from datetime import datetime

from chassis.paging import a_number, page, position
from chassis.wire import weight
from contracts import messaging as contract
from kernel.capacity import actor_for
from kernel.errors import Refused
from messaging.domain import transcript
from messaging.storage import transcripts as storage
from messaging.storage.conversations import addressees_of
from messaging.use_cases import conversations


def seal_next(tx, now: datetime) -> bool:
    """One that was closed is sealed; False if there is none. Nothing is said in it meanwhile: its row is held."""
    conversation = storage.next_to_seal(tx)
    if conversation is None:
        return False
    digest, count, sealed_at = hashlib.sha256(), 0, now
    for message in storage.said(tx, conversation["id"], 0, conversation["last_number"]):
        digest.update(f"{transcript.line(message)}\n".encode())
        count += 1
        sealed_at = max(sealed_at, message["ended_at"] or now)  # other machines have other clocks
    sealed = {
        "conversation_id": conversation["id"], "closed_at": conversation["closed_at"], "count": count,
        "sha256": digest.hexdigest(), "sealed_at": sealed_at,
    }  # fmt: skip
    storage.keep(tx, sealed | {"through_number": conversation["last_number"], "form": transcript.FORM})
    tx.emit(
        contract.transcript_sealed,
        subject=conversation["id"],
        version=conversation["last_number"],
        data=sealed | {"task_id": conversation["task_id"]} | addressees_of(tx, conversation["id"]).told(),
    )
    return True


def get_transcript(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_transcript, claims, now)
    conversation = conversations.own(tx, actor, request["conversation_id"])
    sealed = conversation["closed_at"] and storage.find(tx, conversation)
    if not sealed:
        raise Refused("transcript_not_sealed")
    if sealed["expired_at"]:
        known = {"sha256": sealed["sha256"], "count": sealed["count"]}
        raise Refused("transcript_expired", "What was said has been kept as long as it should be.", **known)
    (after,) = position(request["cursor"], a_number) or (0,)
    rows = list(storage.said(tx, conversation["id"], after, sealed["through_number"], request["limit"] + 1))
    lines = [(row["number"], transcript.line(row, sealed["sealed_at"])) for row in rows]
    lines, next_cursor = page(lines, request["limit"], lambda each: each[:1], weight)
    return {
        "name": conversation["name"],
        "sealed": dict(sealed) | {"task_id": conversation["task_id"]},
        "lines": [line for _, line in lines],
        "next_cursor": next_cursor,
    }
