"""Bảng ngoại lệ: what is red, whose the lost days are, and which level must decide.

A piece is on the board once, for what must come first: whoever must answer or decide is late before the owner is, as
`domain.due.delay` has it. What somebody still has days for is not red for that.
"""

from enum import Enum

from kernel.actor import Actor
from kernel.policy import SERVES_HEAD
from tasks.domain.sight import oversees

MISSING = (
    "answer", "decision_on_refusal", "decision_on_extension", "decision_on_result", "receipt", "result",
)  # fmt: skip
OWED_BY_OWNER = frozenset({"receipt", "result"})
LEVELS = ("city", "office", "unit", "division")  # of the post that must decide, the highest first
URGENT_FIRST = ("express", "very_urgent", "urgent", "normal")
SOURCES = ("government_office", "city_party_committee", "pc_party_committee", "city_pc")  # from above first


class Scope(Enum):
    """How much of the board and the statistics one sees: the units' own pieces; what is in one's unit; what one owns
    or gave.
    """

    CITY = "city"
    UNIT = "unit"
    OWN = "own"


def heads_unit(actor: Actor) -> bool:
    """Whoever heads a unit, or works for whoever does, sees what the unit has to do."""
    return actor.is_head or actor.post_kind in SERVES_HEAD


def scope_of(actor: Actor) -> Scope:
    if oversees(actor):
        return Scope.CITY
    return Scope.UNIT if heads_unit(actor) and actor.unit_kind != "division" else Scope.OWN
