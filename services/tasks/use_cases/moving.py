"""A verb on a piece: rule, state, history and event together."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime

from chassis.contract import Procedure, schema
from chassis.idempotency import answer_once
from contracts import tasks as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import posts, require_fresh_if_lent, working_days
from kernel.errors import Refused
from kernel.working_time import WorkingDays
from tasks import views
from tasks.domain import assignment, drafting
from tasks.domain.assignment import CLOSED, NOTHING, Piece
from tasks.domain.due import APPROVER_HAS, ASSIGNER_HAS
from tasks.storage import extensions, history, pieces, superior
from tasks.storage.documents import note_moved
from tasks.storage.orders import followers_of
from tasks.storage.prompts import open_about
from tasks.use_cases.waiting import ANSWERED_BY, after_moves, decide_by, owner_title

WAITING = {  # by state: what waits then, and how many working days whoever must decide has
    "assigned": ("assignment_to_receive", None),
    "declined": ("refusal_to_decide", ASSIGNER_HAS),
    "result_submitted": ("result_to_decide", APPROVER_HAS),
}
CHANGES = assignment.CHANGES | drafting.CHANGES
UNSTORED = (
    "leader_post_ids", "approver_post_id", "is_child", "has_clerk", "may_extend_children", "asked_about_children",
    "role",
)  # fmt: skip
STORED = tuple(field.name for field in fields(Piece) if field.name not in UNSTORED)


def once(tx, procedure: Procedure, claims: dict, request: dict, now: datetime, act: Callable[..., dict]) -> dict:
    """The act, or the answer that it had when it was asked for before: `act(tx, actor, request, now)`."""
    actor = actor_for(tx, procedure, claims, now)
    return answer_once(
        tx,
        who=actor.person_id,
        key=request["idempotency_key"],
        request=[procedure.full_name, actor.post_id, {**request, "idempotency_key": None}],
        produce=lambda: schema(procedure.reply).dump(_by_fresh_powers(tx, actor, request, now, act)),
    )


def _by_fresh_powers(tx, actor: Actor, request: dict, now: datetime, act: Callable[..., dict]) -> dict:
    require_fresh_if_lent(tx, actor, now)
    return act(tx, actor, request, now)


@dataclass(frozen=True)
class Standing:
    """A piece, locked, as an actor may move it."""

    row: Mapping
    task: Mapping
    followers: list[str]
    piece: Piece
    verb: str


def permitted(tx, actor: Actor, verb: str, request: Mapping, now: datetime) -> Standing:
    """The piece, if the actor sees it and the rules allow him the verb."""
    row, task, followers = views.visible_piece(tx, request["id"], actor, lock=True)
    piece = views.piece_of(tx, row, task)
    if verb == "archive":
        piece = views.with_clerk(tx, piece, now)
    if verb in ANSWERED_BY:
        piece = views.with_children(piece, open_about(tx, row["id"], actor.post_id))
    with saying_what_came_before(tx, task["id"], row["id"]):
        assignment.permit(piece, verb, actor, request["version"])
    return Standing(row, task, followers, piece, verb)


@contextmanager
def saying_what_came_before(tx, task_id: str, assignment_id: str | None):
    """Whoever comes too late is told."""
    try:
        yield
    except Refused as refusal:
        if refusal.refusal_code in ("stale_version", "wrong_state"):
            last = history.last_of(tx, task_id, assignment_id)
            refusal.details |= {
                "change": CHANGES[last["verb"]],
                "at": last["at"].isoformat(),
                "actor_person_id": last["actor_person_id"],
            }
        raise


def move(
    tx,
    actor: Actor,
    standing: Standing,
    now: datetime,
    *,
    reason: str | None = None,
    data: Mapping = NOTHING,
    snapshot: Mapping = NOTHING,
    also: Sequence[dict] = (),
    result_id: str | None = None,
    file_ids: Sequence[str] = (),
) -> dict:
    """Moves it and says so. `data` is what the history keeps beside the reason, `snapshot` what the row keeps beside
    what the rules look at, `also` the other pieces that the act has changed.
    """
    before, task = standing.row, standing.task
    new = assignment.apply(standing.piece, standing.verb, now, actor.person_id, data)
    row = pieces.move_piece(tx, before["id"], **_stored(new), **snapshot)
    history.record(
        tx, event_of(actor, task["id"], row["id"], standing.verb, new.version, now, reason=reason, data=data)
    )  # fmt: skip
    if actor.post_id != row["post_id"] and standing.verb in ("accept", "archive"):  # for the head whom he serves
        tx.audit(f"tasks.{standing.verb}", subject=row["id"], post_id=row["post_id"])
    withdrawn = withdraw_requests(tx, [row["id"]], actor, now) if row["state"] in CLOSED else {}
    waiting = after_moves(tx, [(before, row)], now, standing.verb)
    if task["document_id"]:
        note_moved(tx, task["document_id"])
    [said] = said_of(tx, standing.verb, [(before, row, new)], {task["id"]: task}, withdrawn, waiting)
    tx.emit(
        contract.assignment_changed,
        subject=row["id"],
        version=new.version,
        data=said
        | act_of(actor, now, reason)
        | {
            "result_id": result_id,
            "file_ids": file_ids,
            "pieces": list(also),
            "concerns": _concerned(standing, row, new),
        },
    )
    return views.piece_view(tx, row, task, standing.followers, actor, now)


def _concerned(standing: Standing, row: Mapping, new: Piece) -> list[str]:
    """Whoever should see it live; who follows the order need not see what a unit does inside."""
    above = [row["assigner_post_id"], *(() if new.is_child else standing.followers)]
    named = [*above, new.approver_post_id, standing.row["post_id"], row["post_id"]]
    return [post_id for post_id in dict.fromkeys(named) if post_id]


def _stored(piece: Piece) -> dict:
    return {name: getattr(piece, name) for name in STORED}


def revoke_all(
    tx, actor: Actor, rows: Iterable[Mapping], task: Mapping, now: datetime, reason: str, data: Mapping = NOTHING
) -> list[dict]:
    """Those of them that are open, because what they are part of is revoked; what is said of them."""
    changes = [
        (row, assignment.apply(views.plain_piece(row), "revoke", now, actor.person_id, data))
        for row in rows
        if row["state"] not in CLOSED
    ]
    if not changes:
        return []
    changed = change_all(tx, actor, changes, "revoke", now, reason=reason, data=dict.fromkeys(_ids(changes), data))
    requests = withdraw_requests(tx, _ids(changes), actor, now)
    waiting = after_moves(tx, [(before, after) for before, after, _ in changed], now, "revoke", with_parents=True)
    return said_of(tx, "revoke", changed, {task["id"]: task}, requests, waiting)


def change_all(
    tx, actor: Actor, changes: Sequence[tuple[Mapping, Piece]], verb: str, now: datetime,
    *, reason: str | None, data: Mapping[str, Mapping], snapshot: Mapping[str, Mapping] = NOTHING,
) -> list[tuple[Mapping, Mapping, Piece]]:  # fmt: skip
    """Many pieces moved alike, one statement for each table; each as it was, as it is, and as the rules look at it.

    `data` is what the history keeps and `snapshot` how the new unit is called, by piece.
    """
    named = ("unit_code", "unit_name")
    given = [
        {"id": row["id"], **_stored(new), **{name: row[name] for name in named}, **snapshot.get(row["id"], {})}
        for row, new in changes
    ]
    rows = {row["id"]: row for row in pieces.move_pieces(tx, given, [*STORED, *named])}
    events = [
        event_of(actor, row["task_id"], row["id"], verb, new.version, now, reason=reason, data=data[row["id"]])
        for row, new in changes
    ]
    history.record_all(tx, events)
    return [(row, rows[row["id"]], new) for row, new in changes]


def _ids(changes: Iterable[tuple[Mapping, Piece]]) -> list[str]:
    return [row["id"] for row, _ in changes]


def hand_over(
    tx, actor: Actor, rows: Sequence[Mapping], task: Mapping, post_id: str, now: datetime
) -> list[dict]:  # fmt: skip
    """Results that another post decides on now; what is said of them."""
    if not rows:
        return []
    data = {"approver_post_id": post_id}
    changes = [
        (
            row,
            replace(
                assignment.apply(views.plain_piece(row), "move", now),
                approver_post_id=views.approver(post_id, row["post_id"]),
            ),
        )
        for row in rows
    ]
    changed = change_all(tx, actor, changes, "move", now, reason=None, data=dict.fromkeys(_ids(changes), data))
    return said_of(tx, "move", changed, {task["id"]: task})


def record_children(tx, actor: Actor, rows: Iterable[Mapping], now: datetime) -> None:
    """The beginning of the history of what was passed on."""
    own = ("unit_id", "post_id", "assigner_post_id", "role", "parent_id")
    history.record_all(
        tx,
        [
            event_of(
                actor, row["task_id"], row["id"], "issue", row["version"], now,
                data={name: row[name] for name in own} | {"current_due": pieces.moment(row["current_due"])},
            )
            for row in rows
        ],
    )  # fmt: skip


def withdraw_requests(tx, ids: Iterable[str], actor: Actor, now: datetime) -> dict[str, dict]:
    """Of a closed piece nobody need decide about more time: what is said of the requests, by piece."""
    withdrawn = extensions.withdraw_pending(tx, ids, actor.person_id, now)
    if withdrawn:
        superior.end_requests(tx, [row["id"] for row in withdrawn])
    return {
        row["assignment_id"]: {"extension_id": row["id"], "version": row["version"], "awaits": None}
        for row in withdrawn
    }  # fmt: skip


def said_of(
    tx, verb: str, changes: Sequence[tuple[Mapping | None, Mapping, Piece]], tasks: Mapping[str, Mapping],
    extension: Mapping[str, Mapping] = NOTHING, waiting: Mapping[str, list[dict]] = NOTHING,
) -> list[dict]:  # fmt: skip
    """What an event says of pieces: each as it was, as it is, and as the rules look at it."""
    undecided = [(row, new) for _, row, new in changes if new.state in WAITING]
    named = {post for row, new in undecided for post in (row["post_id"], row["assigner_post_id"], decider_of(new))}
    known = posts(tx, named - {None}) if any(new.is_child or decider_of(new) for _, new in undecided) else {}
    days = working_days(tx) if any(decider_of(new) for _, new in undecided) else None
    awaits = {row["id"]: _awaits(row, new, tasks[row["task_id"]], known, days) for row, new in undecided}
    former = _former_owners(tx, changes, tasks)
    return [
        dict(row)
        | {
            "change": assignment.CHANGES[verb],
            "assignment_id": row["id"],
            "title": views.title_of(row, tasks[row["task_id"]]),
            "urgency": tasks[row["task_id"]]["urgency"],
            "before": before and before["state"],
            "after": row["state"],
            "awaits": awaits.get(row["id"]),
            "extension": extension.get(row["id"]),
            "former": former.get(row["id"]),
            "waiting": waiting.get(row["id"], []),
        }
        for before, row, _ in changes
    ]


def _former_owners(tx, changes: Iterable[tuple[Mapping | None, Mapping, Piece]], tasks: Mapping) -> dict[str, dict]:
    """Whose pieces are now another's, by piece."""
    owners = {row["id"]: before for before, row, _ in changes if before and before["post_id"] != row["post_id"]}
    if not owners:
        return {}
    followers = followers_of(tx, {before["task_id"] for before in owners.values()})

    def former(before: Mapping) -> dict:
        beside = (tasks[before["task_id"]]["assigner_post_id"], *followers.get(before["task_id"], ()))
        return {"post_id": before["post_id"], "follows": before["post_id"] in beside}

    return {piece_id: former(before) for piece_id, before in owners.items()}


