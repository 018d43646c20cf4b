"""What the ladders watch: pieces of work as tasks tells of them. Whatever is heard only asks for a look at them."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from reminders.domain.items import URGENCY_RANKS
from reminders.storage import ladders as storage
from reminders.use_cases import attention

CLOSED = frozenset({"completed", "revoked", "archived"})
_OF_PIECE = ("version", "task_id", "title", "role", "unit_id", "unit_name", "post_id", "assigner_post_id")


def watch_order(tx, order: Mapping) -> None:
    """An order was given: all its pieces are watched from now on."""
    of_order = ("task_id", "title", "assigner_post_id", "followers")
    shared = {name: order[name] for name in of_order} | {
        "version": 1,
        "at": order["issued_at"],
        "state": "assigned",
        "is_child": False,
        "urgency_rank": URGENCY_RANKS[order["urgency"]],
        "since": order["issued_at"],
        "open": True,
    }
    own = ("unit_id", "unit_name", "post_id", "role")
    pieces = [
        {name: piece[name] for name in own} | shared | {"subject_id": piece["id"], "due": piece["current_due"]}
        for piece in order["assignments"]
    ]
    storage.note(tx, pieces)


def watch_pieces(tx, pieces: Iterable[Mapping], at: datetime) -> None:
    """Pieces moved on: what people were to be nudged about is over, or is another matter now."""
    known: dict[str, dict] = {}
    for piece in sorted(pieces, key=lambda piece: piece["version"]):
        known[piece["assignment_id"]] = _as_watched(piece, at)
    if known and (newer := storage.note(tx, list(known.values()))):
        attention.stop(tx, newer)


def _as_watched(piece: Mapping, at: datetime) -> dict:
    waits_anew = piece["after"] == "assigned" and (piece["before"] != "assigned" or piece["former"])
    return {name: piece[name] for name in _OF_PIECE} | {
        "subject_id": piece["assignment_id"],
        "at": at,
        "state": piece["after"],
        "is_child": piece["parent_id"] is not None,
        "urgency_rank": URGENCY_RANKS[piece["urgency"]],
        "due": piece["current_due"],
        "since": at if waits_anew else None,
        "open": piece["after"] not in CLOSED,
        "followers": None,
    }


def acknowledged(tx, assignment_id: str) -> None:
    """Whoever owes a piece has reacted: what was still to go out about it does not. The next rung still comes."""
    attention.stop(tx, [assignment_id])
