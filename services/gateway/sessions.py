"""Who is signed in. A token is random, shown once, and only its hash is kept."""

import hashlib
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from cachetools import LRUCache
from nameko.extensions import DependencyProvider, SharedExtension

from chassis import clock
from chassis.http import HttpRefusal
from chassis.paging import an_id, page, position
from chassis.rows import any_of
from gateway import live_log, storage
from gateway.single_sign_on.provider import SignedIn, SignedOut
from kernel.directory_copy import hold_copy, read_state
from kernel.working_time import today

TOKEN_BYTES = 32
TOUCH_SECONDS = 60  # no write per request
TRUSTED_SECONDS = 2.0  # how long a look at the database is believed: an ended session is refused within that time
SEEN_AT_MOST = 60_000  # all the city through one process: 12 MiB
KEPT_AFTER_EXPIRY = timedelta(days=30)


@dataclass(frozen=True)
class Session:
    id: str
    kind: str
    account_id: str
    person_id: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime
    ended: bool
    restriction: str | None = None

    @classmethod
    def of(cls, row) -> "Session":
        return cls(
            row.id, row.kind, row.account_id, row.person_id, row.created_at, row.expires_at, row.last_used_at,
            row.ended_at is not None, row.restriction,
        )  # fmt: skip

    def good_until(self, idle: float) -> datetime:
        return min(self.expires_at, self.last_used_at + timedelta(seconds=idle))

    def is_over(self, idle: float) -> bool:
        return self.ended or self.good_until(idle) <= clock.now()


class UnknownToken(Exception):
    """No session has it, nor had it within the last month."""


def unauthenticated() -> HttpRefusal:
    return HttpRefusal("unauthenticated", headers={"WWW-Authenticate": "Bearer"})


