"""Who of those whom a message names takes part."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import or_, select

from chassis.rows import any_of
from contracts import messaging as contract
from kernel.directory_copy import serving
from kernel.directory_copy.tables import memberships
from kernel.directory_copy.tables import posts as copy_posts
from kernel.working_time import today
from messaging.domain.conversations import Addressees


def taking_part(
    tx, reached: Addressees, named: Mapping[str, Collection[str]], now: datetime
) -> set[tuple[str, str]]:  # fmt: skip
    """Of these posts, people and units, by kind: people in person, through posts that they serve, or as one of the
    staff; posts also as one of the staff's; units also through any post.
    """
    day = today(now)
    there = or_(copy_posts.c.id == any_of(reached.post_ids), copy_posts.c.unit_id == any_of(reached.unit_ids))
    found = {("person", id_) for id_ in reached.person_ids} | {("unit", id_) for id_ in reached.unit_ids}
    if ids := named.get("post"):
        query = select(copy_posts.c.id).where(copy_posts.c.id == any_of(ids), there)
        found |= {("post", id_) for id_ in tx.execute(query).scalars()}
    if ids := named.get("unit"):
        query = select(copy_posts.c.unit_id).where(copy_posts.c.unit_id == any_of(ids), there)
        found |= {("unit", id_) for id_ in tx.execute(query).scalars()}
    if ids := named.get("person"):
        every = serving(contract.list_messages.full_name).subquery()
        query = select(every.c.person_id).where(every.c.person_id == any_of(ids))
        query = query.where(every.c.post_id == any_of(reached.post_ids))
        found |= {("person", id_) for id_ in tx.execute(query, {"day": day}).scalars()}
        query = select(memberships.c.person_id).where(memberships.c.person_id == any_of(ids))
        query = query.join(copy_posts, copy_posts.c.id == memberships.c.post_id)
        query = query.where(copy_posts.c.unit_id == any_of(reached.unit_ids), memberships.c.valid_from <= day)
        query = query.where(or_(memberships.c.valid_to.is_(None), memberships.c.valid_to > day))
        found |= {("person", id_) for id_ in tx.execute(query).scalars()}
    return found
