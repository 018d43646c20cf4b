"""From the browser that leaves for a provider to the one that comes back: the same one, once, and soon."""

import base64
import hashlib
import math
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chassis import clock
from chassis.http import HttpRefusal
from gateway import storage
from gateway.single_sign_on.provider import Provider, SignedIn, SignedOut
from gateway.single_sign_on.settings import ProviderSettings
from gateway.single_sign_on.tokens import LEEWAY, MAX_AGE, InvalidProviderToken

ATTEMPT_SECONDS = 600
UNFINISHED_PER_SOURCE = 300  # as many as wrong guesses: an office of hundreds may stand behind one address
LOGOUT_KEPT = timedelta(seconds=MAX_AGE + 2 * LEEWAY)  # an older token is refused for its age
RANDOM_BYTES = 32
_BROWSER = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Attempt:
    """A way to a provider and back. `session_id` is set when somebody who is signed in here links his account."""

    provider: str
    return_to: str
    session_id: str | None


def hashed(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()


class SingleSignOn:
    """The providers of this process; what is under way stands in the database, so that any process may go on."""

    def __init__(self, store, providers: tuple[ProviderSettings, ...], public_url: str, base: str):
        self._store = store
        self._providers = {
            each.id: Provider(each, public_url, f"{base}/oidc/{each.id}/callback") for each in providers
        }  # fmt: skip

    @property
    def offered(self) -> list[ProviderSettings]:
        return [each.settings for each in self._providers.values()]

    def provider(self, id_: str) -> Provider:
        if id_ not in self._providers:
            raise HttpRefusal("unknown_provider")
        return self._providers[id_]

    def begin(
        self, id_: str, return_to: str, browser: str, *, address: str | None = None, session_id: str | None = None
    ) -> tuple[str, str]:
        """Where to send the browser, and the mark by which it is known when it comes back. From one `address` only so
        many strangers may be under way.
        """
        provider = self.provider(id_)
        if not _BROWSER.fullmatch(browser):
            browser = secrets.token_urlsafe(RANDOM_BYTES)
        state, nonce, verifier = (secrets.token_urlsafe(RANDOM_BYTES) for _ in range(3))
        url = provider.authorization_url(state, nonce, _challenge(verifier), fresh=session_id is not None)
        attempt = Attempt(id_, return_to, session_id)
        self._add(attempt, state, browser, source=address and hashed(address), nonce=nonce, verifier=verifier)
        return url, browser

    def finish(self, id_: str, browser: str, answer: dict) -> tuple[Attempt, SignedIn]:
        """What was begun, and who came back. A state counts once, in the browser that began it."""
        provider = self.provider(id_)
        row = self._take(id_, answer["state"], browser, returned=False)
        provider.check_issuer(answer["iss"])
        if answer["error"] is not None:
            raise HttpRefusal("sign_in_refused" if answer["error"] == "access_denied" else "sign_in_failed")
        if answer["code"] is None:
            raise InvalidProviderToken("neither a code nor an error")
        attempt = Attempt(id_, row.return_to, row.session_id)
        return attempt, provider.redeem(answer["code"], row.verifier, row.nonce)

    def wait_for_code(self, attempt: Attempt, browser: str, found: SignedIn) -> str:
        """Whoever came back owes a code: the ticket with which he brings it."""
        ticket = secrets.token_urlsafe(RANDOM_BYTES)
        issued_at = datetime.fromtimestamp(found.issued_at, UTC)
        self._add(attempt, ticket, browser, subject=found.subject, issuer_session=found.session, issued_at=issued_at)
        return ticket

    def resume(self, id_: str, browser: str, ticket: str) -> tuple[Attempt, SignedIn]:
        """Who it is that brings a code. A ticket counts once."""
        issuer = self.provider(id_).settings.issuer
        row = self._take(id_, ticket, browser, returned=True)
        found = SignedIn(issuer, row.subject, row.issuer_session, int(row.issued_at.timestamp()))
        return Attempt(id_, row.return_to, row.session_id), found

    def _add(self, attempt: Attempt, state: str, browser: str, source: bytes | None = None, **known) -> None:
        with self._store.transaction() as tx:
            if source is not None:
                _require_room(tx, source, clock.now())
            storage.add_attempt(
                tx, state_hash=hashed(state), browser_hash=hashed(browser), source=source,
                expires_at=clock.now() + timedelta(seconds=ATTEMPT_SECONDS), **vars(attempt), **known,
            )  # fmt: skip

    def _take(self, id_: str, state: str, browser: str, returned: bool):
        with self._store.transaction() as tx:
            row = storage.take_attempt(tx, hashed(state), hashed(browser), id_, returned)
        if row is None or row.expires_at <= clock.now():
            raise HttpRefusal("sign_in_expired")
        return row

    def signed_out(self, id_: str, logout_token: str) -> SignedOut:
        """What a provider says has ended. Refuses with `invalid_logout_token`."""
        provider = self.provider(id_)
        try:
            return provider.signed_out(logout_token)
        except InvalidProviderToken as error:
            raise HttpRefusal("invalid_logout_token", error.message) from None


def _require_room(tx, source: bytes, now: datetime) -> None:
    storage.in_turn(tx, source.hex())
    count, first_ends = storage.unfinished_from(tx, source, now)
    if count >= UNFINISHED_PER_SOURCE:
        seconds = math.ceil((first_ends - now).total_seconds())
        raise HttpRefusal("too_many_attempts", "too many under way", retry_after=seconds)


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashed(verifier)).rstrip(b"=").decode()
