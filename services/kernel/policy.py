"""Who may ask for what. An action is a procedure's full name; what is not listed is denied.

A rule looks at the capacity only. Whether the actor may do it to *this* object is for the owner's domain.
"""

from collections.abc import Callable

from kernel.actor import Actor
from kernel.errors import Refused

STANDING_PC = frozenset({"chairman", "vice_chairman", "standing_member"})
SERVES_HEAD = frozenset({"clerk", "office_clerk", "secretary"})  # they see and receive the work of their unit's head

Rule = Callable[[str, Actor], bool]


def signed_in(action: str, actor: Actor) -> bool:
    return True


def standing_pc(action: str, actor: Actor) -> bool:
    """A member of the Standing PC, or whoever acts under a live delegation from one."""
    return actor.post_kind in STANDING_PC


def covers(scope: str, action: str) -> bool:
    """A delegation's scope is "all" or the name of the service whose actions it covers."""
    return scope in ("all", action.split(".")[0])


RULES: dict[str, Rule] = {
    "directory.get_profile": signed_in,
    "directory.list_units": signed_in,
    "directory.get_unit": signed_in,
    "directory.search_people": signed_in,
    "directory.get_person": signed_in,
    "directory.get_names": signed_in,
    "directory.list_audiences": signed_in,
    "tasks.assign": standing_pc,
    "tasks.get_task": signed_in,
    "tasks.list_tasks": signed_in,
    "tasks.list_assignments": signed_in,
    "tasks.get_assignment": signed_in,
    "tasks.accept": signed_in,
    "tasks.get_summary": signed_in,
    "reminders.list_action_items": signed_in,
    "reminders.get_overview": signed_in,
    "messaging.list_conversations": signed_in,
    "messaging.get_conversation": signed_in,
    "messaging.list_participants": signed_in,
    "messaging.list_messages": signed_in,
    "messaging.post_message": signed_in,
    "messaging.mark_read": signed_in,
    "messaging.get_unread": signed_in,
}


def allows(action: str, actor: Actor) -> bool:
    rule = RULES.get(action)
    return rule is not None and covers(actor.scope, action) and rule(action, actor)


def require(action: str, actor: Actor) -> None:
    if not allows(action, actor):
        raise Refused("not_authorised", f"{actor.post_title or 'This post'} may not do {action}.", action=action)


def require_signed_in(action: str) -> None:
    """For an owner that answers everybody alike and so need not know the actor's capacity."""
    if RULES.get(action) is not signed_in:
        raise Refused("not_authorised", f"{action} is not open to everybody.", action=action)
