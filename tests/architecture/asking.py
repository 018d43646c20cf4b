"""What a function of the house reaches, read from its code: which procedures it names, which functions it calls."""

import dis
import inspect
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType

from chassis.contract import Procedure


def procedures_named(function: FunctionType, cls: type | None = None) -> set[str]:
    """Full names of the procedures that a method, and the methods and neighbours that it calls, speak of."""
    return {thing.full_name for thing in reached(function, cls) if isinstance(thing, Procedure)}


def functions_reached(function: FunctionType, cls: type | None = None) -> set[str]:
    return {thing.__name__ for thing in reached(function, cls) if isinstance(thing, FunctionType)}


def reached(function: FunctionType, cls: type | None) -> list:
    """Everything of the same service that can be reached, whatever the way."""
    room = _room(function)
    found, waiting = [], [inspect.unwrap(function)]
    while waiting:
        current = waiting.pop()
        for thing in _named(current, cls):
            if any(thing is known for known in found):
                continue
            found.append(thing)
            if isinstance(thing, FunctionType) and _room(thing) == room:
                waiting.append(inspect.unwrap(thing))
    return found


def _room(function: FunctionType) -> str:
    return function.__module__.split(".")[0]


def _named(function: FunctionType, cls: type | None) -> Iterator:
    cells = inspect.getclosurevars(function).nonlocals
    for code in code_within(function):
        base = None
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                base = function.__globals__.get(step.argval)
            elif step.opname == "LOAD_DEREF":
                base = cls if step.argval == "self" else cells.get(step.argval)
            elif step.opname == "LOAD_FAST":
                base = cls if step.argval == "self" else None
            elif step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
                base = getattr(base, step.argval, None) if isinstance(base, ModuleType | type) else None
            elif step.opname not in ("PRECALL", "PUSH_NULL", "CACHE"):
                base = None
            if isinstance(base, Procedure | FunctionType):
                yield base


def code_within(function: FunctionType) -> Iterator[CodeType]:
    """Its own, and that of the functions made in it."""
    return _codes(function.__code__)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
