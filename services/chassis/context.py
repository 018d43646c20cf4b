"""What a piece of work carries with it: its id, its deadline, its trace, on whose behalf (an id only)."""

import time
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field

import eventlet


@dataclass(frozen=True)
class Context:
    call_id: str
    deadline: float | None = None  # time.monotonic()
    actor_id: str | None = None
    trace: dict[str, str] = field(default_factory=dict)  # W3C trace context headers


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


def remaining(otherwise: float) -> float:
    """Seconds that are left for the present work, at most `otherwise`."""
    context = _current.get()
    if context is None or context.deadline is None:
        return otherwise
    return min(otherwise, context.deadline - time.monotonic())


def spawn(function, *args):
    """A green thread that works in the same context: context variables do not pass by themselves."""
    return eventlet.spawn(copy_context().run, function, *args)
