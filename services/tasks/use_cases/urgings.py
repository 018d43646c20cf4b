"""Đôn đốc: asked, one by one or all late ones at once, and answered."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chassis import clock
from chassis.paging import an_id, page, position
from contracts import tasks as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import working_days
from kernel.working_time import answer_due
from tasks import views
from tasks.domain import urging as rules
from tasks.domain.due import overdue_before
from tasks.storage import urgings as storage
from tasks.use_cases import moving
from tasks.use_cases.waiting import TO_ANSWER, done, of_urging


def urge(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Đôn đốc one piece."""
    return moving.once(tx, contract.urge, claims, request, now, _urge)


def urge_many(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Đôn đốc all the units whose pieces are late, or not received: one insert, one event."""
    return moving.once(tx, contract.urge_many, claims, request, now, _urge_many)


def answer_urging(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Trả lời đôn đốc."""
    return moving.once(tx, contract.answer_urging, claims, request, now, _answer)


def get_urging(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_urging, claims, now)
    found = storage.find_urging(tx, request["id"])
    if found is None:
        raise views.not_found()
    views.visible_piece(tx, found["assignment_id"], actor)
    return dict(found)


def list_urgings(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_urgings, claims, now)
    row, _, _ = views.visible_piece(tx, request["assignment_id"], actor)
    after = position(request["cursor"], an_id)
    rows = storage.urgings_of(tx, row["id"], after[0] if after else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    return {"items": rows, "next_cursor": next_cursor}


def _urge(tx, actor: Actor, request: dict, now: datetime) -> dict:
    row, task, followers = views.visible_piece(tx, request["assignment_id"], actor, lock=True)
    piece = views.piece_of(tx, row, task)
    deciders = (piece.assigner_post_id, *piece.leader_post_ids)
    rules.permit_urging(deciders, () if piece.is_child else followers, request["kind"], actor)
    rules.permit_urging_of(piece, storage.open_kinds(tx, row["id"], actor.post_id), request["kind"])
    [urging] = _raise(tx, actor, request, task, [row], followers, now)
    return dict(urging)


def _urge_many(tx, actor: Actor, request: dict, now: datetime) -> dict:
    task, _, followers = views.visible_task(tx, request["task_id"], actor)
    deciders = (task["assigner_post_id"], *task["leader_post_ids"])
    rules.permit_urging(deciders, followers, request["kind"], actor)
    rows = storage.late_pieces(tx, task["id"], request["only"], overdue_before("normal", now), now)
    return {"raised": len(_raise(tx, actor, request, task, rows, followers, now)) if rows else 0}


def _raise(
    tx, actor: Actor, request: dict, task: Mapping, rows: Sequence[Mapping], followers: list[str], now: datetime
) -> list[Mapping]:
    """One act: a row for each piece, one event."""
    due = answer_due(task["urgency"], now, working_days(tx))
    shared = {
        "task_id": task["id"],
        "version": 1,
        "kind": request["kind"],
        "text": request["text"],
        "from_post_id": actor.post_id,
        "from_person_id": actor.person_id,
        "from_title": actor.post_title,
        "raised_at": now,
        "answer_due": due,
    }
    each = [{"id": clock.new_id(), "assignment_id": row["id"], "to_post_id": row["post_id"]} for row in rows]
    raised = storage.add_urgings(tx, shared, each)
    if not raised:
        return []
    by_id = {row["id"]: row for row in rows}
    about = [(urging, by_id[urging["assignment_id"]]) for urging in raised]
    inside = rows[0]["parent_id"] is not None
    above = [rows[0]["assigner_post_id"]] if inside else [task["assigner_post_id"], *followers]
    act_id = raised[0]["id"]
    tx.emit(
        contract.urging_raised,
        subject=act_id,
        version=1,
        data=moving.act_of(actor, now, None)
        | {name: shared[name] for name in ("task_id", "kind", "text", "from_post_id", "from_title", "answer_due")}
        | {
            "act_id": act_id,
            "title": views.title_of(rows[0], task) if inside else task["title"],
            "urgency": task["urgency"],
            "inside": inside,
            "urgings": [
                {"urging_id": urging["id"], "assignment_id": row["id"], "unit_id": row["unit_id"]}
                | {"post_id": row["post_id"]}
                for urging, row in about
            ],
            "waiting": [of_urging(urging, row) for urging, row in about],
            "concerns": list(dict.fromkeys(above)),
        },
    )
    return raised


def _answer(tx, actor: Actor, request: dict, now: datetime) -> dict:
    found = storage.find_urging(tx, request["id"])
    if found is None:
        raise views.not_found()
    row, task, followers = views.visible_piece(tx, found["assignment_id"], actor, lock=True)
    urging = storage.find_urging(tx, request["id"])  # as it stands now that nobody else answers
    rules.permit_answer(urging, views.piece_of(tx, row, task), actor, request["version"])
    urging = storage.change_urging(
        tx, urging["id"],
        version=urging["version"] + 1, answer=request["text"], answered_by_person_id=actor.person_id, answered_at=now,
    )  # fmt: skip
    if actor.post_id != row["post_id"]:
        tx.audit("tasks.answer_urging", subject=urging["id"], post_id=row["post_id"])
    waiting = [done(TO_ANSWER, urging["id"], urging["version"], urging["to_post_id"], row["unit_id"])]
    about = moving.of_piece(
        actor, row, task, followers, now, waiting, urging["from_post_id"], reason=request["text"]
    )  # fmt: skip
    own = {"urging_id": urging["id"], "version": urging["version"], "kind": urging["kind"]}
    tx.emit(contract.urging_answered, subject=urging["id"], version=urging["version"], data=about | own)
    return dict(urging)
