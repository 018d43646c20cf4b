"""Which deadlines are asked for, and how far something may be put off."""

from datetime import datetime, timedelta

import pytest

from contracts.fields import ITEM_DUES
from kernel.errors import Refused
from kernel.working_time import TZ
from reminders.domain.burning import NEVER, dues, newly_late
from reminders.domain.snoozing import LONGEST, permit

NOON = datetime(2026, 3, 2, 12, tzinfo=TZ)
MIDNIGHT = datetime(2026, 3, 3, tzinfo=TZ)
HOUR = timedelta(hours=1)


def test_every_deadline_is_in_one_group():
    ranges = [dues(word, None, NOON) for word in ITEM_DUES]

    assert [each.start for each in ranges] == [None, NOON, MIDNIGHT, NEVER]
    assert [each.end for each in ranges] == [NOON, MIDNIGHT, NEVER, None]


def test_what_is_newly_late_is_late_and_was_not_then():
    assert newly_late(None, NOON) == (datetime(2026, 3, 2, tzinfo=TZ), NOON)
    assert newly_late(NOON - HOUR, NOON) == dues("overdue", NOON - HOUR, NOON) == (NOON - HOUR, NOON)


@pytest.mark.parametrize(
    ("kind", "due", "until", "past_deadline", "code"),
    [
        ("citizen_case", NOON + 2 * HOUR, NOON + HOUR, False, None),
        ("citizen_case", NOON + HOUR, NOON + HOUR, False, None),
        ("citizen_case", NOON + HOUR, NOON + 2 * HOUR, False, "snooze_past_deadline"),
        ("citizen_case", NOON + HOUR, NOON + 2 * HOUR, True, None),
        ("citizen_case", NOON - HOUR, NOON + HOUR, False, "snooze_past_deadline"),
        ("citizen_case", None, NOON + HOUR, False, None),
        ("citizen_case", None, NOON, False, "until_out_of_range"),
        ("citizen_case", None, NOON + LONGEST + HOUR, True, "until_out_of_range"),
        ("urging_to_answer", NOON + 2 * HOUR, NOON + HOUR, False, None),
        ("urging_to_answer", NOON + HOUR, NOON + 2 * HOUR, True, "snooze_not_allowed"),
        ("directive_to_acknowledge", NOON + HOUR, NOON + 2 * HOUR, True, "snooze_not_allowed"),
    ],
)
def test_nothing_is_put_off_past_its_deadline_unless_one_says_so(kind, due, until, past_deadline, code):
    if code is None:
        permit(kind, due, until, past_deadline, NOON)
        return
    with pytest.raises(Refused) as refused:
        permit(kind, due, until, past_deadline, NOON)
    assert refused.value.refusal_code == code
