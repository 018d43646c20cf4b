"""How long what was said is kept: whole years, counted from the end of the year in which it was said."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from kernel.working_time import TZ

LEAST_YEARS = 5  # or for ever
KINDS = {"messages": ("text", "notice"), "directives": ("directive", "urging")}


@dataclass(frozen=True)
class Years:
    """Of each kind of thing; 0 is for ever."""

    messages: int = 5
    directives: int = 10
    announcements: int = 5


def over_before(years: int, now: datetime) -> datetime | None:
    """What is older than this has been kept long enough; None: nothing ever."""
    if not years:
        return None
    return datetime(now.astimezone(TZ).year - years, 1, 1, tzinfo=TZ)


def sha256(line: str) -> str:
    return hashlib.sha256(f"{line}\n".encode()).hexdigest()
