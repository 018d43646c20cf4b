"""The OpenAPI document of the public API, from the entrypoints that run.

`python -m gateway.openapi` writes it to standard output.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from functools import cache

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from chassis.http import HttpEntrypoint
from contracts.directory import RESTRICTIONS
from gateway import schemas
from gateway.auth import ACTING_FOR, CSRF_HEADER, SAFE_METHODS, cookie_name
from gateway.examples import EXAMPLES
from gateway.problems import PROBLEMS
from gateway.routes import BASE

DESCRIPTION = """Công Vụ: a digital-government workplace for a whole city.

Ids are opaque; times are RFC 3339 with offset, days ISO. Lists are `{items, next_cursor}` with `limit` and `cursor`.
Errors are RFC 9457 problem documents; programs act on `code`, titles are Vietnamese or, by Accept-Language, English.
Orders, messages and decisions take an `Idempotency-Key`; what changes an object takes `If-Match` with its ETag.
What an actor may not see answers as if it did not exist."""

TAGS = {
    "session": "Signing in and out", "home": "Everything at a glance", "directory": "Units, posts, people",
    "accounts": "Accounts of others: the desk, handing over, revoking",
    "tasks": "What was ordered, to whom, by when", "assignments": "Each unit's piece, and its life",
    "documents": "What comes from above or from the city itself, and becomes orders clause by clause",
    "superior": "What is asked of superiors and reported to them",
    "reminders": "What one must act on now",
    "messaging": "Conversations", "files": "Files in and out", "live": "What happens, as it happens",
    "audit": "Who did what to whom", "meta": "About this API",
}  # fmt: skip
JSON = "application/json"
ALWAYS = ("bad_request", "invalid_request", "internal_error", "overloaded", "deadline_exceeded", "database_unavailable")
SIGNED_IN = ("unauthenticated", "not_authorised", "unknown_capacity", "directory_stale", "service_unavailable")
# what nearly every route takes or answers stands once
_UUID = {"type": "string", "format": "uuid"}
HEADERS = {
    name: {"in": "header", "name": name, "required": required, "description": description, "schema": schema}
    for name, required, description, schema in (
        (ACTING_FOR, False, "The membership or delegation in which one acts; without it the primary post.", _UUID),
        (
            "Idempotency-Key", True, "The same key with the same request has one effect and one answer.",
            {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        ),
        (
            "If-Match", True, 'The ETag of what was read, the version in quotes ("3"), or *.',
            {"type": "string"},
        ),
        ("If-None-Match", False, "An ETag: 304 if nothing has changed.", {"type": "string"}),
    )
}  # fmt: skip
REFUSALS = {
    "BadRequest": ("bad_request",),
    "InvalidRequest": ("invalid_request",),
    "Unauthenticated": ("unauthenticated",),
    "InternalError": ("internal_error",),
    "Unavailable": (
        "database_unavailable", "deadline_exceeded", "directory_stale", "overloaded", "service_unavailable",
    ),
}  # fmt: skip
_REFUSAL_NAMES = {codes: name for name, codes in REFUSALS.items()}
_PARAMETER = re.compile(r"<(?:uuid|string|int):(\w+)>")
_PARAMETER_SCHEMAS = {
    "uuid": {"type": "string", "format": "uuid"},
    "string": {"type": "string"},
    "int": {"type": "integer"},
}


@cache
def document() -> dict:
    plugin = MarshmallowPlugin(schema_name_resolver=_name_of)
    spec = APISpec(
        title="Công Vụ", version="1", openapi_version="3.1.0", plugins=[plugin],
        info={"description": DESCRIPTION},
        servers=[{"url": BASE}],
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
    )  # fmt: skip
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme("cookie", {"type": "apiKey", "in": "cookie", "name": cookie_name(secure=True)})
    spec.components.security_scheme("csrf", {"type": "apiKey", "in": "header", "name": CSRF_HEADER})
    for name, parameter in HEADERS.items():
        spec.components.parameter(name, "header", parameter)
    for name, codes in REFUSALS.items():
        spec.components.response(name, _refusal(codes))
    for schema in (schemas.Problem, *schemas.LIVE_EVENTS.values()):
        if _name_of(schema) not in spec.components.schemas:
            spec.components.schema(_name_of(schema), schema=schema)
    for entrypoint in entrypoints():
        path = _PARAMETER.sub(r"{\1}", entrypoint.path).removeprefix(BASE)
        spec.path(path, operations={entrypoint.method.lower(): _operation(entrypoint)})
    return spec.to_dict()


def entrypoints() -> list[HttpEntrypoint]:
    """Every route of the service, in the order of the source."""
    from gateway.service import API

    methods = [method for area in API for method in vars(area).values() if hasattr(method, "nameko_entrypoints")]
    found = [(method.__name__, each) for method in methods for each in method.nameko_entrypoints]
    for name, entrypoint in found:
        entrypoint.operation = name
    return [entrypoint for _, entrypoint in found if isinstance(entrypoint, HttpEntrypoint)]


def codes_of(entrypoint: HttpEntrypoint) -> list[str]:
    """Every code with which a route may refuse."""
    meta = entrypoint.meta
    codes = [*ALWAYS, *meta.refusals]
    if meta.signed_in:
        codes += SIGNED_IN if meta.while_restricted else (*SIGNED_IN, *RESTRICTIONS)
        if entrypoint.method not in SAFE_METHODS:
            codes += ("csrf_token_invalid", "foreign_origin")
    elif entrypoint.body:
        codes.append("service_unavailable")
    if entrypoint.accepts:
        codes += ("unsupported_media_type", "body_too_large", "request_timeout")
    elif entrypoint.body:
        codes += ("invalid_json", "unsupported_media_type", "body_too_large", "request_timeout")
    if "<" in entrypoint.path:
        codes.append("not_found")
    if meta.idempotency_key:
        codes += ("idempotency_key_required", "idempotency_key_reused")
    if meta.if_match:
        codes += ("if_match_required", "stale_version")
    return sorted(set(codes))


def _operation(entrypoint: HttpEntrypoint) -> dict:
    meta = entrypoint.meta
    examples = EXAMPLES.get(entrypoint.operation, {})
    operation = {
        "operationId": entrypoint.operation,
        "tags": [meta.tag],
        "summary": " ".join(meta.summary.split()),
        "parameters": _parameters(entrypoint),
        "responses": {str(meta.status): _success(meta, examples.get("answer")), **_refusals(entrypoint)},
    }
    if meta.etag and entrypoint.method == "GET":
        operation["responses"]["304"] = {"description": "It is what If-None-Match names."}
    if entrypoint.body:
        content = {"schema": entrypoint.body} | ({"example": examples["body"]} if "body" in examples else {})
        required = any(field.required for field in entrypoint.body().fields.values())
        operation["requestBody"] = {"required": required, "content": {"application/json": content}}
    if entrypoint.accepts:
        content = {media_type: {} for media_type in entrypoint.accepts}
        operation["requestBody"] = {"required": True, "content": content}
    if meta.signed_in:
        by_cookie = {"cookie": []} if entrypoint.method in SAFE_METHODS else {"cookie": [], "csrf": []}
        operation["security"] = [{"bearer": []}, by_cookie]
    if meta.media_type == "text/event-stream":
        operation["x-events"] = {
            name: {"$ref": f"#/components/schemas/{_name_of(schema)}"} for name, schema in schemas.LIVE_EVENTS.items()
        }
    return operation


def _parameters(entrypoint: HttpEntrypoint) -> list[dict | str]:
    meta = entrypoint.meta
    found: list[dict | str] = [
        {"in": "path", "name": found[1], "required": True, "schema": _PARAMETER_SCHEMAS[found[0][1:].split(":")[0]]}
        for found in _PARAMETER.finditer(entrypoint.path)
    ]
    if entrypoint.query().fields:
        found.append({"in": "query", "schema": entrypoint.query})
    if meta.signed_in:
        found.append(ACTING_FOR)
    if entrypoint.into:
        found.append({
            "in": "header", "name": "Content-Disposition", "required": True,
            "description": "attachment; filename*=UTF-8''b%C3%A1o%20c%C3%A1o.pdf", "schema": {"type": "string"},
        })  # fmt: skip
    if meta.idempotency_key:
        found.append("Idempotency-Key")
    if meta.if_match:
        found.append("If-Match")
    if meta.etag and entrypoint.method == "GET":
        found.append("If-None-Match")
    if meta.media_type == "text/event-stream":
        found.append({
            "in": "header", "name": "Last-Event-ID", "required": False,
            "description": "Replays what came after this event.",
            "schema": {"type": "string", "pattern": schemas.EVENT_ID},
        })  # fmt: skip
    return found


def _success(meta, example) -> dict:
    if meta.media_type == "text/event-stream":
        return {"description": _STREAM, "content": {meta.media_type: {"schema": {"type": "string"}}}}
    if meta.media_type != JSON:
        return {
            "description": "A file.",
            "content": {each: {"schema": {"type": "string"}} for each in meta.media_type.split(", ")},
        }
    if meta.answer is None:
        return {"description": "Done."}
    content = {"schema": meta.answer} | ({"example": example} if example is not None else {})
    answer = {"description": "Done." if meta.status == 200 else "Made.", "content": {meta.media_type: content}}
    if meta.etag:
        answer["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "For If-Match and If-None-Match."}}
    return answer


_STREAM = """Server-sent events; `data` is JSON, x-events says what each event carries.

