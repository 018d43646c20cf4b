"""Orders before they are given: drafted, put before a leader, sent back, issued."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from chassis import clock
from chassis.contract import schema
from chassis.idempotency import answer_once
from contracts import tasks as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import posts, require_fresh, standing_posts
from tasks import views
from tasks.domain.assignment import NOTHING
from tasks.domain.document import permit as permit_on_document
from tasks.domain.drafting import CHANGES, Step, leaders_exist, permit_step, request_id
from tasks.domain.order import title_key
from tasks.domain.sight import Sight
from tasks.storage import drafts, history, orders
from tasks.storage.documents import find_document
from tasks.use_cases import moving
from tasks.use_cases.orders import decide, give, of_superior
from tasks.use_cases.waiting import TO_ISSUE, done, waits

TEXT = ("title", "content", "expected_result", "mode", "urgency", "source", "field")


def draft(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Soạn: an order that is checked and kept, and that nobody has given."""
    actor = actor_for(tx, contract.draft, claims, now)
    order = request["order"]
    return answer_once(
        tx,
        who=actor.person_id,
        key=request["idempotency_key"],
        request=[contract.draft.full_name, actor.post_id, order],
        produce=lambda: schema(contract.draft.reply).dump(_draft(tx, actor, order, now)),
    )


def edit_draft(tx, claims: dict, request: dict, now: datetime) -> dict:
    """The draft is written anew."""
    return moving.once(tx, contract.edit_draft, claims, request, now, _edit)


