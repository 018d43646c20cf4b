"""Who of those whom a message names takes part."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from chassis.rows import any_of
from contracts import messaging as contract
from kernel.directory_copy import serving
from kernel.directory_copy.tables import posts as copy_posts
from kernel.working_time import today
from messaging.storage.tables import participants


def taking_part(
    tx, conversation_id: str, named: dict[str, Collection[str]], now: datetime
) -> set[tuple[str, str]]:  # fmt: skip
    """Of these posts, people and units, by kind: people through the posts that they serve, units through any post."""
    there = select(participants.c.post_id).where(participants.c.conversation_id == conversation_id)
    found: set[tuple[str, str]] = set()
    if ids := named.get("post"):
        query = there.where(participants.c.post_id == any_of(ids))
        found |= {("post", post_id) for post_id in tx.execute(query).scalars()}
    if ids := named.get("person"):
        every = serving(contract.list_messages.full_name).subquery()
        query = select(every.c.person_id).where(every.c.person_id == any_of(ids), every.c.post_id.in_(there))
        found |= {("person", person_id) for person_id in tx.execute(query, {"day": today(now)}).scalars()}
    if ids := named.get("unit"):
        query = select(copy_posts.c.unit_id).where(copy_posts.c.unit_id == any_of(ids), copy_posts.c.id.in_(there))
        found |= {("unit", unit_id) for unit_id in tx.execute(query).scalars()}
    return found
