"""What a person puts off, and how far: pure."""

from datetime import datetime, timedelta

from kernel.errors import Refused

LONGEST = timedelta(days=90)
NEVER_LATE = frozenset({"urging_to_answer", "directive_to_acknowledge", "break_glass_used"})
MOST = 1_000  # of one person at a time


def permit(kind: str, due: datetime | None, until: datetime, past_deadline: bool, now: datetime) -> None:
    """Raises Refused. Nothing is put off past its deadline unless one says so; what was asked of somebody in
    particular not even then.
    """
    if not now < until <= now + LONGEST:
        latest = (now + LONGEST).isoformat()
        raise Refused("until_out_of_range", "It is in the past, or too far ahead.", latest=latest)
    if due is None or until <= due:
        return
    if kind in NEVER_LATE:
        raise Refused("snooze_not_allowed", "This is not put off past its deadline.", due=due.isoformat())
    if not past_deadline:
        raise Refused("snooze_past_deadline", "It will be late by then.", due=due.isoformat())
