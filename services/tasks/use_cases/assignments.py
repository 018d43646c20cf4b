"""Pieces of orders: reading them, and the verbs that move them."""

from datetime import datetime

from chassis.contract import schema
from chassis.idempotency import answer_once
from contracts import tasks as contract
from kernel.capacity import actor_for
from tasks import views
from tasks.use_cases import moving


def accept(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Tiếp nhận: the unit takes the work up; who is only informed is done with it."""
    actor = actor_for(tx, contract.accept, claims, now)
    return answer_once(
        tx,
        who=actor.person_id,
        key=request["idempotency_key"],
        request=[contract.accept.full_name, actor.post_id, request["id"], request["version"]],
        produce=lambda: schema(contract.accept.reply).dump(
            moving.change(tx, actor, "accept", request["id"], request["version"], now)
        ),
    )


def list_assignments(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_assignments, claims, now)
    task, sight, _ = views.visible_task(tx, request["task_id"], actor)
    return views.pieces_page(
        tx, task, sight, actor, now, limit=request["limit"], cursor=request["cursor"], state=request["state"]
    )


def get_assignment(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_assignment, claims, now)
    row, task, _ = views.visible_piece(tx, request["id"], actor)
    return views.piece_view(tx, row, task, actor, now)
