"""Tasks that are under way elsewhere and come in by a file: what a line says, and what it would change here.

A line is about one unit that leads. Lines of one code are one order: of each for itself, if there are several. An order
is known by its code; what was given here has none, and is known by its id.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from kernel.columns import Fault, Line, Value, tidy, written
from tasks.domain.assignment import CLOSED, IMPORTED_IN
from tasks.domain.columns import BY_NAME

OF_ORDER = (
    "title", "content", "expected_result", "document_number", "document_issued_on", "clause", "source", "field",
    "urgency",
)  # fmt: skip
OF_UNITS = ("support", "inform")
OF_PROGRESS = ("percent", "progress")
OF_PIECE = (
    "assigned_on", "due_on", "original_due_on", "state", "result", "result_number", "result_issued_on", "submitted_on",
    "grade",
)  # fmt: skip
DEFAULTS = {"source": "city_pc", "urgency": "normal"}
ALWAYS = ("assigned_on", "due_on", "state")
WHILE_OPEN = ("expected_result",)
DELIVERED = ("result", "result_number", "result_issued_on", "submitted_on")
KINDS = ("new", "changed", "conflict", "incomplete")


@dataclass(frozen=True)
class Unit:
    """A unit that a cell names, with the post that answers for it."""

    id: str
    code: str
    name: str
    post_id: str


FindUnits = Callable[[str], Sequence[Unit] | str]  # or what is wrong with the cell, by code


@dataclass(frozen=True)
class Present:
    """A unit's piece of an order as it stands here, as a line would say it."""

    task_id: str
    assignment_id: str
    values: Mapping[str, Value]
    unit_ids: Mapping[str, frozenset[str]]  # by column: support, inform


@dataclass(frozen=True)
class Order:
    """What is here under a code. `was_imported`: it came in by a file; `lived_here`: units whose pieces have been
    moved by a verb since, and whose state no file changes any more.
    """

    task_id: str
    mode: str
    was_imported: bool
    pieces: Mapping[str, Present]  # by the unit that leads
    lived_here: frozenset[str] = frozenset()


@dataclass
class Difference:
    """What one line would change, or why it cannot. `each`: its code has several lines, each of a unit of its own."""

    kind: str
    line: Line
    each: bool
    changes: dict[str, tuple[Value, Value]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)  # as they are to be
    units: Mapping[str, Sequence[Unit]] = field(default_factory=dict)
    present: Present | None = None

    @property
    def code(self) -> str:
        return self.line.get("code") or ""

    def plain(self) -> dict:
        changes = [
            {"column": name, "before": _shown(name, before), "after": _shown(name, after)}
            for name, (before, after) in self.changes.items()
        ]
        return {
            "kind": self.kind, "line": self.line.number, "key": self.code, "changes": changes,
            "faults": [fault.plain() for fault in self.faults],
        }  # fmt: skip


def _shown(name: str, value: Value) -> str:
    return written(BY_NAME[name], value)


def by_code(lines: Iterable[Line]) -> list[list[Line]]:
    """The lines of each order, in the order of the file; a line without a code stands for itself."""
    groups: dict[object, list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.get("code") or (line.number,)].append(line)
    return list(groups.values())


def compare(
    lines: Sequence[Line], order: Order | None, find_units: FindUnits, today: date, *, each: bool = False
) -> list[Difference | None]:
    """What the lines of one code would change; None for one that changes nothing."""
    each = each or len(lines) > 1
    found, leads, first = [], set(), None
    for line in lines:
        units, faults = _units(line, find_units)
        lead = units["lead"][0].id if "lead" in units else None
        if lead in leads:
            faults.append(Fault("lead", "duplicate_key"))
        leads.add(lead)
        if first is not None:
            faults += [Fault(name, "differs_in_order") for name in OF_ORDER if line.get(name) != first.get(name)]
        first = first or line
        found.append(_compare_one(line, units, tuple(faults), order, each, today))
    return found


