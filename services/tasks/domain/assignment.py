"""An assignment's states, the moves between them, and how its history folds into its present state.

The table is the rule: what no row allows is refused. A new verb is one row here and one use case.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from kernel.actor import Actor
from kernel.errors import Refused
from kernel.policy import DEPUTIES, SERVES_HEAD
from tasks.domain.sight import CITY_OFFICE, oversees

STATES = (
    "assigned", "in_progress", "declined", "result_submitted", "suspended", "completed", "revoked", "archived",
)  # fmt: skip
CLOSED = frozenset({"completed", "revoked", "archived"})
OPEN = frozenset(STATES) - CLOSED
UNDER_WAY = ("in_progress", "result_submitted", "suspended")
NOTHING: Mapping = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Piece:
    """What the rules look at: a unit's, or inside it a post's, own piece of an order, now.

    `assigner_post_id` is the order's assigner, for a child the owner of its parent. `leader_post_ids` are the others
    on whose behalf the order was drafted. `approver_post_id` is who decides on the result instead of the assigner.
    `has_clerk` says whether somebody keeps the files of its unit, `may_extend_children` whether anything passed on from
    it could be due later, `asked_about_children` whether its owner was offered that.
    """

    role: str
    post_id: str
    assigner_post_id: str
    leader_post_ids: tuple[str, ...] = ()
    approver_post_id: str | None = None
    is_child: bool = False
    has_clerk: bool = True
    may_extend_children: bool = False
    asked_about_children: bool = False
    state: str | None = None
    version: int = 0
    unit_id: str | None = None
    current_due: datetime | None = None
    accepted_at: datetime | None = None
    declined_at: datetime | None = None
    submitted_at: datetime | None = None
    submitted_by_person_id: str | None = None
    suspended_at: datetime | None = None
    done_at: datetime | None = None
    closed_at: datetime | None = None
    grade: str | None = None
    returns: int = 0
    refusals: int = 0
    proposed_unit_id: str | None = None


def decides(piece: Piece, actor: Actor) -> bool:
    """Whoever ordered it, in his own post or by one lent to him: those who serve him see it and do not decide."""
    return actor.post_id == piece.assigner_post_id or actor.post_id in piece.leader_post_ids


def approves(piece: Piece, actor: Actor) -> bool:
    """The head of the lead unit for what supports him, else whoever ordered it."""
    if piece.approver_post_id is not None:
        return actor.post_id == piece.approver_post_id
    return decides(piece, actor)


def owns(piece: Piece, actor: Actor) -> bool:
    """The head of the unit, or his delegate, and nobody who serves him."""
    return actor.post_id == piece.post_id


def owns_or_serves(piece: Piece, actor: Actor) -> bool:
    """The head of the unit, his delegate, or the unit's authorised clerk."""
    return piece.post_id in actor.serves


def leads(piece: Piece, actor: Actor) -> bool:
    """An owner who has somebody below him."""
    return owns(piece, actor) and (actor.is_head or actor.post_kind in DEPUTIES)


def keeps_files(piece: Piece, actor: Actor) -> bool:
    """The unit's clerk, or its head where it has none; of what it passed on the same clerk, else the city's Office."""
    if actor.post_kind in SERVES_HEAD:
        heads = {piece.post_id, piece.assigner_post_id} if piece.is_child else {piece.post_id}
        if not heads.isdisjoint(actor.serves):
            return True
    if actor.is_head and actor.unit_id == piece.unit_id and not piece.has_clerk:
        return True
    return actor.unit_kind == "office" and actor.post_kind in CITY_OFFICE and not piece.is_child


def reorganises(piece: Piece, actor: Actor) -> bool:
    return oversees(actor)


def to_work_on(piece: Piece) -> bool:
    return piece.role != "inform"


def to_know_only(piece: Piece) -> bool:
    return piece.role == "inform"


def children_could_have_longer(piece: Piece) -> bool:
    return piece.may_extend_children


def offered_longer_for_children(piece: Piece) -> bool:
    return piece.asked_about_children


def always(piece: Piece) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Move:
    verb: str
    before: str | None
    after: str
    who: Callable[[Piece, Actor], bool]
    guard: Callable[[Piece], bool] = always


