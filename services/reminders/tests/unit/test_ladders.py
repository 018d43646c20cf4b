"""Ladders: when a rung is reached, what is said of it, and what is refused as a rule."""

from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refused
from kernel.working_time import TZ, WorkingDays, end_of_day, today
from reminders.domain.default_ladders import DEFAULT
from reminders.domain.ladders import Ladders, Piece, Version, check, lived, rules_of, text_of, version_of

RULES = rules_of(DEFAULT)
NATIONAL_DAY = WorkingDays({date(2026, 9, 1): False, date(2026, 9, 2): False})
LADDERS = Ladders(RULES, NATIONAL_DAY)
MONDAY = datetime(2026, 9, 14, 9, 0, tzinfo=TZ)
DUE = end_of_day(date(2026, 9, 25))  # a Friday


def piece(state="in_progress", urgency="normal", due=DUE, since=MONDAY, role="lead", is_child=False) -> Piece:
    return Piece(state, role, is_child, urgency, due, since)


def says(one: Piece, now: datetime, said=(), ladders=LADDERS) -> list[str]:
    return [saying.rung.name for saying in ladders.step(one, said, now).sayings]


def begins(ladders: Ladders, one: Piece) -> dict[str, datetime]:
    """When each rung is said, if somebody looks whenever he is told to."""
    found = lived(ladders, [Version(MONDAY, one)], MONDAY, MONDAY + timedelta(days=60))
    return {saying.rung.name: at for _, at, saying in found}


def test_the_rungs_of_a_deadline():
    assert begins(LADDERS, piece()) == {
        "yellow": datetime(2026, 9, 22, tzinfo=TZ),
        "red": datetime(2026, 9, 26, tzinfo=TZ),
        "deep_red": datetime(2026, 9, 30, tzinfo=TZ),
    }


def test_what_is_urgent_is_reminded_of_earlier_and_what_is_express_has_its_minute():
    due = datetime(2026, 9, 25, 15, 30, tzinfo=TZ)
    assert begins(LADDERS, piece(urgency="urgent"))["yellow"] == datetime(2026, 9, 18, tzinfo=TZ)
    assert begins(LADDERS, piece(urgency="express", due=due))["red"] == due + timedelta(seconds=1)


def test_what_is_due_soon_when_it_is_given_is_reminded_of_on_the_next_day():
    tomorrow, wednesday = datetime(2026, 9, 15, tzinfo=TZ), datetime(2026, 9, 16, 23, 59, 59, tzinfo=TZ)
    assert begins(LADDERS, piece(due=wednesday))["yellow"] == tomorrow
    assert begins(LADDERS, piece(due=wednesday, urgency="express"))["yellow"] == tomorrow
    today_still = datetime(2026, 9, 14, 15, 0, tzinfo=TZ)
    express = begins(LADDERS, piece(due=today_still, urgency="express"))
    assert express.keys() == {"red", "deep_red"} and express["red"] == today_still + timedelta(seconds=1)
    assert begins(LADDERS, piece(due=today_still)).keys() == {"red", "deep_red"}


def test_an_order_that_nobody_receives():
    received = {"role": "inform", "due": None, "state": "assigned"}
    assert begins(LADDERS, piece(**received)) == {"unreceived": MONDAY + timedelta(days=1)}
    assert begins(LADDERS, piece(**received, urgency="express")) == {"unreceived": MONDAY + timedelta(hours=2)}
    assert begins(LADDERS, piece(**received, is_child=True)) == {}


def test_what_somebody_is_to_answer_by_a_day():
    waiting = piece("waiting", due=None, since=None)._replace(answer_by=DUE)
    assert begins(LADDERS, waiting) == {"unanswered": datetime(2026, 9, 26, tzinfo=TZ)}
    [saying] = LADDERS.step(waiting, (), DUE + timedelta(days=1)).sayings
    assert text_of(saying, "Rà soát", "Phường 1", "normal") == (
        "Đã quá hạn quyết định, trả lời 25/09/2026: Phường 1 đang chờ."
    )


def test_days_off_move_the_rungs():
    before = datetime(2026, 8, 31, 16, 0, tzinfo=TZ)
    waiting = piece("assigned", due=None, since=before)
    assert LADDERS.step(waiting, (), before).next_at == datetime(2026, 9, 3, 16, 0, tzinfo=TZ)


@pytest.mark.parametrize("state", ["result_submitted", "suspended", "completed", "revoked", "archived"])
def test_nothing_is_said_of_what_is_not_owed(state):
    assert LADDERS.step(piece(state), (), DUE + timedelta(days=30)) == ([], None)


