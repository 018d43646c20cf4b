"""How much of what stands in the written instructions is found, and how much of what is found stands there."""

from collections import Counter
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import yaml

from directory.city.structure import units
from kernel.working_time import WorkingDays
from tasks.domain.instructions import Audience, Vocabulary, propose

HERE = Path(__file__).parent
HALVES = ("written", "held_out")
READ_AT = datetime(2026, 11, 2, 2, tzinfo=UTC)  # a Monday morning in the city
DAYS = WorkingDays({})
KINDS = (
    "instruction", "lead", "support", "inform", "unknown", "mode", "due", "reporting", "document", "clause", "source",
    "result", "urgency",
)  # fmt: skip
AUDIENCES = {
    "all-departments": ("Các sở, ban, ngành", ("office", "department")), "all-wards": ("Các phường", ("ward",)),
    "all-communes": ("Các xã", ("commune",)),
    "all-commune-level": ("Các phường, xã, đặc khu", ("ward", "commune", "special_zone")),
    "all-units": ("Tất cả đơn vị", ("office", "department", "ward", "commune", "special_zone")),
}  # fmt: skip


@cache
def city() -> Vocabulary:
    """The city's units as the directory is filled with them; a unit's id is its code here."""
    known = [
        SimpleNamespace(id=each.code, code=each.code, kind=each.kind, name=each.name, full_name=each.full_name)
        for each in units()
        if each.kind in AUDIENCES["all-units"][1]
    ]
    audiences = [
        Audience(name, title, [each.id for each in known if each.kind in kinds])
        for name, (title, kinds) in AUDIENCES.items()
    ]
    return Vocabulary(known, audiences)


@cache
def cases(half: str) -> list[dict]:
    return yaml.safe_load((HERE / f"{half}.yaml").read_text(encoding="utf-8"))


@cache
def _codes() -> dict[str, str]:
    return {unit.name: unit.code for unit in units() if unit.kind in AUDIENCES["all-commune-level"][1]}


def code_of(word: str) -> str:
    """A unit of the expectation: its code, or a commune's or ward's name."""
    return _codes().get(word, word)


def expected_of(case: dict) -> list[tuple]:
    """Every finding as (instruction, kind, value, words of the text)."""
    found = []
    for number, each in enumerate(case["expect"]):
        found += [(number, "instruction", None, None), (number, "mode", each["mode"], None)]
        for role in ("lead", "support", "inform"):
            found += [(number, role, code_of(str(code)), quote) for quote, code in each.get(role, {}).items()]
        found += [(number, "unknown", None, quote) for quote in each.get("unknown", [])]
        found += [(number, "due", _days(days), quote) for quote, days in each.get("due", {}).items()]
        for kind in ("reporting", "result", "urgency"):
            found += [(number, kind, value, quote) for quote, value in each.get(kind, {}).items()]
        found += [(number, "document", value, value) for value in each.get("document", [])]
        found += [(number, "clause", None, value) for value in each.get("clause", [])]
        if "source" in each:
            found.append((number, "source", each["source"], None))
    return found


def _days(days) -> tuple[date, ...]:
    if days == "none":
        return ()
    return tuple(days) if isinstance(days, list) else (days,)


def found_of(text: str) -> list[tuple]:
    found = []
    for number, each in enumerate(propose(text, city(), DAYS, READ_AT)["proposals"]):
        found += [(number, "instruction", None, None), (number, "mode", each["order"]["mode"], None)]
        for unit in each["units"]:
            quote = unit["place"]["text"]
            if unit["kind"] in ("unknown", "indefinite"):
                found.append((number, "unknown", None, quote))
            else:
                meant = [candidate.audience or candidate.unit_id for candidate in unit["candidates"]]
                found.append((number, unit["role"], " or ".join(meant), quote))
        found += [(number, "due", due["days"], due["place"]["text"]) for due in each["deadlines"]]
        found += [(number, "reporting", said["period"], said["place"]["text"]) for said in each["reporting"]]
        found += [(number, "document", cited["number"], cited["place"]["text"]) for cited in each["documents"]]
        found += [(number, "clause", None, clause["place"]["text"]) for clause in each["clauses"]]
        found += [(number, "result", said["kind"], said["place"]["text"]) for said in each["results"]]
        if each["urgency"]:
            found.append((number, "urgency", each["urgency"]["level"], each["urgency"]["place"]["text"]))
        if each["source"]:
            found.append((number, "source", each["source"]["source"], None))
    return found


def is_same(expected: tuple, found: tuple) -> bool:
    """The same instruction, kind and meaning, at the same words: the shorter of both stands in the longer."""
    if expected[:3] != found[:3]:
        return False
    words = [(quote or "").casefold() for quote in (expected[3], found[3])]
    return min(words, key=len) in max(words, key=len)


def compare(case: dict) -> tuple[list, list, list]:
    """What was found rightly, what was missed, and what was found though it is not there."""
    missed, wrong, right = expected_of(case), [], []
    for each in found_of(case["text"]):
        match = next((wanted for wanted in missed if is_same(wanted, each)), None)
        if match:
            missed.remove(match)
            right.append(match)
        else:
            wrong.append(each)
    return right, missed, wrong


def counts(half: str) -> dict[str, Counter]:
    """By kind: how many were found rightly, missed, and found wrongly."""
    kinds = {kind: Counter() for kind in KINDS}
    for case in cases(half):
        for outcome, found in zip(("right", "missed", "wrong"), compare(case), strict=True):
            for each in found:
                kinds[each[1]][outcome] += 1
    return kinds


def figures(count: Counter) -> tuple[float, float]:
    """Precision and recall; 1 where there was nothing to find."""
    found, there = count["right"] + count["wrong"], count["right"] + count["missed"]
    return (count["right"] / found if found else 1.0), (count["right"] / there if there else 1.0)


def table() -> str:
    """The figures as they stand in the docs."""
    lines = ["| | written: found of | precision | recall | held out: found of | precision | recall |"]
    lines.append("|---|---|---|---|---|---|---|")
    halves = [counts(half) for half in HALVES]
    totals = [sum(half.values(), start=Counter()) for half in halves]
    for name, *of_kind in [*((kind, *(half[kind] for half in halves)) for kind in KINDS), ("**all**", *totals)]:
        cells = [name]
        for count in of_kind:
            precision, recall = figures(count)
            cells += [f"{count['right']} of {count['right'] + count['missed']}", f"{precision:.3f}", f"{recall:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
