"""What makes an order valid: who answers for it, what product, by when. One named rule, one function."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from kernel.actor import Actor
from kernel.errors import Refused
from kernel.working_time import TZ, WorkingDays, end_of_day, today
from tasks.domain.progress import period_of

DIRECTLY_BELOW = frozenset({"office", "department", "ward", "commune", "special_zone"})
FARTHEST_DUE = timedelta(days=20 * 365)
SAME_ORDER_WITHIN = timedelta(days=30)


class Head(Protocol):
    """The post that heads a unit, with the unit as it is called on the day of the order."""

    unit_id: str
    unit_code: str
    unit_name: str
    unit_kind: str
    post_id: str


@dataclass(frozen=True, slots=True)
class Share:
    """One unit's piece, as decided."""

    head: Head
    role: str
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    due: datetime | None
    shares: list[Share]
    followers: list[str]
    reporting: str
    warnings: list[dict] = field(default_factory=list)


def decide_order(
    order: Mapping,
    *,
    heads: Collection[Head],
    audience: Sequence[str] | None,
    known_posts: Collection[str],
    days: WorkingDays,
    now: datetime,
) -> Decision:
    """The order as it will be issued, or the rule that it breaks.

    `heads` are the head posts found for the units named, `audience` the units of the audience named,
    `known_posts` those of the followers that exist.
    """
    warnings: list[dict] = []
    due = due_of_task(order, days, now, warnings)
    wanted = _wanted(order, audience)
    _no_unit_twice(wanted)
    _leads(order["mode"], wanted)
    _followers_exist(order["followers"], known_posts)
    by_unit = {head.unit_id: head for head in heads}
    shares = []
    for place, want in enumerate(wanted):
        head = known_head(by_unit, want["unit_id"], f"assignments.{place}.unit_id" if audience is None else "audience")
        piece_due = due_within(want["due_on"], due, days, now, f"assignments.{place}.due_on", warnings)
        shares.append(Share(head, want["role"], piece_due))
    reporting = order["reporting"] or period_of(order["urgency"], due, now, days)
    return Decision(due, shares, list(dict.fromkeys(order["followers"])), reporting, warnings)


def _wanted(order: Mapping, audience: Sequence[str] | None) -> list[Mapping]:
    if order["audience"] is None:
        return order["assignments"]
    if not audience:
        raise Refused("unknown_audience", "This audience has no units to order.", field="audience")
    return [{"unit_id": unit_id, "role": "lead", "due_on": None} for unit_id in audience]


def _no_unit_twice(wanted: Sequence[Mapping]) -> None:
    seen = set()
    for place, want in enumerate(wanted):
        if want["unit_id"] in seen:
            raise Refused(
                "unit_twice", "A unit has one piece of an order.",
                field=f"assignments.{place}.unit_id", unit_id=want["unit_id"],
            )  # fmt: skip
        seen.add(want["unit_id"])


def _leads(mode: str, wanted: Sequence[Mapping]) -> None:
    """joint: one unit answers for the whole. each: every unit answers for its own piece, so nobody supports."""
    roles = [want["role"] for want in wanted]
    if roles.count("lead") != 1 if mode == "joint" else "lead" not in roles:
        raise Refused("one_lead_needed", "Joint work has exactly one lead, work of each at least one.", field="mode")
    if mode == "each" and "support" in roles:
        raise Refused(
            "role_not_in_mode", "Where each unit answers for itself nobody supports.",
            field=f"assignments.{roles.index('support')}.role",
        )  # fmt: skip


def _followers_exist(followers: Sequence[str], known_posts: Collection[str]) -> None:
    for place, post_id in enumerate(followers):
        if post_id not in known_posts:
            raise Refused("unknown_post", "No such post.", field=f"followers.{place}", post_id=post_id)


def known_head(by_unit: Mapping[str, Head], unit_id: str, where: str) -> Head:
    head = by_unit.get(unit_id)
    if head is None:
        raise Refused("unknown_unit", "No such unit, or nobody heads it.", field=where, unit_id=unit_id)
    if head.unit_kind not in DIRECTLY_BELOW:
        raise Refused(
            "unit_not_direct", "The city orders units directly below it; a division is its unit's to order.",
            field=where, unit_id=unit_id,
        )  # fmt: skip
    return head


