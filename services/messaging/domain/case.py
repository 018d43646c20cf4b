"""The case conversation of an order: everybody whom the order names takes part, by post, each once."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

PARTS = ("responsible", "member", "follower")  # the strongest first
PART_OF_ROLE = {"lead": "responsible", "support": "member", "inform": "follower"}


DONE = frozenset({"completed", "revoked", "archived"})
# what is put right or moved when it is done, was done before
SAYS_DONE = frozenset({"completed", "revoked", "reopened"})


class Part(NamedTuple):
    """Why a post takes part, and whether the order is done with it: `leads` if that depends on it. `done_version`: of
    the piece, when that was said last.
    """

    source_id: str
    post_id: str
    role: str
    leads: bool = False
    done_at: datetime | None = None
    done_version: int = 0


def part_of_piece(piece: Mapping, at: datetime) -> Part:
    """What was revoked is only followed any more."""
    role = "follower" if piece["after"] == "revoked" else PART_OF_ROLE[piece["role"]]
    done = (at if piece["after"] in DONE else None, piece["version"]) if piece["change"] in SAYS_DONE else ()
    return Part(piece["assignment_id"], piece["post_id"], role, piece["role"] == "lead", *done)


def strongest(*parts: str) -> str:
    return min(parts, key=PARTS.index)


def parts_of_order(order: Mapping) -> list[Part]:
    """Why, who and as what: for each piece its owner, the leads as those who answer for the matter, the supports as
    those who work in it; the informed, the followers and the assigner follow it.
    """
    follow = dict.fromkeys([order["assigner_post_id"], *order["followers"]])
    pieces = [
        Part(piece["id"], piece["post_id"], PART_OF_ROLE[piece["role"]], piece["role"] == "lead")
        for piece in order["assignments"]
    ]
    return [*(Part(post_id, post_id, "follower") for post_id in follow), *pieces]


def participants(parts: Iterable[Part]) -> dict[str, str]:
    """Role by post: of several the strongest."""
    found = {}
    for part in parts:
        found[part.post_id] = strongest(part.role, found.get(part.post_id, part.role))
    return found


def changed_parts(before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Posts that take part otherwise: what has changed, which post, and the role that it has, or had."""
    posts = sorted(before.keys() | after.keys())
    return [
        (_change_of(before.get(post_id), after.get(post_id)), post_id, after.get(post_id) or before[post_id])
        for post_id in posts
        if before.get(post_id) != after.get(post_id)
    ]


def _change_of(was: str | None, role: str | None) -> str:
    if was is None:
        return "added"
    return "removed" if role is None else "role_changed"
