"""Đính chính: proposed by one, decided by another; a unit's dispute of its classification goes the same way."""

from collections.abc import Mapping
from datetime import datetime

from chassis import clock
from contracts import tasks as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import posts, working_days
from tasks import views
from tasks.domain import assignment
from tasks.domain import correction as rules
from tasks.storage import corrections as storage
from tasks.storage import history, pieces
from tasks.use_cases import moving
from tasks.use_cases.progress import head_of_kind
from tasks.use_cases.waiting import TO_CORRECT, after_moves, done, waits

MOMENTS = ("current_due", "original_due", "done_at")


def propose_correction(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Đề nghị đính chính: while it is open the piece stands apart from the red ones."""
    return moving.once(tx, contract.propose_correction, claims, request, now, _propose)


def accept_correction(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Đồng ý đính chính: the fact is put right, the history keeps what it was."""
    return moving.once(tx, contract.accept_correction, claims, request, now, _accept)


def refuse_correction(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Không đồng ý: the fact stands."""
    return moving.once(tx, contract.refuse_correction, claims, request, now, _deciding("refuse_correction", "refused"))


def withdraw_correction(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Rút đề nghị."""
    act = _deciding("withdraw_correction", "withdrawn")
    return moving.once(tx, contract.withdraw_correction, claims, request, now, act)


def get_correction(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_correction, claims, now)
    found = storage.find_correction(tx, request["id"])
    if found is None:
        raise views.not_found()
    views.visible_piece(tx, found["assignment_id"], actor)
    return dict(found)


def list_corrections(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_corrections, claims, now)
    row, _, _ = views.visible_piece(tx, request["assignment_id"], actor)
    return views.by_rounds(request, lambda *part: storage.corrections_of(tx, row["id"], *part), dict)


def _propose(tx, actor: Actor, request: dict, now: datetime) -> dict:
    pieces.lock_parent(tx, request["assignment_id"])
    row, task, followers = views.visible_piece(tx, request["assignment_id"], actor, lock=True)
    piece = views.piece_of(tx, row, task)
    rules.permit_proposal(piece, followers, actor, pending=storage.is_pending(tx, row["id"]))
    field, value = request["field"], request["value"]
    result, _ = _possible(tx, field, value, piece, row, task, now)
    decides = rules.decider(piece, actor, head_of_kind(tx, "office", now))
    correction = storage.add_correction(
        tx,
        {
            "id": clock.new_id(),
            "task_id": task["id"],
            "assignment_id": row["id"],
            "version": 1,
            "kind": rules.kind_of(piece, field, actor),
            "field": field,
            "was": rules.present(field, row, result),
            "value": value,
            "reason": request["reason"],
            "state": "pending",
            "decides_post_id": decides,
            "proposed_by_person_id": actor.person_id,
            "proposed_by_post_id": actor.post_id,
            "proposed_at": now,
        },
    )
    known = posts(tx, [decides])
    unit_id = known[decides].unit_id if decides in known else row["unit_id"]
    due = moving.decide_by(working_days(tx), now, rules.DECIDE_DAYS)
    waiting = waits(TO_CORRECT, correction["id"], 1, decides, unit_id, from_title=actor.post_title, due=due)
    _say(tx, contract.correction_proposed, actor, correction, row, task, followers, waiting, now)
    return dict(correction)


def _possible(tx, field: str, value: str, piece, row: Mapping, task: Mapping, now: datetime):
    """The result that it is about, if any, and what changes; raises the rule that forbids it."""
    result = storage.last_result(tx, row["id"]) if field in rules.OF_RESULT else None
    below = pieces.last_due_below(tx, row["id"])
    return result, rules.corrected(field, value, piece, row, task, result, _latest(tx, row), below, now)


def _latest(tx, row: Mapping) -> datetime | None:
    return pieces.find_piece(tx, row["parent_id"])["current_due"] if row["parent_id"] else None


def _to_decide(tx, actor: Actor, verb: str, request: dict):
    found = storage.find_correction(tx, request["id"])
    if found is None:
        raise views.not_found()
    pieces.lock_parent(tx, found["assignment_id"])
    row, task, followers = views.visible_piece(tx, found["assignment_id"], actor, lock=True)
    correction = storage.find_correction(tx, request["id"])  # as it stands now that nobody else decides
    rules.permit_decision(correction, verb, actor, request["version"])
    return correction, row, task, followers


def _deciding(verb: str, state: str):
    def act(tx, actor: Actor, request: dict, now: datetime) -> dict:
        correction, row, task, followers = _to_decide(tx, actor, verb, request)
        storage.set_apart(tx, row["id"], False)
        return _decided(tx, actor, correction, row, task, followers, now, state, request.get("reason"))

    return act


def _accept(tx, actor: Actor, request: dict, now: datetime) -> dict:
    correction, row, task, followers = _to_decide(tx, actor, "accept_correction", request)
    field, value = correction["field"], correction["value"]
    piece = views.piece_of(tx, row, task)
    result, changes = _possible(tx, field, value, piece, row, task, now)
    rules.still_so(correction, rules.present(field, row, result))
    if result is not None:
        storage.change_result(tx, result["id"], **changes)
    data = {"correction_id": correction["id"], "field": field, "was": correction["was"], "value": value}
    data |= {name: pieces.moment(new) if name in MOMENTS else str(new) for name, new in changes.items()}
    new = assignment.apply(piece, "correct", now, actor.person_id, data)
    own = {} if result is not None else changes
    after = pieces.move_piece(tx, row["id"], version=new.version, under_correction=False, **own)
    reason = request["reason"]
    history.record(
        tx, moving.event_of(actor, task["id"], row["id"], "correct", new.version, now, reason=reason, data=data)
    )  # fmt: skip
    tx.audit("tasks.accept_correction", subject=correction["id"], assignment_id=row["id"], field=field)
    waiting = after_moves(tx, [(row, after)], now, "correct")
    said = moving.said_of(tx, "correct", [(row, after, new)], {task["id"]: task}, waiting=waiting)
    return _decided(tx, actor, correction, after, task, followers, now, "accepted", reason, said)


def _decided(
    tx, actor: Actor, correction: Mapping, row, task, followers, now: datetime, state: str, reason: str | None,
    said: list[dict] | None = None,
) -> dict:  # fmt: skip
    correction = storage.change_correction(
        tx, correction["id"],
        state=state, version=correction["version"] + 1, decided_by_person_id=actor.person_id, decided_at=now,
        decision_reason=reason,
    )  # fmt: skip
    waiting = done(TO_CORRECT, correction["id"], correction["version"], correction["decides_post_id"], row["unit_id"])
    _say(tx, contract.correction_decided, actor, correction, row, task, followers, waiting, now, reason, said)
    return dict(correction)


def _say(
    tx, event, actor: Actor, correction: Mapping, row, task, followers, waiting: dict, now: datetime,
    reason: str | None = None, said: list[dict] | None = None,
) -> None:  # fmt: skip
    deciding = (correction["decides_post_id"], correction["proposed_by_post_id"])
    about = moving.of_piece(actor, row, task, followers, now, [waiting], *deciding, reason=reason)
    own = {name: correction[name] for name in ("version", "kind", "field", "state")}
    tx.emit(
        event,
        subject=correction["id"],
        version=correction["version"],
        data=about | own | {"correction_id": correction["id"], "pieces": said or []},
    )
