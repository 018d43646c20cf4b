"""Reads what the client sends, within limits, and loads it by a schema."""

import contextlib
import json

import eventlet
import orjson
from eventlet.wsgi import ChunkReadError
from marshmallow import Schema, ValidationError

from chassis.contract import load_exactly, schema
from chassis.http.messages import Sink
from chassis.http.refusals import HttpRefusal, flatten

JSON = "application/json"
CHUNK = 64 * 1024
DISCARD_AT_MOST = 16  # times the limit: a client that still sends does not read its answer
DISCARD_SECONDS = 5
PACE = 64 * 1024  # bytes in a second: the line of half a megabit that a large body, or answer, may take its time on


def check_framing(environ) -> None:
    """Refuse what two parsers could read as two different requests."""
    names = [name.lower() for name, _ in environ["headers_raw"]]
    hosts = names.count("host")
    if hosts > 1 or (not hosts and environ["chassis.connection"].request_version == "HTTP/1.1"):
        raise HttpRefusal("bad_request", "not one host")
    coding = environ.get("HTTP_TRANSFER_ENCODING")
    length = environ.get("CONTENT_LENGTH") or "0"
    if (
        names.count("content-length") > 1
        or ("content-length" in names and coding is not None)
        or not (length.isascii() and length.isdigit())
        or (coding is not None and not environ["wsgi.input"].chunked_input)  # it has said itself what it understood
    ):
        raise HttpRefusal("bad_request", "ambiguous framing")


def check_address(environ) -> None:
    """Refuse a query that is not text."""
    try:
        environ.get("QUERY_STRING", "").encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise HttpRefusal("bad_request", "the query is not UTF-8") from None


def receive(environ, limit: int, seconds: float) -> bytes:
    """The whole body, in a limited size and time: `seconds`, and more for what says that it is large."""
    source = environ["wsgi.input"]
    pieces, size = [], 0
    announced = int(environ.get("CONTENT_LENGTH") or limit)
    try:
        with eventlet.Timeout(seconds + min(announced, limit) / PACE, HttpRefusal("request_timeout")):
            if int(environ.get("CONTENT_LENGTH") or 0) <= limit:
                while size <= limit and (piece := source.read(min(CHUNK, limit + 1 - size))):
                    pieces.append(piece)
                    size += len(piece)
                if size <= limit:
                    return _whole(b"".join(pieces), environ)
        _discard(source, limit * DISCARD_AT_MOST)
    except (ChunkReadError, OSError) as error:
        raise HttpRefusal("bad_request", "the body broke off") from error
    raise HttpRefusal("body_too_large", limit=limit)


def check_size(environ, limit: int) -> None:
    """Refuse a body that says of itself that it is too large."""
    if int(environ.get("CONTENT_LENGTH") or 0) > limit:
        _discard(environ["wsgi.input"], limit)
        raise HttpRefusal("body_too_large", limit=limit)


def pour(environ, sink: Sink, limit: int, seconds: float) -> None:
    """The whole body, in a limited size and time, into what takes it piece by piece."""
    source, size = environ["wsgi.input"], 0
    try:
        with eventlet.Timeout(seconds, HttpRefusal("request_timeout")):
            while piece := source.read(min(CHUNK, limit + 1 - size)):
                size += len(piece)
                if size > limit:
                    break
                sink.write(piece)
    except (ChunkReadError, OSError) as error:
        raise HttpRefusal("bad_request", "the body broke off") from error
    if size > limit:
        _discard(source, limit)
        raise HttpRefusal("body_too_large", limit=limit)
    _require_all(size, environ)
    sink.finish()


def require_type(accepted: tuple[str, ...], mimetype: str) -> None:
    if mimetype not in accepted:
        raise HttpRefusal("unsupported_media_type", headers={"Accept": ", ".join(accepted)})


def load_json(kind: type[Schema], mimetype: str, raw: bytes) -> dict:
    """No body at all, of which nobody says that it is JSON, says as much as an empty object."""
    if not raw and mimetype != JSON:
        return load(kind, {})
    require_type((JSON,), mimetype)
    value = strict_json(raw)
    if b"\\u0000" in raw and _has_nul(value):
        raise HttpRefusal("invalid_request", errors=[{"field": "", "message": "Null characters are not allowed."}])
    return load(kind, value, exactly=True)


def strict_json(raw: bytes):
    """What all parsers read alike: of all the strictest, and no name stands twice. Raises `invalid_json`."""
    try:
        value = orjson.loads(raw)
        json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise HttpRefusal("invalid_json") from error
    return value


def load(kind: type[Schema], data, *, exactly: bool = False) -> dict:
    try:
        return load_exactly(kind, data) if exactly else schema(kind).load(data)
    except ValidationError as error:
        raise HttpRefusal("invalid_request", errors=list(flatten(error.messages))) from error


def load_query(kind: type[Schema], args) -> dict:
    """Query parameters, each at most once."""
    errors = [
        {"field": name, "message": "Give this parameter once." if len(values) > 1 else "Not a valid string."}
        for name, values in args.lists()
        if len(values) > 1 or "\0" in values[0]
    ]
    if errors:
        raise HttpRefusal("invalid_request", errors=errors)
    return load(kind, args.to_dict())


def _once(pairs: list[tuple]) -> dict:
    """Of a name that stands twice some read the first value, others the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _whole(data: bytes, environ) -> bytes:
    _require_all(len(data), environ)
    return data


def _require_all(size: int, environ) -> None:
    if size < int(environ.get("CONTENT_LENGTH") or 0):
        raise HttpRefusal("bad_request", "the body is shorter than announced")


def _discard(source, at_most: int) -> None:
    with contextlib.suppress(ChunkReadError, OSError), eventlet.Timeout(DISCARD_SECONDS, False):
        while at_most > 0 and (piece := source.read(CHUNK)):
            at_most -= len(piece)


def _has_nul(value) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(inner) for key, inner in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))
