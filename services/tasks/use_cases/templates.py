"""Orders that recur: written down once, drafted at their time, given by a leader and never by themselves."""

from collections.abc import Mapping
from datetime import date, datetime

import structlog

from chassis import clock
from chassis.contract import schema
from chassis.idempotency import answer_once
from chassis.paging import an_id, page, position
from contracts import tasks as contract
from kernel import policy
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import holders, posts, require_fresh, resolve_actor, standing_posts, working_days
from kernel.errors import Refused
from kernel.working_time import WorkingDays, today
from tasks import views
from tasks.domain.drafting import in_drafting_office
from tasks.domain.recurrence import (
    MOVED_BY_AT_MOST,
    Recurrence,
    due,
    first_to_come,
    order_of,
    recurrence_of,
    shown,
)  # fmt: skip
from tasks.domain.sight import oversees
from tasks.domain.template import STATES, allowed, permit, sees
from tasks.rrules import expand
from tasks.storage import templates as storage
from tasks.use_cases import moving
from tasks.use_cases.drafts import draft_for, leaders_of
from tasks.use_cases.orders import decide

log = structlog.get_logger()

RULE = ("rrule", "starts_on", "ends_on", "day_off", "offset")


def create_template(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.create_template, claims, now)
    template = request["template"]
    return answer_once(
        tx,
        who=actor.person_id,
        key=request["idempotency_key"],
        request=[contract.create_template.full_name, actor.post_id, template],
        produce=lambda: schema(contract.create_template.reply).dump(_create(tx, actor, template, now)),
    )