MOVES = (
    Move("issue", None, "assigned", decides),
    Move("accept", "assigned", "in_progress", owns_or_serves, to_work_on),
    Move("accept", "assigned", "completed", owns_or_serves, to_know_only),
    Move("decline", "assigned", "declined", owns),
    Move("reassign", "declined", "assigned", decides),
    Move("uphold", "declined", "assigned", decides),
    Move("submit_result", "in_progress", "result_submitted", owns),
    Move("approve_result", "result_submitted", "completed", approves),
    Move("return_result", "result_submitted", "in_progress", approves),
    Move("withdraw_result", "result_submitted", "in_progress", owns),
    Move("suspend", "in_progress", "suspended", decides),
    Move("resume", "suspended", "in_progress", decides),
    *(Move("revoke", state, "revoked", decides) for state in STATES if state in OPEN),
    Move("reopen", "completed", "in_progress", decides, to_work_on),
    Move("archive", "completed", "archived", keeps_files),
    Move("pass_on", "in_progress", "in_progress", leads),
    *(Move("extend_children", state, state, owns, children_could_have_longer) for state in UNDER_WAY),
    *(Move("keep_children", state, state, owns, offered_longer_for_children) for state in UNDER_WAY),
    # what other commands bring about: an extension that is granted, a reorganisation, a fact that was put right
    *(Move("extend", state, state, decides) for state in STATES if state in OPEN),
    *(Move("move", state, state, reorganises) for state in STATES if state in OPEN),
    *(Move("correct", state, state, decides) for state in STATES if state not in ("revoked", "archived")),
)
NOT_BY_ONESELF = frozenset({"approve_result", "return_result"})
BY_OTHER_COMMANDS = frozenset({"issue", "extend", "move", "correct"})
CHANGES = {  # how a verb is spoken of afterwards, in events
    "accept": "accepted", "decline": "declined", "reassign": "reassigned", "uphold": "upheld",
    "submit_result": "submitted", "approve_result": "completed", "return_result": "returned",
    "withdraw_result": "withdrawn", "suspend": "suspended", "resume": "resumed", "revoke": "revoked",
    "reopen": "reopened", "archive": "archived", "pass_on": "passed_on", "extend": "extended", "move": "moved",
    "issue": "issued", "correct": "corrected", "extend_children": "children_extended", "keep_children": "children_kept",
    "import": "imported",
}  # fmt: skip


def _move(piece: Piece, verb: str) -> Move | None:
    return next((m for m in MOVES if m.verb == verb and m.before == piece.state and m.guard(piece)), None)


def permit(piece: Piece, verb: str, actor: Actor, version: int | None) -> None:
    """Raises the rule that forbids the verb. `version` is what the actor saw; None means "whatever it is now"."""
    if not any(m.verb == verb and m.who(piece, actor) for m in MOVES):
        raise Refused("not_authorised", f"{verb} is not for this post.", action=verb)
    if version is not None and version != piece.version:
        raise Refused("stale_version", "It has changed since you read it.", current=piece.version)
    if _move(piece, verb) is None:
        raise Refused("wrong_state", f"{verb} is not possible in state {piece.state}.", state=piece.state)
    if _is_his_own(piece, verb, actor):
        raise Refused("own_result", "Nobody decides on a result that is his own or his unit's.")


def decide(piece: Piece, verb: str, actor: Actor, version: int | None, at: datetime, data: Mapping = NOTHING) -> Piece:
    """The piece after the verb, or the rule that forbids it."""
    permit(piece, verb, actor, version)
    return apply(piece, verb, at, actor.person_id, data)


def allowed(piece: Piece, actor: Actor) -> list[str]:
    """The verbs that this actor may use now."""
    return [
        m.verb
        for m in MOVES
        if m.before == piece.state and m.verb not in BY_OTHER_COMMANDS and m.guard(piece) and m.who(piece, actor)
        and not _is_his_own(piece, m.verb, actor)
    ]  # fmt: skip


def _is_his_own(piece: Piece, verb: str, actor: Actor) -> bool:
    """He submitted it, or it is of a post that he answers for."""
    return verb in NOT_BY_ONESELF and (
        piece.submitted_by_person_id == actor.person_id or piece.post_id in actor.serves
    )  # fmt: skip


