"""Which channels there are, what each person wants of them, and his devices."""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from chassis.rows import Id, any_of
from reminders.domain.preferences import Preferences
from reminders.storage.nudges import Moment, metadata

_channels = sa.Table(
    "channels", metadata, sa.Column("name", sa.Text, primary_key=True), sa.Column("named_at", Moment)
)  # fmt: skip
settings = sa.Table(
    "notification_settings", metadata,
    sa.Column("person_id", Id, primary_key=True),
    sa.Column("version", sa.Integer),
    sa.Column("switches", JSONB),
    sa.Column("digest", sa.Boolean),
    sa.Column("quiet_from", sa.Time),
    sa.Column("quiet_to", sa.Time),
)  # fmt: skip
subscriptions = sa.Table(
    "push_subscriptions", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person_id", Id),
    sa.Column("endpoint", sa.Text),
    sa.Column("p256dh", sa.Text),
    sa.Column("auth", sa.Text),
    sa.Column("created_at", Moment),
)  # fmt: skip


def channels(tx) -> set[str]:
    """Those that the operators have set up, for any of the processes."""
    return set(tx.execute(select(_channels.c.name)).scalars())


def note_channels(tx, names: Collection[str], now: datetime, before: datetime) -> None:
    """These are there; those that nobody has named since `before` are there no longer."""
    for name in sorted(names):
        named = insert(_channels).values(name=name, named_at=now)
        tx.execute(named.on_conflict_do_update(index_elements=["name"], set_={"named_at": named.excluded.named_at}))
    tx.execute(sa.delete(_channels).where(_channels.c.named_at < before))


def chosen(tx, people: Collection[str]) -> dict[str, Preferences]:
    """Of those who have chosen anything."""
    rows = tx.execute(select(settings).where(settings.c.person_id == any_of(people)))
    return {row.person_id: _preferences(row) for row in rows}


def chosen_by(tx, person_id: str) -> tuple[int, Preferences]:
    """With the version; 0: he has chosen nothing yet."""
    row = tx.execute(select(settings).where(settings.c.person_id == person_id)).one_or_none()
    return (0, Preferences()) if row is None else (row.version, _preferences(row))


def choose(tx, person_id: str, version: int, preferences: Preferences) -> bool:
    """Keep what a person chose, as the version after this one; False: there is a newer one."""
    begins, ends = preferences.quiet or (None, None)
    values = {
        "version": version + 1, "switches": preferences.switches, "digest": preferences.digest,
        "quiet_from": begins, "quiet_to": ends,
    }  # fmt: skip
    kept = insert(settings).values(person_id=person_id, **values)
    if version:
        kept = kept.on_conflict_do_update(
            index_elements=["person_id"], set_=values, where=settings.c.version == version
        )
    else:
        kept = kept.on_conflict_do_nothing()
    return tx.execute(kept.returning(settings.c.version)).first() is not None


def _preferences(row) -> Preferences:
    quiet = None if row.quiet_from is None else (row.quiet_from, row.quiet_to)
    return Preferences(row.switches, row.digest, quiet)


def with_device(tx, people: Collection[str]) -> set[str]:
    query = select(subscriptions.c.person_id).where(subscriptions.c.person_id == any_of(people)).distinct()
    return set(tx.execute(query).scalars())


def devices(tx, person_id: str) -> list[Mapping]:
    query = select(subscriptions).where(subscriptions.c.person_id == person_id)
    return list(tx.execute(query.order_by(subscriptions.c.id)).mappings())


def add_device(tx, device: Mapping) -> Mapping:
    """A browser that another person used before is this one's now."""
    new = insert(subscriptions).values(**device)
    mine = {name: new.excluded[name] for name in ("person_id", "p256dh", "auth")}
    added = new.on_conflict_do_update(index_elements=["endpoint"], set_=mine)
    return tx.execute(added.returning(subscriptions)).mappings().one()


def hold_devices(tx, person_id: str) -> None:
    """Nobody else changes this person's devices until the commit."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(person_id, 0))))


def remove_device(tx, person_id: str, subscription_id: str) -> bool:
    gone = sa.delete(subscriptions).where(subscriptions.c.id == subscription_id, subscriptions.c.person_id == person_id)
    return tx.execute(gone.returning(subscriptions.c.id)).first() is not None


def forget_person(tx, person_id: str) -> None:
    """What he chose, and his devices."""
    for table in (settings, subscriptions):
        tx.execute(sa.delete(table).where(table.c.person_id == person_id))


def devices_of(tx, people: Collection[str]) -> dict[str, list[Mapping]]:
    query = select(subscriptions).where(subscriptions.c.person_id == any_of(people)).order_by(subscriptions.c.id)
    found: dict[str, list[Mapping]] = {}
    for row in tx.execute(query).mappings():
        found.setdefault(row["person_id"], []).append(row)
    return found


def remove_dead(tx, endpoints: Collection[str]) -> None:
    """Their push services say that they are no more."""
    tx.execute(sa.delete(subscriptions).where(subscriptions.c.endpoint.in_(endpoints)))
