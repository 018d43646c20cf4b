"""The gateway's tables and every query on them."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from chassis import context
from chassis.rows import Id, any_of, unnested
from kernel.directory_copy import tables as copy
from kernel.working_time import TZ

metadata = sa.MetaData()
Moment = sa.DateTime(timezone=True)

sessions = sa.Table(
    "sessions", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("account_id", Id, nullable=False),
    sa.Column("person_id", Id, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("last_used_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("account_version", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("restriction", sa.Text),
    sa.Column("issuer", sa.Text),
    sa.Column("subject", sa.Text),
    sa.Column("issuer_session", sa.Text),
)  # fmt: skip

account_versions = sa.Table(
    "account_versions", metadata,
    sa.Column("account_id", Id, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
)  # fmt: skip

sign_in_attempts = sa.Table(
    "sign_in_attempts", metadata,
    sa.Column("state_hash", sa.LargeBinary, primary_key=True),
    sa.Column("browser_hash", sa.LargeBinary, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("nonce", sa.Text),
    sa.Column("verifier", sa.Text),
    sa.Column("return_to", sa.Text, nullable=False),
    sa.Column("session_id", Id),
    sa.Column("subject", sa.Text),
    sa.Column("issuer_session", sa.Text),
    sa.Column("issued_at", Moment),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("source", sa.LargeBinary),
)  # fmt: skip
provider_logouts = sa.Table(
    "provider_logouts", metadata,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("token_id", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text),
    sa.Column("issuer_session", sa.Text),
    sa.Column("issued_at", Moment, nullable=False),
    sa.Column("noted_at", Moment, nullable=False),
)  # fmt: skip

# One row per thing that happened, however many may see it. `per_recipient` holds, for those for whom there is one,
# the parts of the payload that are theirs alone.
live_log = sa.Table(
    "live_log", metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("audience", ARRAY(sa.Text), nullable=False),
    sa.Column("common", JSONB, nullable=False),
    sa.Column("per_recipient", JSONB, nullable=False),
    sa.Column("trace", JSONB, nullable=False, server_default="{}"),
    sa.Column("at", Moment, nullable=False, server_default=func.clock_timestamp()),
)  # fmt: skip
# How often somebody has asked, told by all instances; not in the log of the database, and lost with a crash.
request_counts = sa.Table(
    "request_counts", metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
    prefixes=["UNLOGGED"],
)  # fmt: skip
LIVE_LOCK = 0x6C697665  # writers of the log take turns, so that ids become visible in their order
LIVE_CHANNEL = "live"
SIGN_IN_LOCK = 0x73736F

memberships = sa.table(
    "copy_memberships", sa.column("id", Id), sa.column("person_id", Id), sa.column("post_id", Id)
)  # fmt: skip
posts = sa.table("copy_posts", sa.column("id", Id), sa.column("unit_id", Id))
delegations = sa.table("copy_delegations", sa.column("id", Id), sa.column("grantee_person_id", Id))


# sessions


def add_session(tx, **columns) -> None:
    tx.execute(sa.insert(sessions).values(**columns))


def session_by_token(tx, token_hash: bytes):
    return tx.execute(select(sessions).where(sessions.c.token_hash == token_hash)).one_or_none()


def sessions_by_id(tx, ids: list[str]):
    return tx.execute(select(sessions).where(sessions.c.id == any_of(ids))).all()


def open_sessions(tx, person_id: str, now: datetime, idle_since: datetime, before_id: str | None, limit: int):
    """Newest first."""
    query = (
        select(sessions)
        .where(sessions.c.person_id == person_id, sessions.c.ended_at.is_(None))
        .where(sessions.c.expires_at > now, sessions.c.last_used_at > idle_since)
        .order_by(sessions.c.id.desc())
        .limit(limit)
    )
    if before_id:
        query = query.where(sessions.c.id < before_id)
    return tx.execute(query).all()


def touch_session(tx, session_id: str, now: datetime) -> None:
    tx.execute(sa.update(sessions).where(sessions.c.id == session_id).values(last_used_at=now))


def end_sessions(tx, now: datetime, *conditions) -> list[str]:
    """Ends the open sessions that meet the conditions and answers their ids."""
    query = sa.update(sessions).where(sessions.c.ended_at.is_(None), *conditions).values(ended_at=now)
    return list(tx.execute(query.returning(sessions.c.id)).scalars())


def restrict_session(tx, session_id: str, restriction: str | None) -> None:
    tx.execute(sa.update(sessions).where(sessions.c.id == session_id).values(restriction=restriction))


def without_post(day, person_ids: list[str] | None) -> tuple:
    """Conditions of the sessions, of these people or of anybody, whose person holds no post on a day."""
    held = (
        sa.exists()
        .where(copy.memberships.c.person_id == sessions.c.person_id, copy.posts.c.id == copy.memberships.c.post_id)
        .where(copy.units.c.id == copy.posts.c.unit_id)
    )
    for table in (copy.memberships, copy.posts, copy.units):
        held = held.where(table.c.valid_from <= day, sa.or_(table.c.valid_to.is_(None), table.c.valid_to > day))
    return (~held,) if person_ids is None else (~held, sessions.c.person_id == any_of(person_ids))


def leading(person_id, day, kinds: Iterable[str]) -> sa.ColumnElement[bool]:
    """Whether a person holds a post of one of these kinds on a day."""
    held = (
        sa.exists()
        .where(copy.memberships.c.person_id == person_id, copy.posts.c.id == copy.memberships.c.post_id)
        .where(copy.posts.c.kind.in_(kinds))
    )
    for table in (copy.memberships, copy.posts):
        held = held.where(table.c.valid_from <= day, sa.or_(table.c.valid_to.is_(None), table.c.valid_to > day))
    return held


def leaders(tx, person_ids: list[str], day, kinds: Iterable[str]) -> set[str]:
    """Who of these people does."""
    given = unnested(person_id=(Id, person_ids))
    return set(tx.execute(select(given.c.person_id).where(leading(given.c.person_id, day, kinds))).scalars())


def leading_since(day, kinds: Iterable[str]) -> tuple:
    """Conditions of the sessions whose person does on a day, but did not on the day on which they were opened."""
    opened = sa.cast(func.timezone(TZ.key, sessions.c.created_at), sa.Date)
    return (
        leading(sessions.c.person_id, day, kinds), ~leading(sessions.c.person_id, opened, kinds),
    )  # fmt: skip


def account_version(tx, account_id: str) -> int:
    """From which version on an account's sessions are good. Held until the commit, so that it does not change then."""
    tx.execute(insert(account_versions).values(account_id=account_id, version=0).on_conflict_do_nothing())
    query = select(account_versions.c.version).where(account_versions.c.account_id == account_id)
    return tx.execute(query.with_for_update(read=True)).scalar_one()


