"""By when an urging is answered: the more urgent the order, the sooner."""

from datetime import datetime

import pytest

from kernel.working_time import TZ, WorkingDays, answer_due, end_of_day

DAYS = WorkingDays({})
FRIDAY, SATURDAY = datetime(2026, 3, 6, 20, tzinfo=TZ), datetime(2026, 3, 7, 9, tzinfo=TZ)


@pytest.mark.parametrize(
    ("urgency", "now", "day"),
    [
        ("normal", FRIDAY, 10),
        ("urgent", FRIDAY, 9),
        ("very_urgent", FRIDAY, 6),
        ("express", FRIDAY, 6),
        ("urgent", SATURDAY, 9),
        ("very_urgent", SATURDAY, 9),  # the same working day
        ("express", SATURDAY, 7),
    ],
)
def test_an_answer_is_due(urgency, now, day):
    assert answer_due(urgency, now, DAYS) == end_of_day(datetime(2026, 3, day, tzinfo=TZ).date())
