"""The clock that climbs the ladders: who is nudged about a piece, when, and when no more."""

import json
from datetime import date, datetime, timedelta

import pytest

from kernel.working_time import TZ, end_of_day
from reminders.domain.occasions import CHANNELS
from reminders.domain.preferences import KINDS
from reminders.use_cases import climbing
from tests.support.orders import changed, issued, piece_id, urged
from tests.support.town import membership_of, person, post, unit

ISSUED_AT = datetime(2026, 9, 14, 9, 0, tzinfo=TZ)  # a Monday
DUE = end_of_day(date(2026, 9, 25))  # a Friday
YELLOW = datetime(2026, 9, 18, tzinfo=TZ)  # five working days before it: the order is urgent
RED = datetime(2026, 9, 26, tzinfo=TZ)
DEEP_RED = datetime(2026, 9, 30, tzinfo=TZ)
LEAD = (("ward-1", "lead"),)
OWNER, FOLLOWER, SUPERIOR = person("ward-1 head"), person("office chief_of_office"), person("committee vice_chairman")
BOARD = person("committee chairman")
ALL_OFF = {kind: dict.fromkeys(CHANNELS, False) for kind in KINDS}
ALSO_SUPERIOR = person("office deputy_chief_of_office")  # to whom the vice chairman has lent his powers


@pytest.fixture
def ordered(hear):
    """An order to ward 1, received at once."""
    hear("task_issued", issued(pieces=LEAD, due=DUE.isoformat(), issued_at=ISSUED_AT.isoformat()))
    hear("assignment_changed", moved("accepted", "in_progress", 2, ISSUED_AT))


def moved(change: str, after: str, version: int, at: datetime, due: datetime = DUE, **more) -> dict:
    nobody_decides = {"awaits": None}
    return changed(change, after, version, current_due=due.isoformat(), at=at.isoformat(), **nobody_decides | more)


def climb(here, now: datetime) -> int:
    with here.store.transaction() as tx:
        return climbing.climb(tx, now).pieces


def nudged(here) -> dict[str, set[str]]:
    """By rung: persons."""
    found: dict[str, set[str]] = {}
    for row in here.rows(
        "SELECT rung, person_id::text FROM nudges JOIN occasions ON occasions.id = occasion_id ORDER BY nudges.id"
    ):
        found.setdefault(row["rung"], set()).add(row["person_id"])
    return found


def waiting(here) -> int:
    return here.rows("SELECT count(*) AS n FROM nudges WHERE state = 'waiting'")[0]["n"]


def goes_out(here) -> None:
    """What is planned has been sent."""
    here.do("UPDATE nudges SET state = 'sent' WHERE state = 'waiting'")


def next_look(here) -> datetime | None:
    """At the piece of ward 1."""
    [row] = here.rows("SELECT next_at FROM watched WHERE subject_id = :id", id=piece_id("ward-1"))
    return row["next_at"]


def test_a_look_at_what_is_new_says_nothing_and_notes_when_to_look_again(here, ordered):
    assert climb(here, ISSUED_AT) == 1
    assert (nudged(here), next_look(here)) == ({}, YELLOW)
    assert climb(here, YELLOW - timedelta(seconds=1)) == 0


def test_the_higher_the_rung_the_more_hear_of_it(here, ordered):
    for now in (YELLOW, RED, DEEP_RED):
        climb(here, now)

    assert nudged(here) == {
        "yellow": {OWNER, FOLLOWER},
        "red": {OWNER, FOLLOWER, SUPERIOR, ALSO_SUPERIOR},
        "deep_red": {OWNER, FOLLOWER, SUPERIOR, ALSO_SUPERIOR, BOARD},
    }
    assert next_look(here) is None
    [row] = here.rows("SELECT title, text, link FROM occasions WHERE rung = 'red'")
    assert row == {
        "title": "Diễn tập",
        "text": "Đã quá hạn 25/09/2026: ward-1 chưa trình kết quả.",
        "link": f"/api/v1/assignments/{piece_id('ward-1')}",
    }


def test_after_a_long_night_only_the_highest_rung_is_said(here, ordered):
    climb(here, DEEP_RED + timedelta(days=2))
    assert nudged(here).keys() == {"deep_red"}


def test_a_clock_that_is_set_back_says_nothing_lower(here, hear, ordered):
    climb(here, RED)
    goes_out(here)
    before = RED - timedelta(hours=1)
    hear("assignment_changed", moved("passed_on", "in_progress", 3, before, before="in_progress"))
    climb(here, before)
    climb(here, RED)
    assert nudged(here).keys() == {"red"}


