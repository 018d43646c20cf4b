"""From a request to the one who makes it: bearer token or browser cookie, and the capacity in which he acts."""

import hmac
import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit

from chassis import clock, context
from chassis.http import HttpRefusal, HttpRequest
from gateway import storage
from gateway.sessions import Session, UnknownToken, csrf_token, unauthenticated
from kernel import policy
from kernel.directory_copy import resolve_actor

SAFE_METHODS = ("GET", "HEAD")
CSRF_HEADER = "X-CSRF-Token"
ACTING_FOR = "X-Acting-For"


@dataclass(frozen=True)
class Caller:
    """`claims` go into the tokens on the bus; `csrf` is set when the caller is a browser."""

    session: Session
    claims: dict
    csrf: str | None


def cookie_name(secure: bool) -> str:
    """The prefix makes browsers insist on Secure, on this host and on the path /."""
    return "__Host-congvu" if secure else "congvu"


def device_cookie_name(secure: bool) -> str:
    """It outlives the session, and tells only that somebody signed in from this browser before."""
    return f"{cookie_name(secure)}-device"


def sign_in(service, request: HttpRequest, limit: str, while_restricted: bool = False) -> None:
    """The guard of every route that needs somebody. Once it is clear that he asks himself, it counts by his account,
    even if he is refused then. A restricted session opens only the routes that lift it.
    """
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    csrf = None
    if scheme.lower() == "bearer" and credentials:
        session = _session_of(service, request, credentials.strip(), "token")
    else:
        token = _cookie_of(request, cookie_name(service.settings.secure_cookies))
        session = _session_of(service, request, token, "browser")
        csrf = csrf_token(token)
        if request.method not in SAFE_METHODS:
            refuse_foreign_origin(service, request)
            if not hmac.compare_digest(request.headers.get(CSRF_HEADER, "").encode(), csrf.encode()):
                raise HttpRefusal("csrf_token_invalid")
    if request.caller is None:  # it had a look before the body, which may be large, was read
        service.limits.enter(limit, session.account_id)
    if session.restriction and not while_restricted:
        raise HttpRefusal(session.restriction)
    request.caller = Caller(session, _claims(service, request, session), csrf)


def _cookie_of(request: HttpRequest, name: str) -> str:
    """As it was set: what means the same in quotes or by escapes is none of ours."""
    token = request.cookies.get(name, "")
    return token if f"{name}={token}" in request.headers.get("Cookie", "") else ""


def _session_of(service, request: HttpRequest, token: str, kind: str) -> Session:
    """Whoever keeps coming with tokens that never were any is not even looked up; those whom this process knows stay
    in, be he behind the same address. No token, or one that is over, is how everybody's day begins.
    """
    if not token:
        raise unauthenticated()
    limits, sessions = service.limits, service.sessions
    if not sessions.has_seen(token):
        limits.enter("unauthenticated", limits.address(request))
    try:
        return sessions.find(token, kind)
    except UnknownToken:
        limits.count("unauthenticated", limits.address(request))
        raise unauthenticated() from None


def authorise(service, claims: dict, action: str) -> None:
    """For what the gateway answers by itself and not to everybody; what it asks of a service, that service decides."""
    if policy.RULES.get(action, policy.EVERYBODY) is policy.EVERYBODY:
        return
    with service.db.reading() as tx:
        policy.require_somewhere(action, resolve_actor(tx, claims, clock.now(), action))


def refuse_foreign_origin(service, request: HttpRequest) -> None:
    """Browsers say where a request comes from; programs need not."""
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if _is_foreign(origin, request.host) or site not in ("same-origin", "none"):
        raise HttpRefusal("foreign_origin")


def _is_foreign(origin: str | None, host: str) -> bool:
    try:
        return origin is not None and urlsplit(origin).netloc != host
    except ValueError:
        return True


def claims_of(session: Session) -> dict:
    """In his primary post, unless he says otherwise."""
    return {"sub": session.person_id, "membership_id": None, "delegation_id": None, "session_id": session.id}


def _claims(service, request: HttpRequest, session: Session) -> dict:
    claims = claims_of(session)
    context.acts(**claims)
    wanted = request.headers.get(ACTING_FOR)
    if wanted is not None:
        try:
            capacity_id = str(uuid.UUID(wanted))
        except ValueError:
            raise HttpRefusal("unknown_capacity") from None
        with service.db.reading() as tx:
            kind = "membership_id" if storage.is_membership(tx, capacity_id) else "delegation_id"
            claims[kind] = capacity_id
            resolve_actor(tx, claims, clock.now(), "gateway.sign_in")  # refuses what is not his
    return claims
