"""The OpenAPI document of the public API, from the entrypoints that run.

`python -m gateway.openapi` writes it to standard output.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from functools import cache

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from chassis.http import HttpEntrypoint
from contracts import directory, messaging
from contracts import fields as words
from gateway import schemas
from gateway.auth import ACTING_FOR, CSRF_HEADER, SAFE_METHODS, cookie_name
from gateway.descriptions import describe, documented
from gateway.examples import EXAMPLES
from gateway.problems import PROBLEMS
from gateway.routes import BASE

DESCRIPTION = """Công Vụ: a digital-government workplace for a whole city.

**Signing in.** A program asks `POST /tokens` for a bearer token. A browser asks `POST /sessions` for a cookie that its
scripts cannot read, and sends the `csrf_token` of the answer as `X-CSRF-Token` with every write.

**Capacities.** Who holds several posts, or lent powers, says by `X-Acting-For` in which one he acts.
What an actor may not see answers as if it did not exist (404).

**Values.** Ids are opaque; times are RFC 3339 with offset, days ISO. A field that nobody named is refused in a request
(422); answers may gain fields, which a client ignores.

**Lists** are `{items, next_cursor}`: ask again with `cursor` until `next_cursor` is null.

**Writing.** Orders, messages and decisions take an `Idempotency-Key`: repeat a request whose answer was lost with the
same key, and it has one effect. What changes an object takes `If-Match` with the ETag of what was read, or `*`.

