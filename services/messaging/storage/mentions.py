"""Who of those whom a message names takes part."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select

from chassis.rows import any_of
from contracts import messaging as contract
from kernel.directory_copy import serving
from kernel.directory_copy.tables import posts as copy_posts
from kernel.working_time import today
from messaging.storage.tables import participants


def taking_part(
    tx, conversation_id: str, named: dict[str, Collection[str]], now: datetime
) -> set[tuple[str, str]]:  # fmt: skip
    """Of these posts, people and units, by kind: people in person, through the posts that they serve or as one of a
    unit's staff; units as such or through any post.
    """
    part = participants.c
    present = (part.conversation_id == conversation_id, part.until_number.is_(None))
    there, persons, units = (select(column).where(*present) for column in (part.post_id, part.person_id, part.unit_id))
    found: set[tuple[str, str]] = set()
    if ids := named.get("post"):
        query = there.where(part.post_id == any_of(ids))
        staff = select(copy_posts.c.id).where(copy_posts.c.id == any_of(ids), copy_posts.c.unit_id.in_(units))
        found |= {("post", post_id) for post_id in tx.execute(query.union(staff)).scalars()}
    if ids := named.get("person"):
        every = serving(contract.list_messages.full_name).subquery()
        query = select(every.c.person_id).join(copy_posts, copy_posts.c.id == every.c.post_id)
        through = or_(every.c.post_id.in_(there), copy_posts.c.unit_id.in_(units))
        query = query.where(every.c.person_id == any_of(ids), through).union(
            persons.where(part.person_id == any_of(ids))
        )
        found |= {("person", person_id) for person_id in tx.execute(query, {"day": today(now)}).scalars()}
    if ids := named.get("unit"):
        query = select(copy_posts.c.unit_id).where(copy_posts.c.unit_id == any_of(ids), copy_posts.c.id.in_(there))
        query = query.union(units.where(part.unit_id == any_of(ids)))
        found |= {("unit", unit_id) for unit_id in tx.execute(query).scalars()}
    return found
