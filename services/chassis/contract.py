"""The two things a service can promise on the bus: a procedure that it answers, an event that it emits."""

from dataclasses import dataclass
from functools import cache

from marshmallow import Schema

OUTSIDE = "outside"  # the owner of events that come from systems outside, each by an account of its own
PATIENCE = 25.0  # seconds: a broker restarts in less, and people do not wait longer


@cache
def schema(kind: type[Schema], **options) -> Schema:
    """The one instance of a schema: making one copies all its fields."""
    return kind(**options)


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
