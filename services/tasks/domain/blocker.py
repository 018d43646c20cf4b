"""What stops the work: it names the level that must decide, and that level has two days."""

from collections.abc import Mapping
from datetime import datetime

from kernel.actor import Actor
from kernel.errors import Refused
from kernel.working_time import WorkingDays, end_of_day, today
from tasks.domain.assignment import Piece, owns_or_serves

ANSWER_DAYS = 2
RAISED_IN = ("assigned", "in_progress", "suspended")


def permit_report(piece: Piece, actor: Actor, states: tuple[str, ...], action: str) -> None:
    """To report, and to say what stops the work, is for the unit, by its head or clerk, while it works."""
    if not owns_or_serves(piece, actor):
        raise Refused("not_authorised", "The unit itself reports on its work.", action=action)
    if piece.state not in states:
        raise Refused("wrong_state", f"Not possible in state {piece.state}.", state=piece.state)


def decider(level: str, piece: Piece, posts: Mapping[str, str | None], where: str) -> str:
    """The post of the level that must decide; `posts` are those of the levels that one looks up."""
    found = piece.assigner_post_id if level == "assigner" else posts.get(level)
    if found is None or found == piece.post_id:
        raise Refused("no_such_level", "There is no such level above this piece.", field=where)
    return found


def answer_due(now: datetime, days: WorkingDays) -> datetime:
    return end_of_day(days.add(today(now), ANSWER_DAYS))


def permit_answer(blocker: Mapping, actor: Actor, version: int | None) -> None:
    if actor.post_id != blocker["decides_post_id"]:
        raise Refused("not_authorised", "Another level must decide.", action="answer_blocker")
    require_open(blocker, "resolved", version)


def require_open(thing: Mapping, done: str, version: int | None) -> None:
    """Whoever comes too late is told by whom and when it was done."""
    if thing[f"{done}_at"] is not None:
        raise Refused(
            "already_decided", "It was answered already, or ended with its piece.",
            at=thing[f"{done}_at"].isoformat(), actor_person_id=thing[f"{done}_by_person_id"],
        )  # fmt: skip
    if version is not None and version != thing["version"]:
        raise Refused("stale_version", "It has changed since you read it.", current=thing["version"])