def apply(piece: Piece, verb: str, at: datetime, by: str | None = None, data: Mapping = NOTHING) -> Piece:
    """The piece after a move that has happened; `data` is what the history keeps of it, as JSON has it."""
    if verb == "import":
        return imported(piece, data)
    move = _move(piece, verb)
    if move is None:
        raise ValueError(f"no move {verb} from state {piece.state}")
    return replace(piece, state=move.after, version=piece.version + 1, **_effect(piece, verb, at, by, data))


IMPORTED_IN = ("assigned", "in_progress", "suspended", "result_submitted", "completed")
MOMENTS = ("current_due", "accepted_at", "submitted_at", "suspended_at", "done_at", "closed_at")


def imported(piece: Piece, data: Mapping) -> Piece:
    """The piece as it was elsewhere: its past was not lived here. `data` says all of what the rules look at."""
    if data["state"] not in IMPORTED_IN:
        raise ValueError(f"nothing is imported in state {data['state']}")
    given = {name: data[name] for name in ("state", "grade", "submitted_by_person_id")}
    moments = {name: data[name] and datetime.fromisoformat(data[name]) for name in MOMENTS}
    return replace(piece, version=piece.version + 1, **given, **moments, **_owner(data))


NOT_DECLINED = {"declined_at": None, "proposed_unit_id": None}
WITHOUT_RESULT = {"submitted_at": None, "submitted_by_person_id": None}


def _effect(piece: Piece, verb: str, at: datetime, by: str | None, data: Mapping) -> dict:
    """What a move changes beside the state."""
    match verb:
        case "accept":
            return {"accepted_at": at} | ({"done_at": at, "closed_at": at} if to_know_only(piece) else {})
        case "decline":
            return {"declined_at": at, "refusals": piece.refusals + 1, "proposed_unit_id": data.get("proposed_unit_id")}
        case "uphold":
            return NOT_DECLINED
        case "issue" | "reassign":
            return NOT_DECLINED | _owner(data) | _due(data)
        case "move":  # what was proposed was another owner's proposal
            return _owner(data) | ({"proposed_unit_id": None} if "post_id" in data else {})
        case "submit_result":
            return {"submitted_at": at, "submitted_by_person_id": by}
        case "withdraw_result":
            return WITHOUT_RESULT
        case "return_result":
            return WITHOUT_RESULT | {"returns": piece.returns + 1}
        case "approve_result":  # what counts is the day on which it was submitted
            return {"done_at": piece.submitted_at, "closed_at": at, "grade": data.get("grade")}
        case "suspend":
            return {"suspended_at": at}
        case "resume":
            return {"suspended_at": None} | _due(data)
        case "extend":
            return _due(data)
        case "correct":
            return _due(data) | _put_right(data)
        case "revoke":
            return {"closed_at": at, "suspended_at": None, "declined_at": None}
        case "reopen":
            return WITHOUT_RESULT | {"done_at": None, "closed_at": None, "grade": None}
    return {}


def _owner(data: Mapping) -> dict:
    return {name: data[name] for name in ("unit_id", "post_id", "assigner_post_id") if name in data}


def _due(data: Mapping) -> dict:
    if "current_due" not in data:
        return {}
    return {"current_due": data["current_due"] and datetime.fromisoformat(data["current_due"])}


def _put_right(data: Mapping) -> dict:
    found = {name: data[name] for name in ("role", "grade") if name in data}
    return found | ({"done_at": datetime.fromisoformat(data["done_at"])} if "done_at" in data else {})


def lived(piece: Piece, history: Iterable[Mapping]) -> Iterator[tuple[datetime, Piece]]:
    """The piece after each of its recorded events (`verb`, `version`, `at`, `actor_person_id`, `data`), and when.

    What was imported came into its state elsewhere, at the earliest when it was given (`since`).
    """
    for event in sorted(history, key=lambda event: event["version"]):
        piece = apply(piece, event["verb"], event["at"], event["actor_person_id"], event["data"])
        if piece.version != event["version"]:
            raise ValueError(f"history has a gap before version {event['version']}")
        since = event["data"].get("since") if event["verb"] == "import" else None
        yield datetime.fromisoformat(since) if since else event["at"], piece


def fold(piece: Piece, history: Iterable[Mapping]) -> Piece:
    """The present state, from nothing but the recorded events."""
    return [piece, *(after for _, after in lived(piece, history))][-1]