def discard_draft(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Its history says that it was there."""
    return moving.once(tx, contract.discard_draft, claims, request, now, _discard)


def submit_for_issue(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Trình giao thay mặt: to a leader, or to a group of whom any one decides."""
    return moving.once(tx, contract.submit_for_issue, claims, request, now, _submit)


def return_draft(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Trả lại dự thảo."""
    return moving.once(tx, contract.return_draft, claims, request, now, _return)


def issue(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Giao: as it was drafted, and as the rules and the directory are now."""
    return moving.once(tx, contract.issue, claims, request, now, _issue)


def _draft(tx, actor: Actor, order: dict, now: datetime) -> dict:
    require_fresh(tx, now)
    task, warnings = keep_draft(tx, actor, order, now)
    return _view(tx, task, actor, now, warnings)


def draft_for(
    tx, actor: Actor, order: dict, leaders: Sequence[str], now: datetime, *, origin: Mapping = NOTHING
) -> Mapping:
    """Drafted and put before these leaders in one go: what somebody wrote down to be ordered again and again."""
    require_fresh(tx, now)
    task, _ = keep_draft(tx, actor, order, now, origin=origin)
    return _put_before(tx, actor, task, permit_step(task, "submit_for_issue", actor, None), leaders, now)


def keep_draft(
    tx, actor: Actor, order: dict, now: datetime, *, above: Mapping | None = None, origin: Mapping = NOTHING
) -> tuple[Mapping, Sequence[dict]]:
    """An order that is checked and kept; `above` is what a document from above says of it, `origin` what its history
    says of where it comes from.
    """
    decision = decide(tx, order, now)
    task = orders.add_task(
        tx,
        _written(order, decision, above)
        | {
            "id": clock.new_id(),
            "state": "draft",
            "version": 1,
            "leader_post_ids": [],
            "drafted_by_post_id": actor.post_id,
            "drafted_by_unit_id": actor.unit_id,
            "drafted_by_person_id": actor.person_id,
            "drafted_at": now,
        },
    )
    _record(tx, actor, task, "draft", now, data=origin)
    return task, decision.warnings


def _written(order: dict, decision, above: Mapping | None) -> dict:
    """The order in the row: its text as of any other, the rest as it was given."""
    return {name: order[name] for name in TEXT} | of_superior(order, decision, above) | {
        "title_key": title_key(order["title"]),
        "original_due": decision.due,
        "reporting": decision.reporting,
        "draft": schema(contract.Order).dump(order),
    }  # fmt: skip


def _view(tx, task: Mapping, actor: Actor, now: datetime, warnings: Iterable = ()) -> dict:
    return views.task_view(tx, task, Sight.WHOLE, [], actor, now, warnings)


def _permitted(tx, actor: Actor, verb: str, request: dict) -> tuple[Mapping, Step]:
    """The draft, locked, if the rules allow the step; whoever comes too late is told what came before."""
    task, _, _ = views.visible_task(tx, request["id"], actor, lock=True)
    if task["drafted_by_post_id"] is None:
        raise views.not_found()  # it never was a draft
    with moving.saying_what_came_before(tx, task["id"], None):
        return task, permit_step(task, verb, actor, request["version"])


def _take(tx, actor: Actor, task: Mapping, step: Step, now: datetime, reason: str | None = None, **changes) -> Mapping:
    """The step, and its place in the history."""
    task = orders.move_task(tx, task["id"], state=step.after, version=task["version"] + 1, **changes)
    data = {"leader_post_ids": task["leader_post_ids"]} if step.verb == "submit_for_issue" else {}
    _record(tx, actor, task, step.verb, now, reason=reason, data=data)
    return task


def _record(tx, actor: Actor, task: Mapping, verb: str, now: datetime, **said) -> None:
    """Most steps say nothing to others, so what is done in another's name is written down here."""
    history.record(tx, moving.event_of(actor, task["id"], None, verb, task["version"], now, **said))
    if actor.acting_for or verb == "discard_draft":
        tx.audit(f"tasks.{verb}", subject=task["id"])


def _edit(tx, actor: Actor, request: dict, now: datetime) -> dict:
    task, step = _permitted(tx, actor, "edit_draft", request)
    order = request["order"] | ({"source": task["source"]} if task["document_id"] else {})
    decision = decide(tx, order, now)
    task = _take(tx, actor, task, step, now, **_written(order, decision, task))
    return _view(tx, task, actor, now, decision.warnings)


def _discard(tx, actor: Actor, request: dict, now: datetime) -> dict:
    task, step = _permitted(tx, actor, "discard_draft", request)
    _record(tx, actor, dict(task) | {"version": task["version"] + 1}, step.verb, now)
    drafts.discard_draft(tx, task["id"])
    return {}


def _submit(tx, actor: Actor, request: dict, now: datetime) -> dict:
    require_fresh(tx, now)
    task, step = _permitted(tx, actor, "submit_for_issue", request)
    return _view(tx, _put_before(tx, actor, task, step, request["leader_post_ids"], now), actor, now)


def _put_before(tx, actor: Actor, before: Mapping, step: Step, wanted: Sequence[str], now: datetime) -> Mapping:
    task = _take(tx, actor, before, step, now, leader_post_ids=leaders_of(tx, wanted, now))
    asked = _requests(tx, {*before["leader_post_ids"], *task["leader_post_ids"]}, task, actor.post_title)
    _say(tx, actor, task, step, asked, now)
    return task


def leaders_of(tx, wanted: Sequence[str], now: datetime) -> list[str]:
    """The posts that stand now and may give an order, or the refusal that says which does not."""
    known = posts(tx, wanted)
    return leaders_exist(wanted, {post_id: known[post_id].kind for post_id in standing_posts(tx, wanted, now)})


def _return(tx, actor: Actor, request: dict, now: datetime) -> dict:
    task, step = _permitted(tx, actor, "return_draft", request)
    task = _take(tx, actor, task, step, now, reason=request["reason"])
    _say(tx, actor, task, step, _requests(tx, task["leader_post_ids"], task), now, request["reason"])
    return _view(tx, task, actor, now)


def _issue(tx, actor: Actor, request: dict, now: datetime) -> dict:
    document = _document_of(tx, request["id"])
    task, _ = _permitted(tx, actor, "issue", request)
    if document is not None:
        permit_on_document(document, "issue_from_document", None)
    order = schema(contract.Order).load(task["draft"])
    asked = _requests(tx, task["leader_post_ids"], dict(task) | {"state": "issued", "version": task["version"] + 1})
    return give(tx, actor, order, now, drafted=task, waiting=asked)


def _document_of(tx, task_id: str) -> Mapping | None:
    """The document because of which it was drafted, locked before the draft: whoever answers its recall waits."""
    task = orders.find_task(tx, task_id)
    return find_document(tx, task["document_id"], lock=True) if task and task["document_id"] else None


def _requests(tx, leaders: Iterable[str], task: Mapping, from_title: str | None = None) -> list[dict]:
    """For each of these leaders whether the draft waits for him now."""
    known, found = posts(tx, leaders) if leaders else {}, []
    for post_id in sorted(known):
        about = (TO_ISSUE, request_id(task["id"], post_id), task["version"], post_id, known[post_id].unit_id)
        if task["state"] == "awaiting_issue" and post_id in task["leader_post_ids"]:
            found.append(waits(*about, from_title=from_title, due=None))
        else:
            found.append(done(*about))
    return found


def _say(
    tx, actor: Actor, task: Mapping, step: Step, waiting: list[dict], now: datetime, reason: str | None = None
) -> None:
    tx.emit(
        contract.draft_changed,
        subject=task["id"],
        version=task["version"],
        data=moving.act_of(actor, now, reason)
        | {
            "task_id": task["id"],
            "title": task["title"],
            "urgency": task["urgency"],
            "change": CHANGES[step.verb],
            "waiting": waiting,
            "concerns": [task["drafted_by_post_id"], *task["leader_post_ids"]],
        },
    )
