"""Messages that mention somebody: who is meant, and who is still to be told."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from chassis.rows import Id, any_of
from kernel.directory_copy.tables import memberships, posts
from kernel.working_time import today

metadata = sa.MetaData()

mentioned = sa.Table(
    "mentioned", metadata,
    sa.Column("message_id", Id, primary_key=True),
    sa.Column("version", sa.Integer),
    sa.Column("at", sa.DateTime(timezone=True)),
    sa.Column("title", sa.Text),
    sa.Column("by_title", sa.Text),
    sa.Column("to_tell", ARRAY(Id)),
    sa.Column("part", sa.Integer),
)  # fmt: skip
TO_TELL = sa.text("to_tell <> '{}'")  # as its index says it


def begin(tx, message_id: str, version: int, at: datetime) -> bool:
    """Whether nothing newer of it was known; whoever was still to be told is not any more, unless it is said again."""
    new = insert(mentioned).values(message_id=message_id, version=version, at=at, to_tell=[], part=0)
    changes = {"version": version, "at": at, "to_tell": new.excluded.to_tell, "title": None, "by_title": None}
    newer = mentioned.c.version < new.excluded.version
    known = new.on_conflict_do_update(index_elements=["message_id"], set_=changes, where=newer)
    return tx.execute(known.returning(mentioned.c.message_id)).first() is not None


def tell_later(tx, message_id: str, people: Sequence[str], title: str, by_title: str) -> None:
    of_it = update(mentioned).where(mentioned.c.message_id == message_id)
    tx.execute(of_it.values(to_tell=list(people), title=title, by_title=by_title))


def claim(tx, message_id: str | None = None) -> Mapping | None:
    """This one, or the one that has waited longest; another process takes another."""
    query = select(mentioned).where(TO_TELL).order_by(mentioned.c.at).limit(1)
    if message_id is not None:
        query = query.where(mentioned.c.message_id == message_id)
    return tx.execute(query.with_for_update(skip_locked=True)).mappings().one_or_none()


def went_on(tx, message_id: str, left: Sequence[str]) -> None:
    """Nobody is left: what was to be said goes too."""
    values = {"to_tell": list(left), "part": mentioned.c.part + 1} | ({} if left else {"title": None, "by_title": None})
    tx.execute(update(mentioned).where(mentioned.c.message_id == message_id).values(**values))


def posts_in(tx, post_ids: Collection[str], units: Collection[str]) -> list[str]:
    """Those of the posts that are of these units."""
    query = select(posts.c.id).where(posts.c.id == any_of(post_ids), posts.c.unit_id == any_of(units))
    return list(tx.execute(query).scalars())


def staff(tx, units: Collection[str], now: datetime) -> set[str]:
    """Whoever holds a post in these units now."""
    day = today(now)
    query = (
        select(memberships.c.person_id)
        .join(posts, posts.c.id == memberships.c.post_id)
        .where(posts.c.unit_id == any_of(units), memberships.c.valid_from <= day)
        .where(or_(memberships.c.valid_to.is_(None), memberships.c.valid_to > day))
    )
    return set(tx.execute(query).scalars())
