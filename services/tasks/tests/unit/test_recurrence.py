"""When an order recurs: on working days, once for each occurrence, whatever the clock does."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refused
from kernel.working_time import WorkingDays, today
from tasks.domain.recurrence import LATE_BY, Recurrence, due, first_to_come, order_of, recurrence_of, shown
from tasks.rrules import expand

TODAY = date(2026, 11, 22)  # a Sunday
NEW_YEAR, SWAPPED, MADE_UP = date(2027, 1, 1), date(2027, 1, 4), date(2027, 1, 9)
CITY = WorkingDays({NEW_YEAR: False, SWAPPED: False, MADE_UP: True})
RULES = (
    "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR",
    "FREQ=MONTHLY;BYMONTHDAY=1", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYDAY=2TU,-1FR",
    "FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=15",
)  # fmt: skip

days = st.dates(date(2026, 6, 1), date(2028, 12, 31))
calendars = st.dictionaries(days, st.booleans(), max_size=30).map(WorkingDays)
recurrences = st.builds(
    Recurrence, st.just(expand), st.sampled_from(RULES), st.dates(date(2026, 11, 1), date(2026, 12, 1)), st.none(),
    st.sampled_from(["before", "after", "keep"]), st.integers(-20, 20),
)  # fmt: skip
pytestmark = pytest.mark.timeout(60)


def rule(text: str, **changes) -> Recurrence:
    given = {"rrule": text, "starts_on": TODAY, "ends_on": None, "day_off": "after", "offset": 0}
    return recurrence_of(given | changes, TODAY, expand)


def next_days(recurrence: Recurrence, count: int, calendar: WorkingDays = CITY) -> list[date]:
    first = first_to_come(recurrence, None, TODAY, calendar)
    return [each["day"] for each in shown(recurrence, first, calendar, count)]


def test_the_first_working_day_of_a_month():
    found = next_days(rule("FREQ=MONTHLY;BYMONTHDAY=1"), 3)
    assert found == [date(2026, 12, 1), date(2027, 1, 5), date(2027, 2, 1)]


def test_the_last_working_day_of_a_month_and_three_before_it():
    last = "FREQ=MONTHLY;BYMONTHDAY=-1"
    assert next_days(rule(last, day_off="before"), 2) == [date(2026, 11, 30), date(2026, 12, 31)]
    assert next_days(rule(last, day_off="before", offset=-3), 1) == [date(2026, 11, 25)]


def test_a_weekend_s_occurrences_are_monday_s_one():
    assert next_days(rule("FREQ=DAILY"), 3) == [date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)]


def test_it_ends():
    mondays = rule("FREQ=WEEKLY;BYDAY=MO", ends_on=date(2026, 12, 1))
    assert next_days(mondays, 9) == [date(2026, 11, 23), date(2026, 11, 30)]


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "FREQ=HOURLY", "FREQ=MONTHLY", "FREQ=MONTHLY;BYMONTHDAY=30", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;COUNT=3", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;FREQ=DAILY",
        "FREQ=MONTHLY;BYDAY=5MO", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9", "FREQ=DAILY\nDTSTART:20200101",
    ],
)  # fmt: skip
def test_a_rule_that_might_never_come_again_is_none(text):
    with pytest.raises(Refused) as refused:
        rule(text)
    assert refused.value.refusal_code == "recurrence_not_understood"


@pytest.mark.parametrize("text", RULES)
def test_every_rule_comes_again(text):
    assert len(next_days(rule(text), 5)) == 5


def test_an_order_says_of_which_month_it_is_and_when_it_is_due():
    template = {"title": "Báo cáo quý {quarter}, tháng {month}/{year}", "content": "{x} {day}", "due_in": 2}
    order = order_of(template, date(2027, 1, 1), date(2027, 1, 5), CITY)
    assert (order["title"], order["content"]) == ("Báo cáo quý 1, tháng 1/2027", "{x} 1")
    assert (order["due_on"], order["due_at"]) == ("2027-01-07", None)


@given(recurrences, calendars, calendars, st.lists(st.integers(-1, 9 * 24), max_size=60))
def test_each_occurrence_comes_to_one_end_and_none_before_its_day(recurrence, before, after, steps):
    """However long nobody looks, whatever the clock does, and though the calendar changes on the way."""
    now = datetime(2026, 11, 22, 3, tzinfo=UTC)
    waiting, done = first_to_come(recurrence, None, today(now), before), []
    for place, hours in enumerate(steps):
        now += timedelta(hours=hours)
        calendar = before if place < len(steps) // 2 else after
        found = due(recurrence, waiting, today(now), calendar)
        ended = [*found.missed, *([found.drafted] if found.drafted else [])]
        assert all(recurrence.day_of(each, calendar) <= today(now) for each in ended)
        if found.drafted:
            assert calendar.between(recurrence.day_of(found.drafted, calendar), today(now)) <= LATE_BY
        done += ended
        waiting = found.next
        assert waiting is None or recurrence.day_of(waiting, calendar) > today(now)
    assert done == sorted(set(done))
    if waiting is not None:
        assert all(each < waiting for each in done)
