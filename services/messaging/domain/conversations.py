"""Kinds of conversations, parts in them, and what they give."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from messaging.domain.case import PARTS

ROLES = ("owner", *PARTS)  # the strongest first
PARTICIPANTS_AT_MOST = 1000
PINNED_AT_MOST = 100


class Addressees(NamedTuple):
    """Those whom a conversation reaches, by what they take part as."""

    post_ids: list[str]
    person_ids: list[str]
    unit_ids: list[str]

    def told(self) -> dict[str, list[str]]:
        """As an event names them."""
        return {f"participant_{name}": ids for name, ids in self._asdict().items()}


def addressees(rows: Iterable[Mapping]) -> Addressees:
    by_kind = Addressees([], [], [])
    for row in rows:
        for ids, id_ in zip(by_kind, (row["post_id"], row["person_id"], row["unit_id"]), strict=True):
            if id_ is not None:
                ids.append(id_)
    return by_kind


def refusal_to_write(kind: str, role: str, left: bool, closed: bool) -> str | None:
    """The code by which whoever sees a conversation may not say anything in it."""
    if left:
        return "conversation_left"
    if closed:
        return "conversation_closed"
    if kind == "group" and role == "follower":
        return "reads_only"
    return None


def first_seen(history: str, from_number: int | None, last_number: int) -> int:
    """Where what a newcomer sees begins: with all that was said, a part of it, or with what is said next."""
    if history == "all":
        return 1
    if history == "from":
        return min(from_number, last_number + 1)
    return last_number + 1
