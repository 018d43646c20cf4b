"""How much of the time to come each person has used up by what he has done, in whatever conversations."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id
from messaging.domain.saying import Pace
from messaging.storage.tables import Moment, metadata

paces = sa.Table(
    "paces", metadata,
    sa.Column("person_id", Id, primary_key=True),
    sa.Column("until", Moment),
)  # fmt: skip


def keep(tx, person_id: str, pace: Pace, now: datetime, acts: int) -> bool:
    """Whether he may act now; it counts as so many acts."""
    took = pace.each * acts
    new = insert(paces).values(person_id=person_id, until=now + took)
    again = new.on_conflict_do_update(
        index_elements=["person_id"],
        set_={"until": func.greatest(paces.c.until, sa.literal(now, Moment)) + took},
        where=paces.c.until <= now + pace.ahead,
    )
    return tx.execute(again.returning(paces.c.person_id)).first() is not None


def until(tx, person_id: str) -> datetime:
    return tx.execute(select(paces.c.until).where(paces.c.person_id == person_id)).scalar_one()