def raise_account_version(tx, account_id: str, version: int) -> None:
    table = account_versions
    told = insert(table).values(account_id=account_id, version=version)
    newer = {"version": func.greatest(table.c.version, told.excluded.version)}
    tx.execute(told.on_conflict_do_update(index_elements=["account_id"], set_=newer))


def forget_sessions(tx, before: datetime) -> None:
    tx.execute(sa.delete(sessions).where(sessions.c.expires_at < before))


# single sign-on


def add_attempt(tx, **columns) -> None:
    tx.execute(sa.insert(sign_in_attempts).values(**columns))


def take_attempt(tx, state_hash: bytes, browser_hash: bytes, provider: str, returned: bool):
    """The attempt of this state, if this browser began it with this provider; it is gone then.

    `returned`: one that came back from there, and owes a code.
    """
    attempt = sign_in_attempts.c
    wanted = [attempt.state_hash == state_hash, attempt.browser_hash == browser_hash, attempt.provider == provider]
    wanted.append(attempt.subject.is_not(None) if returned else attempt.subject.is_(None))
    return tx.execute(sa.delete(sign_in_attempts).where(*wanted).returning(sign_in_attempts)).one_or_none()


def unfinished_from(tx, source: bytes, now: datetime) -> tuple[int, datetime | None]:
    """How many from there have not come back yet, and until when the first of them may."""
    attempt = sign_in_attempts.c
    query = select(func.count(), func.min(attempt.expires_at)).where(attempt.source == source, attempt.expires_at > now)
    return tuple(tx.execute(query).one())


def in_turn(tx, whose: str) -> None:
    """Sign-ins and sign-outs by one issuer, or from one source, take turns: of two at a time, the later one sees what
    the other did.
    """
    tx.execute(select(func.pg_advisory_xact_lock(SIGN_IN_LOCK, func.hashtext(whose))))


def note_logout(tx, **columns) -> bool:
    """Whether it is news."""
    noted = insert(provider_logouts).values(**columns).on_conflict_do_nothing()
    return tx.execute(noted.returning(provider_logouts.c.token_id)).first() is not None


