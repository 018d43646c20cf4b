"""A reminder before a deadline goes where the deadline goes."""

from datetime import timedelta

import pytest

from chassis import clock
from chassis.testing import until
from contracts import tasks
from kernel.errors import Refused
from reminders.service import Service
from reminders.tests.personal import MONDAY, act, fire, made, now_of
from reminders.use_cases import deadlines, firing, personal
from tests.support.orders import changed, piece_id
from tests.support.town import id_of

DAY = timedelta(days=1)
DUE, LATER = MONDAY + 3 * DAY, MONDAY + 10 * DAY
LINK = f"/api/v1/assignments/{piece_id('ward-1')}"


def deadline(due=DUE, version: int = 2, state: str = "in_progress") -> dict:
    """As tasks answers the edge."""
    return {"assignment_id": piece_id("ward-1"), "version": version, "due": due, "state": state}


def hear(here, change: str, after: str, version: int, due=DUE, now=MONDAY) -> None:
    piece = changed(change, after, version, current_due=None if due is None else due.isoformat())
    with here.store.transaction() as tx:
        deadlines.follow_pieces(tx, [piece], now, now)


@pytest.fixture
def reminder(here) -> dict:
    return made(here, link=LINK, before_minutes=24 * 60, deadline=deadline())


def next_of(here, reminder: dict) -> tuple:
    shown = now_of(here, reminder)
    return shown["next_occurrence"], shown["next_at"]


def test_it_comes_before_the_deadline(here, reminder):
    assert (reminder["assignment_id"], reminder["starts_at"]) == (piece_id("ward-1"), None)
    assert next_of(here, reminder) == (DUE, DUE - DAY)
    [item] = fire(here, DUE - DAY)
    assert (item["text"], item["link"]) == ("08:00 26/11/2026", LINK)


def test_it_goes_where_the_deadline_goes(here, reminder):
    hear(here, "corrected", "in_progress", 3, LATER)
    assert next_of(here, reminder) == (LATER, LATER - DAY)
    assert fire(here, DUE) == []


def test_a_granted_extension_moves_it(here, run, tell):
    """On the days on which it is run: the service has a clock of its own."""
    now = clock.now().replace(microsecond=0)
    due, later = now + 3 * DAY, now + 10 * DAY
    reminder = made(here, now=now, link=LINK, before_minutes=24 * 60, deadline=deadline(due))
    run(Service)
    granted = {
        "extension_id": id_of("more time"), "assignment_id": piece_id("ward-1"), "task_id": id_of("task"),
        "title": "Diễn tập", "urgency": "urgent", "unit_id": id_of("u"), "unit_name": "Phường 1", "post_id": id_of("p"),
        "state": "granted", "version": 2, "assignment_version": 3, "round": 1, "late": False, "due_before": due,
        "requested_due": later, "granted_due": later, "current_due": later, "awaits": None, "concerns": [],
        "at": now, "actor_person_id": id_of("somebody"), "acting_for": None,
        "pieces": [changed("extended", "in_progress", 3, current_due=later.isoformat())],
    }  # fmt: skip
    tell(tasks.extension_decided, granted, subject=granted["extension_id"])
    until(lambda: next_of(here, reminder) == (later, later - DAY))


def test_what_is_older_changes_nothing(here, reminder):
    hear(here, "corrected", "in_progress", 3, LATER)
    hear(here, "accepted", "in_progress", 2, DUE)
    assert next_of(here, reminder) == (LATER, LATER - DAY)


def test_a_deadline_that_moved_while_the_question_was_answered_counts(here):
    """The event was heard before the reminder was there."""
    hear(here, "corrected", "in_progress", 3, LATER)
    assert next_of(here, made(here, link=LINK, deadline=deadline())) == (LATER, LATER)


@pytest.mark.parametrize("state", ["result_submitted", "suspended", "completed", "revoked"])
def test_while_nobody_waits_for_the_owner_it_is_silent(here, reminder, state):
    hear(here, "moved_on", state, 3)
    assert next_of(here, reminder) == (None, None)
    hear(here, "returned", "in_progress", 4)
    assert next_of(here, reminder) == (DUE, DUE - DAY)


def test_a_deadline_that_comes_nearer_than_that_is_told_at_once(here, reminder):
    hear(here, "corrected", "in_progress", 3, MONDAY + DAY / 2)
    assert len(fire(here, MONDAY)) == 1


def test_a_new_deadline_is_a_new_occasion_and_the_same_one_is_not(here, reminder):
    assert len(fire(here, DUE - DAY)) == 1
    hear(here, "corrected", "in_progress", 3, DUE, now=DUE - DAY)
    assert fire(here, DUE) == []
    hear(here, "corrected", "in_progress", 4, LATER, now=DUE)
    assert len(fire(here, LATER)) == 1


@pytest.mark.parametrize("known", [deadline(None), deadline(MONDAY), deadline(state="completed"), None])
def test_without_a_deadline_to_come_there_is_nothing_to_follow(here, known):
    with pytest.raises(Refused) as refused:
        made(here, link=LINK, deadline=known)
    assert refused.value.refusal_code == "no_deadline_to_follow"


def test_it_can_be_told_earlier_without_asking_again(here, reminder):
    changed = act(here, personal.change_reminder, reminder, changes={"before_minutes": 60}, deadline=None)
    assert changed["next_at"] == DUE - timedelta(hours=1)


def test_told_once_it_is_told_again_at_another_lead_time_unless_it_was_done(here, reminder):
    assert len(fire(here, DUE - DAY)) == 1
    later = {"changes": {"before_minutes": 60}, "deadline": None, "now": DUE - DAY}
    assert act(here, personal.change_reminder, reminder, **later)["next_at"] == DUE - DAY / 24
    hear(here, "corrected", "in_progress", 3, DUE, now=DUE - DAY)
    assert len(fire(here, DUE - DAY / 24)) == 1
    act(here, personal.mark_done, reminder, occurrence=DUE, now=DUE - DAY / 24)
    later |= {"changes": {"before_minutes": 30}, "now": DUE - DAY / 24}
    assert act(here, personal.change_reminder, reminder, **later)["next_at"] is None
    assert fire(here, DUE) == []


def test_one_that_waits_for_work_that_rests_is_not_forgotten(here):
    reminder = made(here, link=LINK, deadline=deadline(MONDAY + 900 * DAY))
    hear(here, "suspended", "suspended", 3, MONDAY + 900 * DAY, now=MONDAY + 401 * DAY)
    firing.forget(here.store, MONDAY + 402 * DAY)
    assert now_of(here, reminder)["state"] == "ended"
    firing.forget(here.store, MONDAY + 802 * DAY)
    assert here.rows("SELECT 1 FROM reminders") == []


def test_deadlines_that_nobody_follows_are_forgotten(here, reminder):
    with here.store.transaction() as tx:
        deadlines.follow_pieces(tx, [changed("accepted", "in_progress", 2, ward="ward-2")], MONDAY, MONDAY)
    firing.forget(here.store, MONDAY + 2 * DAY)
    [row] = here.rows("SELECT assignment_id::text AS id FROM followed_deadlines")
    assert row["id"] == piece_id("ward-1")
