"""Who acts, and in which capacity: a person, through a post that he holds or that was lent to him."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A person in the post in which he acts now.

    Under a delegation the post is the grantor's, `acting_for` is its id and `scope` says how far it reaches;
    `membership_id` remains the actor's own. `serves` are the posts whose work he sees and may receive, `lent` those of
    them that are his by a delegation only. `units` are those to whose staff he belongs himself.
    """

    person_id: str
    membership_id: str
    post_id: str
    post_kind: str
    post_title: str
    unit_id: str
    unit_kind: str
    is_head: bool
    acting_for: str | None
    serves: tuple[str, ...]
    scope: str = "all"
    lent: frozenset[str] = frozenset()
    units: tuple[str, ...] = ()