def test_only_the_highest_rung_is_said_and_none_below_it_afterwards():
    late = DUE + timedelta(days=1)
    red = ("deadline", "red", version_of(DUE))
    assert says(piece(), late) == ["red"]
    assert says(piece(), late, {red}) == []
    assert says(piece(), DUE - timedelta(hours=1), {red}) == []  # the clock was set back
    assert LADDERS.step(piece(), {red}, DUE - timedelta(hours=1)).next_at == datetime(2026, 9, 30, tzinfo=TZ)


def test_a_moved_deadline_is_another():
    red = ("deadline", "red", version_of(DUE))
    assert says(piece(due=DUE + timedelta(days=1)), DUE + timedelta(days=2), {red}) == ["red"]


def test_what_is_said_names_the_unit_and_the_deadline():
    [saying] = LADDERS.step(piece(), (), DUE + timedelta(days=1)).sayings
    assert text_of(saying, "Rà soát", "Phường 1", "normal") == ("Đã quá hạn 25/09/2026: Phường 1 chưa trình kết quả.")


# against what the words mean

moments = st.datetimes(datetime(2026, 8, 1), datetime(2026, 10, 31), timezones=st.just(UTC))
calendars = st.dictionaries(st.dates(date(2026, 8, 1), date(2026, 11, 15)), st.booleans(), max_size=30)
URGENCIES = ("normal", "urgent", "very_urgent", "express")


@given(moments, moments, st.sampled_from(URGENCIES), calendars)
def test_a_rung_is_reached_exactly_when_its_words_are_true(due, now, urgency, exceptions):
    days = WorkingDays(exceptions)
    due, now = due.replace(microsecond=0), now.replace(microsecond=0)
    overdue = due < (now if urgency == "express" else datetime.combine(today(now), time(), TZ))
    soon = days.between(today(now), today(due)) <= (3 if urgency == "normal" else 5)
    deep = overdue and today(now) > today(due) and days.between(today(due), today(now)) >= 3
    expected = ["deep_red"] if deep else ["red"] if overdue else ["yellow"] if soon else []
    assert says(piece(urgency=urgency, due=due, since=None), now, ladders=Ladders(RULES, days)) == expected


@given(moments, moments, st.sampled_from(URGENCIES), calendars)
def test_the_next_look_is_when_something_changes_and_not_before(due, now, urgency, exceptions):
    ladders, one = Ladders(RULES, WorkingDays(exceptions)), piece(urgency=urgency, due=due, since=None)
    next_at = ladders.step(one, (), now).next_at
    if next_at is None:
        assert says(one, now, ladders=ladders) == ["deep_red"]
    else:
        assert next_at > now
        assert says(one, next_at - timedelta(microseconds=1), ladders=ladders) == says(one, now, ladders=ladders)
        assert says(one, next_at, ladders=ladders) != says(one, now, ladders=ladders)


# wrong rules


def wrong(change) -> tuple[str, str]:
    rules = deepcopy(list(DEFAULT))
    change(rules)
    with pytest.raises(Refused) as refused:
        check(rules_of(rules))
    return refused.value.refusal_code, refused.value.details["field"]


def test_the_default_is_a_good_set_of_rules():
    check(RULES)


def test_wrong_rules_are_refused_with_the_place():
    assert wrong(lambda rules: rules[1].update(name="deadline")) == ("name_twice", "rules.1.name")
    assert wrong(lambda rules: rules[1].update(name="waiting")) == ("name_twice", "rules.1.name")
    assert wrong(lambda rules: rules[0]["rungs"][2].update(name="red")) == ("name_twice", "rules.0.rungs.2.name")
    assert wrong(lambda rules: rules[0]["rungs"].reverse()) == ("rung_out_of_order", "rules.0.rungs.1.after.normal")
    hours = {"express": {"hours": 2}}
    assert wrong(lambda rules: rules[0]["rungs"][1].update(after=hours)) == (
        "ladder_span_impossible", "rules.0.rungs.1.after.express",
    )  # fmt: skip
    at_once = {"express": {"days": 0}}
    assert wrong(lambda rules: rules[1]["rungs"][0].update(after=at_once)) == (
        "ladder_span_impossible", "rules.1.rungs.0.after.express",
    )  # fmt: skip
    assert wrong(lambda rules: rules[0]["rungs"][0].update(text="{phone}")) == (
        "unknown_placeholder", "rules.0.rungs.0.text",
    )  # fmt: skip