def _units(line: Line, find_units: FindUnits) -> tuple[dict[str, Sequence[Unit]], list[Fault]]:
    units, faults, seen = {}, list(line.faults), set()
    for name in ("lead", *OF_UNITS):
        if not line.get(name):
            continue
        found = find_units(line.get(name))
        if isinstance(found, str):
            faults.append(Fault(name, found))
            continue
        if name == "lead" and len(found) > 1:
            faults.append(Fault(name, "one_unit"))
            continue
        if any(unit.id in seen for unit in found):
            faults.append(Fault(name, "unit_twice"))
        seen.update(unit.id for unit in found)
        units[name] = found
    return units, faults


def _compare_one(
    line: Line, units: dict, faults: tuple[Fault, ...], order: Order | None, each: bool, today: date
) -> Difference | None:
    if faults:
        return Difference("incomplete", line, each, faults=faults)
    lead = units["lead"][0]
    present = order.pieces.get(lead.id) if order else None
    if order and present is None and not (each and order.was_imported and order.mode == "each"):
        return Difference("conflict", line, each, faults=(Fault("lead", "other_lead"),))
    before = present.values if present else {}
    said = {name: value for name, value in line.values.items() if name not in ("code", "lead", *OF_UNITS)}
    values = DEFAULTS | {name: before.get(name) for name in (*OF_ORDER, *OF_PIECE, *OF_PROGRESS)} | said
    values = {name: DEFAULTS.get(name) if value is None else value for name, value in values.items()}
    if "original_due_on" not in line.values and (present is None or before["original_due_on"] is None):
        values["original_due_on"] = values["due_on"]
    changes = {
        name: (before.get(name), values[name])
        for name in (*OF_ORDER, *OF_PIECE, *OF_PROGRESS)
        if _tidy(before.get(name)) != values[name]
    }
    if present is None:
        faults = _incomplete(line, values, units, each, today)
        if faults:
            return Difference("incomplete", line, each, faults=tuple(faults))
        return Difference("new", line, each, changes | _named(line), (), values, units)
    moved = [
        name for name in OF_UNITS
        if name in line.values and present.unit_ids[name] != {unit.id for unit in units.get(name, ())}
    ]  # fmt: skip
    if not changes and not moved:
        return None
    if faults := _kept(order, lead.id, changes, moved):
        return Difference("conflict", line, each, changes, faults)
    if faults := _incomplete(line, values, units, each, today):
        return Difference("incomplete", line, each, faults=tuple(faults))
    return Difference("changed", line, each, changes, (), values, units, present)


def _tidy(value: Value) -> Value:
    return tidy(value) if isinstance(value, str) else value


def _named(line: Line) -> dict[str, tuple[Value, Value]]:
    return {name: (None, line.get(name)) for name in ("lead", *OF_UNITS) if line.get(name)}


def _kept(order: Order, lead: str, changes: Mapping, moved: Sequence[str]) -> tuple[Fault, ...]:
    """What is followed here is moved by its verbs, and no more by a file."""
    if not order.was_imported:
        return (Fault(None, "given_here"),)
    if moved:
        return tuple(Fault(name, "other_units") for name in moved)
    if lead in order.lived_here and not {*OF_PIECE, *OF_PROGRESS, *OF_ORDER}.isdisjoint(changes):
        return (Fault(None, "followed_here"),)
    return ()


def _incomplete(line: Line, values: Mapping, units: Mapping, each: bool, today: date) -> list[Fault]:
    """What an order needs, and what its state says that there must be."""
    state = values["state"]
    needed = [name for name in ALWAYS if values[name] is None and not (name == "due_on" and "due_on" in line.values)]
    if state is not None and state not in CLOSED:
        needed += [name for name in WHILE_OPEN if values[name] is None]
    if state in ("result_submitted", "completed"):
        needed += [name for name in DELIVERED if values[name] is None]
    faults = [Fault(name, "missing") for name in needed]
    if state is not None and state not in IMPORTED_IN:
        faults.append(Fault("state", "state_not_imported"))
    if each and "support" in units:
        faults.append(Fault("support", "support_of_each"))
    given = values["assigned_on"]
    for name in ("assigned_on", "document_issued_on", "submitted_on", "result_issued_on"):
        if values[name] is not None and values[name] > today:
            faults.append(Fault(name, "yet_to_come"))
    for name in ("due_on", "original_due_on", "submitted_on"):
        if None not in (values[name], given) and values[name] < given:
            faults.append(Fault(name, "before_given"))
    return faults
