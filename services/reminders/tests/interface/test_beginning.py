"""Whoever must act is nudged as soon as something waits for him, and never twice about the same."""

from datetime import datetime, timedelta

import pytest

from kernel.working_time import TZ
from reminders.use_cases import items
from tests.support.orders import changed, issued, piece_id, piece_now, put_before, urged
from tests.support.town import id_of, person, post, unit

MORNING = datetime(2026, 9, 14, 9, 0, tzinfo=TZ)  # a Monday
NIGHT = MORNING + timedelta(hours=13)
LEAD = (("ward-1", "lead"),)
DUE = "2026-09-25T16:59:59+00:00"
OWNER, DELEGATE = person("ward-1 head"), person("office deputy_chief_of_office")
LEADERS = {person("committee vice_chairman"), DELEGATE}


def order(**changes) -> dict:
    return issued(**{"pieces": LEAD, "due": DUE, "issued_at": MORNING.isoformat()} | changes)


def look(here, now: datetime = MORNING) -> None:
    more = 1
    while more:
        with here.store.transaction() as tx:
            more, _ = items.nudge_some(tx, now)


def nudged(here, state: str = "waiting", now: datetime = MORNING) -> list[tuple[str, str]]:
    look(here, now)
    rows = here.rows(
        "SELECT person_id::text AS who, text FROM nudges JOIN occasions ON occasions.id = occasion_id"
        " WHERE state = :state ORDER BY nudges.id", state=state,
    )  # fmt: skip
    return [(row["who"], row["text"]) for row in rows]


RECEIVE = (OWNER, "Việc chờ tiếp nhận")


def test_a_new_order_is_told_once_to_whoever_must_receive_it(here, hear):
    hear("task_issued", order())
    assert nudged(here) == nudged(here) == [RECEIVE]
    assert here.rows("SELECT rule, rung, title, link, urgency_rank FROM occasions") == [{
        "rule": "waiting", "rung": "opened", "title": "Diễn tập", "link": f"/api/v1/assignments/{piece_id('ward-1')}",
        "urgency_rank": 2,
    }]  # fmt: skip


def test_what_is_more_than_one_look_takes_is_told_to_each(here, hear):
    many = tuple((name, "lead") for name in ("ward-1", "ward-2", "ward-3"))
    for number in range(50):
        hear("task_issued", order(title=f"Việc {number}", pieces=many))
    assert len(nudged(here)) == 150


@pytest.mark.parametrize(
    ("urgency", "at"), [("normal", MORNING.replace(day=15, hour=7, minute=30)), ("express", NIGHT)]
)
def test_at_night_only_what_is_express_goes_out(here, hear, urgency, at):
    hear("task_issued", order(urgency=urgency, issued_at=NIGHT.isoformat()))
    look(here, NIGHT)
    assert here.rows("SELECT due_at FROM nudges") == [{"due_at": at}]


def test_whoever_has_received_it_before_it_went_out_hears_nothing(here, hear):
    hear("task_issued", order())
    look(here)
    hear("assignment_changed", changed("accepted", "in_progress", 2, at=MORNING.isoformat()))
    assert (nudged(here), nudged(here, "dropped")) == ([], [RECEIVE])


def test_received_at_once_nobody_is_nudged(here, hear):
    hear("task_issued", order())
    hear("assignment_changed", changed("accepted", "in_progress", 2, at=MORNING.isoformat()))
    assert (nudged(here), here.rows("SELECT id FROM occasions")) == ([], [])


def test_a_change_that_leaves_it_waiting_neither_repeats_nor_loses_it(here, hear):
    hear("task_issued", order())
    look(here)
    later = changed("deadline_moved", "assigned", 2, before="assigned", current_due=DUE, at=MORNING.isoformat())
    hear("assignment_changed", later)
    assert nudged(here) == [RECEIVE]


def test_what_is_given_to_another_is_told_to_him(here, hear):
    hear("task_issued", order())
    look(here)
    other = {"unit_id": unit("ward-2"), "post_id": post("ward-2 head"), "former": None}
    hear("assignment_changed", changed("reassigned", "assigned", 2, before="assigned", **other))
    assert nudged(here) == [(person("ward-2 head"), "Việc chờ tiếp nhận")]
    assert nudged(here, "dropped") == [RECEIVE]


def test_a_result_is_told_to_whoever_decides_and_to_those_with_his_powers(here, hear):
    hear("task_issued", order())
    hear("assignment_changed", changed("submitted", "result_submitted", 2, before="in_progress"))
    assert set(nudged(here)) == {(who, "Kết quả chờ duyệt") for who in LEADERS}


