"""What goes wrong at the edge, as problem documents (RFC 9457) with a stable `code`."""

import random
from typing import NamedTuple

from chassis.errors import Refusal
from chassis.http.messages import Answer

RETRY_AFTER_SECONDS = (1, 5)  # whoever is refused together shall not come back together


class Problem(NamedTuple):
    """How a code is shown: the HTTP status and a title in the reader's language."""

    status: int
    title: str


EDGE_PROBLEMS = {
    "bad_request": Problem(400, "The request cannot be understood"),
    "invalid_json": Problem(400, "The body is not valid JSON"),
    "not_found": Problem(404, "Not found"),
    "method_not_allowed": Problem(405, "This method is not allowed here"),
    "request_timeout": Problem(408, "The request did not arrive in time"),
    "body_too_large": Problem(413, "The body is too large"),
    "uri_too_long": Problem(414, "The address is too long"),
    "unsupported_media_type": Problem(415, "This content type is not accepted"),
    "invalid_request": Problem(422, "The request has faults"),
    "too_many_connections": Problem(429, "Too many connections from this address"),
    "headers_too_large": Problem(431, "The headers are too large"),
    "internal_error": Problem(500, "Something went wrong on our side"),
    "deadline_exceeded": Problem(503, "The answer took too long"),
    "overloaded": Problem(503, "Too much to do at the moment"),
    "service_unavailable": Problem(503, "Not available at the moment"),
    "database_unavailable": Problem(503, "Not available at the moment"),
}


class EnglishProblems:
    """How problems are told. A service class brings its own table and languages as `problems`."""

    @staticmethod
    def describe(code: str, language: str) -> Problem | None:
        """None for a code that is not in the table: that is a fault of ours."""
        return EDGE_PROBLEMS.get(code)

    @staticmethod
    def describe_field(message: str, language: str) -> str:
        return message


class HttpRefusal(Refusal):
    """Ends a request with a problem. `message` is for developers: it may reach the log, never the client."""

    def __init__(self, code: str, message: str = "", *, errors=(), headers=None, **details):
        super().__init__(message or code, **details)
        self.refusal_code = code
        self.errors = list(errors)
        self.headers = dict(headers or {})


class WorkerFailed(Exception):
    """A fault in a handler. The container has logged it already, under the request's id."""


def problem_answer(code: str, problem: Problem, request_id: str, refusal: Exception | None, tell_field) -> Answer:
    body = {
        "type": f"urn:congvu:problem:{code}",
        "title": problem.title,
        "status": problem.status,
        "code": code,
        "instance": f"urn:request:{request_id}",
    }
    details = dict(getattr(refusal, "details", {}))
    errors = getattr(refusal, "errors", ()) or list(flatten(details.pop("errors", {})))
    if errors:
        body["errors"] = [error | {"message": tell_field(error["message"])} for error in errors]
    elif "field" in details:
        body["errors"] = [{"field": details.pop("field"), "message": problem.title}]
    if details:
        body["details"] = details
    headers = {"Content-Type": "application/problem+json", **getattr(refusal, "headers", {})}
    if problem.status in (429, 503):
        headers.setdefault("Retry-After", str(details.get("retry_after") or random.randint(*RETRY_AFTER_SECONDS)))
    return Answer(body, status=problem.status, headers=headers)


def flatten(messages, path=""):
    """marshmallow's nested messages as a flat list of {field, message}: `assignments.0.unit_id`."""
    if isinstance(messages, dict):
        for key, value in messages.items():
            name = path if key == "_schema" else f"{path}.{key}" if path else str(key)
            yield from flatten(value, name)
    elif isinstance(messages, list):
        for message in messages:
            yield from flatten(message, path)
    else:
        yield {"field": path, "message": str(messages)}
