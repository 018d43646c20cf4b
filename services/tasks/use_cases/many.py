"""What moves many pieces at once: an order taken back, a unit reorganised."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from chassis import clock
from contracts import tasks as contract
from kernel.actor import Actor
from kernel.directory_copy import HeadPost, has_ended, head_posts, posts, require_fresh, working_days
from kernel.errors import Refused
from tasks import views
from tasks.domain.assignment import Piece, apply
from tasks.domain.due import ASSIGNER_HAS
from tasks.domain.order import known_head, permit_revocation
from tasks.domain.sight import Sight
from tasks.storage import extensions, history, orders, pieces
from tasks.use_cases import moving
from tasks.use_cases.waiting import after_moves


def revoke_task(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Thu hồi: an order with all the pieces of it that are open, whatever was passed on from them among these."""
    return moving.once(tx, contract.revoke_task, claims, request, now, _revoke_task)


def _revoke_task(tx, actor: Actor, request: dict, now: datetime) -> dict:
    task, _, followers = views.visible_task(tx, request["id"], actor, lock=True)
    with moving.saying_what_came_before(tx, task["id"], None):
        permit_revocation(task, actor, request["version"])
    reason = request["reason"]
    task = orders.move_task(tx, task["id"], state="revoked", version=task["version"] + 1)
    history.record(tx, moving.event_of(actor, task["id"], None, "revoke", task["version"], now, reason=reason))
    units = pieces.locked_pieces(tx, task["id"])
    rows = units + pieces.locked_below(tx, units)
    said = moving.revoke_all(tx, actor, rows, task, now, reason, {"with": task["id"]})
    tx.emit(
        contract.task_revoked,
        subject=task["id"],
        version=task["version"],
        data=moving.act_of(actor, now, reason)
        | {
            "task_id": task["id"],
            "title": task["title"],
            "unit_ids": [row["unit_id"] for row in units],
            "pieces": said,
            "concerns": list(dict.fromkeys([task["assigner_post_id"], *followers])),
        },
    )
    return views.task_view(tx, task, Sight.WHOLE, followers, actor, now)


def move_assignments(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Open pieces of a unit that was reorganised go to another one's head; what was passed on from them stays with
    whom it was given to, and is the new head's to decide.
    """
    return moving.once(tx, contract.move_assignments, claims, request, now, _move_assignments)


def _move_assignments(tx, actor: Actor, request: dict, now: datetime) -> dict:
    require_fresh(tx, now)
    old, new_unit = request["id"], request["unit_id"]
    _require_ended(tx, old, now)
    heads = {each.unit_id: each for each in head_posts(tx, [new_unit], now)}
    if new_unit not in heads:
        raise Refused("unknown_unit", "No such unit, or nobody heads it.", field="unit_id")
    head = heads[new_unit]
    rows = pieces.locked_open_of_unit(tx, old, request["limit"])
    if not rows:
        return {"moved": 0, "remaining": 0}
    if any(row["parent_id"] is None for row in rows):
        known_head(heads, new_unit, "unit_id")
    moved = {row["id"] for row in rows}
    children = [row for row in pieces.locked_children(tx, moved) if row["id"] not in moved]
    if head.post_id in pieces.posts_above(tx, *moved) | {row["post_id"] for row in children}:
        raise Refused("circular_assignment", "This post is in the same chain already.", field="unit_id")
    tasks = orders.find_tasks(tx, {row["task_id"] for row in rows})
    led = _joint_orders_led(rows, tasks)
    approvers = _approvers(tx, rows, tasks, led, head)
    new_owner = {"unit_id": head.unit_id, "post_id": head.post_id}
    changes = [
        _moved(row, new_owner | {"from": _owner(row)}, approver_post_id=approvers.get(row["id"])) for row in rows
    ]
    changes += [_moved(row, {"assigner_post_id": head.post_id}) for row in children]
    changes += [
        _moved(
            row, {"approver_post_id": head.post_id}, approver_post_id=views.approver(head.post_id, row["post_id"])
        )
        for row in pieces.waiting_supports(tx, led)
        if row["id"] not in moved
    ]  # fmt: skip
    changed = moving.change_all(
        tx, actor, [(row, new) for row, new, _ in changes], "move", now,
        reason=request["reason"],
        data={row["id"]: data for row, _, data in changes},
        snapshot={id_: {"unit_code": head.unit_code, "unit_name": head.unit_name} for id_ in moved},
    )  # fmt: skip
    said = moving.said_of(
        tx, "move", changed, tasks, _requests_handed_over(tx, children, head, now),
        after_moves(tx, [(before, after) for before, after, _ in changed], now),
    )  # fmt: skip
    tx.audit("tasks.move_assignments", subject=old, unit_id=new_unit, moved=len(rows))
    tx.emit(
        contract.assignments_moved,
        subject=clock.new_id(),
        version=1,
        data=moving.act_of(actor, now, request["reason"])
        | {"from_unit_id": old, "unit_id": new_unit, "pieces": said},
    )  # fmt: skip
    return {"moved": len(rows), "remaining": pieces.open_of_unit(tx, old)}


def _require_ended(tx, unit_id: str, now: datetime) -> None:
    """Work is moved because of a reorganisation, and never taken from a unit that stands."""
    ended = has_ended(tx, unit_id, now)
    if ended is None:
        raise Refused("unknown_unit", "No such unit.", field="id", unit_id=unit_id)
    if not ended:
        raise Refused("unit_stands", "This unit was not dissolved: its work is its own.", unit_id=unit_id)


def _moved(row: Mapping, data: dict, **decider: str | None) -> tuple[Mapping, Piece, dict]:
    return row, replace(apply(views.plain_piece(row), "move", row["assigned_at"], data=data), **decider), data


def _owner(row: Mapping) -> dict:
    return {name: row[name] for name in ("unit_id", "unit_code", "unit_name", "post_id")}


def _joint_orders_led(rows: Sequence[Mapping], tasks: Mapping[str, Mapping]) -> set[str]:
    return {
        row["task_id"]
        for row in rows
        if row["role"] == "lead" and row["parent_id"] is None and tasks[row["task_id"]]["mode"] == "joint"
    }


def _approvers(
    tx, rows: Sequence[Mapping], tasks: Mapping[str, Mapping], led: Collection[str], head: HeadPost
) -> dict[str, str | None]:  # fmt: skip
    """By piece that supports joint work: who decides on its result instead of whoever ordered it, once it is moved."""
    supporting = [row for row in rows if views.supports(row, tasks[row["task_id"]])]
    if not supporting:
        return {}
    leads = pieces.lead_posts(tx, {row["task_id"] for row in supporting}) | dict.fromkeys(led, head.post_id)
    return {row["id"]: views.approver(leads.get(row["task_id"]), head.post_id) for row in supporting}


def _requests_handed_over(tx, children: Sequence[Mapping], head: HeadPost, now: datetime) -> dict[str, dict]:
    """Requests for more time for what was passed on: the new head decides on them."""
    asked = extensions.hand_over_pending(tx, [row["id"] for row in children]) if children else []
    if not asked:
        return {}
    rows, days = {row["id"]: row for row in children}, working_days(tx)
    known = posts(tx, {row["post_id"] for row in children})
    return {
        each["assignment_id"]: {
            "extension_id": each["id"],
            "version": each["version"],
            "awaits": {
                "kind": "extension_to_decide", "post_id": head.post_id, "unit_id": head.unit_id,
                "from_title": moving.owner_title(rows[each["assignment_id"]], known),
                "due": moving.decide_by(days, each["requested_at"], ASSIGNER_HAS),
            },
        }
        for each in asked
    }  # fmt: skip
