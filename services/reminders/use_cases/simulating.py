"""The simulator: what changed ladders would have said of the last quarter's work, against those in force."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter

import eventlet

from contracts import reminders as contract
from kernel.capacity import actor_for
from kernel.directory_copy import working_days
from kernel.working_time import today
from reminders.domain.ladders import Ladders, Version, lived, rules_of
from reminders.storage import ladders as storage
from reminders.use_cases.climbing import piece_of
from reminders.use_cases.ladders import checked, rules_in_force
from reminders.use_cases.reaching import Reach

QUARTER = timedelta(days=92)
PIECES_AT_MOST = 10_000  # more than that, and one in so many stands for all
PIECES_AT_ONCE = 500
SHOWN = 50


class Tally:
    """Messages by rung, unit, person and day."""

    def __init__(self) -> None:
        self.per_rung: Counter[tuple[str, str]] = Counter()
        self.per_unit: Counter[str] = Counter()
        self.per_person: defaultdict[str, Counter[date]] = defaultdict(Counter)

    def add(self, rung: tuple[str, str], unit_id: str, people: Iterable[str], day: date) -> None:
        for person in people:
            self.per_rung[rung] += 1
            self.per_unit[unit_id] += 1
            self.per_person[person][day] += 1

    def shown(self) -> dict:
        people = [
            {
                "person_id": person,
                "messages": days.total(),
                "days": len(days),
                "on_worst_day": max(days.values()),
            }
            for person, days in self.per_person.items()
        ]
        people.sort(key=lambda each: (-each["on_worst_day"], -each["messages"], each["person_id"]))
        return {
            "messages": self.per_rung.total(),
            "people": len(people),
            "per_rung": [
                {"rule": rule, "rung": rung, "messages": count} for (rule, rung), count in sorted(self.per_rung.items())
            ],
            "per_unit": [
                {"unit_id": unit_id, "messages": count}
                for unit_id, count in sorted(self.per_unit.items(), key=lambda each: (-each[1], each[0]))[:SHOWN]
            ],
            "per_person": people[:SHOWN],
        }


def simulate_ladders(tx, claims: dict, request: dict, now: datetime, at_most: int = PIECES_AT_MOST) -> dict:
    """Nothing is said or written: what is known of each piece is lived through twice."""
    actor_for(tx, contract.simulate_ladders, claims, now)
    days, begin = working_days(tx), now - QUARTER
    each = [
        (Ladders(rules, days), Tally()) for rules in (rules_in_force(tx), rules_of(checked(request["rules"])))
    ]  # fmt: skip
    one_in = max(1, -(-storage.how_many_lived(tx, begin) // at_most))
    pieces = 0
    for lives in _lives(tx, begin, one_in):
        pieces += len(lives)
        said = [
            (tally, life[number], at, saying)
            for life in lives
            for ladders, tally in each
            for number, at, saying in lived(ladders, _versions(life), begin, now)
        ]
        reach = Reach(tx, [row for _, row, _, _ in said], now)
        for tally, row, at, saying in said:
            people = reach.people(row, saying.rung.to)
            tally.add((saying.rule, saying.rung.name), row["unit_id"], people, today(at))
        eventlet.sleep(0)  # others have their turn
    in_force, changed = (tally.shown() for _, tally in each)
    return {
        "begin": begin, "end": now, "pieces": pieces, "one_in": one_in, "in_force": in_force, "changed": changed
    }  # fmt: skip


def _lives(tx, begin: datetime, one_in: int) -> Iterator[list[Sequence[Mapping]]]:
    """Piece by piece how it stood after each of its moves, so many pieces at once."""
    after = storage.FIRST
    while rows := storage.lives(tx, begin, after, one_in, PIECES_AT_ONCE):
        yield [list(life) for _, life in groupby(rows, itemgetter("subject_id"))]
        after = rows[-1]["subject_id"]


def _versions(life: Sequence[Mapping]) -> list[Version]:
    """Since when it waits is told by the move that made it wait, and holds until the next such move."""
    found, since = [], None
    for row in life:
        since = row["since"] or since
        found.append(Version(row["at"], piece_of({**row, "since": since})))
    return found
