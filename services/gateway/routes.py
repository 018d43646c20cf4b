"""`@route`: an HTTP entrypoint of the public API, with all that its description needs."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps

from marshmallow import Schema

from chassis.blobs.store import Blobs
from chassis.contract import Procedure
from chassis.http import HttpRefusal, HttpRequest, Sink, http
from chassis.http.body import load_json
from chassis.http.entrypoint import Empty
from gateway.auth import SAFE_METHODS, authorise, sign_in
from gateway.rate_limits import AFTERWARDS

BASE = "/api/v1"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_ETAGS = re.compile(r'(?:\s*(?:W/)?"[^"]*"\s*(?:,|$))+')
_ETAG = re.compile(r'(W/)?"([^"]*)"')
_VERSION = re.compile(r"(\d{1,15})(-[0-9a-f]+)?")


@dataclass(frozen=True)
class Route:
    """What openapi.yaml says about a route."""

    tag: str
    summary: str
    answer: type[Schema] | None
    status: int
    signed_in: bool
    idempotency_key: bool
    if_match: bool
    etag: bool
    media_type: str = "application/json"
    refusals: tuple[str, ...] = field(default=())
    while_restricted: bool = False
    parts: bool = False
    limit: str = ""
    signed: bool = False  # by a partner


class Call:
    """One request as the handlers of the gateway see it: who asks for what, and the services to ask."""

    def __init__(self, service, request: HttpRequest):
        self._service = service
        self.request = request
        self.query = request.query
        self.body = request.body
        self.caller = request.caller

    def ask(self, procedure: Procedure, request: dict | None = None, timeout: float | None = None) -> dict:
        """Ask a service on behalf of whoever is signed in."""
        claims = self.caller.claims if procedure.caller == "actor" else None
        return self._service.remote.call(procedure, request or {}, claims=claims, timeout=timeout)

    @property
    def blobs(self) -> Blobs:
        return self._service.blobs

    @property
    def idempotency_key(self) -> str:
        key = self.request.headers.get("Idempotency-Key")
        if key is None:
            raise HttpRefusal("idempotency_key_required")
        if not _KEY.fullmatch(key):
            raise HttpRefusal("invalid_request", errors=[_fault("Idempotency-Key", "Not a valid string.")])
        return key

    @property
    def version(self) -> int | None:
        """The version that If-Match names; None for `*`, "whatever it is now"."""
        wanted = self.request.headers.get("If-Match")
        if wanted is None:
            raise HttpRefusal("if_match_required")
        if wanted.strip() == "*":
            return None
        if not _ETAGS.fullmatch(wanted):
            raise HttpRefusal("invalid_request", errors=[_fault("If-Match", "Give ETags, or *.")])
        versions = [_VERSION.fullmatch(tag) for weak, tag in _ETAG.findall(wanted) if not weak]
        known = [int(version[1]) for version in versions if version]
        if not known:
            raise HttpRefusal("stale_version")  # well formed, but none of ours: it matches nothing
        return max(known)  # versions only grow: of several that were seen no other can be the present one


def route(method: str, path: str, *, tag: str, answer: type[Schema] | None = None, status: int = 200,
          query: type[Schema] = Empty, body: type[Schema] | None = None, signed_in: bool = True,
          guard: Callable | None = None,
          idempotency_key: bool = False, if_match: bool = False, etag: bool = False,
          accepts: tuple[str, ...] = (), max_body: int | None = None, into: Callable[["Call"], Sink] | None = None,
          media_type: str = "application/json", at_once: int | None = None,
          refusals: tuple[str, ...] = (), while_restricted: bool = False,
          parts: bool = False, limit: str | None = None) -> Callable:  # fmt: skip
    """`while_restricted` is for what must be open before a password is changed or a second factor set up. `guard` finds
    out who asks where nobody signs in, by his signature.

    `limit` is the name of the limit (`rate_limits`) under which the account asks, or the address where nobody is signed
    in; without it "read" or "write", and "public".

    With `into(call)` the body goes, piece by piece, into what that answers. `parts`: the handler obeys `Range`.
    With `accepts` a `body` only tells what stands inside: the handler reads it.
    The handler is called with a `Call` and the path's ids as strings. Its docstring is the route's summary, and after
    an empty line its description."""

    usual = ("read" if method in SAFE_METHODS else "write") if signed_in else "public"
    limit = limit or usual

    def who(service, request: HttpRequest) -> None:
        if signed_in:
            sign_in(service, request, limit, while_restricted)
            return
        address = service.limits.address(request)
        service.limits.enter(limit, address)
        if limit in AFTERWARDS:  # what is malformed never comes to where the others are counted
            try:
                load_json(body, request.mimetype, request.raw)
            except HttpRefusal:
                service.limits.count(limit, address)
                raise
        if guard is not None:
            guard(service, request)

    def register(handler):
        @wraps(handler)
        def handle(service, request: HttpRequest, **values):
            call = Call(service, request)
            if signed_in:
                authorise(service, call.caller.claims, f"gateway.{handler.__name__}")
            if idempotency_key:
                call.idempotency_key  # noqa: B018
            if if_match:
                call.version  # noqa: B018
            return handler(service, call, **{name: str(value) for name, value in values.items()})

        meta = Route(
            tag, handler.__doc__, answer, status, signed_in, idempotency_key, if_match, etag, media_type, refusals,
            while_restricted, parts, limit, guard is not None,
        )  # fmt: skip
        flow = into and (lambda service, request: into(Call(service, request)))
        return http(
            method, BASE + path, guard=who, query=query, body=body, accepts=accepts, max_body=max_body, into=flow,
            meta=meta, at_once=at_once,
        )(handle)  # fmt: skip

    return register


def _fault(field_name: str, message: str) -> dict:
    return {"field": field_name, "message": message}
