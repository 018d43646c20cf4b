"""Ladders: who is nudged about a piece of work, and when. Rules that operators set, over a calendar: pure.

A rule counts from a piece's deadline, from the moment since which it waits to be received, or from the day by which
somebody was to decide or answer. Its rungs follow one
another; of a rule only the highest rung that is reached is said, and each once for what it counts from.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import NamedTuple

from kernel.errors import Refused
from kernel.working_time import CLOSES, OPENS, TZ, WorkingDays, today
from reminders.domain.items import TO_ACKNOWLEDGE
from reminders.domain.occasions import NO_LADDERS

DUE, RECEIPT, ANSWER, ACKNOWLEDGEMENT = "due", "receipt", "answer", "acknowledgement"
WAITING, ANSWERED = "waiting", "answered"  # the states of what is no piece of work, and waits for an answer
OWED = frozenset({"assigned", "declined", "in_progress"})  # no result stands, and the clock runs
WORKING_DAY = datetime.combine(datetime.min, CLOSES) - datetime.combine(datetime.min, OPENS)
MINUTE, SECOND, ONE_DAY = 60, timedelta(seconds=1), timedelta(days=1)
PLACEHOLDERS = frozenset({"{title}", "{unit}", "{due}"})
_PLACEHOLDER = re.compile(r"\{[^{}]*\}|[{}]")


class Span(NamedTuple):
    """How long after what the rule counts from: working days, negative before it, or working hours."""

    days: int = 0
    hours: int = 0

    @property
    def length(self) -> timedelta:
        return self.days * WORKING_DAY + timedelta(hours=self.hours)


@dataclass(frozen=True)
class Rung:
    """For an urgency that `after` does not name there is no such rung."""

    name: str
    after: Mapping[str, Span]
    to: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Rule:
    name: str
    counts_from: str
    rungs: tuple[Rung, ...]


class Piece(NamedTuple):
    """What the rules look at. `since`: from when it waits to be received by its present owner; `answer_by`: when
    somebody is to have decided on it.
    """

    state: str
    role: str
    is_child: bool
    urgency: str
    due: datetime | None
    since: datetime | None
    answer_by: datetime | None = None


class Saying(NamedTuple):
    """A rung that is to be said, for this version of what it counts from; `due` is the day of which it tells."""

    rule: str
    rung: Rung
    version: int
    due: datetime | None


class Step(NamedTuple):
    """What is to be said now, and when to look again; never, if None."""

    sayings: Sequence[Saying]
    next_at: datetime | None


def rules_of(stored: Sequence[Mapping]) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            rule["name"],
            rule["counts_from"],
            tuple(
                Rung(
                    rung["name"],
                    {urgency: Span(**span) for urgency, span in rung["after"].items()},
                    tuple(rung["to"]),
                    rung["text"],
                )
                for rung in rule["rungs"]
            ),
        )
        for rule in stored
    )


def check(rules: Sequence[Rule]) -> None:
    """Raises what is wrong, and where, that the form of rules does not tell."""
    _named_once([rule.name for rule in rules], "rules", taken=NO_LADDERS)
    for number, rule in enumerate(rules):
        place = f"rules.{number}.rungs"
        _named_once([rung.name for rung in rule.rungs], place)
        last: dict[str, timedelta] = {}
        for step, rung in enumerate(rule.rungs):
            for urgency, span in rung.after.items():
                where = f"{place}.{step}.after.{urgency}"
                if rule.counts_from != RECEIPT and span.hours:
                    raise Refused("ladder_span_impossible", "From a deadline one counts in days.", field=where)
                if rule.counts_from == RECEIPT and span.length <= timedelta():
                    raise Refused("ladder_span_impossible", "One waits before one complains.", field=where)
                if urgency in last and span.length <= last[urgency]:
                    raise Refused("rung_out_of_order", "It comes before the rung below it.", field=where)
                last[urgency] = span.length
            if unknown := set(_PLACEHOLDER.findall(rung.text)) - PLACEHOLDERS:
                raise Refused(
                    "unknown_placeholder", "Nothing can be put there.",
                    field=f"{place}.{step}.text", placeholder=min(unknown),
                )  # fmt: skip


def _named_once(names: Sequence[str], place: str, taken: Collection[str] = ()) -> None:
    for number, name in enumerate(names):
        if name in taken or name in names[:number]:
            raise Refused("name_twice", "It is named once.", field=f"{place}.{number}.name")


def version_of(moment: datetime) -> int:
    """A deadline that is moved has another version, whatever came before it and in whatever order that was heard."""
    return int(moment.timestamp()) // MINUTE


class Ladders:
    """The rules over a calendar. What many pieces have in common is worked out once."""

    def __init__(self, rules: Sequence[Rule], days: WorkingDays):
        self.rules, self._days = rules, days
        self._known: dict[tuple, list[tuple[int, datetime]]] = {}

    def step(self, piece: Piece, said: Collection[tuple[str, str, int]], now: datetime) -> Step:
        """`said` are the rungs of this piece that were said already: rule, rung and version."""
        sayings, later = [], []
        for rule in self.rules:
            counts_from = _counts_from(rule, piece)
            if counts_from is None:
                continue
            version = version_of(counts_from)
            done = [place for place, rung in enumerate(rule.rungs) if (rule.name, rung.name, version) in said]
            instants = self._instants(rule, piece.urgency, counts_from)
            if rule.counts_from in (DUE, ACKNOWLEDGEMENT) and piece.since:
                instants = [
                    (place, max(at, _tomorrow(piece.since)) if at < counts_from else at) for place, at in instants
                ]
            ahead = [(place, at) for place, at in instants if place > max(done, default=-1)]
            reached = [place for place, at in ahead if at <= now]
            if reached:
                due = piece.due if rule.counts_from == RECEIPT else counts_from
                sayings.append(Saying(rule.name, rule.rungs[reached[-1]], version, due))
            later += [at for place, at in ahead if at > now and place > max(reached, default=-1)]
        return Step(sayings, min(later, default=None))

    def _instants(self, rule: Rule, urgency: str, counts_from: datetime) -> list[tuple[int, datetime]]:
        key = (rule.name, urgency, counts_from)
        if key not in self._known:
            self._known[key] = list(self._reckoned(rule, urgency, counts_from))
        return self._known[key]

    def _reckoned(self, rule: Rule, urgency: str, counts_from: datetime) -> Iterator[tuple[int, datetime]]:
        for place, rung in enumerate(rule.rungs):
            if (span := rung.after.get(urgency)) is None:
                continue
            if rule.counts_from == RECEIPT:
                yield place, self._days.add_time(counts_from, span.length)
            else:
                yield place, self._around(counts_from, span.days, urgency)

    def _around(self, due: datetime, count: int, urgency: str) -> datetime:
        """From when so many working days are left until the deadline, or have passed since."""
        if count < 0:
            return _begin(self._days.add(self._days.on_or_before(today(due)), count))
        if count > 0:
            return _begin(self._days.add(today(due), count))
        return due + SECOND if urgency == "express" else _begin(today(due) + ONE_DAY)


def _counts_from(rule: Rule, piece: Piece) -> datetime | None:
    """None while the rule has nothing to say of the piece. What is passed on inside a unit is no order of the city's,
    and whoever is only informed owes nothing but that he receives it.
    """
    if rule.counts_from == DUE:
        return piece.due if piece.state in OWED and piece.role != "inform" else None
    if rule.counts_from in (ANSWER, ACKNOWLEDGEMENT):
        is_directive = piece.role == TO_ACKNOWLEDGE
        return piece.answer_by if is_directive == (rule.counts_from == ACKNOWLEDGEMENT) else None
    return piece.since if piece.state == "assigned" and not piece.is_child else None


def next_morning(days: WorkingDays, now: datetime) -> datetime:
    """When whoever was to be reached is looked for again."""
    return datetime.combine(days.on_or_after(today(now) + ONE_DAY), OPENS, TZ)


def _tomorrow(moment: datetime) -> datetime:
    """Whoever was given something today has just heard by when: before that day he hears of it tomorrow at first."""
    return _begin(today(moment) + ONE_DAY)


def _begin(day) -> datetime:
    return datetime.combine(day, time(), TZ)


def text_of(saying: Saying, title: str, unit: str, urgency: str) -> str:
    due = in_words(saying.due, urgency) if saying.due else ""
    filled = {"{title}": title, "{unit}": unit, "{due}": due}
    return _PLACEHOLDER.sub(lambda found: filled.get(found[0], ""), saying.rung.text)


def in_words(due: datetime, urgency: str) -> str:
    return due.astimezone(TZ).strftime("%H:%M %d/%m/%Y" if urgency == "express" else "%d/%m/%Y")


@dataclass(frozen=True)
class Version:
    """A piece as it was from a moment on."""

    at: datetime
    piece: Piece


def lived(
    ladders: Ladders, versions: Sequence[Version], begin: datetime, end: datetime
) -> Iterator[tuple[int, datetime, Saying]]:
    """What would have been said of a piece between two moments, and of which of its versions: for the simulator. What
    was reached before the beginning is taken as said.
    """
    said: set[tuple[str, str, int]] = set()
    ends = [version.at for version in versions[1:]] + [end]
    for number, (version, until) in enumerate(zip(versions, ends, strict=True)):
        now: datetime | None = version.at
        while now is not None and now < min(until, end):
            step = ladders.step(version.piece, said, now)
            for saying in step.sayings:
                said.add((saying.rule, saying.rung.name, saying.version))
                if now >= begin:
                    yield number, now, saying
            now = step.next_at
