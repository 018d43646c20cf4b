"""The clock that climbs the ladders: looks at what is due, and at all anew when reckoning has changed."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from chassis import clock
from kernel.directory_copy import working_days
from reminders.domain.items import URGENCY_RANKS
from reminders.domain.ladders import Ladders, Piece, Saying, Step, next_morning, text_of
from reminders.domain.occasions import Occasion
from reminders.storage import ladders as storage
from reminders.use_cases import attention
from reminders.use_cases.ladders import rules_in_force
from reminders.use_cases.reaching import Reach

log = structlog.get_logger()
URGENCIES = {rank: urgency for urgency, rank in URGENCY_RANKS.items()}
AT_ONCE = 100  # pieces of each urgency in a transaction
RECOUNTED_AT_ONCE = 1_000
FORGOTTEN_AT_ONCE = 5_000
KEPT = timedelta(days=120)


@dataclass(frozen=True)
class Climbed:
    """What one look was about: how many pieces, how late the latest of them, the nudges by rule and rung."""

    pieces: int = 0
    late: timedelta = timedelta()
    nudges: Mapping[tuple[str, str], int] = field(default_factory=dict)


def climb(tx, now: datetime, at_once: int = AT_ONCE) -> Climbed:
    """Looks at the pieces whose time has come, says what their rungs are, and notes when to look again."""
    rows = storage.claim(tx, now, at_once)
    if not rows:
        return Climbed()
    days = working_days(tx)
    ladders, tomorrow = Ladders(rules_in_force(tx), days), next_morning(days, now)
    said = storage.said(tx, [row["subject_id"] for row in rows])
    steps = [(row, _step(ladders, row, said.get(row["subject_id"], ()), now) or Step((), tomorrow)) for row in rows]
    reach = Reach(tx, rows, now) if any(step.sayings for _, step in steps) else None
    occasions: dict[tuple[str, str], list[Occasion]] = defaultdict(list)
    looked_at = []
    for row, step in steps:
        reached = [(saying, reach.people(row, saying.rung.to)) for saying in step.sayings]
        unreached = not all(people for _, people in reached)
        next_at = step.next_at
        if unreached:
            next_at = min(tomorrow, next_at or tomorrow)
        looked_at.append({"subject_id": row["subject_id"], "next_at": next_at, "unreached": unreached})
        for saying, people in reached:
            if people:
                occasions[saying.rule, saying.rung.name].append(_occasion(row, saying, people))
    nudges = {rung: attention.call_for(tx, each, now) for rung, each in occasions.items()}
    storage.settle(tx, looked_at)
    return Climbed(len(rows), max(now - row["next_at"] for row in rows), nudges)


def _step(ladders: Ladders, row: Mapping, said: Collection[tuple[str, str, int]], now: datetime) -> Step | None:
    """None: it cannot be reckoned."""
    try:
        return ladders.step(piece_of(row), said, now)
    except Exception:  # the others' time has come too
        log.exception("a ladder failed", subject=row["subject_id"])
        return None


def piece_of(row: Mapping) -> Piece:
    looked_at = ("state", "role", "is_child", "due", "since", "answer_by")
    return Piece(urgency=URGENCIES[row["urgency_rank"]], **{name: row[name] for name in looked_at})


def _occasion(row: Mapping, saying: Saying, people: Sequence[str]) -> Occasion:
    urgency = URGENCIES[row["urgency_rank"]]
    return Occasion(
        subject_id=row["subject_id"],
        rule=saying.rule,
        rung=saying.rung.name,
        deadline_version=saying.version,
        title=row["title"],
        text=text_of(saying, row["title"], row["unit_name"], urgency),
        link=row["link"],
        urgency=urgency,
        people=people,
    )


def count_unreached(tx) -> int:
    return storage.count_unreached(tx)


def recount(tx, now: datetime, at_once: int = RECOUNTED_AT_ONCE) -> bool:
    """A part of what is to be looked at anew since rules or working days have changed; whether there may be more."""
    return storage.recount_part(tx, now, at_once) is not None


def follow_calendar(tx, now: datetime) -> None:
    """Working days may come into the copy in several ways; however they came, deadlines are reckoned by them."""
    if storage.calendar_changed(tx):
        storage.begin_recount(tx, clock.new_id(), "working_days", now)


def forget(tx, now: datetime) -> bool:
    """A part of what is older than anybody asks for; whether there may be more."""
    return storage.forget(tx, now - KEPT, FORGOTTEN_AT_ONCE) == FORGOTTEN_AT_ONCE