def change_template(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Its next draft is another one; those that stand stay as they are."""
    return moving.once(tx, contract.change_template, claims, request, now, _change)


def pause_template(tx, claims: dict, request: dict, now: datetime) -> dict:
    return moving.once(tx, contract.pause_template, claims, request, now, _pause)


def resume_template(tx, claims: dict, request: dict, now: datetime) -> dict:
    """What passed meanwhile is not caught up."""
    return moving.once(tx, contract.resume_template, claims, request, now, _resume)


def discard_template(tx, claims: dict, request: dict, now: datetime) -> dict:
    return moving.once(tx, contract.discard_template, claims, request, now, _discard)


def get_template(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_template, claims, now)
    return _view(tx, _visible(tx, request["id"], actor), actor)


def list_templates(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_templates, claims, now)
    before = position(request["cursor"], an_id)
    rows = storage.seen_by(
        tx, actor.unit_id if in_drafting_office(actor) else None, actor.serves, before[0] if before else None,
        request["limit"] + 1, everything=oversees(actor),
    )  # fmt: skip
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    days = working_days(tx)
    return {"items": [_summary(row, days) for row in rows], "next_cursor": next_cursor}


def list_occurrences(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_occurrences, claims, now)
    _visible(tx, request["template_id"], actor)
    before = position(request["cursor"], date.fromisoformat)
    rows = storage.occurrences_of(tx, request["template_id"], before[0] if before else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["occurrence"]])
    return {"items": rows, "next_cursor": next_cursor}


# writing


def _create(tx, actor: Actor, template: dict, now: datetime) -> dict:
    row = _written(tx, None, template, now) | {"id": clock.new_id(), "version": 1, "state": "active"}
    row = storage.add(tx, row | _by(actor))
    tx.audit("task_template.created", subject=row["id"])
    return _view(tx, row, actor)


def _by(actor: Actor) -> dict:
    return {name: getattr(actor, name) for name in ("post_id", "unit_id", "person_id", "acting_for")}


def _change(tx, actor: Actor, request: dict, now: datetime) -> dict:
    """It stays with the post that wrote it: whoever heads the unit need not be one who drafts orders."""
    before = _permitted(tx, actor, "change", request)
    after = _written(tx, before["id"], request["template"], now)
    by = _by(actor) if actor.post_id == before["post_id"] else {}
    return _changed(tx, actor, before, "changed", **after, **by)


def _pause(tx, actor: Actor, request: dict, now: datetime) -> dict:
    before = _permitted(tx, actor, "pause", request)
    return _changed(tx, actor, before, "paused", state=STATES["pause"][1])


def _resume(tx, actor: Actor, request: dict, now: datetime) -> dict:
    before = _permitted(tx, actor, "resume", request)
    next_on = _next(tx, before["id"], _rule_of(before), now)
    return _changed(tx, actor, before, "resumed", state=STATES["resume"][1], next_on=next_on)


def _discard(tx, actor: Actor, request: dict, now: datetime) -> dict:
    before = _permitted(tx, actor, "discard", request)
    storage.discard(tx, before["id"])
    tx.audit("task_template.discarded", subject=before["id"])
    return {}


def _written(tx, template_id: str | None, template: dict, now: datetime) -> dict:
    """The template in its row, if an order could be drafted from it today."""
    require_fresh(tx, now)
    rule = recurrence_of(template["recurrence"], today(now), expand)
    order = schema(contract.RecurringOrder).dump(template["order"])
    decide(tx, _order(tx, order, rule.starts_on, now), now)
    return {name: getattr(rule, name) for name in RULE} | {
        "title": order["title"],
        "order": order,
        "leader_post_ids": leaders_of(tx, template["leader_post_ids"], now),
        "next_on": _next(tx, template_id, rule, now),
    }


def _next(tx, template_id: str | None, rule: Recurrence, now: datetime) -> date | None:
    done = storage.occurrences_of(tx, template_id, None, 1) if template_id else []
    return first_to_come(rule, done[0]["occurrence"] if done else None, today(now), working_days(tx))


def _order(tx, template: Mapping, occurrence: date, now: datetime) -> dict:
    return schema(contract.Order).load(order_of(template, occurrence, today(now), working_days(tx)))


def _permitted(tx, actor: Actor, verb: str, request: dict) -> Mapping:
    row = _visible(tx, request["id"], actor, lock=True)
    permit(row, verb, actor, request["version"])
    return row


def _visible(tx, template_id: str, actor: Actor, *, lock: bool = False) -> Mapping:
    row = storage.find(tx, template_id, lock=lock)
    if row is None or not sees(row, actor):
        raise views.not_found()
    return row


def _changed(tx, actor: Actor, before: Mapping, how: str, **changes) -> dict:
    row = storage.change(tx, before["id"], version=before["version"] + 1, **changes)
    tx.audit(f"task_template.{how}", subject=row["id"])
    return _view(tx, row, actor)


def _rule_of(row: Mapping) -> Recurrence:
    return Recurrence(expand, **{name: row[name] for name in RULE})


def _summary(row: Mapping, days: WorkingDays) -> dict:
    [coming] = shown(_rule_of(row), row["next_on"], days, 1) or [None]
    return dict(row) | {"next": coming}


def _view(tx, row: Mapping, actor: Actor) -> dict:
    days, rule = working_days(tx), _rule_of(row)
    coming = shown(rule, row["next_on"], days)
    return _summary(row, days) | {
        "recurrence": {name: row[name] for name in RULE},
        "next_occurrences": coming,
        "allowed": allowed(row, actor),
    }


# drafting


def draft_due(store, now: datetime) -> None:
    """Every occurrence whose day has come, each in a transaction of its own."""
    with store.reading() as tx:
        days, day = working_days(tx), today(now)
        waiting = storage.waiting(tx, day + MOVED_BY_AT_MOST)
    for row in waiting:
        if _rule_of(row).day_of(row["next_on"], days) <= day:
            try:
                _draft_one(store, row["id"], now)
            except Exception:  # the others' day has come too
                log.exception("a template failed", template=row["id"])


def _draft_one(store, template_id: str, now: datetime) -> None:
    try:
        with store.transaction() as tx:
            draft(tx, template_id, now)
    except Refused as refused:
        log.warning("no draft from a template", template=template_id, code=refused.refusal_code)
        if not refused.retryable:
            with store.transaction() as tx:
                draft(tx, template_id, now, refused)


def draft(tx, template_id: str, now: datetime, refused: Refused | None = None) -> None:
    """Once: whoever comes second finds it done. `refused` is why it cannot be drafted."""
    row = storage.find(tx, template_id, lock=True)
    if row is None or row["state"] != "active":
        return
    rule = _rule_of(row)
    now_due = due(rule, row["next_on"], today(now), working_days(tx))
    if not now_due.missed and now_due.drafted is None:
        return
    storage.change(tx, template_id, next_on=now_due.next)
    storage.record(tx, template_id, now_due.missed, "missed", now, task_id=None, code=None)
    if now_due.drafted is None:
        return
    if refused is None:
        task_id = _draft(tx, row, now_due.drafted, now)
        storage.record(tx, template_id, [now_due.drafted], "drafted", now, task_id=task_id, code=None)
    else:
        code = refused.refusal_code
        storage.record(tx, template_id, [now_due.drafted], "refused", now, task_id=None, code=code)


def _draft(tx, row: Mapping, occurrence: date, now: datetime) -> str:
    order = _order(tx, row["order"], occurrence, now)
    origin = {"template_id": row["id"], "occurrence": occurrence.isoformat()}
    task = draft_for(tx, _written_by(tx, row, now), order, row["leader_post_ids"], now, origin=origin)
    tx.audit("task_template.drafted", subject=row["id"], task_id=task["id"], occurrence=origin["occurrence"])
    return task["id"]


def _written_by(tx, row: Mapping, now: datetime) -> Actor:
    """Whoever wrote it last in the post that keeps it, as that stands now; if it was lent to him, while it is."""
    unit = standing_posts(tx, [row["post_id"]], now).get(row["post_id"])
    if unit is None:
        raise Refused("unknown_post", "The post that keeps this template stands no more.", post_id=row["post_id"])
    if row["acting_for"] and not _may_still_act(tx, row, now):
        raise Refused("not_authorised", "This post is lent to its writer no more.", action="draft")
    post = posts(tx, [row["post_id"]])[row["post_id"]]
    actor = Actor(
        person_id=row["person_id"], membership_id="", post_id=post.id, post_kind=post.kind, post_title=post.title,
        unit_id=post.unit_id, unit_kind=unit.unit_kind, is_head=post.is_head, acting_for=row["acting_for"],
        serves=(post.id,),
    )  # fmt: skip
    policy.require(contract.draft.full_name, actor)
    return actor


def _may_still_act(tx, row: Mapping, now: datetime) -> bool:
    if row["person_id"] in holders(tx, [row["post_id"]], now).get(row["post_id"], ()):
        return True
    return row["post_id"] in resolve_actor(tx, {"sub": row["person_id"]}, now, contract.draft.full_name).lent