**Errors** are RFC 9457 problem documents. Programs act on `code`; `title` and the messages of `errors` are Vietnamese
or, by `Accept-Language`, English. `GET /problems` lists all codes. After 429 and 503 wait as
`Retry-After` says, streams too.
Beside what a route declares, any may answer 408 `request_timeout`, 414 `uri_too_long`, 431 `headers_too_large` and 429
`too_many_connections`, and close. Every answer bears `X-Request-Id`, by which operators find it."""

TAGS = {
    "session": "Signing in and out", "home": "Everything at a glance", "directory": "Units, posts, people",
    "accounts": "Accounts of others: the desk, handing over, revoking",
    "tasks": "What was ordered, to whom, by when", "assignments": "Each unit's piece, and its life",
    "documents": "What comes from above or from the city itself, and becomes orders clause by clause",
    "superior": "What is asked of superiors and reported to them",
    "reminders": "What one must act on now",
    "messaging": "Conversations", "files": "Files in and out", "live": "What happens, as it happens",
    "partners": "What other platforms say that have no account at the broker",
    "audit": "Who did what to whom", "operators": "How the parts are", "meta": "About this API",
}  # fmt: skip
JSON = "application/json"
_BYTES = {"type": "string", "format": "binary"}  # what generators of clients take for a file
_EVENTS = {  # titles are what generators of clients tell them apart by
    "application/cloudevents+json": {"type": "object", "title": "CloudEvent"},
    "application/cloudevents-batch+json": {"type": "array", "items": {"type": "object", "title": "BatchedEvent"}},
    JSON: {"type": "object", "title": "EventData"},
}
ALWAYS = (
    "bad_request", "invalid_request", "too_many_requests", "internal_error", "overloaded", "deadline_exceeded",
    "database_unavailable",
)  # fmt: skip
SIGNED_IN = ("unauthenticated", "not_authorised", "unknown_capacity", "directory_stale", "service_unavailable")
# what nearly every route takes or answers stands once
_UUID = {"type": "string", "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"}  # of a header
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
        ("Range", False, "One part of the bytes (`bytes=0-1023`): 206 and that part.", {"type": "string"}),
        ("If-Range", False, "An ETag: the part only if it is still the same, else all of it.", {"type": "string"}),
    )
}  # fmt: skip
SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The `token` of `POST /tokens`."},
    "cookie": {
        "type": "apiKey", "in": "cookie", "name": cookie_name(secure=True),
        "description": "The session of a browser, from `POST /sessions`.",
    },
    "csrf": {
        "type": "apiKey", "in": "header", "name": CSRF_HEADER,
        "description": "The `csrf_token` of `POST /sessions`, with every write of a browser; `GET /me` repeats it.",
    },
    "signature": {
        "type": "apiKey", "in": "header", "name": "Signature",
        "description": "An HTTP message signature (RFC 9421) of a partner, with Signature-Input and Content-Digest.",
    },
}  # fmt: skip
_TEXT = {"type": "string"}
ANSWER_HEADERS = {
    "X-Request-Id": {"schema": _TEXT, "description": "Names this request in the logs."},
    "ETag": {"schema": _TEXT, "description": "For If-Match and If-None-Match."},
    "Location": {"schema": _TEXT, "description": "The address of what was made, where it has one of its own."},
    "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait before asking again."},
    "Content-Language": {"schema": {"enum": ["vi", "en"]}, "description": "The language of titles and messages."},
    "Content-Disposition": {"schema": _TEXT, "description": "An attachment, and its name (RFC 6266)."},
    "Accept-Ranges": {"schema": {"const": "bytes"}, "description": "Parts are given (RFC 9110, 14)."},
    "Content-Range": {"schema": _TEXT, "description": "Which part this is, of how much."},
}  # fmt: skip
WORDS = {  # the closed lists that stand in several places
    words.UNIT_KINDS: "UnitKind", words.POST_KINDS: "PostKind", words.URGENCIES: "Urgency", words.ROLES: "Role",
    words.MODES: "Mode", words.SOURCES: "Source", words.ABOVE: "SuperiorSource", words.REPORTING: "Reporting",
    words.ASSIGNMENT_STATES: "AssignmentState", words.DUE_STATES: "DueState", words.GRADES: "Grade",
    words.URGING_KINDS: "UrgingKind", words.PARTICIPANT_ROLES: "ParticipantRole",
    words.CONVERSATION_KINDS: "ConversationKind", words.ACTION_ITEM_KINDS: "ActionItemKind",
    messaging.IMPORTANCES: "Importance", directory.RESTRICTIONS: "Restriction",
}  # fmt: skip
_FORBIDDEN = ("not_authorised", *sorted(directory.RESTRICTIONS), "unknown_capacity")
REFUSALS = {
    "BadRequest": ("bad_request",),
    "BadJson": ("bad_request", "invalid_json"),
    "BadKey": ("bad_request", "idempotency_key_required"),
    "BadWrite": ("bad_request", "idempotency_key_required", "invalid_json"),
    "Unauthenticated": ("unauthenticated",),
    "Forbidden": _FORBIDDEN,
    "ForbiddenWrite": ("csrf_token_invalid", "foreign_origin", *_FORBIDDEN),
    "NotFound": ("not_found",),
    "RequestTimeout": ("request_timeout",),
    "WrongState": ("wrong_state",),
    "StaleVersion": ("stale_version",),
    "BodyTooLarge": ("body_too_large",),
    "UnsupportedMediaType": ("unsupported_media_type",),
    "InvalidRequest": ("invalid_request",),
    "TooManyRequests": ("too_many_requests",),
    "InvalidWrite": ("idempotency_key_reused", "invalid_request"),
    "IfMatchRequired": ("if_match_required",),
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
    "int": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
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
    for name, scheme in SECURITY.items():
        spec.components.security_scheme(name, scheme)
    for name, header in ANSWER_HEADERS.items():
        spec.components.header(name, header)
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
    for closed, name in WORDS.items():
        spec.components.schema(name, {"type": "string", "enum": list(closed)})
    made = describe(spec.to_dict(), plugin.converter.refs)
    _shape(made["paths"])
    _shape({name: each for name, each in made["components"]["schemas"].items() if name not in WORDS.values()})
    return made


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
        codes += SIGNED_IN if meta.while_restricted else (*SIGNED_IN, *directory.RESTRICTIONS)
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
        **_told(meta.summary, documented(entrypoint.query)),
        "parameters": _parameters(entrypoint),
        "responses": {str(meta.status): _success(meta, examples.get("answer")), **_refusals(entrypoint)},
    }
    if _is_conditional(entrypoint):
        operation["responses"]["304"] = {"description": "It is what If-None-Match names."}
    if meta.parts:
        whole = operation["responses"][str(meta.status)]
        operation["responses"]["206"] = whole | {
            "description": "The part that `Range` asked for.",
            "headers": whole["headers"] | _headers("Content-Range"),
        }
    if entrypoint.accepts:
        said = examples.get("bodies", {})
        content = {
            each: {"schema": _EVENTS[each], "example": said[each]}
            if each in said
            else {"schema": entrypoint.body or _BYTES}
            for each in entrypoint.accepts
        }
        operation["requestBody"] = {"required": True, "content": content}
    elif entrypoint.body:
        content = {"schema": entrypoint.body} | ({"example": examples["body"]} if "body" in examples else {})
        required = any(field.required for field in entrypoint.body().fields.values())
        operation["requestBody"] = {"required": required, "content": {"application/json": content}}
    if meta.signed_in:
        by_cookie = {"cookie": []} if entrypoint.method in SAFE_METHODS else {"cookie": [], "csrf": []}
        operation["security"] = [{"bearer": []}, by_cookie]
    if meta.signed:
        operation["security"] = [{"signature": []}]
    if meta.media_type == "text/event-stream":
        operation["x-events"] = {
            name: {"$ref": f"#/components/schemas/{_name_of(schema)}"} for name, schema in schemas.LIVE_EVENTS.items()
        }
    return operation


def _is_conditional(entrypoint: HttpEntrypoint) -> bool:
    """Whatever is read as JSON has a tag, and what has a version has it in its tag."""
    meta = entrypoint.meta
    return entrypoint.method == "GET" and (meta.etag or (meta.media_type == JSON and meta.answer is not None))


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
    if meta.signed:
        found += [
            {
                "in": "header", "name": f"ce-{name}", "required": False, "schema": _TEXT,
                "description": "Of an event in binary mode, whose data are the body.",
            }
            for name in ("specversion", "id", "source", "type", "subject", "aggregateversion", "time")
        ]  # fmt: skip
    if meta.idempotency_key:
        found.append("Idempotency-Key")
    if meta.if_match:
        found.append("If-Match")
    if _is_conditional(entrypoint):
        found.append("If-None-Match")
    if meta.parts:
        found += ["Range", "If-Range"]
    if meta.media_type == "text/event-stream":
        found.append({
            "in": "header", "name": "Last-Event-ID", "required": False,
            "description": "Replays what came after this event.",
            "schema": {"type": "string", "pattern": schemas.EVENT_ID},
        })  # fmt: skip
    return found


def _success(meta, example) -> dict:
    answer: dict = {"description": {201: "Made.", 303: "Goes on elsewhere."}.get(meta.status, "Done.")}
    if meta.media_type == "text/event-stream":
        answer = {"description": _STREAM, "content": {meta.media_type: {"schema": _TEXT}}}
    elif meta.media_type != JSON:
        content = {each: {"schema": _BYTES} for each in meta.media_type.split(", ")}
        answer = {"description": "A file.", "content": content}
    elif meta.answer is not None:
        content = {"schema": meta.answer} | ({"example": example} if example is not None else {})
        answer["content"] = {meta.media_type: content}
    names = ["X-Request-Id"]
    if meta.etag:
        names.append("ETag")
    if meta.status in (201, 303):
        names.append("Location")
    if meta.parts:
        names += ["Content-Disposition", "Accept-Ranges"]
    return answer | {"headers": _headers(*names)}


def _headers(*names: str) -> dict:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _told(docstring: str, query: str | None) -> dict:
    """The first paragraph, in short; the others, and what is said of the query, at length."""
    summary, *others = (" ".join(paragraph.split()) for paragraph in docstring.strip().split("\n\n"))
    if query:
        others.append(query)
    return {"summary": summary} | ({"description": "\n\n".join(others)} if others else {})


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


def _refusal(codes: Sequence[str]) -> dict:
    """Each code with its English title."""
    told = [f"`{code}`: {PROBLEMS[code][2]}" for code in codes]
    waiting = ("Retry-After",) if PROBLEMS[codes[0]][0] in (429, 503) else ()
    return {
        "description": told[0] if len(told) == 1 else "\n".join(f"- {each}" for each in told),
        "headers": _headers("X-Request-Id", "Content-Language", *waiting),
        "content": {"application/problem+json": {"schema": schemas.Problem}},
    }


def _shape(node) -> None:
    """As generators of clients like it: what stands in WORDS has one name, and null is apart from an enumeration.

    In a query nothing is null: what is not asked for is left out.
    """
    if isinstance(node, list):
        for each in node:
            _shape(each)
        return
    if not isinstance(node, dict):
        return
    if node.get("in") == "query":
        schema = node["schema"]
        if isinstance(schema.get("type"), list):
            schema["type"] = next(each for each in schema["type"] if each != "null")
            schema.pop("default", None)
            if "enum" in schema:
                schema["enum"].remove(None)
    if isinstance(node.get("enum"), list):
        found = tuple(word for word in node["enum"] if word is not None)
        named = {"$ref": f"#/components/schemas/{WORDS[found]}"} if found in WORDS else None
        if len(found) < len(node["enum"]):
            del node["type"], node["enum"]
            node["anyOf"] = [named or {"type": "string", "enum": list(found)}, {"type": "null"}]
        elif named:
            del node["type"], node["enum"]
            node |= named
        return
    for key, each in node.items():
        if key != "example":
            _shape(each)


def _name_of(schema) -> str:
    cls = schema if isinstance(schema, type) else type(schema)
    return cls.__name__ if issubclass(cls, Schema) else str(schema)


if __name__ == "__main__":
    from contracts.generate import as_yaml

    sys.stdout.write(as_yaml(document()))
