"""Orders: giving them, and reading them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis import clock
from chassis.contract import schema
from chassis.idempotency import answer_once
from chassis.paging import an_id, page, position
from contracts import tasks as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import audience_unit_ids, head_posts, posts, require_fresh, working_days
from kernel.working_time import today
from tasks import views
from tasks.domain import assignment
from tasks.domain.drafting import in_drafting_office
from tasks.domain.due import overdue_before
from tasks.domain.extension import FROM_ABOVE
from tasks.domain.order import (
    SAME_ORDER_WITHIN,
    Decision,
    decide_order,
    probable_duplicate,
    title_key,
    within_superior,
)  # fmt: skip
from tasks.domain.sight import Sight, sees_piece
from tasks.storage import boxes, history
from tasks.storage import orders as storage
from tasks.storage.documents import note_moved
from tasks.storage.drafts import drafts_of, drafts_to_issue
from tasks.storage.pieces import find_pieces
from tasks.use_cases.moving import event_of

OF_DOCUMENT = ("document_id", "document_number", "document_issued_on", "clause", "superior_due")


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
    return give(tx, actor, order, now)


def give(
    tx, actor: Actor, order: dict, now: datetime, *, drafted: Mapping | None = None, waiting: Sequence[dict] = ()
) -> dict:
    """The order is issued. `drafted` is the row in which it was kept until now; `waiting` the leaders asked."""
    require_fresh(tx, now)
    one = place(tx, actor, order, now, drafted=drafted)
    if one.task["document_id"]:
        note_moved(tx, one.task["document_id"])
    tx.emit(
        contract.task_issued,
        subject=one.task["id"],
        version=one.task["version"],
        data=one.said | {"waiting": waiting},
    )
    return views.task_view(tx, one.task, Sight.WHOLE, one.said["followers"], actor, now, one.warnings)


@dataclass(frozen=True)
class Placed:
    """An order that is written, what is to be said of it, and what whoever gave it is told."""

    task: Mapping
    said: dict
    warnings: list[dict]


def place(
    tx, actor: Actor, order: dict, now: datetime, *, drafted: Mapping | None = None, above: Mapping | None = None
) -> Placed:
    """Decides on an order and writes it. `above` is what a document from above says of it."""
    decision = decide(tx, order, now)
    above = of_superior(order, decision, drafted or above)
    key = title_key(order["title"])
    similar = storage.similar_orders(tx, actor.post_id, key, now - SAME_ORDER_WITHIN)
    task, pieces = _issue(tx, actor, order | {"title_key": key}, decision, now, drafted, above)
    said = dict(task) | {
        "task_id": task["id"],
        "followers": decision.followers,
        "unit_ids": [piece["unit_id"] for piece in pieces],
        "assignments": pieces,
    }
    return Placed(task, said, decision.warnings + [probable_duplicate(earlier) for earlier in similar])


def of_superior(order: Mapping, decision: Decision, above: Mapping | None) -> dict:
    """The document that it is given because of, and the deadline of whoever is above the city."""
    if above is not None and above["document_id"]:
        within_superior(decision.due, above["superior_due"])
        return {name: above[name] for name in OF_DOCUMENT}
    return {"superior_due": decision.due if order["source"] in FROM_ABOVE else None}


def decide(tx, order: dict, now: datetime) -> Decision:
    """Gathers the facts that the rules ask for, from the copy of the directory."""
    audience = audience_unit_ids(tx, order["audience"]) if order["audience"] else None
    unit_ids = [want["unit_id"] for want in order["assignments"]] if audience is None else audience
    heads = head_posts(tx, unit_ids, now)
    known_posts = posts(tx, order["followers"]) if order["followers"] else {}
    return decide_order(
        order, heads=heads, audience=audience, known_posts=known_posts, days=working_days(tx), now=now
    )  # fmt: skip


def _issue(
    tx, actor: Actor, order: Mapping, decision: Decision, now: datetime, drafted: Mapping | None, above: Mapping
) -> tuple[Mapping, list[dict]]:
    """Writes the order, its pieces and the beginning of their history."""
    given = ("title", "title_key", "content", "expected_result", "mode", "urgency", "source", "field")
    task = (
        {name: order[name] for name in given}
        | above
        | {
            "state": "issued",
            "reporting": decision.reporting,
            "original_due": decision.due,
            "assigner_post_id": actor.post_id,
            "assigner_person_id": actor.person_id,
            "assigner_title": actor.post_title,
            "issued_at": now,
            "received_on": today(now),
        }
    )
    if drafted is None:
        task = storage.add_task(tx, task | {"id": clock.new_id(), "version": 1, "leader_post_ids": []})
    else:
        task = storage.move_task(tx, drafted["id"], version=drafted["version"] + 1, draft=None, **task)
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
    storage.add_pieces(tx, task, pieces, decision.followers)
    history.record_issue(tx, event_of(actor, task["id"], None, "issue", task["version"], now))
    return task, pieces


def get_task(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_task, claims, now)
    task, sight, followers = views.visible_task(tx, request["id"], actor)
    return views.task_view(tx, task, sight, followers, actor, now)


def file_transcript(tx, sealed: Mapping) -> None:
    """The seal goes into the dossier; of one that was opened again the latest stays, in whatever order they come."""
    storage.file_transcript(tx, sealed)


def get_titles(tx, claims: dict, request: dict, now: datetime) -> dict:
    """For links in texts. A piece that was passed on inside a unit is named to its owner, not to who is above him."""
    actor = actor_for(tx, contract.get_titles, claims, now)
    wanted = dict.fromkeys(item["id"] for item in request["items"] if item["kind"] == "task")
    rows = find_pieces(tx, {item["id"] for item in request["items"] if item["kind"] == "assignment"})
    tasks = storage.find_tasks(tx, {*wanted, *(row["task_id"] for row in rows)})
    sights = {task_id: sight for task_id, (sight, _) in views.sights(tx, list(tasks.values()), actor).items()}
    found = [
        {"kind": "task", "id": id_, "title": tasks[id_]["title"]}
        for id_ in wanted if id_ in tasks and sights[id_] is not Sight.NONE
    ]  # fmt: skip
    for row in rows:
        task = tasks[row["task_id"]]
        if sees_piece(actor, task, sights[task["id"]], row, ()):
            found.append({"kind": "assignment", "id": row["id"], "title": views.title_of(row, task)})
    return {"items": found}


def list_tasks(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_tasks, claims, now)
    before = position(request["cursor"], an_id)
    rows = _box(tx, request, actor, now, before[0] if before else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    sight = {task_id: seen for task_id, (seen, _) in views.sights(tx, rows, actor).items()}
    return {"items": views.summaries(tx, rows, sight, actor, now), "next_cursor": next_cursor}


def _box(tx, request: dict, actor: Actor, now: datetime, *part) -> list[Mapping]:
    name = request["box"]
    if name == "drafts":
        return drafts_of(tx, actor.unit_id, None if in_drafting_office(actor) else actor.post_id, *part)
    if name == "awaiting_my_issue":
        return drafts_to_issue(tx, actor.serves, *part)
    wanted = boxes.searching(request)
    return [] if wanted is None else boxes.orders(tx, name, actor.serves, wanted, working_days(tx), now, *part)


def get_summary(tx, claims: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_summary, claims, now)
    return storage.summary(tx, actor.serves, overdue_before("normal", now), now) | {"as_of": now}
