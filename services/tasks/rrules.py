"""The days of a rule of RFC 5545, by dateutil: the domain says which rules there are, this what they mean."""

from collections.abc import Iterator
from datetime import date, datetime, time

from dateutil.rrule import rrulestr


def expand(rule: str, starts_on: date, since: date) -> Iterator[date]:
    """Without an end, from `since` on."""
    moments = rrulestr(rule, dtstart=datetime.combine(starts_on, time.min))
    return (moment.date() for moment in moments.xafter(datetime.combine(since, time.min), inc=True))
