"""What is announced and is more than ordinary is told to its readers, a part of them after another: none of 50,000 is
written down before his turn. What is ordinary is found where it is read.
"""

from collections.abc import Mapping
from datetime import datetime

from contracts import messaging
from kernel.directory_copy.facts import read_state
from reminders.domain.items import title_of
from reminders.domain.occasions import ANNOUNCEMENT, Occasion
from reminders.storage import announced as storage
from reminders.use_cases import attention

AT_ONCE = 500
URGENCIES = {"important": "normal", "urgent": "urgent"}  # of those that are told


def follow(tx, announcement: Mapping) -> None:
    if announcement["importance"] not in URGENCIES:
        return
    same = ("importance", "title", "by_title", "published_at", "valid_until")
    known = {name: announcement[name] for name in same}
    addressed = [dict(each) for each in announcement["to"]]
    storage.begin(tx, known | {"id": announcement["announcement_id"], "addressed": addressed})


def withdraw(tx, announcement_id: str) -> None:
    """Nobody else is told, nor whoever's turn had come and who has not been."""
    storage.end(tx, announcement_id)
    attention.stop(tx, [announcement_id])


def tell_some(tx, now: datetime, at_once: int = AT_ONCE) -> bool:
    """The next readers of one announcement; whether there was any."""
    announcement = storage.claim(tx) if read_state(tx).filled else None
    if announcement is None:
        return False
    is_over = announcement["valid_until"] is not None and announcement["valid_until"] <= now
    action = messaging.get_announcement.full_name
    people = [] if is_over else storage.next_readers(tx, announcement, action, now, at_once)
    if people:
        attention.call_for(tx, [_announced(announcement, people)], now)
    storage.went_on(tx, announcement["id"], people[-1] if people else None)
    return True


def _announced(announcement: Mapping, people: list[str]) -> Occasion:
    """Each part is an occasion of its own."""
    return Occasion(
        subject_id=announcement["id"],
        rule=ANNOUNCEMENT,
        rung="published",
        deadline_version=announcement["part"],
        title=title_of(announcement["title"]),
        text=f"{announcement['by_title']} thông báo.",
        link=f"/api/v1/announcements/{announcement['id']}",
        urgency=URGENCIES[announcement["importance"]],
        people=people,
    )
