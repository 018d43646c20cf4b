"""`python -m contracts.generate [folder]`: write asyncapi.yaml (what is on the bus) and openapi.yaml (what is on HTTP).

Both come from the running code; a test compares them with the committed files.
"""

import sys
from pathlib import Path

import yaml
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from chassis.topology import events_exchange, outside_exchange, published_exchange, rpc_queue
from contracts.catalogue import EVENTS, PROCEDURES
from contracts.inbound import INBOUND

PUBLISHED = Path(__file__).resolve().parent / "published"

_ATTRIBUTES = {
    "type": "object",
    "required": [
        "cloudEvents:specversion", "cloudEvents:id", "cloudEvents:type", "cloudEvents:source", "cloudEvents:time",
        "cloudEvents:subject", "cloudEvents:aggregateversion",
    ],
    "properties": {
        "cloudEvents:specversion": {"const": "1.0"},
        "cloudEvents:id": {"type": "string", "format": "uuid", "description": "The same at every repetition."},
        "cloudEvents:type": {"type": "string", "description": "The event's name; the routing key too."},
        "cloudEvents:source": {"type": "string", "format": "uri-reference"},
        "cloudEvents:time": {"type": "string", "format": "date-time"},
        "cloudEvents:subject": {"type": "string", "description": "The id of what changed."},
        "cloudEvents:aggregateversion": {
            "type": "integer",
            "description": "Counts the changes of the subject: a hearer ignores what is not newer than it knows.",
        },
    },
}  # fmt: skip


class _Schemas:
    """marshmallow schemas as JSON Schemas: each whole one stands once, and is referred to."""

    def __init__(self):
        self._plugin = MarshmallowPlugin(schema_name_resolver=_name_of)
        self._spec = APISpec("", "", "3.1.0", plugins=[self._plugin])

    def of(self, schema: type, only: tuple[str, ...] | None = None) -> dict:
        if only is not None:
            return self._plugin.converter.schema2jsonschema(schema(only=only))
        return self._plugin.converter.resolve_nested_schema(schema)

    def all(self) -> dict[str, dict]:
        return dict(sorted(self._spec.components.schemas.items()))


def _name_of(schema) -> str | bool:
    """By the owner of its contract; a part of a schema has no name, and stands where it is used."""
    cls = schema if isinstance(schema, type) else type(schema)
    if schema is not cls and (schema.only is not None or schema.exclude):
        return False
    return f"{cls.__module__.split('.')[1]}_{cls.__name__}"


