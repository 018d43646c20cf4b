"""An order's piece as a line of a file says it, going out as it came in."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from kernel.columns import Value, written
from kernel.working_time import today
from tasks.domain.columns import COLUMNS

SEPARATOR = "; "
NO_DEADLINE = "-"


def values_of(task: Mapping, piece: Mapping, result: Mapping | None, report: Mapping | None) -> dict[str, Value]:
    """All but the units. A result that was returned or withdrawn is none."""
    result = result if result and result["outcome"] in (None, "approved") else None
    of_result = {
        "result": result and result["summary"], "result_number": result and result["document_number"],
        "result_issued_on": result and result["document_issued_on"],
    }  # fmt: skip
    of_order = ("document_number", "document_issued_on", "clause", "source", "field", "urgency")
    return {name: task[name] for name in of_order} | of_result | {
        "title": task["title"],
        "content": task["content"] or None,
        "expected_result": task["expected_result"] or None,
        "assigned_on": _day(piece["assigned_at"]),
        "due_on": _day(piece["current_due"]),
        "original_due_on": _day(piece["original_due"]),
        "state": piece["state"],
        "percent": report and report["percent"],
        "progress": (report and report["result"]) or None,
        "submitted_on": _day(piece["done_at"] or piece["submitted_at"]),
        "grade": piece["grade"],
    }  # fmt: skip


def _day(at: datetime | None) -> date | None:
    return at and today(at)


def cells_of(code: str, values: Mapping[str, Value], units: Mapping[str, Iterable[str]]) -> list[str]:
    """`units` are their names, by column. What has no deadline says so: an empty cell would say nothing."""
    told = values | {"code": code} | {name: SEPARATOR.join(names) for name, names in units.items()}
    cells = {column.name: written(column, told.get(column.name)) for column in COLUMNS}
    return list((cells | {"due_on": cells["due_on"] or NO_DEADLINE}).values())


def code_of(task: Mapping) -> str:
    """What was given here is known by its id."""
    return task["code"] or task["id"]
