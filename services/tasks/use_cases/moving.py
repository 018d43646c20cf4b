"""A verb on a piece: rule, state, history and event together."""

from datetime import datetime

from contracts import tasks as contract
from kernel.actor import Actor
from tasks import views
from tasks.domain import assignment
from tasks.storage import history, pieces


def change(tx, actor: Actor, verb: str, assignment_id: str, version: int | None, now: datetime) -> dict:
    """A verb on a piece: rule, state, history and event together."""
    row, task, followers = views.visible_piece(tx, assignment_id, actor, lock=True)
    piece = views.piece_of(row, task)
    new = assignment.decide(piece, verb, actor, version, now)
    row = pieces.move_piece(
        tx, assignment_id,
        state=new.state, version=new.version, accepted_at=new.accepted_at, done_at=new.done_at,
    )  # fmt: skip
    history.record(tx, event_of(actor, task["id"], assignment_id, verb, new.version, now))
    if row["post_id"] != actor.post_id:  # for the head whom he serves
        tx.audit(f"tasks.{verb}", subject=assignment_id, post_id=row["post_id"])
    tx.emit(
        contract.assignment_changed,
        subject=assignment_id,
        version=new.version,
        data=dict(row)
        | {
            "change": assignment.CHANGES[verb],
            "assignment_id": assignment_id,
            "title": task["title"],
            "before": piece.state,
            "after": new.state,
            "at": now,
            "actor_person_id": actor.person_id,
            "acting_for": actor.acting_for,
            "concerns": list(dict.fromkeys([task["assigner_post_id"], *followers, row["post_id"]])),
        },
    )
    return views.piece_view(tx, row, task, actor, now)


def event_of(actor: Actor, task_id: str, assignment_id: str | None, verb: str, version: int, now: datetime) -> dict:
    return {
        "task_id": task_id,
        "assignment_id": assignment_id,
        "verb": verb,
        "version": version,
        "actor_person_id": actor.person_id,
        "acting_for": actor.acting_for,
        "at": now,
        "reason": None,
        "data": {},
    }
