"""Whoever has something to nudge about says the occasion; it happens once, however often it is said."""

from dataclasses import replace
from datetime import datetime, timedelta

from kernel.working_time import TZ
from reminders.domain.occasions import Occasion
from reminders.use_cases import attention
from tests.support.town import person

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=TZ)
NIGHT = MORNING - timedelta(hours=12)
LATE = Occasion(
    subject_id="0192f3a4-0000-7000-8000-000000000001", rule="deadline", rung="red", deadline_version=1,
    title="Rà soát nhà, đất công", text="Nhiệm vụ đã quá hạn", link="/api/v1/assignments/1", urgency="normal",
    people=(person("ward-1 head"), person("committee vice_chairman")),
)  # fmt: skip


def call_for(here, *occasions, now=MORNING) -> int:
    with here.store.transaction() as tx:
        return attention.call_for(tx, occasions, now)


def due(here) -> set[datetime]:
    return {row["due_at"] for row in here.rows("SELECT due_at FROM nudges WHERE state = 'waiting'")}


def test_an_occasion_happens_once_for_a_version_of_the_deadline(town):
    here = town("reminders")
    assert call_for(here, LATE, LATE) == 2
    assert call_for(here, LATE) == 0
    assert call_for(here, replace(LATE, deadline_version=2)) == 2
    assert call_for(here, replace(LATE, rung="deep_red", people=LATE.people * 2)) == 2


def test_at_night_only_what_is_express_goes_out(town):
    here = town("reminders")
    call_for(here, LATE, now=NIGHT)
    assert due(here) == {MORNING.replace(hour=7, minute=30)}
    call_for(here, replace(LATE, rung="deep_red", urgency="express"), now=NIGHT)
    assert due(here) == {MORNING.replace(hour=7, minute=30), NIGHT}


def test_what_was_acted_on_is_nudged_about_no_more(town):
    here = town("reminders")
    call_for(here, LATE, replace(LATE, subject_id="0192f3a4-0000-7000-8000-000000000002"))
    with here.store.transaction() as tx:
        attention.stop(tx, [LATE.subject_id])
    [row] = here.rows("SELECT count(*) AS n FROM nudges WHERE state = 'waiting'")
    assert row["n"] == 2


def test_what_is_taken_back_may_be_said_again_unless_somebody_has_heard_it_or_it_is_on_its_way(town):
    here = town("reminders")
    about = [f"0192f3a4-0000-7000-8000-00000000000{number}" for number in range(1, 5)]
    occasions = [replace(LATE, subject_id=each) for each in about]
    call_for(here, *occasions)
    state = (
        "UPDATE nudges SET {} WHERE person_id = :id AND occasion_id IN (SELECT id FROM occasions WHERE subject_id = :s)"
    )
    here.do(state.format("state = 'sent'"), id=LATE.people[0], s=about[1])
    here.do(state.format("state = 'dropped'"), id=LATE.people[0], s=about[2])
    here.do(state.format("delivery_id = occasion_id"), id=LATE.people[0], s=about[3])
    with here.store.transaction() as tx:
        attention.take_back(tx, about)
    assert due(here) == set()
    assert [call_for(here, each) for each in occasions] == [2, 0, 0, 0]


def test_what_happened_after_it_was_acted_on_goes_out(town):
    here = town("reminders")
    call_for(here, LATE)
    for acted_at, left in ((MORNING - timedelta(seconds=1), {MORNING}), (MORNING, set())):
        with here.store.transaction() as tx:
            attention.stop(tx, [LATE.subject_id], acted_at)
        assert due(here) == left