def decider_of(piece: Piece) -> str | None:
    """The post for whose decision it waits, if it waits for one."""
    if piece.state == "declined":
        return piece.assigner_post_id
    if piece.state == "result_submitted":
        return piece.approver_post_id or piece.assigner_post_id
    return None


def _awaits(
    row: Mapping, piece: Piece, task: Mapping, known: Mapping, days: WorkingDays | None
) -> dict:  # fmt: skip
    kind, has_days = WAITING[piece.state]
    decider = decider_of(piece)
    if decider is None:
        above = known.get(row["assigner_post_id"]) if piece.is_child else None
        return {
            "kind": kind, "post_id": row["post_id"], "unit_id": row["unit_id"], "due": row["current_due"],
            "from_title": above.title if above else task["assigner_title"],
        }  # fmt: skip
    return {
        "kind": kind, "post_id": decider, "unit_id": known[decider].unit_id if decider in known else row["unit_id"],
        "from_title": owner_title(row, known), "due": decide_by(days, _waits_since(piece), has_days),
    }  # fmt: skip


def _waits_since(piece: Piece) -> datetime:
    return piece.declined_at if piece.state == "declined" else piece.submitted_at


def of_piece(
    actor: Actor, row: Mapping, task: Mapping, followers: Iterable[str], now: datetime, waiting: list[dict],
    *others: str, reason: str | None = None,
) -> dict:  # fmt: skip
    """What every event about something of one piece says."""
    named = [task["assigner_post_id"], *followers] if row["parent_id"] is None else [row["assigner_post_id"]]
    return act_of(actor, now, reason) | {
        "assignment_id": row["id"],
        "task_id": task["id"],
        "title": views.title_of(row, task),
        "urgency": task["urgency"],
        "unit_id": row["unit_id"],
        "unit_name": row["unit_name"],
        "post_id": row["post_id"],
        "waiting": waiting,
        "concerns": list(dict.fromkeys([*named, row["post_id"], *others])),
    }


def act_of(actor: Actor, now: datetime, reason: str | None) -> dict:
    return {"at": now, "actor_person_id": actor.person_id, "acting_for": actor.acting_for, "reason": reason}


def event_of(
    actor: Actor, task_id: str, assignment_id: str | None, verb: str, version: int, now: datetime,
    *, reason: str | None = None, data: Mapping = NOTHING,
) -> dict:  # fmt: skip
    return {
        "task_id": task_id,
        "assignment_id": assignment_id,
        "verb": verb,
        "version": version,
        "actor_person_id": actor.person_id,
        "acting_for": actor.acting_for,
        "at": now,
        "reason": reason,
        "data": dict(data),
    }
