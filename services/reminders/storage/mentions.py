"""Who belongs to what is mentioned."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select

from chassis.rows import any_of
from kernel.directory_copy.tables import memberships, posts
from kernel.working_time import today


def staff(tx, units: Collection[str], now: datetime) -> set[str]:
    """Whoever holds a post in these units now."""
    if not units:
        return set()
    day = today(now)
    query = (
        select(memberships.c.person_id)
        .join(posts, posts.c.id == memberships.c.post_id)
        .where(posts.c.unit_id == any_of(units), memberships.c.valid_from <= day)
        .where(or_(memberships.c.valid_to.is_(None), memberships.c.valid_to > day))
    )
    return set(tx.execute(query).scalars())
