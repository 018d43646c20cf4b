"""The case conversation of an order: everybody whom the order names takes part, by post, each once."""

from collections.abc import Iterable, Mapping

PARTS = ("responsible", "member", "follower")  # the strongest first
PART_OF_ROLE = {"lead": "responsible", "support": "member", "inform": "follower"}


def part_of_piece(piece: Mapping) -> str:
    """What was revoked is only followed any more."""
    return "follower" if piece["after"] == "revoked" else PART_OF_ROLE[piece["role"]]


def strongest(*parts: str) -> str:
    return min(parts, key=PARTS.index)


def parts_of_order(order: Mapping) -> list[tuple[str, str, str]]:
    """Why, who and as what: for each piece its owner, the leads as those who answer for the matter, the supports as
    those who work in it; the informed, the followers and the assigner follow it.
    """
    follow = dict.fromkeys([order["assigner_post_id"], *order["followers"]])
    pieces = [(piece["id"], piece["post_id"], PART_OF_ROLE[piece["role"]]) for piece in order["assignments"]]
    return [*((post_id, post_id, "follower") for post_id in follow), *pieces]


def participants(parts: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Part by post: of several the strongest."""
    found = {}
    for _, post_id, part in parts:
        found[post_id] = strongest(part, found.get(post_id, part))
    return found