def test_old_work_that_is_taken_over_nudges_nobody(here, hear):
    pieces = [piece_now("imported", "assigned", 1, "ward-1"), piece_now("imported", "result_submitted", 1, "ward-2")]
    hear("tasks_imported", {
        "task_id": id_of("import"), "title": "", "urgency": "normal", "pieces": pieces, "at": MORNING.isoformat(),
    })  # fmt: skip
    assert (len(here.rows("SELECT id FROM action_items WHERE open")), nudged(here)) == (2, [])


def test_an_urging_is_told_and_what_the_standing_pc_says_only_once(here, hear):
    hear("urging_raised", urged(at=MORNING))
    assert nudged(here) == [(OWNER, "Đôn đốc chờ trả lời")]
    hear("urging_raised", urged(title="Khác", kind="standing_pc_directive", at=MORNING))
    look(here)
    assert [row["rule"] for row in here.rows("SELECT rule FROM occasions ORDER BY id")] == ["waiting", "directive"]


def test_a_draft_that_is_taken_back_is_told_no_more(here, hear):
    leader = "committee vice_chairman"
    hear("draft_changed", put_before({leader: True}, 2))
    assert {who for who, _ in nudged(here)} == LEADERS
    hear("draft_changed", put_before({leader: False}, 3))
    assert nudged(here) == []


def test_what_an_owner_answers_leaves_the_nudge_of_whoever_must_decide(here, hear):
    hear("task_issued", order())
    at = MORNING.isoformat()
    hear("assignment_changed", changed("submitted", "result_submitted", 2, before="in_progress", at=at))
    look(here)
    answered = {"assignment_id": piece_id("ward-1"), "waiting": [], "at": MORNING + timedelta(hours=1)}
    hear("urging_answered", urged() | answered)
    assert {who for who, _ in nudged(here)} == LEADERS


def test_powers_lent_for_tasks_are_enough_to_hear_of_work(here, hear):
    here.do("UPDATE copy_delegations SET scope = 'tasks'")
    hear("assignment_changed", changed("submitted", "result_submitted", 2, before="in_progress"))
    assert {who for who, _ in nudged(here)} == LEADERS


@pytest.mark.parametrize(("urgency", "soon"), [("express", True), ("urgent", False)])
def test_somebody_is_looked_for_again_in_a_minute_while_it_is_young_or_express(here, hear, urgency, soon):
    everybody = {"a": OWNER, "b": person("ward-1 clerk")}
    here.do("UPDATE copy_memberships SET valid_to = DATE '2026-01-02' WHERE person_id IN (:a, :b)", **everybody)
    hear("task_issued", order(urgency=urgency))

    def next_look() -> datetime:
        return here.rows("SELECT nudge_at FROM action_items")[0]["nudge_at"].astimezone(TZ)

    look(here)
    assert next_look() == MORNING + timedelta(minutes=1)
    later = MORNING + timedelta(hours=1)
    look(here, later)
    tomorrow = datetime(2026, 9, 15, 7, 30, tzinfo=TZ)
    assert next_look() == (later + timedelta(minutes=1) if soon else tomorrow)


def test_while_the_copy_of_the_directory_is_not_whole_nobody_is_looked_for(here, hear):
    hear("task_issued", order())
    here.do("UPDATE copy_state SET filled = false")
    assert nudged(here) == []
    here.do("UPDATE copy_state SET filled = true")
    assert nudged(here) == [RECEIVE]


def test_what_is_not_known_by_name_is_told_as_well(here, hear):
    hear("task_issued", order())
    here.do("UPDATE action_items SET kind = 'of_tomorrow'")
    assert nudged(here) == [(OWNER, "Việc khác")]


def test_what_is_most_urgent_does_not_wait_behind_the_rest(here, hear):
    for number in range(120):
        hear("task_issued", order(title=f"Việc {number}", urgency="normal"))
    hear(
        "task_issued", order(title="Hỏa tốc", urgency="express", issued_at=(MORNING + timedelta(seconds=1)).isoformat())
    )
    with here.store.transaction() as tx:
        items.nudge_some(tx, MORNING + timedelta(minutes=1))
    assert "Hỏa tốc" in [row["title"] for row in here.rows("SELECT title FROM occasions")]


def test_each_is_taken_by_one_process_only(here, hear):
    hear("task_issued", order())
    with here.store.transaction() as one, here.store.transaction() as other:
        items.nudge_some(one, MORNING)
        items.nudge_some(other, MORNING)
    assert nudged(here) == [RECEIVE]
