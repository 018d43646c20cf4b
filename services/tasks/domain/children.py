"""Passing work on inside a unit: from its head to a division, from a division to an official."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from kernel.errors import Refused
from kernel.working_time import WorkingDays
from tasks.domain.order import Head, due_within

CLOSE_WITHIN = 2  # working days after the last piece below has ended

due_below = partial(due_within, code="due_after_parent")  # never later than the parent's


@dataclass(frozen=True, slots=True)
class Child:
    head: Head
    role: str
    title: str | None
    content: str | None
    due: datetime | None


def decide_children(
    wanted: Sequence[Mapping],
    *,
    heads: Mapping[str, Head],
    below: Collection[str],
    chain: Collection[str],
    taken: Collection[str],
    latest: datetime | None,
    days: WorkingDays,
    now: datetime,
    warnings: list[dict],
) -> list[Child]:
    """The children as they will stand, or the rule that one of them breaks.

    `heads` are the posts found, by the unit's or the post's id; `below` the units of the owner's own part of the tree;
    `chain` the posts above, the owner among them; `taken` those that have an open child of this parent already.
    """
    found, posts = [], set(taken)
    for place, want in enumerate(wanted):
        named = "unit_id" if want["unit_id"] else "post_id"
        where = f"pieces.{place}.{named}"
        head = owner_below(heads.get(want[named]), named, where, below=below, chain=chain)
        if head.post_id in posts:
            raise Refused("unit_twice", "This post has a piece of it already.", field=where)
        posts.add(head.post_id)
        due = due_below(want["due_on"], latest, days, now, f"pieces.{place}.due_on", warnings)
        found.append(Child(head, want["role"], want["title"], want["content"], due))
    return found


def owner_below(head: Head | None, named: str, where: str, *, below: Collection[str], chain: Collection[str]) -> Head:
    """The post that gets it: it stands, below the one that gives it, and not above in the same chain."""
    if head is None:
        raise Refused("unknown_unit" if named == "unit_id" else "unknown_post", "No such post now.", field=where)
    if head.post_id in chain:
        raise Refused("circular_assignment", "This post is above in the same chain.", field=where)
    if head.unit_id not in below:
        raise Refused("unit_not_below", "Work is passed on inside the unit.", field=where)
    return head


def is_to_be_closed(state: str, still_open: int) -> bool:
    """Nothing closes by itself: its owner is asked, once all that he passed on to be worked on has ended."""
    return state == "in_progress" and still_open == 0
