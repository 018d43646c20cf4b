"""SCIM 2.0 (RFC 7644) at the edge: which client asks, how it is answered and how it is told what went wrong."""

from collections.abc import Callable
from functools import wraps

import orjson
from marshmallow import EXCLUDE, Schema, fields

from chassis.contract import Procedure
from chassis.errors import Refusal
from chassis.http import Answer, HttpRefusal, HttpRequest, Problem, http
from chassis.http.body import load
from chassis.identity import CLIENT
from contracts import directory
from contracts.directory import RESOURCES, SCIM_BASE

MEDIA_TYPE = "application/scim+json"
MAX_BODY = 512 * 1024  # bytes
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ABOUT = ("ServiceProviderConfig", "ResourceTypes", "Schemas")
NOT_DONE = ("Me", "Bulk", ".search")  # by the standard, a server may leave these out
SCIM_TYPES = {
    "scim_invalid_filter": "invalidFilter",
    "scim_too_many": "tooMany",
    "scim_uniqueness": "uniqueness",
    "scim_mutability": "mutability",
    "scim_invalid_syntax": "invalidSyntax",
    "scim_invalid_path": "invalidPath",
    "scim_no_target": "noTarget",
    "scim_invalid_value": "invalidValue",
    "invalid_json": "invalidSyntax",
    "invalid_request": "invalidValue",
}


class NoQuery(Schema):
    """Parameters that nobody knows are ignored, as RFC 7644 wants it."""

    class Meta:
        unknown = EXCLUDE


class Names(fields.Field):
    """Names of attributes, joined by commas."""

    def _deserialize(self, value, attr, data, **kwargs):
        return [name.strip() for name in value.split(",") if name.strip()]


class ShownQuery(NoQuery):
    attributes = Names(load_default=list)
    excluded_attributes = Names(load_default=list, data_key="excludedAttributes")


class ListQuery(ShownQuery):
    filter = fields.String(load_default=None)
    start_index = fields.Integer(load_default=1, data_key="startIndex")
    count = fields.Integer(load_default=None)


class SearchBody(ListQuery):
    """What POST .search takes in the place of parameters."""

    attributes = fields.List(fields.String(), load_default=list)
    excluded_attributes = fields.List(fields.String(), load_default=list, data_key="excludedAttributes")


class ScimCall:
    """One request of a client, and the directory to ask."""

    def __init__(self, service, request: HttpRequest):
        self._service = service
        self._request = request
        self.query = request.query

    def ask(self, procedure: Procedure, **request) -> dict:
        return self._service.remote.call(procedure, request, claims=self._request.caller)

    def change(self, procedure: Procedure, resource: str, key: str) -> dict:
        return self.ask(procedure, resource=resource, id=key, body=self.body, if_match=self.if_match, **self.query)

    @property
    def search(self) -> dict:
        return load(SearchBody, self.body)

    @property
    def body(self):
        try:
            return orjson.loads(self._request.raw)
        except orjson.JSONDecodeError:
            raise HttpRefusal("invalid_json") from None

    @property
    def if_match(self) -> str | None:
        return self._request.headers.get("If-Match")

    def is_known(self, version: str) -> bool:
        return self._request.if_none_match.contains_weak(version.removeprefix("W/").strip('"'))


def scim_route(method: str, path: str, *, query: type[Schema] = ShownQuery, body: bool = False, guard=None) -> Callable:
    """The handler is called with a `ScimCall` and the path's values."""

    def register(handler):
        @wraps(handler)
        def handle(service, request: HttpRequest, **values):
            return handler(service, ScimCall(service, request), **values)

        return http(
            method, SCIM_BASE + path, guard=guard or sign_in, query=query, tell=tell, max_body=MAX_BODY,
            accepts=(MEDIA_TYPE, "application/json") if body else (),
        )(handle)  # fmt: skip

    return register


def sign_in(service, request: HttpRequest) -> None:
    """The guard of all of SCIM: a client's bearer token. It goes for nothing else, and nothing else goes here."""
    address = service.limits.address(request)
    service.limits.enter("unauthenticated", address)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer" or not 0 < len(token.strip()) <= 200:
            raise _unauthenticated()
        found = service.remote.call(directory.identify_scim_client, {"token": token.strip()})
    except Refusal as error:
        if error.refusal_code != "unauthenticated":
            raise
        service.limits.count("unauthenticated", address)
        raise _unauthenticated() from None
    service.limits.enter("scim", found["client_id"])
    request.caller = {"sub": CLIENT + found["client_id"]}


def refuse_elsewhere(service, request: HttpRequest) -> None:
    """The guard of what no other route takes, with whatever method."""
    sign_in(service, request)
    path = request.path.removeprefix(SCIM_BASE + "/")
    if path in NOT_DONE:
        raise HttpRefusal("scim_not_implemented")
    first, _, rest = path.partition("/")
    is_known = first in (*ABOUT, *RESOURCES) and "/" not in rest
    raise HttpRefusal("method_not_allowed" if is_known else "not_found")


def _unauthenticated() -> HttpRefusal:
    return HttpRefusal("unauthenticated", headers={"WWW-Authenticate": "Bearer"})


def tell(code: str, problem: Problem, request_id: str, refusal: Exception | None, tell_field) -> Answer:
    """A refusal as SCIM writes it. `detail` is for those who run the client."""
    status = 400 if problem.status == 422 else problem.status
    said = getattr(refusal, "message", "") if code.startswith("scim_") or code == "not_authorised" else ""
    faults = "; ".join(f"{each['field']}: {each['message']}" for each in getattr(refusal, "errors", ()))
    detail = f"{problem.title} ({said or faults})" if said or faults else problem.title
    body = {"schemas": [ERROR], "status": str(status), "detail": detail}
    if code in SCIM_TYPES:
        body["scimType"] = SCIM_TYPES[code]
    headers = {"Content-Type": MEDIA_TYPE, **getattr(refusal, "headers", {})}
    if status in (429, 503):
        headers.setdefault("Retry-After", "3600" if status == 429 else "2")
    return Answer(body, status=status, headers=headers)


def answered(body: dict, status: int = 200, headers: dict | None = None) -> Answer:
    return Answer(body, status=status, headers={"Content-Type": MEDIA_TYPE, **(headers or {})})


def shown(found: dict, status: int = 200) -> Answer:
    """A resource, with its version and where it is."""
    place = {"Content-Location": found["location"]} | ({"Location": found["location"]} if status == 201 else {})
    return answered(found["resource"], status, {"ETag": found["version"], **place})


def listed(resources: list[dict], total: int | None = None, start_index: int = 1) -> Answer:
    page = {"startIndex": start_index, "itemsPerPage": len(resources), "Resources": resources}
    return answered({"schemas": [LIST], "totalResults": len(resources) if total is None else total, **page})
