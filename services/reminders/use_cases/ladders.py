"""The ladders: their rules, and the clock that climbs them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chassis import clock
from chassis.paging import a_number, page, position
from contracts import reminders as contract
from kernel.capacity import actor_for
from kernel.directory_copy import require_fresh, working_days
from kernel.errors import Refused
from reminders.domain.default_ladders import DEFAULT
from reminders.domain.items import URGENCY_RANKS
from reminders.domain.ladders import Ladders, Piece, Rule, Saying, check, rules_of, text_of
from reminders.domain.occasions import Occasion
from reminders.storage import ladders as storage
from reminders.use_cases import attention
from reminders.use_cases.reaching import Reach

URGENCIES = {rank: urgency for urgency, rank in URGENCY_RANKS.items()}
AT_ONCE = 100  # pieces of each urgency in a transaction
RECOUNTED_AT_ONCE = 1_000
FORGOTTEN_AT_ONCE = 5_000
KEPT = timedelta(days=120)
SET_IN_CODE = {
    "version": 1, "rules": list(DEFAULT), "reason": None, "changed_at": None, "person_id": None, "post_id": None,
}  # fmt: skip


# the clock


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
    ladders = Ladders(rules_in_force(tx), days)
    said = storage.said(tx, [row["subject_id"] for row in rows])
    steps = [(row, ladders.step(piece_of(row), said.get(row["subject_id"], ()), now)) for row in rows]
    reach = Reach(tx, rows, now) if any(step.sayings for _, step in steps) else None
    occasions: dict[tuple[str, str], list[Occasion]] = defaultdict(list)
    looked_at = []
    for row, step in steps:
        reached = [(saying, reach.people(row, saying.rung.to)) for saying in step.sayings]
        unreached = not all(people for _, people in reached)
        next_at = step.next_at
        if unreached:
            next_at = min(ladders.next_morning(now), next_at or ladders.next_morning(now))
        looked_at.append({"subject_id": row["subject_id"], "next_at": next_at, "unreached": unreached})
        for saying, people in reached:
            if people:
                occasions[saying.rule, saying.rung.name].append(_occasion(row, saying, people))
    nudges = {rung: attention.call_for(tx, each, now) for rung, each in occasions.items()}
    storage.settle(tx, looked_at)
    return Climbed(len(rows), max(now - row["next_at"] for row in rows), nudges)


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


# the rules


def in_force(tx) -> Mapping:
    return next(iter(storage.versions(tx, storage.NO_VERSION, 1)), SET_IN_CODE)


def get_ladders(tx, claims: dict, now: datetime) -> dict:
    actor_for(tx, contract.get_ladders, claims, now)
    return _shown(tx)


def list_ladder_versions(tx, claims: dict, request: dict, now: datetime) -> dict:
    """All that were ever set, the newest first; the first of all is the program's own."""
    actor_for(tx, contract.list_ladder_versions, claims, now)
    before = position(request["cursor"], a_number)
    number = before[0] if before else storage.NO_VERSION
    rows = storage.versions(tx, min(number, storage.NO_VERSION), request["limit"] + 1)
    if number > SET_IN_CODE["version"]:
        rows = [*rows, SET_IN_CODE]
    rows, next_cursor = page(rows[: request["limit"] + 1], request["limit"], lambda row: [row["version"]])
    return {"items": [dict(row) for row in rows], "next_cursor": next_cursor}


def change_ladders(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Sets other rules: what comes next of every open piece is reckoned anew, in the background. Saying the same twice
    changes nothing, so it needs no key.
    """
    actor = actor_for(tx, contract.change_ladders, claims, now)
    require_fresh(tx, now)
    rules = checked(request["rules"])
    storage.hold_versions(tx)
    before = in_force(tx)
    if rules != before["rules"]:
        if request["version"] not in (None, before["version"]):
            raise Refused("stale_version", "It has changed since you read it.", current=before["version"])
        version = before["version"] + 1
        storage.add_version(
            tx, rules,
            version=version, reason=request["reason"], changed_at=now, person_id=actor.person_id,
            post_id=actor.post_id,
        )  # fmt: skip
        storage.begin_recount(tx, clock.new_id(), "rules", now)
        tx.audit("ladders.changed", subject=str(version), before=before["version"])
    return _shown(tx)


def checked(rules: Sequence[Mapping]) -> list[Mapping]:
    """Raises what the form of rules does not tell."""
    check(rules_of(rules))
    return list(rules)


def rules_in_force(tx) -> tuple[Rule, ...]:
    return rules_of(in_force(tx)["rules"])


def _shown(tx) -> dict:
    return {**in_force(tx), "recount": storage.last_recount(tx)}