def test_an_order_that_nobody_receives_is_told_to_those_who_look_after_it(here, hear):
    hear("task_issued", issued(pieces=LEAD, due=DUE.isoformat(), issued_at=ISSUED_AT.isoformat(), followers=[]))
    climb(here, ISSUED_AT + timedelta(hours=23))
    assert nudged(here) == {}

    climb(here, ISSUED_AT + timedelta(days=1))
    assert nudged(here) == {"unreceived": {OWNER, SUPERIOR, ALSO_SUPERIOR, FOLLOWER}}


def test_what_only_an_older_event_tells_is_kept_though_it_comes_late(here, hear):
    hear("assignment_changed", moved("extended", "assigned", 2, ISSUED_AT))
    hear("task_issued", issued(pieces=LEAD, due=DUE.isoformat(), issued_at=ISSUED_AT.isoformat()))
    climb(here, ISSUED_AT + timedelta(days=1))
    climb(here, YELLOW)
    assert nudged(here) == {"unreceived": {OWNER, SUPERIOR, ALSO_SUPERIOR, FOLLOWER}, "yellow": {OWNER, FOLLOWER}}


def test_what_is_given_to_another_waits_anew(here, hear):
    hear("task_issued", issued(pieces=LEAD, due=DUE.isoformat(), issued_at=ISSUED_AT.isoformat()))
    climb(here, ISSUED_AT + timedelta(days=1))
    goes_out(here)
    later = ISSUED_AT + timedelta(days=2)
    hear("assignment_changed", moved("declined", "declined", 2, later))
    hear("assignment_changed", moved("reassigned", "assigned", 3, later, before="declined"))
    climb(here, later)
    assert here.rows("SELECT count(*) AS n FROM occasions") == [{"n": 1}]

    climb(here, later + timedelta(days=1))
    assert here.rows("SELECT count(*) AS n FROM occasions WHERE rung = 'unreceived'") == [{"n": 2}]


@pytest.mark.parametrize("after", ["result_submitted", "suspended", "revoked"])
def test_what_moves_on_is_nudged_about_no_more(here, hear, ordered, after):
    climb(here, YELLOW)
    assert waiting(here) == 2

    hear("assignment_changed", moved("moved on", after, 3, YELLOW + timedelta(hours=1), before="in_progress"))
    assert waiting(here) == 0
    climb(here, DEEP_RED)
    assert (nudged(here), next_look(here)) == ({}, None)


@pytest.fixture
def heard_at_night(here, hear, ordered):
    """It became red at midnight; what is not express goes out in the morning."""
    climb(here, RED)
    assert (nudged(here).keys(), waiting(here)) == ({"red"}, 4)


BEFORE_DAWN = RED + timedelta(hours=5)
MOVED_TO_WARD_2 = {"post_id": post("ward-2 head"), "unit_id": unit("ward-2"), "unit_name": "ward-2"}


def test_what_nobody_has_heard_yet_is_said_to_the_next_owner_and_to_all_others(here, hear, heard_at_night):
    hear("assignment_changed", moved("moved", "in_progress", 3, BEFORE_DAWN, before="in_progress", **MOVED_TO_WARD_2))
    assert waiting(here) == 0

    climb(here, BEFORE_DAWN)
    assert nudged(here) == {"red": {person("ward-2 head"), FOLLOWER, SUPERIOR, ALSO_SUPERIOR}}
    assert waiting(here) == 4
    assert here.rows("SELECT text FROM occasions") == [{"text": "Đã quá hạn 25/09/2026: ward-2 chưa trình kết quả."}]


def test_what_was_heard_is_not_said_again_whoever_owns_it_next(here, hear, heard_at_night):
    here.do("UPDATE nudges SET state = 'sent' WHERE person_id = :owner", owner=OWNER)
    hear("assignment_changed", moved("moved", "in_progress", 3, BEFORE_DAWN, before="in_progress", **MOVED_TO_WARD_2))
    climb(here, BEFORE_DAWN)
    assert (waiting(here), nudged(here)["red"]) == (0, {OWNER, FOLLOWER, SUPERIOR, ALSO_SUPERIOR})


def test_an_older_answer_stops_nothing_that_was_said_since(here, hear, heard_at_night):
    """It waited in the queue while the platform stood still."""
    answered = {"assignment_id": piece_id("ward-1"), "waiting": []}
    hear("urging_answered", urged() | answered | {"at": YELLOW})
    assert waiting(here) == 4
    hear("urging_answered", urged() | answered | {"at": BEFORE_DAWN})
    assert waiting(here) == 0


def test_an_older_move_takes_back_what_was_not_true(here, hear, heard_at_night):
    hear("assignment_changed", moved("submitted", "result_submitted", 3, YELLOW, before="in_progress"))
    climb(here, BEFORE_DAWN)
    assert (nudged(here), waiting(here)) == ({}, 0)

    hear("assignment_changed", moved("returned", "in_progress", 4, BEFORE_DAWN, before="result_submitted"))
    climb(here, BEFORE_DAWN)
    assert (nudged(here).keys(), waiting(here)) == ({"red"}, 4)


