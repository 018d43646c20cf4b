"""The tables of partners and every query on them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from chassis.rows import Id
from gateway.storage import Moment, metadata

Texts = ARRAY(sa.Text)
PASSING_CHANNEL, SENDING_CHANNEL = "said_events", "deliveries"
CLEANED_AT_ONCE = 5000  # rows

partners = sa.Table(
    "partners", metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("says", Texts, nullable=False),
    sa.Column("hears", Texts, nullable=False),
    sa.Column("url", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("paused_at", Moment),
    sa.Column("paused_because", sa.Text),
    sa.Column("said_on", sa.Date),
    sa.Column("said_bytes", sa.BigInteger, nullable=False, server_default="0"),
)  # fmt: skip

keys = sa.Table(
    "partner_keys", metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("partner", sa.Text, nullable=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("ends_at", Moment),
)  # fmt: skip

requests = sa.Table(
    "partner_requests", metadata,
    sa.Column("partner", sa.Text, primary_key=True),
    sa.Column("nonce", sa.Text, primary_key=True),
    sa.Column("at", Moment, nullable=False),
)  # fmt: skip

said = sa.Table(
    "said_events", metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("key", Id, nullable=False, unique=True),
    sa.Column("partner", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("attributes", JSONB, nullable=False),
    sa.Column("data", JSONB, nullable=False),
    sa.Column("said_at", Moment, nullable=False),
    sa.Column("passed_at", Moment),
)  # fmt: skip

deliveries = sa.Table(
    "deliveries", metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("partner", sa.Text, nullable=False),
    sa.Column("event_id", Id, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("fault", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
)  # fmt: skip
_waiting = deliveries.c.state == "waiting"
_kept = deliveries.c.state != "delivered"


# who they are


def put_partner(tx, name: str, says: Sequence[str], hears: Sequence[str], url: str | None, now: datetime) -> None:
    """What is asked for is brought about, whatever was there before."""
    wanted = {"says": list(says), "hears": list(hears), "url": url}
    made = insert(partners).values(name=name, created_at=now, **wanted)
    tx.execute(made.on_conflict_do_update(index_elements=["name"], set_=wanted))


def partner(tx, name: str):
    """Held until the commit."""
    return tx.execute(select(partners).where(partners.c.name == name).with_for_update()).one_or_none()


def all_partners(tx):
    """By name, with how much waits for each and how much is dead."""
    count = select(func.count()).where(deliveries.c.partner == partners.c.name)
    waiting, dead = count.where(_waiting).scalar_subquery(), count.where(_kept, ~_waiting).scalar_subquery()
    said_of = select(func.count()).where(said.c.partner == partners.c.name, said.c.passed_at.is_(None))
    query = select(partners, waiting.label("waiting"), dead.label("dead"), said_of.scalar_subquery().label("unpassed"))
    return tx.execute(query.order_by(partners.c.name)).all()


def remove_partner(tx, name: str) -> bool:
    """With its keys and what waited for it; what it has said stays said."""
    gone = sa.delete(partners).where(partners.c.name == name).returning(partners.c.name)
    return tx.execute(gone).first() is not None


def add_key(tx, key_id: str, partner_name: str, public_key: bytes, now: datetime) -> None:
    tx.execute(insert(keys).values(id=key_id, partner=partner_name, public_key=public_key, created_at=now))


def keys_of(tx, partner_name: str, now: datetime):
    """Those that are good, the newest first."""
    good = sa.or_(keys.c.ends_at.is_(None), keys.c.ends_at > now)
    query = select(keys).where(keys.c.partner == partner_name, good)
    return tx.execute(query.order_by(keys.c.created_at.desc(), keys.c.id)).all()


def is_key(tx, key_id: str) -> bool:
    """Good, or ended not long ago."""
    return tx.execute(select(keys.c.id).where(keys.c.id == key_id)).first() is not None


def end_keys(tx, partner_name: str, at: datetime) -> None:
    good = sa.or_(keys.c.ends_at.is_(None), keys.c.ends_at > at)
    tx.execute(sa.update(keys).where(keys.c.partner == partner_name, good).values(ends_at=at))


def keep_key(tx, key_id: str, until: datetime) -> None:
    tx.execute(sa.update(keys).where(keys.c.id == key_id).values(ends_at=until))


def signer(tx, key_id: str, now: datetime):
    """The partner whose key this is, and the key's public half."""
    good = sa.or_(keys.c.ends_at.is_(None), keys.c.ends_at > now)
    query = select(partners.c.name, partners.c.says, keys.c.public_key).join(keys, keys.c.partner == partners.c.name)
    return tx.execute(query.where(keys.c.id == key_id, good)).one_or_none()


