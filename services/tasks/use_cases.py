"""One function per verb: one transaction, at most one event."""

from collections.abc import Mapping
from datetime import datetime

from chassis import clock
from chassis.contract import schema
from chassis.idempotency import answer_once
from chassis.paging import an_id, page, position
from contracts import tasks as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import (
    audience_unit_ids,
    head_posts,
    posts,
    require_fresh,
    require_fresh_if_lent,
    working_days,
)
from tasks import storage, views
from tasks.domain import assignment
from tasks.domain.due import overdue_before
from tasks.domain.order import SAME_ORDER_WITHIN, Decision, decide_order, probable_duplicate, title_key
from tasks.domain.sight import Sight


def assign(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Giao việc ngay: an order to units, issued at once."""
    actor = actor_for(tx, contract.assign, claims, now)
    order = request["order"]
    return answer_once(
        tx,
        who=actor.person_id,
        key=request["idempotency_key"],
        request=[contract.assign.full_name, actor.post_id, order],
        produce=lambda: schema(contract.assign.reply).dump(_assign(tx, actor, order, now)),
    )


def _assign(tx, actor: Actor, order: dict, now: datetime) -> dict:
    require_fresh(tx, now)
    decision = _decide(tx, order, now)
    key = title_key(order["title"])
    similar = storage.similar_orders(tx, actor.post_id, key, now - SAME_ORDER_WITHIN)
    task, pieces = _issue(tx, actor, order | {"title_key": key}, decision, now)
    tx.emit(
        contract.task_issued,
        subject=task["id"],
        version=task["version"],
        data=task
        | {
            "task_id": task["id"],
            "followers": decision.followers,
            "unit_ids": [piece["unit_id"] for piece in pieces],
            "assignments": pieces,
        },
    )
    warnings = decision.warnings + [probable_duplicate(earlier) for earlier in similar]
    return views.task_view(tx, task, Sight.WHOLE, decision.followers, actor, now, warnings)


def _decide(tx, order: dict, now: datetime) -> Decision:
    """Gathers the facts that the rules ask for, from the copy of the directory."""
    audience = audience_unit_ids(tx, order["audience"]) if order["audience"] else None
    unit_ids = [want["unit_id"] for want in order["assignments"]] if audience is None else audience
    heads = head_posts(tx, unit_ids, now)
    known_posts = posts(tx, order["followers"]) if order["followers"] else {}
    return decide_order(
        order, heads=heads, audience=audience, known_posts=known_posts, days=working_days(tx), now=now
    )  # fmt: skip


def _issue(tx, actor: Actor, order: Mapping, decision: Decision, now: datetime) -> tuple[dict, list[dict]]:
    """Writes the order, its pieces and the beginning of their history."""
    given = ("title", "title_key", "content", "expected_result", "mode", "urgency", "source")
    task = {name: order[name] for name in given} | {
        "id": clock.new_id(),
        "state": "issued",
        "version": 1,
        "original_due": decision.due,
        "assigner_post_id": actor.post_id,
        "assigner_person_id": actor.person_id,
        "assigner_title": actor.post_title,
        "issued_at": now,
    }
    pieces = []
    for share in decision.shares:
        new = assignment.apply(assignment.Piece(share.role, share.head.post_id, actor.post_id), "issue", now)
        pieces.append(
            {
                "id": clock.new_id(),
                "unit_id": share.head.unit_id,
                "unit_code": share.head.unit_code,
                "unit_name": share.head.unit_name,
                "post_id": share.head.post_id,
                "role": share.role,
                "current_due": share.due,
                "state": new.state,
                "version": new.version,
            }
        )
    storage.add_task(tx, task, pieces, decision.followers)
    storage.record_issue(tx, _event(actor, task["id"], None, "issue", 1, now))
    return task, pieces


def _event(actor: Actor, task_id: str, assignment_id: str | None, verb: str, version: int, now: datetime) -> dict:
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


def accept(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Tiếp nhận: the unit takes the work up; who is only informed is done with it."""
    actor = actor_for(tx, contract.accept, claims, now)
    return answer_once(
        tx,
        who=actor.person_id,
        key=request["idempotency_key"],
        request=[contract.accept.full_name, actor.post_id, request["id"], request["version"]],
        produce=lambda: schema(contract.accept.reply).dump(
            _change(tx, actor, "accept", request["id"], request["version"], now)
        ),
    )


def _change(tx, actor: Actor, verb: str, assignment_id: str, version: int | None, now: datetime) -> dict:
    """A verb on a piece: rule, state, history and event together."""
    row, task, followers = _visible_piece(tx, assignment_id, actor, lock=True)
    piece = views.piece_of(row, task)
    new = assignment.decide(piece, verb, actor, version, now)
    require_fresh_if_lent(tx, actor, [row["post_id"]], now)
    row = storage.move_piece(
        tx, assignment_id,
        state=new.state, version=new.version, accepted_at=new.accepted_at, done_at=new.done_at,
    )  # fmt: skip
    storage.record(tx, _event(actor, task["id"], assignment_id, verb, new.version, now))
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


def _visible_piece(tx, assignment_id: str, actor: Actor, *, lock: bool = False) -> tuple[Mapping, Mapping, list[str]]:
    row = storage.find_piece(tx, assignment_id, lock=lock)
    if row is None:
        raise views.not_found()
    task, sight, followers = views.visible_task(tx, row["task_id"], actor)
    if sight is not Sight.WHOLE and row["post_id"] not in actor.serves:
        raise views.not_found()
    return row, task, followers


def get_task(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_task, claims, now)
    task, sight, followers = views.visible_task(tx, request["id"], actor)
    return views.task_view(tx, task, sight, followers, actor, now)


def list_tasks(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_tasks, claims, now)
    before = position(request["cursor"], an_id)
    rows = storage.box(tx, request["box"], actor.serves, before[0] if before else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    sight = {task_id: seen for task_id, (seen, _) in views.sights(tx, rows, actor).items()}
    return {"items": views.summaries(tx, rows, sight, actor, now), "next_cursor": next_cursor}


def list_assignments(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_assignments, claims, now)
    task, sight, _ = views.visible_task(tx, request["task_id"], actor)
    return views.pieces_page(
        tx, task, sight, actor, now, limit=request["limit"], cursor=request["cursor"], state=request["state"]
    )


def get_assignment(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_assignment, claims, now)
    row, task, _ = _visible_piece(tx, request["id"], actor)
    return views.piece_view(tx, row, task, actor, now)


def get_summary(tx, claims: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_summary, claims, now)
    return storage.summary(tx, actor.serves, overdue_before("normal", now), now) | {"as_of": now}
