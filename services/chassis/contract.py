"""The two things a service can promise on the bus: a procedure that it answers, an event that it emits."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from marshmallow import Schema, ValidationError, fields

OUTSIDE = "outside"  # the owner of events that come from systems outside, each by an account of its own
EXACT = 2**53  # from here on a number with a point is no integer any more to many who read JSON
PATIENCE = 25.0  # seconds: a broker restarts in less, and people do not wait longer


@cache
def schema(kind: type[Schema], **options) -> Schema:
    """The one instance of a schema: making one copies all its fields."""
    return kind(**options)


def load_exactly(kind: type[Schema], value: Any, **options) -> dict:
    """What came as JSON: a number or a truth is written as one. marshmallow takes "12", 1.5 and "yes" for them, which
    queries need, and integers that nobody can write again. Raises ValidationError.
    """
    if wrong := _inexact(schema(kind, **options), value):
        raise ValidationError(wrong)
    return schema(kind, **options).load(value)


@cache
def _by_key(whole: Schema) -> dict[str, fields.Field]:
    return {field.data_key or name: field for name, field in whole.load_fields.items()}


def _inexact(kind: Schema | fields.Field | None, value: Any) -> list[str] | dict:
    """What is wrong and where, in the form in which marshmallow says it."""
    parts: Iterable[tuple] = ()
    if isinstance(kind, fields.Integer):
        exact = type(value) is int or value is None or (type(value) is float and value % 1 == 0 and abs(value) < EXACT)
        return [] if exact else [kind.error_messages["invalid"]]
    if isinstance(kind, fields.Boolean):
        return [] if value is None or isinstance(value, bool) else [kind.error_messages["invalid"]]
    if isinstance(value, list) and (isinstance(kind, fields.List) or getattr(kind, "many", False)):
        inner = kind.inner if isinstance(kind, fields.List) else kind.schema
        parts = ((number, inner, each) for number, each in enumerate(value))
    elif isinstance(value, dict) and isinstance(kind, fields.Dict):
        parts = ((key, kind.value_field, each) for key, each in value.items())
    elif isinstance(value, dict) and isinstance(kind, Schema | fields.Nested):
        known = _by_key(kind if isinstance(kind, Schema) else kind.schema)
        parts = ((key, known.get(key), each) for key, each in value.items())
    return {key: wrong for key, inner, each in parts if (wrong := _inexact(inner, each))}


@dataclass(frozen=True)
class Procedure:
    """A call that one service answers.

    `caller` says whose token is asked for: "actor" (a person, minted by the edge), "client" (a machine from outside,
    minted by the edge) or "service" (a named service principal, for background work); `callers` names those services,
    and nobody else is answered. `timeout` is the caller's default in seconds for an answer.
    With `patience`, in seconds, a caller who gets none asks again for that long, so that an act survives a restart of
    the broker or of the callee: only for what takes effect once though it is asked twice.
    """

    owner: str
    name: str
    request: type[Schema]
    reply: type[Schema]
    summary: str
    caller: str = "actor"
    timeout: float = 5.0
    patience: float = 0.0
    callers: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        return f"{self.owner}.{self.name}"


@dataclass(frozen=True)
class Event:
    """A fact that one service tells the others.

    `hearers` are the core services that must receive it. `published` names the data fields that
    foreign subscribers may see as well; None keeps the event inside. Of `OUTSIDE` it is what a foreign system may say
    to us; who says it is told by the broker, and gives it no authority. `door` is the service that passes it on for
    systems that have no account of the broker, and is believed when it says for which.
    """

    owner: str
    name: str
    data: type[Schema]
    summary: str
    hearers: tuple[str, ...]
    published: tuple[str, ...] | None = None
    door: str | None = None