def due_of_task(order: Mapping, days: WorkingDays, now: datetime, warnings: list[dict]) -> datetime | None:
    if order["due_on"] is not None:
        return end_of_day(working_due(order["due_on"], days, now, "due_on", warnings))
    if order["due_at"] is not None:
        return _due_at(order["due_at"], order["urgency"], days, now, warnings)
    return None


def _due_at(due: datetime, urgency: str, days: WorkingDays, now: datetime, warnings: list[dict]) -> datetime:
    """An instant. Only an express order may fall on a day off: its hour is meant."""
    if due <= now:
        raise Refused("due_in_past", "The deadline has passed.", field="due_at")
    if due > now + FARTHEST_DUE:
        raise Refused("due_too_far", "The deadline is more than 20 years away.", field="due_at")
    if urgency == "express":
        return due
    local = due.astimezone(TZ)
    day = working_due(local.date(), days, now, "due_at", warnings)
    moved = datetime.combine(day, local.time(), TZ)
    if moved <= now:
        raise Refused("due_in_past", "The deadline, moved to a working day, has passed.", field="due_at")
    return moved


def due_within(
    due_on: date | None, latest: datetime | None, days: WorkingDays, now: datetime, where: str, warnings: list[dict],
    *, code: str = "due_after_task",
) -> datetime | None:  # fmt: skip
    """A piece's deadline: its own day, else that of what it is a part of, which it never passes."""
    if due_on is None:
        return latest
    due = end_of_day(working_due(due_on, days, now, where, warnings))
    if latest is None:
        return due
    if today(due) > today(latest):
        raise Refused(code, "A piece is due with what it is a part of at the latest.", field=where)
    return min(due, latest)


def within_superior(due: datetime | None, superior_due: datetime | None) -> None:
    """What came from above is done by the superior's deadline, if he has set one."""
    if superior_due is not None and (due is None or due > superior_due):
        raise Refused("due_after_superior", "The superior's deadline is earlier.", field="due_on")


def working_due(day: date, days: WorkingDays, now: datetime, where: str, warnings: list[dict]) -> date:
    """A day off is moved to the working day before it, and the assigner is told."""
    if day < today(now):
        raise Refused("due_in_past", "The deadline has passed.", field=where)
    if day > today(now) + FARTHEST_DUE:
        raise Refused("due_too_far", "The deadline is more than 20 years away.", field=where)
    moved = days.on_or_before(day)
    if moved < today(now):
        raise Refused("due_in_past", "The working day before this day off has passed.", field=where)
    if moved != day:
        details = {"field": where, "from": day.isoformat(), "to": moved.isoformat()}
        warnings.append({"code": "due_moved", "message": "Moved to the working day before.", "details": details})
    return moved


def title_key(title: str) -> str:
    """What makes two titles the same to a reader: letters and figures, whatever their case and spacing."""
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", title).casefold()).strip()


def probable_duplicate(earlier: Mapping) -> dict:
    """A warning, never a refusal: the same post gave an order of this title lately, and it is still open."""
    return {
        "code": "probable_duplicate",
        "message": "A similar order is still open.",
        "details": {
            "task_id": earlier["id"], "title": earlier["title"], "issued_at": earlier["issued_at"].isoformat(),
        },
    }  # fmt: skip


def may_revoke(task: Mapping, actor: Actor) -> bool:
    return actor.post_id in {task["assigner_post_id"], *(task.get("leader_post_ids") or ())}


def permit_revocation(task: Mapping, actor: Actor, version: int | None) -> None:
    """Raises the rule that forbids to take an order back: it is for whoever gave it, while it stands."""
    if not may_revoke(task, actor):
        raise Refused("not_authorised", "revoke is not for this post.", action="revoke_task")
    if version is not None and version != task["version"]:
        raise Refused("stale_version", "It has changed since you read it.", current=task["version"])
    if task["state"] != "issued":
        raise Refused("wrong_state", f"revoke is not possible in state {task['state']}.", state=task["state"])