def logged_out(tx, issuer: str, subject: str, issuer_session: str | None, since: datetime) -> bool:
    """Whether the issuer has ended this session, or all of the subject's since then."""
    logout = provider_logouts.c
    ends_this = sa.and_(logout.subject == subject, logout.issuer_session.is_(None), logout.issued_at >= since)
    if issuer_session is not None:
        ends_this = sa.or_(ends_this, logout.issuer_session == issuer_session)
    found = select(logout.token_id).where(logout.issuer == issuer, ends_this).limit(1)
    return tx.execute(found).first() is not None


def forget_sign_ins(tx, attempts_before: datetime, logouts_before: datetime) -> None:
    tx.execute(sa.delete(sign_in_attempts).where(sign_in_attempts.c.expires_at < attempts_before))
    tx.execute(sa.delete(provider_logouts).where(provider_logouts.c.noted_at < logouts_before))


# the live log


def append_live(tx, type_: str, audience: list[str], common: dict, per_recipient: dict) -> None:
    """Writes a row; its readers are woken by the commit."""
    tx.execute(select(func.pg_advisory_xact_lock(LIVE_LOCK)))
    work = context.current()
    row = {"type": type_, "audience": audience, "common": common, "per_recipient": per_recipient}
    tx.execute(sa.insert(live_log).values(**row, trace=work.trace if work else {}))
    tx.execute(select(func.pg_notify(LIVE_CHANNEL, "")))


def newest_live_id(tx) -> int:
    return tx.execute(select(func.coalesce(func.max(live_log.c.id), 0))).scalar_one()


def oldest_live_id(tx) -> int | None:
    return tx.execute(select(func.min(live_log.c.id))).scalar_one()


def live_after(tx, last_id: int, limit: int):
    return tx.execute(select(live_log).where(live_log.c.id > last_id).order_by(live_log.c.id).limit(limit)).all()


def live_between(tx, first: int, last: int, audience: list[str], limit: int):
    """What was addressed to any of `audience`, in the order in which it happened."""
    query = (
        select(live_log)
        .where(live_log.c.id.between(first, last))
        .where(live_log.c.audience.overlap(sa.cast(audience, ARRAY(sa.Text))))
        .order_by(live_log.c.id)
        .limit(limit)
    )
    return tx.execute(query).all()


def forget_live(tx, before: datetime) -> None:
    tx.execute(sa.delete(live_log).where(live_log.c.at < before))


# how often somebody has asked

_EXCHANGE = sa.text(
    "WITH told AS ("
    " INSERT INTO request_counts AS of_all (key, count, ends_at)"
    " SELECT key, count, to_timestamp(ends_at) FROM unnest("
    "  CAST(:keys AS text[]), CAST(:counts AS bigint[]), CAST(:ends AS float8[])) AS given (key, count, ends_at)"
    " ON CONFLICT (key) DO UPDATE SET count = of_all.count + excluded.count RETURNING key, count"
    ") SELECT key, count FROM told"
    " UNION ALL SELECT key, count FROM request_counts WHERE key = ANY(CAST(:asked AS text[]))"
)


def exchange_counts(tx, told: list[tuple[str, int, float]], asked: list[str]) -> dict[str, int]:
    """Adds what was counted (key, how many, until when it matters), always in the order of the keys, as the instances
    wait for each other's rows; answers what all have counted of these and of those asked for.
    """
    keys, counts, ends = zip(*sorted(told), strict=True) if told else ((), (), ())
    given = {"keys": list(keys), "counts": list(counts), "ends": list(ends), "asked": asked}
    return {row.key: row.count for row in tx.execute(_EXCHANGE, given)}


def forget_counts(tx, now: datetime) -> None:
    tx.execute(sa.delete(request_counts).where(request_counts.c.ends_at < now))


# the copy of the directory


def is_membership(tx, capacity_id: str) -> bool:
    return tx.execute(select(memberships.c.id).where(memberships.c.id == capacity_id)).first() is not None


def capacity_holders(tx, ids: list[str]) -> set[str]:
    """The persons of these memberships and delegations, and those in these units and in the units of these posts (whom
    one serves depends on the posts beside one's own), as far as the copy knows them.
    """
    holders = select(memberships.c.person_id).where(memberships.c.id == any_of(ids))
    grantees = select(delegations.c.grantee_person_id).where(delegations.c.id == any_of(ids))
    named = select(posts.c.unit_id).where(posts.c.id == any_of(ids))
    beside = select(posts.c.id).where(sa.or_(posts.c.unit_id == any_of(ids), posts.c.unit_id.in_(named)))
    colleagues = select(memberships.c.person_id).where(memberships.c.post_id.in_(beside))
    return set(tx.execute(sa.union(holders, grantees, colleagues)).scalars())
