"""Pieces of orders: reading them."""

from collections.abc import Mapping
from datetime import datetime

from chassis.paging import a_number, an_id, page, position
from contracts import tasks as contract
from kernel.capacity import actor_for
from tasks import views
from tasks.domain import drafting
from tasks.domain.assignment import CHANGES
from tasks.domain.sight import Sight
from tasks.storage import history, pieces, results
from tasks.storage.attachments import with_files


def list_assignments(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_assignments, claims, now)
    task, sight, _ = views.visible_task(tx, request["task_id"], actor)
    asked = {name: request[name] for name in ("limit", "cursor", "state", "only")}
    return views.pieces_page(tx, task, sight, actor, now, **asked)


def get_assignment(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_assignment, claims, now)
    row, task, followers = views.visible_piece(tx, request["id"], actor)
    return views.piece_view(tx, row, task, followers, actor, now)


def list_children(tx, claims: dict, request: dict, now: datetime) -> dict:
    """What a unit does inside is seen by those above it in the unit, and by who oversees or ordered the whole."""
    actor = actor_for(tx, contract.list_children, claims, now)
    row, task = views.visible_inside(tx, request["assignment_id"], actor)
    after = position(request["cursor"], an_id)
    rows = pieces.children_of(tx, row["id"], after[0] if after else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    return {"items": views.with_due_states(tx, rows, task["urgency"], now), "next_cursor": next_cursor}


def list_results(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_results, claims, now)
    row, _, _ = views.visible_piece(tx, request["assignment_id"], actor)
    return views.by_rounds(request, lambda *part: with_files(tx, results.results_of(tx, row["id"], *part)), _result)


def _result(row: Mapping) -> dict:
    return dict(row) | {"document": {"number": row["document_number"], "issued_on": row["document_issued_on"]}}


def list_history(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_history, claims, now)
    row, _, _ = views.visible_piece(tx, request["assignment_id"], actor)
    after = position(request["cursor"], a_number)
    rows = history.history_of(tx, row["task_id"], row["id"], after[0] if after else 0, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["version"]])
    return {"items": [_happening(row) for row in rows], "next_cursor": next_cursor}


def list_task_history(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Of the order and its units' pieces to whom sees the whole, else of the order and one's own pieces."""
    actor = actor_for(tx, contract.list_task_history, claims, now)
    task, sight, _ = views.visible_task(tx, request["task_id"], actor)
    posts = None if sight is Sight.WHOLE else actor.serves
    after = position(request["cursor"], a_number)
    rows = history.history_of_task(tx, task["id"], posts, after[0] if after else 0, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    return {"items": [_happening(row) for row in rows], "next_cursor": next_cursor}


def _happening(row: Mapping) -> dict:
    words = CHANGES if row["assignment_id"] else CHANGES | drafting.CHANGES
    return dict(row) | {"change": words[row["verb"]]}
