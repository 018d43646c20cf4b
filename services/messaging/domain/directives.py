"""Whom one may direct or urge, and by when an answer is due: pure."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from kernel.actor import Actor
from kernel.errors import Refused
from kernel.policy import CITY_OFFICE, STANDING_PC
from kernel.working_time import WorkingDays, answer_due

DIRECTIVE, URGING = "directive", "urging"
ASKING = frozenset({DIRECTIVE, URGING})
LEADERS = frozenset({"head", "chief_of_office", "division_head"})  # of a unit, whom they direct with what is below it
RESPONSIBLE, MEMBER = "responsible", "member"
AT_MOST = timedelta(days=366)
PURPOSE = (
    "Để biết chỉ đạo, đôn đốc đã đến nơi và được tiếp nhận, và nhắc nơi chưa tiếp nhận;"
    " không dùng để theo dõi giờ giấc của cá nhân."
)
RETENTION = "Lưu cùng tin nhắn chỉ đạo, đôn đốc và xóa cùng tin nhắn đó."


def permit(actor: Actor, part: str | None, kind: str) -> None:
    """Leaders direct; whoever answers for a case those who work in it; the Office passes on what the city urges."""
    if actor.post_kind in STANDING_PC | LEADERS or part == RESPONSIBLE:
        return
    if kind == URGING and _is_of_the_office(actor):
        return
    raise Refused("not_authorised", f"This post gives no {kind}.", action=kind)


def directed(
    actor: Actor, part: str | None, kind: str, posts: Collection[Mapping], own_units: Collection[str]
) -> list[Mapping]:
    """Those of the posts whom the actor may direct or urge so: the Standing PC all but its own, and its chairman these
    as well; the Office may urge as the Standing PC does; a leader who belongs to his unit or is below it (`own_units`);
    whoever answers for a case those who work in it.
    """
    speaks_for_city = actor.post_kind in STANDING_PC or (kind == URGING and _is_of_the_office(actor))
    leads = actor.post_kind in LEADERS

    def may(post: Mapping) -> bool:
        if post["post_id"] == actor.post_id:
            return False
        if actor.post_kind == "chairman" or (speaks_for_city and post["kind"] not in STANDING_PC):
            return True
        return (leads and post["unit_id"] in own_units) or (part == RESPONSIBLE and post["part"] == MEMBER)

    return [post for post in posts if may(post)]


def led(actor: Actor) -> set[str]:
    """The unit whose staff he leads, if he does."""
    return {actor.unit_id} if actor.post_kind in LEADERS else set()


def _is_of_the_office(actor: Actor) -> bool:
    return actor.unit_kind == "office" and actor.post_kind in CITY_OFFICE


def is_inside(actor: Actor, kind: str) -> bool:
    """What a unit says inside is no matter of the city's Office."""
    return actor.post_kind not in STANDING_PC and not (kind == URGING and _is_of_the_office(actor))


def due(urgency: str, answer_by: datetime | None, now: datetime, days: WorkingDays) -> datetime:
    if answer_by is None:
        return answer_due(urgency, now, days)
    if not now < answer_by <= now + AT_MOST:
        raise Refused("answer_by_out_of_range", "An answer is due after now, and within a year.")
    return answer_by
