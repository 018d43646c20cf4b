"""Who has read, or acknowledged, what he would be told of: a row only when it happens, whoever is told first."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, any_of, unnested

metadata = sa.MetaData()

heeded = sa.Table(
    "heeded", metadata,
    sa.Column("subject_id", Id, primary_key=True),
    sa.Column("person_id", Id, primary_key=True),
    sa.Column("acknowledged", sa.Boolean),
    sa.Column("at", sa.DateTime(timezone=True)),
)  # fmt: skip


def note(tx, person_id: str, subject_ids: Sequence[str], at: datetime, *, acknowledged: bool = False) -> None:
    given = unnested(subject_id=(Id, subject_ids))
    known = {
        "person_id": sa.literal(person_id, Id), "acknowledged": sa.literal(acknowledged),
        "at": sa.literal(at, heeded.c.at.type),
    }  # fmt: skip
    new = insert(heeded).from_select(["subject_id", *known], select(given.c.subject_id, *known.values()))
    later = {
        "acknowledged": heeded.c.acknowledged | new.excluded.acknowledged,
        "at": sa.func.greatest(heeded.c.at, new.excluded.at),
    }
    tx.execute(new.on_conflict_do_update(index_elements=["subject_id", "person_id"], set_=later))


def those_who_have(tx, subject_id: str, people: Collection[str], *, acknowledged: bool = False) -> set[str]:
    query = select(heeded.c.person_id).where(heeded.c.subject_id == subject_id, heeded.c.person_id == any_of(people))
    return set(tx.execute(query.where(heeded.c.acknowledged) if acknowledged else query).scalars())
