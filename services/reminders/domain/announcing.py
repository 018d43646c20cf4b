"""When those whom an announcement reaches are told of it, and again if they must acknowledge it: pure."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from kernel.working_time import TZ, WorkingDays, today
from reminders.domain.ladders import in_words

PUBLISHED, TO_ACKNOWLEDGE, UNACKNOWLEDGED = "published", "to_acknowledge", "unacknowledged"


def after(announcement: Mapping, days: WorkingDays) -> tuple[str, datetime] | None:
    """The rung after its present one, and when: a working day before the last one, not on the day on which it was
    published; and on the day after it.
    """
    by = announcement["acknowledge_by"]
    if by is None or announcement["rung"] == UNACKNOWLEDGED:
        return None
    before = days.add(days.on_or_before(today(by)), -1)
    if announcement["rung"] == PUBLISHED and before > today(announcement["published_at"]):
        return TO_ACKNOWLEDGE, _begin(before)
    return UNACKNOWLEDGED, _begin(today(by) + timedelta(days=1))


def text_of(announcement: Mapping) -> str:
    who, by = announcement["by_title"], announcement["acknowledge_by"]
    until = f" đến {in_words(by, '')}" if by else ""
    if announcement["rung"] == PUBLISHED:
        return f"{who} thông báo, cần xác nhận{until}." if announcement["acknowledge"] else f"{who} thông báo."
    if announcement["rung"] == TO_ACKNOWLEDGE:
        return f"{who} chờ anh/chị xác nhận thông báo{until}."
    return f"Đã quá hạn {in_words(by, '')}: anh/chị chưa xác nhận thông báo của {who}."


def _begin(day) -> datetime:
    return datetime.combine(day, time(), TZ)
