"""The case conversation of an order: everybody whom the order names takes part, by post, each once."""

from collections.abc import Mapping

PARTS = ("responsible", "member", "follower")  # the strongest first
PART_OF_ROLE = {"lead": "responsible", "support": "member", "inform": "follower"}


def strongest(*parts: str) -> str:
    return min(parts, key=PARTS.index)


def participants(order: Mapping) -> dict[str, str]:
    """Part by post: the leads answer for the matter, the supports work in it, the others follow it."""
    parts = dict.fromkeys([order["assigner_post_id"], *order["followers"]], "follower")
    for piece in order["assignments"]:
        part = PART_OF_ROLE[piece["role"]]
        parts[piece["post_id"]] = strongest(part, parts.get(piece["post_id"], part))
    return parts