def test_a_piece_that_cannot_be_reckoned_keeps_nobody_else_waiting(here, hear, ordered):
    hear("task_issued", issued("Việc khác", pieces=LEAD, due=DUE.isoformat(), issued_at=ISSUED_AT.isoformat()))
    never = datetime.max.replace(tzinfo=TZ)
    here.do("UPDATE watched SET due = :never WHERE subject_id = :id", never=never, id=piece_id("ward-1"))
    assert climb(here, RED) == 2
    assert here.rows("SELECT title FROM occasions WHERE rung = 'red'") == [{"title": "Việc khác"}]
    assert (climb(here, RED), next_look(here)) == (0, datetime(2026, 9, 28, 7, 30, tzinfo=TZ))


def test_a_result_that_is_returned_is_owed_again(here, hear, ordered):
    hear("assignment_changed", moved("submitted", "result_submitted", 3, ISSUED_AT))
    climb(here, RED)
    hear("assignment_changed", moved("returned", "in_progress", 4, RED, before="result_submitted"))
    climb(here, RED)
    assert nudged(here).keys() == {"red"}


def test_more_time_is_another_deadline(here, hear, ordered):
    here.do("INSERT INTO channels VALUES ('sms', now())")
    climb(here, RED)
    here.do("UPDATE nudges SET state = 'sent' WHERE channel = 'in_app'")
    assert waiting(here) == 4
    later = end_of_day(date(2026, 10, 9))
    extended = moved("extended", "in_progress", 3, RED, due=later, before="in_progress")
    decided = {
        "extension_id": piece_id("an extension"),
        "version": 2,
        "awaits": None,
        "waiting": [],
        "assignment_version": 3,
    }
    hear("extension_decided", extended | decided | {"pieces": [extended]})
    assert waiting(here) == 0

    climb(here, RED)
    assert next_look(here) == datetime(2026, 10, 2, tzinfo=TZ)
    climb(here, datetime(2026, 10, 10, tzinfo=TZ))
    assert here.rows("SELECT count(*) AS n FROM occasions WHERE rung = 'red'") == [{"n": 2}]


def test_an_answer_stops_what_was_to_go_out_and_the_next_rung_comes_all_the_same(here, hear, ordered):
    climb(here, YELLOW)
    answered = {"assignment_id": piece_id("ward-1"), "waiting": [], "at": YELLOW}
    hear("urging_answered", urged() | answered)
    assert waiting(here) == 0

    climb(here, RED)
    assert waiting(here) == 4


def test_an_urging_that_nobody_answers_and_one_that_is_answered(here, hear):
    [one] = urged()["waiting"]
    waits = one | {"awaits": one["awaits"] | {"due": DUE}}
    hear("urging_raised", urged() | {"at": ISSUED_AT, "waiting": [waits]})
    climb(here, RED - timedelta(seconds=1))
    assert nudged(here) == {}

    climb(here, RED)
    assert (nudged(here), waiting(here)) == ({"unanswered": {OWNER}}, 1)
    assert here.rows("SELECT link FROM occasions") == [{"link": f"/api/v1/urgings/{one['subject_id']}"}]

    answer = {"assignment_id": piece_id("ward-1"), "at": RED, "waiting": [one | {"version": 2, "awaits": None}]}
    hear("urging_answered", urged() | answer)
    assert waiting(here) == 0
    hear("urging_raised", urged() | {"at": ISSUED_AT, "waiting": [waits]})  # it comes again
    climb(here, DEEP_RED)
    assert waiting(here) == 0


def test_what_the_standing_pc_says_is_told_at_once_until_it_is_answered(here, hear):
    here.do("INSERT INTO notification_settings VALUES (:id, 1, :muted, false)", id=OWNER, muted=json.dumps(ALL_OFF))
    [one] = urged()["waiting"]
    directive = urged(kind="standing_pc_directive")
    hear("urging_raised", directive)
    hear("urging_raised", directive)
    assert (nudged(here), waiting(here)) == ({"raised": {OWNER}}, 1)
    assert here.rows("SELECT rule, title, text, link FROM occasions") == [{
        "rule": "directive", "title": "Diễn tập", "text": "Phó Chủ tịch chỉ đạo: chờ trả lời đến 04/03/2026.",
        "link": f"/api/v1/urgings/{one['subject_id']}",
    }]  # fmt: skip

    answer = {"assignment_id": piece_id("ward-1"), "waiting": [one | {"version": 2, "awaits": None}]}
    hear("urging_answered", urged() | answer)
    hear("urging_raised", directive)  # it comes again
    assert waiting(here) == 0


