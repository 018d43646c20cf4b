"""CloudEvents 1.0 in a request's body: structured, in a batch, binary. What is wrong with one is told by its place."""

import re

import orjson
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_binary
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from marshmallow import EXCLUDE, ValidationError, fields, validate
from werkzeug.datastructures import Headers

from chassis.contract import schema
from chassis.http import HttpRefusal
from chassis.http.body import JSON, strict_json
from chassis.http.refusals import flatten
from contracts.fields import IN_THESE_CENTURIES, ORIGIN_ID, Line, Moment, Statement
from contracts.inbound import INBOUND
from gateway.partners.signatures import ATTRIBUTE

STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
ACCEPTED = (STRUCTURED, BATCH, JSON)
BATCH_AT_MOST = 100
FAULTS_AT_MOST = 100
NEVER_GUESSED = ("specversion", "id")  # the library would fill them in, and what comes again would be news
VERSION_AT_MOST = 2**31 - 1
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")


class Verbatim(Line):
    """As it is or not at all: what others tell apart must not become the same here."""

    def _deserialize(self, value, attr, data, **kwargs):
        if super()._deserialize(value, attr, data, **kwargs) != value:
            raise ValidationError("Invalid value.")
        return value


class Attributes(Statement):
    """What an event must say about itself; if it does not say when it happened, it is now."""

    id = Verbatim(max=500, required=True)
    source = Verbatim(max=500, required=True)
    type = Line(max=100, required=True)
    subject = fields.String(required=True, validate=validate.Regexp(ORIGIN_ID.pattern + r"\Z"))
    aggregateversion = fields.Integer(required=True, strict=True, validate=validate.Range(1, VERSION_AT_MOST))
    time = Moment(required=True, validate=IN_THESE_CENTURIES)


def read(mimetype: str, headers: Headers, raw: bytes, says: frozenset[str]) -> list[dict]:
    """The events of a request, each `{attributes, data}` as its hearers will find it right.

    Raises `invalid_json`, `event_not_granted` and `invalid_request`; in a batch the fields begin with the place.
    """
    value = strict_json(raw)
    if mimetype != BATCH:
        found, faults = _checked(mimetype, headers, value, says)
        _refuse(faults)
        return [found]
    if not isinstance(value, list) or not 1 <= len(value) <= BATCH_AT_MOST:
        _refuse([{"field": "", "message": f"Length must be between 1 and {BATCH_AT_MOST}."}])
    read = [_checked(STRUCTURED, headers, each, says) for each in value]
    places = [
        fault | {"field": f"{place}.{fault['field']}".rstrip(".")}
        for place, (_, faults) in enumerate(read)
        for fault in faults
    ]
    _refuse(places)
    return [found for found, _ in read]


def _refuse(faults: list[dict]) -> None:
    if faults:
        raise HttpRefusal("invalid_request", errors=faults[:FAULTS_AT_MOST])


def _checked(mimetype: str, headers: Headers, value, says: frozenset[str]) -> tuple[dict, list[dict]]:
    """An event, or what is wrong with it."""
    try:
        event = _parsed(mimetype, headers, value)
        given = event.get_attributes() | {"time": event.get_time().isoformat()}
        version = given.get("aggregateversion")
        if mimetype == JSON and isinstance(version, str) and _NUMBER.fullmatch(version):  # headers have no numbers
            given["aggregateversion"] = int(version)
        attributes = schema(Attributes).load(given)
        if attributes["type"] not in says:
            raise HttpRefusal("event_not_granted", type=attributes["type"])
        if (event.get_datacontenttype() or JSON).partition(";")[0].strip() != JSON:
            raise ValidationError({"datacontenttype": [f"Must be equal to {JSON}."]})
        kind = schema(INBOUND[attributes["type"]].data, unknown=EXCLUDE)
        try:
            data = kind.dump(kind.load(event.get_data()))
        except ValidationError as error:
            raise ValidationError({"data": error.messages}) from error
    except ValidationError as error:
        return {}, list(flatten(error.messages))
    return {"attributes": attributes | {"time": attributes["time"].isoformat()}, "data": data}, []


def _parsed(mimetype: str, headers: Headers, value) -> BaseCloudEvent:
    """As the CloudEvents library reads it. Raises ValidationError."""
    if mimetype == JSON:
        lines = [(name.lower(), text) for name, text in headers.items() if name.lower().startswith(ATTRIBUTE)]
        given = dict(lines)
        if len(given) < len(lines):  # signed as one line, which some would read and others not
            raise ValidationError("Not a valid CloudEvent.")
        missing = [name for name in NEVER_GUESSED if not given.get(ATTRIBUTE + name)]
    elif isinstance(value, dict):
        given = {name: each for name, each in value.items() if each is not None}
        missing = [name for name in NEVER_GUESSED if not given.get(name)]
    else:
        raise ValidationError("Not a valid mapping type.")
    if missing:
        raise ValidationError({name: ["Missing data for required field."] for name in missing})
    try:
        if mimetype == JSON:
            return from_binary(
                HTTPMessage(given | {"content-type": JSON}, orjson.dumps(value)), JSONFormat(), CloudEvent
            )
        return JSONFormat().read(CloudEvent, orjson.dumps(given))
    except CloudEventValidationError as error:
        raise ValidationError({name: ["Not a valid CloudEvent."] for name in error.errors}) from error
    except (ValueError, TypeError) as error:  # a time or base64 that is none, too deep a nesting
        raise ValidationError("Not a valid CloudEvent.") from error
