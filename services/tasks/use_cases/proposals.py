"""Proposals: reading an instruction for a person who will give the orders, or not."""

from datetime import datetime
from functools import lru_cache

from contracts import tasks as contract
from kernel.capacity import actor_for
from kernel.directory_copy import Audience, Unit, unit_audiences, units_of_kinds, working_days
from tasks.domain import instructions
from tasks.domain.order import DIRECTLY_BELOW


def propose(tx, claims: dict, request: dict, now: datetime) -> dict:
    """What orders a text seems to give. Nothing is kept of it."""
    actor_for(tx, contract.propose, claims, now)
    names = vocabulary(tuple(units_of_kinds(tx, DIRECTLY_BELOW, now)), tuple(unit_audiences(tx)))
    return instructions.propose(request["text"], names, working_days(tx), now)


@lru_cache(maxsize=2)  # the same units have the same names
def vocabulary(units: tuple[Unit, ...], audiences: tuple[Audience, ...]) -> instructions.Vocabulary:
    return instructions.Vocabulary(units, audiences)
