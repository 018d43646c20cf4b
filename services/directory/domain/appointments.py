"""Taking up posts and leaving them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from directory.domain.organisation import Membership, Post, ended, open_after, overlap
from kernel.errors import Refused


def appoint(new: Membership, post: Post, known: Iterable[Membership], *, replaces: bool) -> list[Membership]:
    """All memberships that a new one changes, itself the last.

    `known` are those of the person and those of the post. A primary post is one at a time: with a new one he leaves
    the one before. A post that heads its unit has one holder at a time: with `replaces` whoever holds it leaves it.
    """
    known = list(known)
    _in_order(new)
    _while_the_post_stands(new, post)
    _not_twice(new, known)
    return [*_left_for_primary(new, known), *_left_by_head(new, post, known, replaces), new]


def leave(membership: Membership, day: date) -> Membership:
    if not open_after(membership, day):
        raise Refused("membership_ended", "This person has left the post by then.", field="on_day")
    if day < membership.valid_from:
        raise Refused("dates_in_wrong_order", "It ends before it begins.", field="on_day")
    return ended(membership, day)


def with_a_primary(memberships: Iterable[Membership], ranks: Mapping[str, int], day: date) -> list[Membership]:
    """What changes of a person's memberships when his primary post is gone: the most senior other becomes it."""
    left = [each for each in memberships if open_after(each, day)]
    if not left or any(each.primary for each in left):
        return []
    first = min(left, key=lambda each: (ranks[each.post_id], each.id))
    return [replace(first, primary=True)]


def _in_order(new: Membership) -> None:
    if new.valid_to is not None and new.valid_to <= new.valid_from:
        raise Refused("dates_in_wrong_order", "It ends before it begins.", field="to_day")


def _while_the_post_stands(new: Membership, post: Post) -> None:
    ends = post.valid_to is not None and (new.valid_to is None or new.valid_to > post.valid_to)
    if new.valid_from < post.valid_from or ends:
        raise Refused("post_closed", "The post does not stand all that time.", field="post_id")


def _not_twice(new: Membership, known: list[Membership]) -> None:
    if any(_same(new, each) and overlap(new, each) for each in known):
        raise Refused("membership_overlaps", "This person holds the post in that time already.", field="from_day")


def _same(one: Membership, other: Membership) -> bool:
    return (one.person_id, one.post_id) == (other.person_id, other.post_id)


def _left_for_primary(new: Membership, known: list[Membership]) -> list[Membership]:
    if not new.primary:
        return []
    others = [each for each in known if each.person_id == new.person_id and each.primary and overlap(new, each)]
    if any(each.valid_from > new.valid_from for each in others):
        raise Refused("primary_overlaps", "Another primary post begins in that time.", field="primary")
    return [ended(each, new.valid_from) for each in others]


def _left_by_head(new: Membership, post: Post, known: list[Membership], replaces: bool) -> list[Membership]:
    if not post.is_head:
        return []
    others = [
        each for each in known
        if each.post_id == post.id and each.person_id != new.person_id and overlap(new, each)
    ]  # fmt: skip
    if others and not (replaces and all(each.valid_from <= new.valid_from for each in others)):
        raise Refused("post_taken", "Somebody else holds this post in that time.", field="post_id")
    return [ended(each, new.valid_from) for each in others]
