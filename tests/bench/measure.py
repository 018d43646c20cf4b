"""Rounds in turn, medians, and what of them goes into the table."""

import itertools
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median

from deploy.local.terminal import say


@dataclass(frozen=True)
class Options:
    seconds: float  # of one measurement in one round
    rounds: int


@dataclass(frozen=True)
class Row:
    """One line of the table. `met` is None where no goal is set."""

    number: str
    work: str
    ours: str
    other: str
    ratio: str
    goal: str = "-"
    met: bool | None = None


def in_turn(rounds: int, **acts: Callable[[], object]) -> dict[str, list]:
    """Each act once in every round, one after the other: whatever the machine does meanwhile concerns all alike."""
    found: dict[str, list] = {name: [] for name in acts}
    for number in range(1, rounds + 1):
        for name, act in acts.items():
            found[name].append(act())
        say(f"    round {number}/{rounds}: " + ", ".join(f"{name} {_short(found[name][-1])}" for name in acts))
    return found


def at_once(acts: list[Callable[[], object]], seconds: float) -> dict:
    """Each act in a thread of its own, again and again."""
    began = time.perf_counter()

    def repeat(act: Callable[[], object]) -> list[float]:
        took = []
        while (start := time.perf_counter()) < began + seconds:
            act()
            took.append((time.perf_counter() - start) * 1000)
        return took

    with ThreadPoolExecutor(len(acts)) as pool:
        took = list(itertools.chain(*pool.map(repeat, acts)))
    return {"rate": len(took) / (time.perf_counter() - began), **summary(took)}


def summary(took: list[float]) -> dict:
    return {"p50": median(took), "p99": percentile(took, 0.99), "took": took}


def together(rounds: list[dict]) -> tuple[float, float]:
    """Median and 99th percentile of all rounds."""
    took = [one for each in rounds for one in each["took"]]
    return median(took), percentile(took, 0.99)


def ratios(ours: Iterable[float], other: Iterable[float]) -> list[float]:
    """Round by round."""
    return [a / b for a, b in zip(ours, other, strict=True)]


def percentile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def spread(values: Iterable[float], unit: str = "", digits: int = 0) -> str:
    """The median, and between what the rounds were."""
    values = list(values)
    low, high = min(values), max(values)
    return f"{median(values):,.{digits}f}{unit} ({low:,.{digits}f} to {high:,.{digits}f})"


def times(values: Iterable[float], digits: int = 2) -> str:
    return spread(values, "x", digits)


def _short(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={_short(one)}" for name, one in value.items() if isinstance(one, int | float))
    return f"{value:,.1f}" if isinstance(value, int | float) else "done"