# what they say


def requests_since(tx, partner_name: str, since: datetime) -> int:
    return tx.execute(
        select(func.count()).where(requests.c.partner == partner_name, requests.c.at > since)
    ).scalar_one()


def note_request(tx, partner_name: str, nonce: str, now: datetime) -> bool:
    """Whether it is the first of this nonce."""
    noted = insert(requests).values(partner=partner_name, nonce=nonce, at=now).on_conflict_do_nothing()
    return tx.execute(noted.returning(requests.c.nonce)).first() is not None


def unpassed(tx, partner_name: str, most: int) -> int:
    """How much of what it said has not reached the exchange yet, counted up to `most`."""
    some = select(said.c.id).where(said.c.partner == partner_name, said.c.passed_at.is_(None)).limit(most)
    return tx.execute(select(func.count()).select_from(some.subquery())).scalar_one()


def count_bytes(tx, partner_name: str, size: int, now: datetime) -> int:
    """What it has said today (UTC), with these."""
    before = sa.case((partners.c.said_on == now.date(), partners.c.said_bytes), else_=0)
    counted = sa.update(partners).where(partners.c.name == partner_name)
    counted = counted.values(said_on=now.date(), said_bytes=before + size).returning(partners.c.said_bytes)
    return tx.execute(counted).scalar_one_or_none() or 0


def add_said(tx, rows: list[dict]) -> int:
    """Answers how many were not known yet. Whoever passes them on is woken by the commit."""
    news = insert(said).on_conflict_do_nothing(index_elements=["key"]).returning(said.c.id)
    count = len(tx.execute(news.values(rows)).all())
    tx.execute(select(func.pg_notify(PASSING_CHANNEL, "")))
    return count


def said_after(tx, after: int, limit: int, without: Sequence[str] = ()):
    """What has not reached the exchange yet, in the order of arrival, but for events of these names."""
    query = select(said).where(said.c.passed_at.is_(None), said.c.id > after, said.c.name.not_in(without))
    return tx.execute(query.order_by(said.c.id).limit(limit)).all()


def note_passed(tx, ids: list[int], now: datetime) -> None:
    """Who said which is known by the rest."""
    tx.execute(sa.update(said).where(said.c.id.in_(ids)).values(passed_at=now, data={}))


def count_unpassed(tx) -> int:
    return tx.execute(select(func.count()).select_from(said).where(said.c.passed_at.is_(None))).scalar_one()


# what is brought to them


def webhooks(tx):
    """Who wants what is published."""
    return tx.execute(select(partners.c.name, partners.c.hears).where(partners.c.url.is_not(None))).all()


def add_deliveries(tx, rows: list[dict]) -> None:
    """Once each. Whoever sends them is woken by the commit."""
    tx.execute(insert(deliveries).on_conflict_do_nothing(index_elements=["partner", "event_id"]).values(rows))
    tx.execute(select(func.pg_notify(SENDING_CHANNEL, "")))


def drop_oldest(tx, partner_name: str, most: int) -> int:
    """Of what was not delivered the newest stays; answers how much went."""
    mine = (deliveries.c.partner == partner_name, _kept)
    last = select(deliveries.c.id).where(*mine).order_by(deliveries.c.id.desc()).offset(most).limit(1)
    gone = sa.delete(deliveries).where(*mine, deliveries.c.id <= last.scalar_subquery())
    return tx.execute(gone).rowcount


def due_partners(tx, now: datetime) -> list[str]:
    due = sa.exists().where(deliveries.c.partner == partners.c.name, _waiting, deliveries.c.due_at <= now)
    query = select(partners.c.name).where(partners.c.url.is_not(None), partners.c.paused_at.is_(None), due)
    return list(tx.execute(query).scalars())