What is addressed to a person comes to every stream of his once, in one order, the same from every instance. Ids are
opaque: hand back the last one, as `Last-Event-ID` or `last_event_id`, to any instance. First comes what was missed
since, then `hello`: that was all, from here on it is live. Or `reset` alone: more than 1,000 events, a megabyte or 7
days were missed, read everything anew. `retry` says when to come back, each client later than another.

A ping comes after at most 15 s: a comment, and an id without an event, which is to be handed back like any other; 45 s
of silence are a lost connection. A stream ends when the session ends (the next answer is 401), when the posts of its
person change, after half an hour, before a restart, and when its client does not keep up (256 events behind, or 30 s
without taking any): come back with the last id. A 503 is to be heeded, Retry-After says when; a browser's EventSource
gives up at it and must be made anew."""


def _refusals(entrypoint: HttpEntrypoint) -> dict[str, dict | str]:
    by_status = defaultdict(list)
    for code in codes_of(entrypoint):
        by_status[PROBLEMS[code][0]].append(code)
    return {
        str(status): _REFUSAL_NAMES.get(tuple(codes)) or _refusal(codes) for status, codes in sorted(by_status.items())
    }


def _refusal(codes: Iterable[str]) -> dict:
    content = {"application/problem+json": {"schema": schemas.Problem}}
    return {"description": ", ".join(f"`{code}`" for code in codes), "content": content}


def _name_of(schema) -> str:
    cls = schema if isinstance(schema, type) else type(schema)
    return cls.__name__ if issubclass(cls, Schema) else str(schema)


if __name__ == "__main__":
    from contracts.generate import as_yaml

    sys.stdout.write(as_yaml(document()))