def test_a_result_that_nobody_decides_on_is_told_to_whoever_must(here, hear, ordered):
    awaits = {
        "kind": "result_to_decide", "post_id": post("committee vice_chairman"), "unit_id": unit("committee"),
        "from_title": "ward-1", "due": DUE.isoformat(),
    }  # fmt: skip
    hear("assignment_changed", moved("submitted", "result_submitted", 3, ISSUED_AT, awaits=awaits))
    climb(here, RED)
    assert nudged(here) == {"unanswered": {SUPERIOR, ALSO_SUPERIOR}}
    hear("assignment_changed", moved("completed", "completed", 4, RED, before="result_submitted"))
    assert waiting(here) == 0


def test_who_stands_in_for_a_post_that_nobody_holds(here, hear, ordered):
    here.do("DELETE FROM copy_memberships WHERE id = :id", id=membership_of("ward-1 head"))
    climb(here, YELLOW)
    assert nudged(here) == {"yellow": {person("ward-1 clerk"), FOLLOWER}}


def test_what_reaches_nobody_is_kept_and_tried_again_next_morning(here, hear, ordered):
    here.do("UPDATE watched SET followers = '{}'")
    here.do(
        "UPDATE copy_memberships SET valid_to = DATE '2026-09-01' WHERE person_id IN (:a, :b)",
        a=OWNER, b=person("ward-1 clerk"),
    )  # fmt: skip
    climb(here, YELLOW)
    assert nudged(here) == {}
    with here.store.reading() as tx:
        assert climbing.count_unreached(tx) == 1
    assert next_look(here) == datetime(2026, 9, 21, 7, 30, tzinfo=TZ)

    here.do("UPDATE copy_memberships SET valid_to = NULL WHERE person_id = :a", a=OWNER)
    climb(here, next_look(here))
    assert nudged(here) == {"yellow": {OWNER}}
    with here.store.reading() as tx:
        assert climbing.count_unreached(tx) == 0


def test_what_a_unit_passes_on_inside_is_no_matter_of_the_office(here, hear):
    child = moved("issued", "in_progress", 1, ISSUED_AT, before=None, parent_id=piece_id("ward-2"))
    hear("assignment_changed", child)
    climb(here, DEEP_RED)
    assert nudged(here) == {"deep_red": {OWNER, SUPERIOR, ALSO_SUPERIOR, BOARD}}


def test_two_at_once_share_the_work(here, hear, store):
    hear("task_issued", issued(due=DUE.isoformat(), issued_at=ISSUED_AT.isoformat()))
    other = store("reminders")
    with here.store.transaction() as tx, other.transaction() as at_the_same_time:
        first, second = climbing.climb(tx, RED, 2).pieces, climbing.climb(at_the_same_time, RED, 2).pieces
    assert (first, second, climb(here, RED)) == (2, 1, 0)
    # the third is informed only, and owes nothing but that he receives it
    assert here.rows("SELECT rung, count(*) AS n FROM occasions GROUP BY 1 ORDER BY 1") == [
        {"rung": "red", "n": 2}, {"rung": "unreceived", "n": 3},
    ]  # fmt: skip


def test_what_breaks_off_is_said_once_by_whoever_comes_next(here, hear, ordered):
    with pytest.raises(ConnectionError), here.store.transaction() as tx:
        climbing.climb(tx, YELLOW)
        raise ConnectionError
    assert nudged(here) == {}

    climb(here, YELLOW)
    here.do("UPDATE watched SET next_at = :now", now=YELLOW)  # as if nothing had been noted
    climb(here, YELLOW)
    assert waiting(here) == 2


def test_the_most_urgent_come_first(here, hear):
    for title, urgency in (("Việc thường", "normal"), ("Việc hỏa tốc", "express")):
        hear(
            "task_issued",
            issued(title, pieces=LEAD, due=DUE.isoformat(), issued_at=ISSUED_AT.isoformat(), urgency=urgency),
        )
    with here.store.transaction() as tx:
        assert climbing.climb(tx, RED).pieces == 2
    assert [row["title"] for row in here.rows("SELECT title FROM occasions WHERE rung = 'red' ORDER BY id")] == [
        "Việc hỏa tốc", "Việc thường",
    ]  # fmt: skip


def test_closed_work_is_forgotten_in_time(here, hear, ordered):
    hear("task_issued", issued("Việc khác", pieces=LEAD, due=DUE.isoformat(), issued_at=ISSUED_AT.isoformat()))
    hear("assignment_changed", moved("revoked", "revoked", 3, DUE))
    with here.store.transaction() as tx:
        climbing.forget(tx, DUE + climbing.KEPT + timedelta(seconds=1))
    assert here.rows("SELECT title FROM watched") == [{"title": "Việc khác"}]
    assert here.rows("SELECT version FROM watched_log") == [{"version": 1}]
