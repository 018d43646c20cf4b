"""Who sees how much of an order. What an actor may not see does not exist for him."""

from collections.abc import Collection, Mapping
from enum import Enum

from kernel.actor import Actor

CITY_LEADERS = frozenset({"chairman", "vice_chairman"})
CITY_OFFICE = frozenset({"chief_of_office", "deputy_chief_of_office", "office_clerk"})


class Sight(Enum):
    """WHOLE: every piece. OWN: the order's text and deadline, and one's own pieces, never the siblings'."""

    NONE = 0
    OWN = 1
    WHOLE = 2


def oversees(actor: Actor) -> bool:
    """The city's leaders and the office that follows the work for them."""
    if actor.unit_kind == "committee":
        return actor.post_kind in CITY_LEADERS
    return actor.unit_kind == "office" and actor.post_kind in CITY_OFFICE


def sight_of(actor: Actor, task: Mapping, followers: Collection[str], own_roles: Collection[str]) -> Sight:
    """`own_roles` are the roles of the pieces of this order that the actor answers for.

    The lead of joint work answers for the whole, so he sees the supports' pieces too.
    """
    if oversees(actor) or task["assigner_post_id"] in actor.serves or not set(followers).isdisjoint(actor.serves):
        return Sight.WHOLE
    if task["mode"] == "joint" and "lead" in own_roles:
        return Sight.WHOLE
    return Sight.OWN if own_roles else Sight.NONE
