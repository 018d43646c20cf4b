"""The moments of a rule of RFC 5545, by dateutil: the domain says which rules there are, this what they mean."""

from collections.abc import Iterator
from datetime import MAXYEAR, datetime

from dateutil.rrule import rrulestr

CALENDAR_REPEATS = 400  # years, weekdays and all


def expand(rule: str, first: datetime) -> Iterator[datetime]:
    """From `first` on, an occurrence from which the rule's intervals are counted.

    dateutil searches all years that there are for a day that never comes. So it is asked about the last of them, which
    are like ours.
    """
    ahead = (MAXYEAR - first.year) // CALENDAR_REPEATS * CALENDAR_REPEATS
    try:
        moments = rrulestr(rule, dtstart=first.replace(year=first.year + ahead))
    except ValueError:  # hours that such an interval never meets
        return
    for moment in moments:
        yield moment.replace(year=moment.year - ahead)