def hash_token(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _printable(client: str) -> str:
    return "".join(character for character in client[:200] if character.isprintable())


def csrf_token(token: str) -> str:
    """Belongs to the session's token, which no script in the page can read."""
    return hashlib.sha256(b"csrf:" + token.encode()).hexdigest()


class SessionStore:
    def __init__(self, store, idle: float, lifetime: float, totp_required_for: frozenset[str] = frozenset()):
        self._store = store
        self._totp_required_for = totp_required_for
        self.idle, self.lifetime = idle, lifetime
        self._touch_every = timedelta(seconds=min(TOUCH_SECONDS, idle / 10))
        self._trusted: dict[bytes, tuple[float, Session]] = {}
        self._seen: LRUCache[str, bool] = LRUCache(SEEN_AT_MOST)
        self._day: date | None = None

    def open(self, account: dict, kind: str, client: str, by: SignedIn | None = None) -> tuple[str, dict]:
        """A new session for an account whose password was right, or whom an issuer vouches for: its token, and when it
        ends and under which `restriction` it stands.

        With a `version` of the account, it is refused when the account's sessions have ended since that was read.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        session_id, now = clock.new_id(), clock.now()
        expires_at = now + timedelta(seconds=self.lifetime)
        version = account.get("version")
        with self._store.transaction() as tx:
            if version is not None and version < storage.account_version(tx, account["account_id"]):
                raise HttpRefusal("wrong_credentials")
            if by is not None:
                storage.in_turn(tx, by.issuer)
                if storage.logged_out(tx, by.issuer, by.subject, by.session, _moment(by.issued_at)):
                    raise HttpRefusal("sign_in_expired")
            restriction = account.get("restriction") or self._come_since(tx, account, now)
            storage.add_session(
                tx, id=session_id, token_hash=hash_token(token), kind=kind, account_id=account["account_id"],
                person_id=account["person_id"], client=_printable(client), created_at=now, last_used_at=now,
                expires_at=expires_at, account_version=version or 0, restriction=restriction,
                issuer=by and by.issuer, subject=by and by.subject, issuer_session=by and by.session,
            )  # fmt: skip
            by_issuer = {"issuer": by.issuer} if by is not None else {}
            tx.audit("session.opened", subject=session_id, person_id=account["person_id"], kind=kind, **by_issuer)
        self._seen[token] = True
        return token, {"expires_at": expires_at, "restriction": restriction}

    def _come_since(self, tx, account: dict, now: datetime) -> str | None:
        """A post that needs a second factor may have come since directory looked; sessions end when one comes, but this
        one is not there yet. Until it is, no other comes.
        """
        if not account.get("lacks_second_factor"):
            return None
        hold_copy(tx)
        leads = storage.leaders(tx, [account["person_id"]], today(now), self._totp_required_for)
        return "totp_enrolment_required" if leads else None

    def find(self, token: str, kind: str) -> Session:
        """The live session of a token that came the way its kind must come. Refuses with `unauthenticated`, or raises
        UnknownToken.
        """
        session = self._look_up(hash_token(token))
        if session is None:
            self._seen.pop(token, None)
            raise UnknownToken
        self._seen[token] = True
        if session.kind != kind or session.is_over(self.idle):
            raise unauthenticated()
        return session

    def has_seen(self, token: str) -> bool:
        """Whether it was made here, or had a session when it came here last, if one that is over."""
        return token in self._seen

    def list_of(self, person_id: str, cursor: str | None, limit: int) -> tuple[Sequence, str | None]:
        """A page of somebody's open sessions, newest first, and the cursor to the rest."""
        now, before = clock.now(), position(cursor, an_id)
        idle_since = now - timedelta(seconds=self.idle)
        with self._store.reading() as tx:
            rows = storage.open_sessions(tx, person_id, now, idle_since, before and before[0], limit + 1)
        return page(rows, limit, lambda row: (row.id,))

    def end(self, session_id: str, person_id: str) -> None:
        """Ends one of the person's own sessions, with the streams that it holds open anywhere."""
        with self._store.transaction() as tx:
            table = storage.sessions.c
            if not _end(tx, clock.now(), table.id == session_id, table.person_id == person_id, person_id=person_id):
                raise HttpRefusal("not_found")
        self.distrust()

    def end_by_issuer(self, out: SignedOut) -> None:
        """An issuer says that one of its sessions is over, or all of somebody's."""
        table, now = storage.sessions.c, clock.now()
        named = [table.issuer == out.issuer]
        named += [table.subject == out.subject] if out.subject is not None else []
        named += [table.issuer_session == out.session] if out.session is not None else []
        with self._store.transaction() as tx:
            storage.in_turn(tx, out.issuer)
            news = storage.note_logout(
                tx, issuer=out.issuer, token_id=out.id, subject=out.subject, issuer_session=out.session,
                issued_at=_moment(out.issued_at), noted_at=now,
            )  # fmt: skip
            if not news:
                raise HttpRefusal("invalid_logout_token", "it was used before")
            _end(tx, now, *named, issuer=out.issuer, logout_token=out.id)
        self.distrust()

    def alive(self, session_id: str) -> Session:
        """A session that somebody began something in. Refuses with `unauthenticated` when it is over."""
        with self._store.reading() as tx:
            found = [Session.of(row) for row in storage.sessions_by_id(tx, [session_id])]
        if not found or found[0].is_over(self.idle):
            raise HttpRefusal("unauthenticated")
        return found[0]

    def end_all(self, person_id: str) -> None:
        with self._store.transaction() as tx:
            _end(tx, clock.now(), storage.sessions.c.person_id == person_id)
        self.distrust()

    def restrict(self, session_id: str, restriction: str | None) -> None:
        """What its owner must still do before anything else; None: nothing."""
        with self._store.transaction() as tx:
            storage.restrict_session(tx, session_id, restriction)
        self.distrust()

    def begin_day(self, now: datetime) -> None:
        """Once a day in each process: whoever held his last post until yesterday is signed out, and so is who has one
        from today that needs a second factor.
        """
        if self._day == today(now):
            return
        with self._store.transaction() as tx:
            if not read_state(tx).complete:
                return
            end_without_post(tx, now)
            _end(tx, now, *storage.leading_since(today(now), self._totp_required_for))
        self._day = today(now)

    def good_until(self, session_ids: list[str]) -> dict[str, datetime]:
        """Until when these sessions are good as things stand; without those that have ended."""
        with self._store.reading() as tx:
            found = [Session.of(row) for row in storage.sessions_by_id(tx, session_ids)]
        return {session.id: session.good_until(self.idle) for session in found if not session.ended}

    def distrust(self) -> None:
        """Look at the database again."""
        self._trusted.clear()

    def _look_up(self, token_hash: bytes) -> Session | None:
        until, session = self._trusted.get(token_hash, (0.0, None))
        if session is not None and time.monotonic() < until:
            return session
        with self._store.reading() as tx:
            row = storage.session_by_token(tx, token_hash)
        if row is None:
            return None
        session = Session.of(row)
        now = clock.now()
        if not session.ended and session.last_used_at + self._touch_every < now < session.good_until(self.idle):
            with self._store.transaction() as tx:
                storage.touch_session(tx, session.id, now)
        if session.restriction and not session.is_over(self.idle):  # another process may lift it at any moment
            return session
        if len(self._trusted) > 10_000:
            self._trusted.clear()
        self._trusted[token_hash] = (time.monotonic() + TRUSTED_SECONDS, session)
        return session


def end_account(tx, account_id: str, version: int, kept_session_id: str | None = None) -> None:
    """The directory says that from this version on an account's older sessions are over, but for one perhaps."""
    storage.raise_account_version(tx, account_id, version)
    table = storage.sessions.c
    older = [table.account_id == account_id, table.account_version < version]
    _end(tx, clock.now(), *older, *([table.id != kept_session_id] if kept_session_id else []), account_id=account_id)


def end_without_post(tx, now: datetime, person_ids: list[str] | None = None) -> None:
    """Signs out, among these people or (None) everybody, those who hold no post any more."""
    _end(tx, now, *storage.without_post(today(now), person_ids))


def end_of(tx, now: datetime, person_ids: Iterable[str]) -> None:
    """Signs these people out."""
    _end(tx, now, storage.sessions.c.person_id == any_of(person_ids))


def end_identity(tx, issuer: str, subject: str, event_id: str) -> None:
    """The directory says that this identity no longer signs in, nor does a sign-in by it that is under way."""
    now = clock.now()
    storage.in_turn(tx, issuer)
    storage.note_logout(
        tx, issuer=issuer, token_id=event_id, subject=subject, issuer_session=None, issued_at=now, noted_at=now
    )
    table = storage.sessions.c
    _end(tx, now, table.issuer == issuer, table.subject == subject, issuer=issuer)


def _end(tx, now: datetime, *conditions, **details) -> list[str]:
    ended = storage.end_sessions(tx, now, *conditions)
    if ended:
        live_log.tell_sessions_ended(tx, ended)
    for session_id in ended:
        tx.audit("session.ended", subject=session_id, **details)
    return ended


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class SessionKeeper(SharedExtension):
    """One SessionStore per process."""

    @cached_property
    def sessions(self) -> SessionStore:
        settings = self.container.settings
        return SessionStore(
            self.container.store, settings.session_idle, settings.session_lifetime, settings.totp_required_for
        )


class Sessions(DependencyProvider):
    """Gives the gateway its SessionStore."""

    keeper = SessionKeeper()

    def get_dependency(self, worker_ctx):
        return self.keeper.sessions
