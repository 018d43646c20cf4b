"""What somebody must act on now, as he reads it; and what he puts off."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from chassis.paging import a_moment, a_number, an_id, page, position
from contracts import reminders as contract
from contracts.fields import ACTION_ITEM_KINDS, ITEM_DUES
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.errors import Refused
from reminders.domain import snoozing
from reminders.domain.burning import dues, newly_late
from reminders.storage import items as storage
from reminders.storage import snoozes
from reminders.use_cases.items import shown

OVERVIEW_ITEMS = 20
COUNTED = 1_000  # of a kind; of what is more nobody needs the number


def list_action_items(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_action_items, claims, now)
    after = position(request["cursor"], _moment_or_never, a_number, an_id)
    asleep = {row["id"]: row["until"] for row in snoozes.asleep(tx, actor.person_id, _his(actor), now)}
    when, limit = dues(request["due"], request["late_since"], now), request["limit"] + 1
    wanted = {"dues": when, "kind": request["kind"], "origin": request["origin"], "after": after}
    if request["snoozed"]:
        rows = storage.put_off(tx, asleep, limit, **wanted)
    else:
        rows = storage.burning(tx, _his(actor), limit, asleep=asleep, **wanted)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["due"], row["urgency_rank"], row["id"]])
    return {"items": [_own(row, asleep.get(row["id"])) for row in rows], "next_cursor": next_cursor}


def get_action_item(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_action_item, claims, now)
    row = _his_own(tx, actor, request["id"])
    asleep = {row["id"]: row["until"] for row in snoozes.asleep(tx, actor.person_id, _his(actor), now)}
    return _own(row, asleep.get(row["id"]))


def count_action_items(tx, claims: dict, now: datetime) -> dict:
    """Each figure is of the list that the same word opens."""
    actor = actor_for(tx, contract.count_action_items, claims, now)
    addressees = _his(actor)
    asleep = snoozes.asleep(tx, actor.person_id, addressees, now)
    ranges = [dues(word, None, now) for word in ITEM_DUES]
    found = storage.counts_of(tx, addressees, ranges, COUNTED + 1, [row["id"] for row in asleep])
    return {
        "kinds": counts(tx, addressees, asleep),
        "dues": [{"due": word, **_counted(count)} for word, count in zip(ITEM_DUES, found, strict=True)],
        "snoozed": len(asleep),
    }


def get_overview(tx, claims: dict, request: dict, now: datetime) -> dict:
    """It costs what is counted of each kind and what is shown, however much stands open."""
    actor = actor_for(tx, contract.get_overview, claims, now)
    addressees = _his(actor)
    asleep = snoozes.asleep(tx, actor.person_id, addressees, now)
    hidden = [row["id"] for row in asleep]
    by_kind = counts(tx, addressees, asleep)
    became_late = newly_late(request["late_since"], now)
    late, late_count = storage.newly_late(tx, addressees, became_late, OVERVIEW_ITEMS, COUNTED + 1, hidden)
    return {
        "counts": by_kind,
        "total": sum(each["count"] for each in by_kind),
        "more": any(each["more"] for each in by_kind),
        "snoozed": len(asleep),
        "items": [_own(row) for row in storage.burning(tx, addressees, OVERVIEW_ITEMS, asleep=hidden)],
        "newly_late": {"since": became_late.start, **_counted(late_count), "items": [_own(row) for row in late]},
    }


def snooze_action_item(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Tạm ẩn: this person does not see it until then, or until it changes; whoever else must act on it does."""
    actor = actor_for(tx, contract.snooze_action_item, claims, now)
    row = _his_own(tx, actor, request["id"])
    snoozing.permit(row["kind"], row["due"], request["until"], request["past_deadline"], now)
    if snoozes.count_after_tidying(tx, actor.person_id, now) >= snoozing.MOST:
        raise Refused("too_many_snoozed", "So much is put off that nothing more can be.", most=snoozing.MOST)
    if snoozes.put_off(tx, actor.person_id, row["id"], row["version"], request["until"]):
        tx.audit("reminders.action_item_snoozed", subject=row["id"], until=request["until"].isoformat())
    return _own(row, request["until"])


def unsnooze_action_item(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Bỏ tạm ẩn."""
    actor = actor_for(tx, contract.unsnooze_action_item, claims, now)
    row = _his_own(tx, actor, request["id"])
    if snoozes.wake(tx, actor.person_id, row["id"]):
        tx.audit("reminders.action_item_unsnoozed", subject=row["id"])
    return _own(row)


def _his(actor: Actor) -> tuple[str, ...]:
    """Whose items he acts on: those of the posts that he serves, and his own person's."""
    return (*actor.serves, actor.person_id)


def _his_own(tx, actor: Actor, item_id: str) -> Mapping:
    row = storage.find_open(tx, item_id, _his(actor))
    if row is None:
        raise Refused("not_found", "There is no such item before him.")
    return row


def counts(tx, addressees: Sequence[str], asleep: Sequence[Mapping]) -> list[dict]:
    """By kind, without what is put off."""
    bound = COUNTED + 1 + (snoozing.MOST if asleep else 0)
    found = Counter(storage.counts(tx, addressees, ACTION_ITEM_KINDS, bound))
    found.subtract(row["kind"] for row in asleep)
    return [{"kind": kind, **_counted(count)} for kind, count in sorted(found.items()) if count > 0]


def _counted(count: int) -> dict:
    return {"count": min(count, COUNTED), "more": count > COUNTED}


def _own(row: Mapping, snoozed_until: datetime | None = None) -> dict:
    return shown(row) | {"snoozed_until": snoozed_until}


def _moment_or_never(value: object) -> datetime | None:
    return None if value is None else a_moment(value)
