"""An assignment's states, the moves between them, and how its history folds into its present state.

The table is the rule: what no row allows is refused. A new verb is one row here and one use case.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from kernel.actor import Actor
from kernel.errors import Refused

STATES = (
    "assigned", "in_progress", "declined", "result_submitted", "suspended", "completed", "revoked", "archived",
)  # fmt: skip
CLOSED = frozenset({"completed", "revoked", "archived"})
OPEN = frozenset(STATES) - CLOSED


@dataclass(frozen=True, slots=True)
class Piece:
    """What the rules look at: one unit's piece of an order, now. Its owner is the post of the unit's head."""

    role: str
    post_id: str
    assigner_post_id: str
    state: str | None = None
    version: int = 0
    accepted_at: datetime | None = None
    done_at: datetime | None = None


def assigner(piece: Piece, actor: Actor) -> bool:
    """The post that gave the order, or whoever may act for it."""
    return piece.assigner_post_id in actor.serves


def head_or_clerk(piece: Piece, actor: Actor) -> bool:
    """The head of the unit, his delegate, or the unit's authorised clerk."""
    return piece.post_id in actor.serves


def to_work_on(piece: Piece) -> bool:
    return piece.role != "inform"


def to_know_only(piece: Piece) -> bool:
    return piece.role == "inform"


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
    Move("issue", None, "assigned", assigner),
    Move("accept", "assigned", "in_progress", head_or_clerk, to_work_on),
    Move("accept", "assigned", "completed", head_or_clerk, to_know_only),
)
CHANGES = {"accept": "accepted"}  # how a verb is spoken of afterwards, in events


def _move(piece: Piece, verb: str) -> Move | None:
    return next((m for m in MOVES if m.verb == verb and m.before == piece.state and m.guard(piece)), None)


def decide(piece: Piece, verb: str, actor: Actor, version: int | None, at: datetime) -> Piece:
    """The piece after the verb, or the rule that forbids it.

    `version` is what the actor saw; None means "whatever it is now".
    """
    if not any(m.verb == verb and m.who(piece, actor) for m in MOVES):
        raise Refused("not_authorised", f"{verb} is not for this post.", action=verb)
    if version is not None and version != piece.version:
        raise Refused("stale_version", "It has changed since you read it.", current=piece.version)
    if _move(piece, verb) is None:
        raise Refused("wrong_state", f"{verb} is not possible in state {piece.state}.", state=piece.state)
    return apply(piece, verb, at)


def allowed(piece: Piece, actor: Actor) -> list[str]:
    """The verbs that this actor may use now."""
    return [m.verb for m in MOVES if m.before == piece.state and m.guard(piece) and m.who(piece, actor)]


def apply(piece: Piece, verb: str, at: datetime) -> Piece:
    """The piece after a move that has happened."""
    move = _move(piece, verb)
    if move is None:
        raise ValueError(f"no move {verb} from state {piece.state}")
    return replace(
        piece,
        state=move.after,
        version=piece.version + 1,
        accepted_at=at if verb == "accept" else piece.accepted_at,
        done_at=at if move.after == "completed" and to_know_only(piece) else piece.done_at,
    )


def fold(piece: Piece, history: Iterable[Mapping]) -> Piece:
    """The present state, from nothing but the recorded events (`verb`, `version`, `at`)."""
    for event in sorted(history, key=lambda event: event["version"]):
        piece = apply(piece, event["verb"], event["at"])
        if piece.version != event["version"]:
            raise ValueError(f"history has a gap before version {event['version']}")
    return piece
