"""Before an order is given: what it would meet with. Nothing is kept of it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from chassis.contract import Procedure
from contracts import tasks as contract
from kernel import policy
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import audience_unit_ids, head_posts, units_below, working_days
from kernel.working_time import WorkingDays, today
from tasks import views
from tasks.domain.due import overdue_before
from tasks.domain.experience import experience
from tasks.domain.likeness import SIMILAR_TITLE, is_probable, likeness
from tasks.domain.load import collision, day_of, week_of
from tasks.domain.order import DIRECTLY_BELOW, Head, due_of_task
from tasks.domain.sight import Sight
from tasks.storage import assigning as storage

DUPLICATES_SHOWN = 10
NOTHING_TO_DO = {"open": 0, "due_same_day": 0, "due_same_week": 0}


def preview(tx, claims: dict, request: dict, now: datetime) -> dict:
    """What an order would meet with: the load of its units, orders that are alike, how long such work has taken."""
    actor = actor_for(tx, contract.preview, claims, now)
    heads, missing = _asked_about(tx, contract.preview, actor, request, now)
    days, warnings = working_days(tx), []
    due = due_of_task(request, days, now, warnings)
    return {
        "due": due,
        "units": _loads(tx, heads, due and today(due), now),
        "missing_unit_ids": missing,
        "duplicates": _duplicates(tx, actor, request, [head.unit_id for head in heads], now),
        "experience": _experience(tx, request, due, days, now),
        "warnings": warnings,
    }


def list_unit_load(tx, claims: dict, request: dict, now: datetime) -> dict:
    """What units have to do, and around a day."""
    actor = actor_for(tx, contract.list_unit_load, claims, now)
    heads, _ = _asked_about(tx, contract.list_unit_load, actor, request, now)
    return {"items": _loads(tx, heads, request["due_on"], now), "next_cursor": None}


def _asked_about(
    tx, procedure: Procedure, actor: Actor, request: Mapping, now: datetime
) -> tuple[list[Head], list[str]]:
    """The units that can be ordered, and those that cannot. Who does not look after the city sees his own only."""
    unit_ids = request["unit_ids"]
    if unit_ids is None:
        unit_ids = audience_unit_ids(tx, request["audience"])
    if not policy.allows(procedure.full_name, actor):
        his = units_below(tx, actor.unit_id, now).issuperset(unit_ids)
        policy.require(procedure.full_name, actor, (actor.unit_id,) if his else ())
    heads = [head for head in head_posts(tx, unit_ids, now) if head.unit_kind in DIRECTLY_BELOW]
    found = {head.unit_id for head in heads}
    return heads, [unit_id for unit_id in dict.fromkeys(unit_ids) if unit_id not in found]


def _loads(tx, heads: Sequence[Head], due_on: date | None, now: datetime) -> list[dict]:
    """Without a day nothing is due on it; the week is then the present one."""
    unit_ids = [head.unit_id for head in heads]
    week = week_of(due_on or today(now))
    counted = storage.loads(tx, unit_ids, day_of(due_on) if due_on else (week[0], week[0]), week)
    overdue = storage.overdue_pieces(tx, unit_ids, overdue_before("normal", now), now)
    found = []
    for head in heads:
        counts = {name: counted.get(head.unit_id, NOTHING_TO_DO)[name] for name in NOTHING_TO_DO}
        unit = {"unit_id": head.unit_id, "unit_code": head.unit_code, "unit_name": head.unit_name}
        about_a_day = {"collision": collision(counts) if due_on else None}
        found.append(unit | counts | {"overdue": overdue.get(head.unit_id, 0)} | about_a_day)
    return found


def _duplicates(tx, actor: Actor, order: Mapping, unit_ids: Collection[str], now: datetime) -> list[dict]:
    """Only of what the actor sees."""
    title, content = order["title"], order["content"]
    documents = storage.documents_in(tx, f"{title} {content}")
    candidates = storage.alike(tx, title, content, documents, unit_ids, SIMILAR_TITLE)
    seen = views.sights(tx, candidates, actor)
    found = []
    for each in candidates:
        about = {"documents": documents, "clause": order["clause"], "unit_count": max(1, len(unit_ids))}
        score, reasons = likeness(each, **about)
        if seen[each["id"]][0] is not Sight.NONE and is_probable(score, reasons):
            found.append(dict(each) | {"task_id": each["id"], "score": score, "reasons": reasons})
    found.sort(key=lambda each: (each["score"], each["id"]), reverse=True)
    return found[:DUPLICATES_SHOWN]


def _experience(tx, order: Mapping, due: datetime | None, days: WorkingDays, now: datetime) -> dict | None:
    """From orders in such words; where they are too few, from the latest of the same source."""
    planned = {"planned_days": due and days.between(today(now), today(due))}
    if found := experience(storage.done_like(tx, order["title"], SIMILAR_TITLE), days):
        return found | planned | {"basis": "similar_title"}
    if found := experience(storage.done_of_source(tx, order["source"], order["urgency"]), days):
        return found | planned | {"basis": "same_source"}
    return None
