"""Proposals of orders from the text of an instruction, by rules over the directory; docs/assistant.md measures them."""

from tasks.domain.instructions.proposing import MOST_PROPOSALS, propose
from tasks.domain.instructions.units import Audience, Vocabulary

__all__ = ["MOST_PROPOSALS", "Audience", "Vocabulary", "propose"]
