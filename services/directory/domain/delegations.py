"""Powers lent by the holder of a post to another person.

The kinds are those of Decree 30/2020/NĐ-CP on records work, Article 13 and Appendix I: KT. (ký thay: a deputy signs in
his head's place), TL. (ký thừa lệnh: by order of the head, somebody below him) and TUQ. (ký thừa ủy quyền: by
authorisation in writing, limited in time and matter, and not passed on). Authorising others to act, beyond signing, is
of the Law on Organization of Local Government, which asks for the same: in writing, for a time, not passed on.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, timedelta

from directory.domain.organisation import Delegation, Membership, Post, is_deputy, live, overlap
from kernel.errors import Refused

KINDS = ("KT", "TL", "TUQ")
LONGEST = timedelta(days=366)


def lend(
    new: Delegation, *, grantor: Membership, grantor_post: Post, below: Collection[Post], known: Iterable[Delegation],
    day: date,
) -> Delegation:  # fmt: skip
    """The delegation, if every rule allows it.

    `below` are the posts that the grantee holds on its first day in the grantor's unit or below it, `known` what the
    grantor's post has lent already.
    """
    if new.grantee_person_id == grantor.person_id:
        raise Refused("delegation_to_oneself", "Nobody lends to himself.", field="grantee_person_id")
    if new.valid_from < day:
        raise Refused("day_in_past", "Powers are not lent for days that have passed.", field="from_day")
    if new.valid_to <= new.valid_from:
        raise Refused("dates_in_wrong_order", "It ends before it begins.", field="to_day")
    if new.valid_to - new.valid_from > LONGEST:
        raise Refused("delegation_too_long", "Powers are lent for a year at most.", field="to_day")
    _within(new, grantor)
    _grantee_is_eligible(new, grantor_post, below)
    if any(_same_matter(new, each) and overlap(new, each) for each in known):
        raise Refused("already_lent", "The same was lent to him for that time already.", field="from_day")
    return new


def lapse(delegation: Delegation, holders: Iterable[Membership]) -> Delegation:
    """The delegation as far as it is alive with these memberships of the grantor's post: it ends with the membership
    of whoever lent it.
    """
    lenders = [each for each in holders if live(each, delegation.valid_from)]
    if any(each.valid_to is None for each in lenders):
        return delegation
    last = max((each.valid_to for each in lenders), default=delegation.valid_from)
    return delegation if delegation.valid_to <= last else replace(delegation, valid_to=last)


def _within(new: Delegation, grantor: Membership) -> None:
    """Nobody lends for days on which he does not hold the post himself."""
    if new.valid_from < grantor.valid_from or (grantor.valid_to is not None and new.valid_to > grantor.valid_to):
        raise Refused("beyond_own_powers", "The grantor does not hold the post all that time.", field="to_day")


def _grantee_is_eligible(new: Delegation, grantor_post: Post, below: Collection[Post]) -> None:
    """KT.: a deputy in the grantor's own unit. TL. and TUQ.: whoever holds a post in it or below it."""
    eligible = [
        post for post in below if new.kind != "KT" or (post.unit_id == grantor_post.unit_id and is_deputy(post))
    ]
    if not eligible:
        raise Refused("grantee_not_eligible", f"{new.kind}. cannot be given to this person.", field="grantee_person_id")


def _same_matter(one: Delegation, other: Delegation) -> bool:
    return (one.grantor_post_id, one.grantee_person_id) == (other.grantor_post_id, other.grantee_person_id) and (
        one.scope == other.scope or "all" in (one.scope, other.scope)
    )