def asyncapi() -> dict:
    """The AsyncAPI 3.0 document of the core's exchanges and call queues."""
    schemas = _Schemas()
    channels: dict[str, dict] = {}
    operations: dict[str, dict] = {}
    messages: dict[str, dict] = {}

    def channel(name: str, address: str, description: str, binding: dict) -> dict:
        return channels.setdefault(
            name, {"address": address, "description": description, "messages": {}, "bindings": {"amqp": binding}}
        )

    def topic(name: str) -> dict:
        return {"is": "routingKey", "exchange": {"name": name, "type": "topic", "durable": True, "autoDelete": False}}

    for event in EVENTS.values():
        forms = [(events_exchange(event.owner), event.name, None, f"Core form, for {', '.join(event.hearers)}.")]
        if event.published is not None:
            forms.append((published_exchange(event.owner), f"{event.name}_published", event.published, "Thin form."))
        for exchange, key, only, note in forms:
            messages[key] = {
                "name": event.name,
                "contentType": "application/json",
                "summary": event.summary,
                "description": note,
                "headers": {"$ref": _ATTRIBUTES_REF},
                "payload": schemas.of(event.data, only),
            }
            kind = "What siblings may read." if only is not None else "Core accounts only."
            place = channel(exchange.replace(".", "_"), exchange, kind, topic(exchange))
            place["messages"][key] = {"$ref": f"#/components/messages/{key}"}
            operations[f"send_{key}"] = {
                "action": "send",
                "channel": {"$ref": f"#/channels/{exchange.replace('.', '_')}"},
                "messages": [{"$ref": f"#/channels/{exchange.replace('.', '_')}/messages/{key}"}],
            }
    for event in INBOUND.values():
        messages[event.name] = {
            "name": event.name,
            "contentType": "application/json",
            "summary": event.summary,
            "description": f"Said by a sibling, for {', '.join(event.hearers)}. The message's user_id is its account. "
            f"Without a broker: POST /inbound/events of the {event.door}.",
            "headers": {"$ref": _ATTRIBUTES_REF},
            "payload": schemas.of(event.data),
        }
        place = channel(
            "inbound", outside_exchange("{system}"), "What a sibling may say, on its own exchange.",
            topic(outside_exchange("{system}")),
        )  # fmt: skip
        place["parameters"] = {"system": {"description": "The sibling's name."}}
        place["messages"][event.name] = {"$ref": f"#/components/messages/{event.name}"}
        operations[f"receive_{event.name}"] = {
            "action": "receive",
            "channel": {"$ref": "#/channels/inbound"},
            "messages": [{"$ref": f"#/channels/inbound/messages/{event.name}"}],
        }
    for procedure in PROCEDURES.values():
        key, name = f"{procedure.owner}_{procedure.name}", f"rpc_{procedure.owner}"
        queue = rpc_queue(procedure.owner)
        place = channel(
            name,
            queue,
            f"Calls answered by {procedure.owner}; answers by direct reply-to.",
            {"is": "queue", "queue": {"name": queue, "durable": False, "exclusive": False, "autoDelete": True}},
        )
        answers = channels.setdefault(
            f"{name}_answers",
            {"address": None, "description": "The reply address that the request names.", "messages": {}},
        )
        for part, schema, where in (("request", procedure.request, place), ("reply", procedure.reply, answers)):
            payload = schemas.of(schema)
            if part == "reply":
                payload = {"type": "object", "properties": {"result": payload, "error": {"$ref": _ERROR_REF}}}
            messages[f"{key}_{part}"] = {
                "name": procedure.full_name,
                "contentType": "application/json",
                "summary": procedure.summary,
                "payload": payload,
            }
            where["messages"][f"{key}_{part}"] = {"$ref": f"#/components/messages/{key}_{part}"}
        operations[f"answer_{key}"] = {
            "action": "receive",
            "summary": procedure.summary,
            "description": f"Needs the token of {'an' if procedure.caller == 'actor' else 'a'} {procedure.caller}.",
            "channel": {"$ref": f"#/channels/{name}"},
            "messages": [{"$ref": f"#/channels/{name}/messages/{key}_request"}],
            "reply": {
                "channel": {"$ref": f"#/channels/{name}_answers"},
                "messages": [{"$ref": f"#/channels/{name}_answers/messages/{key}_reply"}],
            },
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Công Vụ on the bus",
            "version": "1",
            "description": "Events are CloudEvents 1.0 in binary mode on topic exchanges; the routing key is the name.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": {"Error": _ERROR, "CloudEventAttributes": _ATTRIBUTES} | schemas.all(),
        },
    }


_ERROR_REF = "#/components/schemas/Error"
_ATTRIBUTES_REF = "#/components/schemas/CloudEventAttributes"
_ERROR = {
    "type": "object",
    "required": ["code", "message", "details", "retryable"],
    "properties": {
        "code": {"type": "string", "description": "Stable; what a program acts on."},
        "message": {"type": "string"},
        "details": {"type": "object"},
        "retryable": {"type": "boolean"},
    },
}


def as_yaml(document: dict) -> str:
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data):
            return True

    return yaml.dump(document, Dumper=Plain, sort_keys=False, allow_unicode=True, width=120)


def documents() -> dict[str, str]:
    """Every generated file's name and content."""
    from gateway.openapi import document

    return {"asyncapi.yaml": as_yaml(asyncapi()), "openapi.yaml": as_yaml(document())}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in documents().items():
        (folder / name).write_text(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PUBLISHED)
