"""An order before it is given: drafted, put before a leader, sent back, issued. The first rows of lifecycle's table."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

from kernel.actor import Actor
from kernel.errors import Refused
from kernel.policy import PREPARES_ORDERS, STANDING_PC

NOT_ISSUED = ("draft", "awaiting_issue")


def drafted(task: Mapping, actor: Actor) -> bool:
    return actor.post_id == task["drafted_by_post_id"]


def in_drafting_office(actor: Actor) -> bool:
    """Whoever heads a unit, and those who prepare orders in it: a draft of their unit is theirs too."""
    return actor.is_head or actor.post_kind in PREPARES_ORDERS


def prepares(task: Mapping, actor: Actor) -> bool:
    """Whoever drafted it, and the office of his unit: its head and those who prepare orders there."""
    return drafted(task, actor) or (in_drafting_office(actor) and actor.unit_id == task["drafted_by_unit_id"])


def named(task: Mapping, actor: Actor) -> bool:
    """A leader before whom it was put, in person or by a live delegate."""
    return actor.post_id in task["leader_post_ids"]


def issues_his_own(task: Mapping, actor: Actor) -> bool:
    return drafted(task, actor) and actor.post_kind in STANDING_PC


def sees_draft(task: Mapping, actor: Actor) -> bool:
    """Nobody else: what nobody has given yet is no order. Who serves a leader sees what is put before him."""
    return prepares(task, actor) or not set(task["leader_post_ids"]).isdisjoint(actor.serves)


@dataclass(frozen=True, slots=True)
class Step:
    verb: str
    before: str
    after: str | None
    who: Callable[[Mapping, Actor], bool]


STEPS = (
    Step("edit_draft", "draft", "draft", prepares),
    Step("discard_draft", "draft", None, drafted),
    Step("submit_for_issue", "draft", "awaiting_issue", prepares),
    Step("return_draft", "awaiting_issue", "draft", named),
    Step("issue", "draft", "issued", issues_his_own),
    Step("issue", "awaiting_issue", "issued", named),
)
CHANGES = {  # how a step is spoken of afterwards
    "draft": "drafted", "edit_draft": "edited", "discard_draft": "discarded", "submit_for_issue": "submitted_for_issue",
    "return_draft": "returned", "issue": "issued",
}  # fmt: skip


def permit_step(task: Mapping, verb: str, actor: Actor, version: int | None) -> Step:
    """The step, or the rule that forbids it."""
    if not any(step.verb == verb and step.who(task, actor) for step in STEPS):
        raise Refused("not_authorised", f"{verb} is not for this post.", action=verb)
    if version is not None and version != task["version"]:
        raise Refused("stale_version", "It has changed since you read it.", current=task["version"])
    for step in STEPS:
        if (step.verb, step.before) == (verb, task["state"]) and step.who(task, actor):
            return step
    raise Refused("wrong_state", f"{verb} is not possible in state {task['state']}.", state=task["state"])


def allowed_steps(task: Mapping, actor: Actor) -> list[str]:
    return [step.verb for step in STEPS if step.before == task["state"] and step.who(task, actor)]


def leaders_exist(wanted: Collection[str], kinds: Mapping[str, str]) -> list[str]:
    """Those on whose behalf an order may be drafted; `kinds` are those of the posts that stand now."""
    for place, post_id in enumerate(wanted):
        if kinds.get(post_id) not in STANDING_PC:
            raise Refused("unknown_post", "No such leader.", field=f"leader_post_ids.{place}", post_id=post_id)
    return list(dict.fromkeys(wanted))


def request_id(task_id: str, post_id: str) -> str:
    """One leader's being asked to issue one order, however often: each of a group is asked for himself."""
    return str(uuid5(UUID(task_id), post_id))
