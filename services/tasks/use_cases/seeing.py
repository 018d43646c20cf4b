"""Boxes of pieces."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chassis.paging import an_id, page, position
from contracts import tasks as contract
from contracts.fields import URGENCIES
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import units_below, working_days
from tasks import views
from tasks.domain.board import heads_unit
from tasks.storage import boxes
from tasks.storage.orders import find_tasks


def list_pieces(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_pieces, claims, now)
    before = position(request["cursor"], an_id, an_id)
    wanted = boxes.searching(request)
    rows = _pieces(tx, actor, wanted, now, before, request["limit"] + 1) if wanted else []
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["task_id"], row["id"]])
    return {"items": shown(tx, rows, now), "next_cursor": next_cursor}


def _pieces(tx, actor: Actor, wanted, now: datetime, *part) -> list:
    box, whose, within = wanted["box"], actor.serves, None
    if box == "to_decide":
        whose = [actor.post_id]
    elif box == "my_unit":
        whose = sorted(units_below(tx, actor.unit_id, now)) if heads_unit(actor) else []
        within = actor.serves if actor.unit_kind == "division" else None
    return boxes.pieces(tx, box, whose, wanted, working_days(tx), now, *part, within=within)


def shown(tx, rows: Sequence[Mapping], now: datetime) -> list[dict]:
    """Pieces of many orders, with what of each order a list shows."""
    tasks, seen = find_tasks(tx, {row["task_id"] for row in rows}), {}
    for urgency in URGENCIES:
        alike = [row for row in rows if tasks[row["task_id"]]["urgency"] == urgency]
        if alike:
            seen |= {row["id"]: row for row in views.with_due_states(tx, alike, urgency, now)}
    found = []
    for row in rows:
        task = tasks[row["task_id"]]
        of_order = {name: task[name] for name in ("urgency", "source", "field")}
        found.append(seen[row["id"]] | of_order | {"title": views.title_of(row, task)})
    return found
