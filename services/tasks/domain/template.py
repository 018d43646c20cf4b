"""Whose a recurring order is: like a draft, its office's to write, and nobody sees it but they, its leaders and whoever
oversees the city's work.
"""

from collections.abc import Mapping

from kernel.actor import Actor
from kernel.errors import Refused
from tasks.domain.drafting import in_drafting_office
from tasks.domain.sight import oversees

STATES = {"pause": ("active", "paused"), "resume": ("paused", "active")}


def keeps(template: Mapping, actor: Actor) -> bool:
    """Whoever wrote it, and the office of his unit."""
    if actor.post_id == template["post_id"]:
        return True
    return in_drafting_office(actor) and actor.unit_id == template["unit_id"]


def sees(template: Mapping, actor: Actor) -> bool:
    named = not set(template["leader_post_ids"]).isdisjoint(actor.serves)
    return keeps(template, actor) or named or oversees(actor)


def allowed(template: Mapping, actor: Actor) -> list[str]:
    if not keeps(template, actor):
        return []
    return ["change", "discard", *(verb for verb, (before, _) in STATES.items() if before == template["state"])]


def permit(template: Mapping, verb: str, actor: Actor, version: int | None) -> None:
    """Raises the rule that forbids it."""
    if not keeps(template, actor):
        raise Refused("not_authorised", f"{verb} is not for this post.", action=f"{verb}_template")
    if version is not None and version != template["version"]:
        raise Refused("stale_version", "It has changed since you read it.", current=template["version"])
    if verb not in allowed(template, actor):
        raise Refused("wrong_state", f"{verb} is not possible in state {template['state']}.", state=template["state"])
