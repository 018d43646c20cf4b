"""What a personal reminder says, and when one is said that follows a deadline."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from kernel.errors import Refused
from kernel.working_time import TZ, WorkingDays

RULE = "personal"
ACTIVE_AT_MOST = 1000  # of one person
NOTE_AT_MOST = 200  # letters that are said of it
WAITS_FOR_ITS_OWNER = ("assigned", "declined", "in_progress")


def is_running(state: str) -> bool:
    """Whether a piece of work in this state is awaited from its owner: a deadline means something."""
    return state in WAITS_FOR_ITS_OWNER


def before(row: Mapping) -> timedelta:
    return timedelta(minutes=row["before_minutes"])


def times(occurrence: datetime | None, row: Mapping, days: WorkingDays | None = None) -> dict:
    """What is waited for, when it is said, and by which working days it was found if it goes by them."""
    found_by = days.fingerprint if days and occurrence and row["working_day"] else None
    return {"occurs_at": occurrence, "next_at": occurrence and occurrence - before(row), "calendar": found_by}


def followed(deadline: Mapping, was_said: bool, now: datetime) -> datetime | None:
    """What is waited for before a deadline: itself, unless it was said, has passed, or nothing is due by it."""
    due = deadline["due"]
    return due if deadline["running"] and due is not None and due > now and not was_said else None


def link_of(row: Mapping) -> str:
    return row["link"] or f"/api/v1/reminders/{row['id']}"


def text_of(row: Mapping, occurrence: datetime, missed: int) -> str:
    """What stands below the title: when it is, what one noted, and what was never said."""
    said = [f"{occurrence.astimezone(TZ):%H:%M %d/%m/%Y}"]
    if missed:
        said.append(f"đã lỡ {missed} lần trước đó")
    if row["note"]:
        said.append(row["note"].splitlines()[0][:NOTE_AT_MOST])
    return " · ".join(said)


def permit(row: Mapping, version: int | None) -> None:
    if version is not None and version != row["version"]:
        raise Refused("stale_version", "It has changed since it was read.", version=row["version"])