def claim_due(tx, partner_name: str, now: datetime, again_at: datetime, limit: int):
    """Some of what is due, each with its address. It is due again then, should nobody say what became of it."""
    at = select(partners.c.name, partners.c.url).where(partners.c.name == partner_name, partners.c.paused_at.is_(None))
    at = at.where(partners.c.url.is_not(None)).cte("at")
    due = select(deliveries.c.id).where(deliveries.c.partner == partner_name, _waiting, deliveries.c.due_at <= now)
    due = due.order_by(deliveries.c.due_at).limit(limit).with_for_update(skip_locked=True).cte("due")
    claimed = (
        sa.update(deliveries)
        .where(deliveries.c.id == due.c.id, deliveries.c.partner == at.c.name)
        .values(attempts=deliveries.c.attempts + 1, due_at=again_at)
        .returning(
            deliveries.c.id, deliveries.c.partner, deliveries.c.event_id, deliveries.c.name, deliveries.c.body,
            deliveries.c.attempts, deliveries.c.created_at, at.c.url,
        )
    )  # fmt: skip
    return tx.execute(claimed).all()


def settle(tx, delivery, **changes) -> None:
    """Unless somebody else has claimed it meanwhile."""
    mine = (deliveries.c.id == delivery.id, deliveries.c.attempts == delivery.attempts, _waiting)
    tx.execute(sa.update(deliveries).where(*mine).values(**changes))


def delivered_since(tx, partner_name: str, since: datetime) -> bool:
    """Whether anything that was published since then has been taken."""
    taken = select(deliveries.c.id).where(
        deliveries.c.partner == partner_name, deliveries.c.created_at >= since, deliveries.c.state == "delivered"
    )
    return tx.execute(taken.limit(1)).first() is not None


def pause(tx, partner_name: str, because: str, now: datetime) -> bool:
    running = (partners.c.name == partner_name, partners.c.paused_at.is_(None))
    paused = sa.update(partners).where(*running).values(paused_at=now, paused_because=because)
    return tx.execute(paused).rowcount > 0


def resume(tx, partner_name: str, now: datetime) -> None:
    """What waits is due at once."""
    mine = sa.update(partners).where(partners.c.name == partner_name)
    tx.execute(mine.values(paused_at=None, paused_because=None))
    tx.execute(sa.update(deliveries).where(deliveries.c.partner == partner_name, _waiting).values(due_at=now))
    tx.execute(select(func.pg_notify(SENDING_CHANNEL, "")))


def undelivered(tx, partner_name: str, limit: int):
    """What is dead, and what waits for another try, the newest first."""
    tried = sa.or_(~_waiting, deliveries.c.attempts > 0)
    query = select(deliveries).where(deliveries.c.partner == partner_name, _kept, tried)
    return tx.execute(query.order_by(deliveries.c.id.desc()).limit(limit)).all()


def revive(tx, partner_name: str, ids: Sequence[int], now: datetime) -> int:
    """The dead, or those of these numbers, are tried anew."""
    dead = [deliveries.c.partner == partner_name, deliveries.c.state == "dead"]
    if ids:
        dead.append(deliveries.c.id.in_(ids))
    again = {"state": "waiting", "attempts": 0, "fault": None, "due_at": now, "created_at": now}
    count = tx.execute(sa.update(deliveries).where(*dead).values(**again)).rowcount
    tx.execute(select(func.pg_notify(SENDING_CHANNEL, "")))
    return count


def standing(tx) -> tuple[int, int, int]:
    """How many deliveries wait, how many are dead, how many webhooks are paused."""
    by_state = dict(
        tx.execute(select(deliveries.c.state, func.count()).where(_kept).group_by(deliveries.c.state)).all()
    )
    paused = tx.execute(select(func.count()).select_from(partners).where(partners.c.paused_at.is_not(None)))
    return by_state.get("waiting", 0), by_state.get("dead", 0), paused.scalar_one()


def forget_piece(tx, now: datetime, kept: timedelta, requests_kept: timedelta) -> bool:
    """Some of what is old; whether there may be more."""
    old: Iterable[tuple[sa.Table, sa.ColumnElement[bool]]] = (
        (deliveries, deliveries.c.created_at < now - kept),
        (said, sa.and_(said.c.said_at < now - kept, said.c.passed_at.is_not(None))),
        (requests, requests.c.at < now - requests_kept),
        (keys, keys.c.ends_at < now - kept),
    )
    gone = []
    for table, is_old in old:
        key = sa.tuple_(*table.primary_key.columns)
        piece = select(*table.primary_key.columns).where(is_old).limit(CLEANED_AT_ONCE)
        gone.append(tx.execute(sa.delete(table).where(key.in_(piece))).rowcount)
    return max(gone) == CLEANED_AT_ONCE
