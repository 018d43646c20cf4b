"""What a piece of work carries with it: its id, its deadline, its trace, on whose behalf (ids only)."""

import time
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field

import eventlet


@dataclass(frozen=True)
class Context:
    call_id: str
    deadline: float | None = None  # time.monotonic()
    actor: dict[str, str] = field(default_factory=dict)  # `sub` and whatever else tells in which capacity
    trace: dict[str, str] = field(default_factory=dict)  # W3C trace context headers

    @property
    def actor_id(self) -> str:
        return self.actor.get("sub", "")


_current: ContextVar[Context | None] = ContextVar("congvu_context", default=None)


def current() -> Context | None:
    return _current.get()


@contextmanager
def working(context: Context):
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def acts(**known: str | None) -> None:
    """What has become known of who acts in the present work."""
    if (work := _current.get()) is not None:
        work.actor.update({name: value for name, value in known.items() if value is not None})


def remaining(otherwise: float) -> float:
    """Seconds that are left for the present work, at most `otherwise`."""
    context = _current.get()
    if context is None or context.deadline is None:
        return otherwise
    return min(otherwise, context.deadline - time.monotonic())


def spawn(function, *args):
    """A green thread that works in the same context: context variables do not pass by themselves."""
    return eventlet.spawn(copy_context().run, function, *args)
