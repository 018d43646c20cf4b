"""The verbs that move one piece, each as lifecycle's table has it: one function, one transaction, one event."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial

from chassis import clock
from contracts import tasks as contract
from kernel.actor import Actor
from kernel.directory_copy import head_posts, require_fresh, standing_posts, units_below, working_days
from kernel.errors import Refused
from kernel.working_time import today
from tasks import views
from tasks.domain.assignment import Piece, apply
from tasks.domain.children import decide_children, due_below, owner_below
from tasks.domain.extension import resumed
from tasks.domain.order import due_within, known_head
from tasks.storage import orders, pieces, results
from tasks.storage.attachments import attach
from tasks.use_cases import moving
from tasks.use_cases.moving import Standing


def accept(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Tiếp nhận: the unit takes the work up; who is only informed is done with it."""
    return moving.once(tx, contract.accept, claims, request, now, _plain("accept"))


def decline(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Từ chối tiếp nhận: with a reason, and whose work it is instead."""
    return moving.once(tx, contract.decline, claims, request, now, _decline)


def reassign(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Giao lại: a refused piece goes to a new owner, who confirms anew."""
    return moving.once(tx, contract.reassign, claims, request, now, _reassign)


def uphold(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Bác từ chối: the owner stays."""
    return moving.once(tx, contract.uphold, claims, request, now, _plain("uphold"))


def submit_result(tx, claims: dict, request: dict, now: datetime, files: Sequence[Mapping] = ()) -> dict:
    """Trình kết quả, with files that are the actor's own."""
    return moving.once(tx, contract.submit_result, claims, request, now, partial(_submit_result, files=files))


def approve_result(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Duyệt kết quả, with a grade."""
    return moving.once(tx, contract.approve_result, claims, request, now, _deciding("approve_result", "approved"))


def return_result(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Trả lại: the return is counted."""
    return moving.once(tx, contract.return_result, claims, request, now, _deciding("return_result", "returned"))


def withdraw_result(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Rút kết quả."""
    return moving.once(tx, contract.withdraw_result, claims, request, now, _deciding("withdraw_result", "withdrawn"))


def suspend(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Tạm dừng: the only thing that stops the clock, and only in writing."""
    return moving.once(tx, contract.suspend, claims, request, now, _suspend)


def resume(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Tiếp tục: the date stands, unless whoever lets it go on says another."""
    return moving.once(tx, contract.resume, claims, request, now, _resume)


def revoke(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Thu hồi: with all that was passed on from it."""
    return moving.once(tx, contract.revoke, claims, request, now, _revoke)


def reopen(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Mở lại: how it was graded stays in the history."""
    return moving.once(tx, contract.reopen, claims, request, now, _reopen)


def archive(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Nộp lưu."""
    return moving.once(tx, contract.archive, claims, request, now, _plain("archive"))


def pass_on(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Giao tiếp: pieces of it to a division or an official of the unit."""
    return moving.once(tx, contract.pass_on, claims, request, now, _pass_on)


def _plain(verb: str):
    def act(tx, actor: Actor, request: dict, now: datetime) -> dict:
        standing = moving.permitted(tx, actor, verb, request, now)
        return moving.move(tx, actor, standing, now, reason=request.get("reason"))

    return act


def _decline(tx, actor: Actor, request: dict, now: datetime) -> dict:
    standing = moving.permitted(tx, actor, "decline", request, now)
    unit_id = request["proposed_unit_id"]
    if unit_id is None and not standing.piece.is_child:
        raise Refused("proposed_unit_needed", "Say whose work it is.", field="proposed_unit_id")
    if unit_id is not None and (unit_id == standing.row["unit_id"] or not head_posts(tx, [unit_id], now)):
        raise Refused("unknown_unit", "No other unit of this id, or nobody heads it.", field="proposed_unit_id")
    return moving.move(tx, actor, standing, now, reason=request["reason"], data={"proposed_unit_id": unit_id})


def _reassign(tx, actor: Actor, request: dict, now: datetime) -> dict:
    require_fresh(tx, now)
    _lock_above(tx, request["id"])
    standing = moving.permitted(tx, actor, "reassign", request, now)
    row, task = standing.row, standing.task
    find = _new_owner_below if standing.piece.is_child else _new_owner
    head, due = find(tx, standing, request, now)
    new = {"unit_id": head.unit_id, "post_id": head.post_id} | due
    old = {name: row[name] for name in ("unit_id", "unit_code", "unit_name", "post_id")}
    return moving.move(
        tx, actor, standing, now,
        reason=request["reason"],
        data=new | {"from": old},
        snapshot={"unit_code": head.unit_code, "unit_name": head.unit_name},
        also=_handed_over(tx, actor, task, row, head.post_id, now),
    )  # fmt: skip


def _lock_above(tx, assignment_id: str) -> None:
    """Who gives pieces of the same order, or of the same parent, waits for one another here: from above downwards, as
    a revocation goes.
    """
    row = pieces.find_piece(tx, assignment_id)
    if row is None:
        return
    if row["parent_id"]:
        pieces.find_piece(tx, row["parent_id"], lock=True)
    else:
        orders.find_task(tx, row["task_id"], lock=True)


def _new_owner(tx, standing: Standing, request: dict, now: datetime):
    """Another unit that the city orders directly, with no piece of this order; due with the order at the latest."""
    unit_id = request["unit_id"]
    if unit_id is None:
        raise Refused("unknown_unit", "Name a unit.", field="unit_id")
    head = known_head({each.unit_id: each for each in head_posts(tx, [unit_id], now)}, unit_id, "unit_id")
    if pieces.has_piece(tx, standing.task["id"], unit_id):
        raise Refused("unit_twice", "The unit has a piece of this order.", field="unit_id", unit_id=unit_id)
    return head, _new_due(tx, request["due_on"], standing.task["original_due"], now, due_within)


def _new_owner_below(tx, standing: Standing, request: dict, now: datetime):
    """Another post below the owner of the parent."""
    row, parent = standing.row, pieces.find_piece(tx, standing.row["parent_id"])
    named = "unit_id" if request["unit_id"] else "post_id"
    head = owner_below(
        _posts_named(tx, [request], now).get(request[named]), named, named,
        below=units_below(tx, parent["unit_id"], now), chain=pieces.posts_above(tx, row["id"]),
    )  # fmt: skip
    if head.post_id in pieces.posts_with_open_child(tx, parent["id"]):
        raise Refused("unit_twice", "This post has a piece of it already.", field=named)
    return head, _new_due(tx, request["due_on"], parent["current_due"], now, due_below)


def _new_due(tx, due_on: date | None, latest: datetime | None, now: datetime, rule) -> dict:
    """A date only where one was named."""
    if due_on is None:
        return {}
    return {"current_due": pieces.moment(rule(due_on, latest, working_days(tx), now, "due_on", []))}


def _handed_over(tx, actor: Actor, task: Mapping, row: Mapping, post_id: str, now: datetime) -> list[dict]:
    """Of joint work led by somebody else: what supports it, and waits for a decision, waits for him."""
    if task["mode"] != "joint" or row["role"] != "lead" or row["parent_id"] is not None:
        return []
    return moving.hand_over(tx, actor, pieces.waiting_supports(tx, [task["id"]]), task, post_id, now)


def _submit_result(tx, actor: Actor, request: dict, now: datetime, files: Sequence[Mapping]) -> dict:
    standing = moving.permitted(tx, actor, "submit_result", request, now)
    document, silent = request["document"], request["unanswered_unit_ids"]
    if document["issued_on"] > today(now):
        raise Refused("day_in_future", "The document is of a day to come.", field="document.issued_on")
    if silent:
        _have_not_answered(tx, standing, silent)
    given_by = views.receiving_level(tx, standing.row, standing.task)
    result = results.add_result(
        tx,
        {
            "id": clock.new_id(),
            "assignment_id": standing.row["id"],
            "summary": request["summary"],
            "document_number": document["number"],
            "document_issued_on": document["issued_on"],
            "receiving_level": request["receiving_level"] or given_by,
            "unanswered_unit_ids": silent,
            "submitted_by_person_id": actor.person_id,
            "submitted_by_post_id": actor.post_id,
            "submitted_at": now,
        },
    )
    attach(tx, result["id"], standing.row["id"], files)
    data = {"result_id": result["id"], "round": result["round"]}
    file_ids = [file["id"] for file in files]
    return moving.move(tx, actor, standing, now, data=data, result_id=result["id"], file_ids=file_ids)


def _have_not_answered(tx, standing: Standing, unit_ids: Sequence[str]) -> None:
    """Whoever leads joint work names units that support him and owe him their part."""
    row, task = standing.row, standing.task
    leads = task["mode"] == "joint" and row["role"] == "lead" and row["parent_id"] is None
    owe = pieces.unanswered(tx, task["id"]) if leads else ()
    for place, unit_id in enumerate(unit_ids):
        if unit_id not in owe:
            raise Refused(
                "unit_owes_nothing", "This unit does not support the work, or has answered.",
                field=f"unanswered_unit_ids.{place}", unit_id=unit_id,
            )  # fmt: skip


def _deciding(verb: str, outcome: str):
    def act(tx, actor: Actor, request: dict, now: datetime) -> dict:
        if verb == "approve_result":
            pieces.lock_parent(tx, request["id"])
        standing = moving.permitted(tx, actor, verb, request, now)
        reason, grade = request.get("reason"), request.get("grade")
        result_id = results.decide_result(
            tx, standing.row["id"],
            outcome=outcome, grade=grade, reason=reason, decided_by_person_id=actor.person_id, decided_at=now,
        )  # fmt: skip
        data = {"result_id": result_id} | ({"grade": grade} if grade else {})
        return moving.move(tx, actor, standing, now, reason=reason, data=data, result_id=result_id)

    return act


def _suspend(tx, actor: Actor, request: dict, now: datetime) -> dict:
    standing = moving.permitted(tx, actor, "suspend", request, now)
    return moving.move(tx, actor, standing, now, reason=request["reason"], data={"basis": request["basis"]})


def _resume(tx, actor: Actor, request: dict, now: datetime) -> dict:
    pieces.lock_parent(tx, request["id"])
    standing = moving.permitted(tx, actor, "resume", request, now)
    row = standing.row
    latest = pieces.find_piece(tx, row["parent_id"])["current_due"] if row["parent_id"] else None
    is_first = request["due_on"] is not None and row["current_due"] is None
    below = pieces.locked_children(tx, [row["id"]]) if is_first else ()
    due = resumed(
        standing.piece, standing.task, request["due_on"],
        stands=request["date_stands"], latest=latest, below=[child["current_due"] for child in below],
        days=working_days(tx), now=now,
    )  # fmt: skip
    data = {"due_before": pieces.moment(row["current_due"]), "date_stands": request["date_stands"]}
    data |= {"current_due": pieces.moment(due)} if due else {}
    return moving.move(tx, actor, standing, now, data=data)


def _revoke(tx, actor: Actor, request: dict, now: datetime) -> dict:
    _lock_above(tx, request["id"])  # the decisions that waited for a lead go back: the pieces beside it too
    standing = moving.permitted(tx, actor, "revoke", request, now)
    below = pieces.locked_below(tx, [standing.row])
    also = moving.revoke_all(tx, actor, below, standing.task, now, request["reason"], {"with": standing.row["id"]})
    also += _handed_over(tx, actor, standing.task, standing.row, standing.task["assigner_post_id"], now)
    return moving.move(tx, actor, standing, now, reason=request["reason"], also=also)


def _reopen(tx, actor: Actor, request: dict, now: datetime) -> dict:
    pieces.lock_parent(tx, request["id"])
    standing = moving.permitted(tx, actor, "reopen", request, now)
    above = {standing.task["state"], *(each.state for each in pieces.above(tx, [standing.row["id"]]))}
    for state in ("revoked", "archived"):
        if state in above:
            raise Refused("wrong_state", f"What it is part of is {state}.", state=state)
    was = {"grade": standing.row["grade"], "done_at": pieces.moment(standing.row["done_at"])}
    return moving.move(tx, actor, standing, now, reason=request["reason"], data={"was": was})


def _pass_on(tx, actor: Actor, request: dict, now: datetime) -> dict:
    require_fresh(tx, now)
    standing = moving.permitted(tx, actor, "pass_on", request, now)
    row, task, warnings = standing.row, standing.task, []
    children = decide_children(
        request["pieces"],
        heads=_posts_named(tx, request["pieces"], now),
        below=units_below(tx, actor.unit_id, now),
        chain=[row["post_id"], *pieces.posts_above(tx, row["id"]), task["assigner_post_id"]],
        taken=pieces.posts_with_open_child(tx, row["id"]),
        latest=row["current_due"],
        days=working_days(tx),
        now=now,
        warnings=warnings,
    )
    added = pieces.add_pieces(tx, [_child(row, each, now) for each in children])
    new = [(None, child, views.plain_piece(child)) for child in added]
    moving.record_children(tx, actor, added, now)
    seen = moving.move(
        tx, actor, standing, now,
        data={"pieces": [child["id"] for child in added]},
        also=moving.said_of(tx, "issue", new, {task["id"]: task}),
    )  # fmt: skip
    return seen | {"children": views.with_due_states(tx, added, task["urgency"], now), "warnings": warnings}


def _posts_named(tx, wanted, now: datetime) -> dict:
    """The posts that stand, by the id of the unit that they head or by their own."""
    units = [want["unit_id"] for want in wanted if want["unit_id"]]
    posts = [want["post_id"] for want in wanted if want["post_id"]]
    heads = {head.unit_id: head for head in head_posts(tx, units, now)} if units else {}
    return heads | (standing_posts(tx, posts, now) if posts else {})


def _child(parent: Mapping, child, now: datetime) -> dict:
    new = apply(Piece(child.role, child.head.post_id, parent["post_id"], is_child=True), "issue", now)
    return {
        "id": clock.new_id(),
        "task_id": parent["task_id"],
        "parent_id": parent["id"],
        "assigner_post_id": parent["post_id"],
        "unit_id": child.head.unit_id,
        "unit_code": child.head.unit_code,
        "unit_name": child.head.unit_name,
        "post_id": child.head.post_id,
        "role": child.role,
        "title": child.title,
        "content": child.content,
        "state": new.state,
        "version": new.version,
        "original_due": child.due,
        "current_due": child.due,
        "assigned_at": now,
        "returns": 0,
        "under_correction": False,
    }
