"""More time: asked for, granted, refused, withdrawn."""

from collections.abc import Mapping
from datetime import datetime

from chassis import clock
from contracts import tasks as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import posts, working_days
from tasks import views
from tasks.domain import assignment, extension
from tasks.domain.assignment import NOTHING
from tasks.domain.due import overdue_before
from tasks.storage import extensions, history, pieces, superior
from tasks.use_cases import moving
from tasks.use_cases.waiting import TO_RECORD_ANSWER, after_moves, the_office


def get_extension(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_extension, claims, now)
    found = extensions.find_extension(tx, request["id"])
    if found is None:
        raise views.not_found()
    views.visible_piece(tx, found["assignment_id"], actor)
    return dict(found)


def list_extensions(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_extensions, claims, now)
    row, _, _ = views.visible_piece(tx, request["assignment_id"], actor)
    return views.by_rounds(request, lambda *part: extensions.extensions_of(tx, row["id"], *part), dict)


def request_extension(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Xin gia hạn: the clock does not stop, and silence is not consent."""
    return moving.once(tx, contract.request_extension, claims, request, now, _request)


def grant_extension(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Cho gia hạn: to the date asked for, or to another; children keep theirs."""
    return moving.once(tx, contract.grant_extension, claims, request, now, _grant)


def refuse_extension(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Không cho gia hạn."""
    return moving.once(tx, contract.refuse_extension, claims, request, now, _refuse)


def withdraw_extension(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Rút đề nghị gia hạn."""
    return moving.once(tx, contract.withdraw_extension, claims, request, now, _withdraw)


def extend_children(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Gia hạn cho cấp dưới: what was passed on gets more time, as far as its parent has it."""
    return moving.once(tx, contract.extend_children, claims, request, now, _extend_children)


def keep_children(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Giữ nguyên hạn của cấp dưới: whoever was offered to extend them says no."""
    return moving.once(tx, contract.keep_children, claims, request, now, _keep_children)


def _request(tx, actor: Actor, request: dict, now: datetime) -> dict:
    pieces.lock_parent(tx, request["assignment_id"])
    row, task, followers = views.visible_piece(tx, request["assignment_id"], actor, lock=True)
    piece = views.piece_of(tx, row, task)
    due = extension.requested(
        piece, actor, request["requested_due_on"],
        pending=extensions.is_pending(tx, row["id"]), latest=_latest(tx, row), days=working_days(tx), now=now,
    )  # fmt: skip
    added = extensions.add_extension(
        tx,
        {name: request[name] for name in ("reason", "progress", "plan")}
        | {
            "id": clock.new_id(),
            "task_id": task["id"],
            "assignment_id": row["id"],
            "version": 1,
            "state": "pending",
            "due_before": row["current_due"],
            "requested_due": due,
            "late": row["current_due"] < overdue_before(task["urgency"], now),
            "requested_by_person_id": actor.person_id,
            "requested_by_post_id": actor.post_id,
            "requested_at": now,
        },
    )
    _say(tx, contract.extension_requested, actor, added, row, task, followers, now, request["reason"])
    return dict(added)


def _latest(tx, row: Mapping) -> datetime | None:
    """What is passed on never outlasts its parent."""
    return pieces.find_piece(tx, row["parent_id"])["current_due"] if row["parent_id"] else None


def _grant(tx, actor: Actor, request: dict, now: datetime) -> dict:
    asked, row, task, followers, piece = _to_decide(tx, actor, "grant_extension", request)
    state, due = extension.granted(
        piece, asked, request["due_on"], latest=_latest(tx, row), days=working_days(tx), now=now
    )  # fmt: skip
    if extension.decided_above(task, piece, due):
        return _ask_superior(tx, actor, asked, row, task, followers, due, now)
    row, told = extend(tx, actor, asked, row, task, piece, due, now)
    return decide(tx, actor, asked, row, task, followers, now, told, state=state, granted_due=due)


def _ask_superior(tx, actor: Actor, asked: Mapping, row, task, followers, due: datetime, now: datetime) -> dict:
    """The city consents; the date stands until the superior's answer is recorded."""
    superior.add_request(
        tx,
        {
            "id": asked["id"],
            "task_id": task["id"],
            "assignment_id": row["id"],
            "version": 1,
            "state": "awaiting",
            "source": task["source"],
            "due_before": row["current_due"],
            "requested_due": due,
            "consented_at": now,
            "consented_by_person_id": actor.person_id,
        },
    )
    return decide(tx, actor, asked, row, task, followers, now, state="awaiting_superior")


def extend(tx, actor: Actor, asked: Mapping, row, task, piece, due: datetime, now: datetime) -> tuple[Mapping, dict]:
    """The piece with its new deadline, and what is told of it: as it is now, and what waits of it."""
    data = {"extension_id": asked["id"], "due_before": pieces.moment(row["current_due"])}
    data |= {"current_due": pieces.moment(due)}
    new = assignment.apply(piece, "extend", now, actor.person_id, data)
    before, row = row, pieces.move_piece(tx, row["id"], version=new.version, current_due=new.current_due)
    history.record(tx, moving.event_of(actor, task["id"], row["id"], "extend", new.version, now, data=data))
    waiting = after_moves(tx, [(before, row)], now, "extend").get(row["id"], [])
    said = moving.said_of(tx, "extend", [(before, row, new)], {task["id"]: task})
    return row, {"waiting": waiting, "pieces": said}


def _refuse(tx, actor: Actor, request: dict, now: datetime) -> dict:
    asked, row, task, followers, _ = _to_decide(tx, actor, "refuse_extension", request)
    reason = request["reason"]
    return decide(tx, actor, asked, row, task, followers, now, state="refused", decision_reason=reason)


def _withdraw(tx, actor: Actor, request: dict, now: datetime) -> dict:
    asked, row, task, followers, _ = _to_decide(tx, actor, "withdraw_extension", request)
    superior.end_requests(tx, [asked["id"]])
    return decide(tx, actor, asked, row, task, followers, now, state="withdrawn")


def _to_decide(tx, actor: Actor, verb: str, request: dict):
    """The request under its piece's lock, if the rules let the actor decide on it."""
    found = extensions.find_extension(tx, request["id"])
    if found is None:
        raise views.not_found()
    pieces.lock_parent(tx, found["assignment_id"])
    row, task, followers = views.visible_piece(tx, found["assignment_id"], actor, lock=True)
    asked = extensions.find_extension(tx, request["id"])  # as it stands now that nobody else decides
    piece = views.piece_of(tx, row, task)
    extension.permit_decision(asked, piece, verb, actor, request["version"])
    return asked, row, task, followers, piece


def decide(
    tx, actor: Actor, asked, row, task, followers, now: datetime, told: Mapping = NOTHING, **decision
) -> dict:  # fmt: skip
    """The request after a decision, which is said. Who decided for the city, and when, stands whatever comes of it."""
    if asked["decided_at"] is None:
        decision |= {"decided_by_person_id": actor.person_id, "decided_at": now}
    decided = extensions.change_extension(tx, asked["id"], version=asked["version"] + 1, **decision)
    reason = decision.get("decision_reason")
    _say(tx, contract.extension_decided, actor, decided, row, task, followers, now, reason, told)
    return dict(decided)


def _extend_children(tx, actor: Actor, request: dict, now: datetime) -> dict:
    standing = moving.permitted(tx, actor, "extend_children", request, now)
    row, task, reason = standing.row, standing.task, request["reason"]
    chosen, due = extension.passed_down(
        pieces.locked_children(tx, [row["id"]]), request["assignment_ids"], request["due_on"],
        latest=row["current_due"], days=working_days(tx), now=now,
    )  # fmt: skip
    shared = {"with": row["id"], "current_due": pieces.moment(due)}
    data = {child["id"]: shared | {"due_before": pieces.moment(child["current_due"])} for child in chosen}
    changes = [
        (child, assignment.apply(views.plain_piece(child), "extend", now, actor.person_id, data[child["id"]]))
        for child in chosen
    ]
    changed = moving.change_all(tx, actor, changes, "extend", now, reason=reason, data=data)
    waiting = after_moves(tx, [(before, after) for before, after, _ in changed], now, "extend")
    return moving.move(
        tx, actor, standing, now,
        reason=reason,
        data={"pieces": list(data), "due_on": pieces.moment(due)},
        also=moving.said_of(tx, "extend", changed, {task["id"]: task}, waiting=waiting),
    )  # fmt: skip


def _keep_children(tx, actor: Actor, request: dict, now: datetime) -> dict:
    return moving.move(tx, actor, moving.permitted(tx, actor, "keep_children", request, now), now)


def _say(
    tx, event, actor: Actor, asked: Mapping, row, task, followers, now: datetime, reason: str | None,
    told: Mapping = NOTHING,
) -> None:  # fmt: skip
    decider = row["assigner_post_id"]
    awaits = None
    if asked["state"] == "pending":
        known = posts(tx, [decider, row["post_id"]])
        awaits = {
            "kind": "extension_to_decide", "post_id": decider,
            "unit_id": known[decider].unit_id if decider in known else row["unit_id"],
            "from_title": moving.owner_title(row, known),
            "due": moving.decide_by(working_days(tx), asked["requested_at"], extension.DECIDE_WITHIN),
        }  # fmt: skip
    if asked["state"] == "awaiting_superior" and (office := the_office(tx, now)):
        awaits = {
            "kind": TO_RECORD_ANSWER, "post_id": office.post_id, "unit_id": office.unit_id,
            "from_title": row["unit_name"], "due": None,
        }  # fmt: skip
    tx.emit(
        event,
        subject=asked["id"],
        version=asked["version"],
        data=dict(asked)
        | moving.act_of(actor, now, reason)
        | {
            "extension_id": asked["id"],
            "title": views.title_of(row, task),
            "urgency": task["urgency"],
            "unit_id": row["unit_id"],
            "unit_name": row["unit_name"],
            "post_id": row["post_id"],
            "assignment_version": row["version"],
            "current_due": row["current_due"],
            "awaits": awaits,
            "concerns": list(dict.fromkeys([decider, *([] if row["parent_id"] else followers), row["post_id"]])),
        }
        | told,
    )
