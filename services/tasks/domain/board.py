"""Bảng ngoại lệ: what is red, whose the lost days are, and which level must decide."""

from kernel.actor import Actor
from kernel.policy import SERVES_HEAD


def heads_unit(actor: Actor) -> bool:
    """Whoever heads a unit, or works for whoever does, sees what the unit has to do."""
    return actor.is_head or actor.post_kind in SERVES_HEAD
