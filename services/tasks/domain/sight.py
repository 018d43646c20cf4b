"""Who sees how much of an order. What an actor may not see does not exist for him."""

from collections.abc import Collection, Mapping
from enum import Enum

from kernel.actor import Actor
from tasks.domain.drafting import NOT_ISSUED, sees_draft

CITY_LEADERS = frozenset({"chairman", "vice_chairman"})
CITY_OFFICE = frozenset({"chief_of_office", "deputy_chief_of_office", "office_clerk"})


class Sight(Enum):
    """WHOLE: every unit's piece. OWN: the order's text and deadline, and one's own pieces, never the siblings'.
    BELOW: to whom it was passed on inside a unit: the order's title, clause and deadline, and one's own pieces.
    """

    NONE = 0
    BELOW = 1
    OWN = 2
    WHOLE = 3


PASSED_ON = "passed on"  # in place of the role of what was passed on inside a unit
REVOKED = "revoked"  # in place of the role of what is no longer wanted


def oversees(actor: Actor) -> bool:
    """The city's leaders and the office that follows the work for them."""
    if actor.unit_kind == "committee":
        return actor.post_kind in CITY_LEADERS
    return actor.unit_kind == "office" and actor.post_kind in CITY_OFFICE


def ordered(actor: Actor, task: Mapping) -> bool:
    """Whoever gave the order, was named with him, or serves one of them."""
    return not {task["assigner_post_id"], *(task.get("leader_post_ids") or ())}.isdisjoint(actor.serves)


def sight_of(actor: Actor, task: Mapping, followers: Collection[str], own_roles: Collection[str]) -> Sight:
    """`own_roles` are the roles of the pieces of this order that the actor answers for.

    The lead of joint work answers for the whole, so he sees the supports' pieces too.
    """
    if task.get("state") in NOT_ISSUED:
        return Sight.WHOLE if sees_draft(task, actor) else Sight.NONE
    if oversees(actor) or ordered(actor, task) or not set(followers).isdisjoint(actor.serves):
        return Sight.WHOLE
    if task["mode"] == "joint" and "lead" in own_roles:
        return Sight.WHOLE
    if not own_roles:
        return Sight.NONE
    return Sight.BELOW if set(own_roles) == {PASSED_ON} else Sight.OWN


def sees_piece(actor: Actor, task: Mapping, sight: Sight, piece: Mapping, posts_above: Collection[str]) -> bool:
    """One's own; of the units' pieces whoever sees the whole; of what is passed on inside a unit those above it in that
    unit, and above the unit only who oversees the city's work or gave the order.
    """
    if piece["post_id"] in actor.serves:
        return True
    if piece["parent_id"] is None:
        return sight is Sight.WHOLE
    return not set(posts_above).isdisjoint(actor.serves) or oversees(actor) or ordered(actor, task)
