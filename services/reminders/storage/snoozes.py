"""What people have put off: each his own, until an instant or until it changes."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, Written, any_bound
from reminders.storage.items import items

metadata = sa.MetaData()

snoozes = sa.Table(
    "snoozes", metadata,
    sa.Column("person_id", Id, primary_key=True),
    sa.Column("item_id", Id, primary_key=True),
    sa.Column("version", sa.Integer),
    sa.Column("until", sa.DateTime(timezone=True)),
)  # fmt: skip
_unchanged = sa.and_(items.c.id == snoozes.c.item_id, items.c.version == snoozes.c.version, items.c.open)
_ASLEEP = Written(
    select(items.c.id, items.c.kind, snoozes.c.until)
    .join_from(snoozes, items, _unchanged)
    .where(snoozes.c.person_id == sa.bindparam("person", type_=Id))
    .where(snoozes.c.until > sa.bindparam("now", type_=sa.DateTime(timezone=True)))
    .where(items.c.addressee == any_bound("addressees"))
)


def asleep(tx, person_id: str, addressees: Sequence[str], now: datetime) -> list[Mapping]:
    """What this person does not see now, of what is these addressees'."""
    return tx.rows(_ASLEEP, {"person": person_id, "addressees": addressees, "now": now})


def put_off(tx, person_id: str, item_id: str, version: int, until: datetime) -> bool:
    """Whether that is new."""
    new = insert(snoozes).values(person_id=person_id, item_id=item_id, version=version, until=until)
    changes = {"version": version, "until": until}
    differs = tuple_(snoozes.c.version, snoozes.c.until) != tuple_(new.excluded.version, new.excluded.until)
    kept = new.on_conflict_do_update(index_elements=["person_id", "item_id"], set_=changes, where=differs)
    return tx.execute(kept.returning(snoozes.c.item_id)).first() is not None


def wake(tx, person_id: str, item_id: str) -> bool:
    return tx.execute(delete(snoozes).where(_of(person_id), snoozes.c.item_id == item_id)).rowcount > 0


def count_after_tidying(tx, person_id: str, now: datetime) -> int:
    """How many this person has, without those that are over."""
    awake = ~sa.exists().where(_unchanged)
    tx.execute(delete(snoozes).where(_of(person_id), sa.or_(snoozes.c.until <= now, awake)))
    return tx.execute(select(sa.func.count()).where(_of(person_id))).scalar_one()


def _of(person_id: str):
    return snoozes.c.person_id == person_id
