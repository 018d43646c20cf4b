"""What is announced and is more than ordinary is told to its readers, a part of them after another: none of 50,000 is
written down before his turn. Who must acknowledge it and has not is told twice more. Who has read it need not be told.
"""

from collections.abc import Mapping
from datetime import datetime

from contracts import messaging
from kernel.directory_copy import working_days
from kernel.directory_copy.facts import read_state
from reminders.domain.announcing import PUBLISHED, UNACKNOWLEDGED, after, text_of
from reminders.domain.items import title_of
from reminders.domain.occasions import ANNOUNCEMENT, Occasion
from reminders.storage import announced as storage
from reminders.storage import heeded
from reminders.use_cases import attention

AT_ONCE = 2_000  # people of the city, of whom those are told whom it reaches
SAME = ("importance", "title", "by_title", "published_at", "valid_until", "acknowledge", "acknowledge_by")


def follow(tx, announcement: Mapping) -> None:
    """What is ordinary is found where it is read."""
    if announcement["importance"] not in messaging.TOLD and not announcement["acknowledge"]:
        return
    known = {name: announcement[name] for name in SAME}
    known |= {"id": announcement["announcement_id"], "addressed": [dict(each) for each in announcement["to"]]}
    storage.begin(tx, known | {"rung": PUBLISHED, "next_at": announcement["published_at"]})


def withdraw(tx, withdrawal: Mapping) -> None:
    """Nobody else is told, nor whoever's turn had come and who has not been."""
    storage.end(tx, withdrawal["announcement_id"], withdrawal["withdrawn_at"])
    attention.stop(tx, [withdrawal["announcement_id"]])


def note_seen(tx, seen: Mapping) -> None:
    """Who has only seen it is still told that he must acknowledge it."""
    announcement_id, is_done = seen["announcement_id"], seen["acknowledged"]
    heeded.note(tx, seen["person_id"], [announcement_id], seen["at"], acknowledged=is_done)
    attention.has_read(tx, seen["person_id"], [announcement_id], seen["at"], None if is_done else PUBLISHED)


def tell_some(tx, now: datetime, at_once: int = AT_ONCE) -> bool:
    """The next readers of one announcement; whether there was any."""
    announcement = storage.claim(tx, now) if read_state(tx).filled else None
    if announcement is None:
        return False
    is_over = announcement["valid_until"] is not None and announcement["valid_until"] <= now
    if is_over and announcement["rung"] != UNACKNOWLEDGED:
        people, up_to = [], None
    else:
        people, up_to = storage.next_readers(tx, announcement, messaging.get_announcement.full_name, now, at_once)
    is_first = announcement["rung"] == PUBLISHED
    people = sorted(set(people) - heeded.those_who_have(tx, announcement["id"], people, acknowledged=not is_first))
    if people:
        attention.call_for(tx, [_announced(announcement, people)], now)
    if up_to is not None:
        storage.went_on(tx, announcement["id"], up_to)
    elif (next_rung := after(announcement, working_days(tx))) is not None:
        storage.begin_rung(tx, announcement["id"], *next_rung)
    else:
        storage.end(tx, announcement["id"], now)
    return True


def _announced(announcement: Mapping, people: list[str]) -> Occasion:
    """Each part is an occasion of its own."""
    return Occasion(
        subject_id=announcement["id"],
        rule=ANNOUNCEMENT,
        rung=announcement["rung"],
        deadline_version=announcement["part"],
        title=title_of(announcement["title"]),
        text=text_of(announcement),
        link=f"/api/v1/announcements/{announcement['id']}",
        urgency="urgent" if announcement["importance"] == "urgent" else "normal",
        people=people,
    )
