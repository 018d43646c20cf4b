"""Pieces as they stood, in SQL: the fold of `domain.assignment`, at every instant of their lives; and what is written
down of closed ones counts as they do.
"""

import itertools
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from chassis import clock
from contracts import tasks
from kernel.directory_copy import working_days
from kernel.directory_copy.facts import apply_event
from kernel.working_time import ONE_DAY, today
from tasks.domain.assignment import Piece, fold, lived
from tasks.domain.due import delay, due_state
from tasks.storage import calendar, standing, statistics
from tasks.tests.interface.conftest import A_RESULT, DEPT, HEAD, SUPPORT, VICE, day
from tasks.tests.interface.test_imports import RESULT, Importer, a_file, a_line
from tasks.use_cases import seeing
from tests.support.town import claims, unit

CHIEF, WARD_3, CHAIRMAN = claims("office chief_of_office"), claims("ward-3 head"), claims("committee chairman")
GIVEN_ON, DUE_ON, DONE_ON = (today(clock.now()) - timedelta(days=ago) for ago in (70, 50, 45))
FINISHED = RESULT | {"Ngày_trình_kết_quả": DONE_ON}
LONG_AGO = 60
COMPARED = (
    "state", "unit_id", "post_id", "assigner_post_id", "role", "current_due", "suspended_at", "done_at", "closed_at",
    "returns", "refusals",
)  # fmt: skip
NEXT_TO = {"Đơn_vị_phối_hợp": "Phường 2"}


@pytest.fixture(autouse=True)
def days_pass(monkeypatch):
    real = clock.now

    def to(days_ago: int) -> None:
        monkeypatch.setattr(clock, "now", lambda: real() - timedelta(days=days_ago))

    to(LONG_AGO)
    return to


@pytest.fixture
def eventful(here, desk, days_pass):
    """Lives with most verbs in them, over sixty days; some begun elsewhere."""
    here.do("UPDATE copy_state SET fresh_at = now()")
    importer = Importer(here)
    [one, two, three] = desk.order(mode="each", assignments=[
        {"unit_id": unit(f"ward-{number}"), "role": role} for number, role in ((1, "lead"), (2, "lead"), (3, "inform"))
    ])["assignments"]["items"]  # fmt: skip
    dept = desk.order(mode="each", assignments=[{"unit_id": unit("dept")}])["assignments"]["items"][0]
    days_pass(57)
    desk(tasks.decline, one, HEAD, reason="Không thuộc", proposed_unit_id=unit("dept"))
    desk.accepted(three, WARD_3), desk.accepted(dept, DEPT)
    days_pass(51)
    desk(tasks.uphold, one, VICE, reason="Đúng việc"), desk.accepted(two, SUPPORT)
    desk(tasks.pass_on, dept, DEPT, pieces=[{"unit_id": unit("division"), "title": "Phần của phòng"}])
    days_pass(48)
    asked = desk.request(two, SUPPORT)
    desk.accepted(one)
    days_pass(40)
    lines = brought("NV-1", **NEXT_TO), brought("NV-2", "Phường 3", "Hoàn thành", **FINISHED)
    not_received = brought("NV-4", "Phường 3", "Chưa tiếp nhận")
    importer.taken(a_file(*lines, brought("NV-3", state="Tạm dừng"), not_received))
    came = {row["code"]: str(row["id"]) for row in here.rows(
        "SELECT t.code, a.id FROM tasks t JOIN assignments a ON a.task_id = t.id WHERE a.role = 'lead' AND t.code <> ''"
    )}  # fmt: skip
    days_pass(35)
    later = brought("NV-4", "Phường 3", "Chưa tiếp nhận", Hạn_hoàn_thành=date.fromisoformat(day(5)))
    importer.taken(a_file(brought("NV-1", state="Đã trình kết quả", **FINISHED), brought("NV-3"), later))
    desk(tasks.reopen, came["NV-2"], CHAIRMAN, reason="Chưa đạt")
    desk(tasks.decline, came["NV-4"], WARD_3, reason="Không thuộc", proposed_unit_id=unit("dept"))
    days_pass(30)
    desk(tasks.return_result, came["NV-1"], CHAIRMAN, reason="Thiếu")
    longer = desk.request({"id": dept["id"]}, DEPT, on=day(90))
    desk(tasks.grant_extension, longer["id"], VICE, due_on=day(80))
    desk(tasks.keep_children, dept, DEPT)
    days_pass(25)
    longer = desk.request({"id": dept["id"]}, DEPT, on=day(120))
    desk(tasks.grant_extension, longer["id"], VICE, due_on=day(110))
    desk(tasks.extend_children, dept, DEPT, due_on=day(100), reason="Thành phố đã gia hạn")
    days_pass(20)
    desk(tasks.grant_extension, asked["id"], VICE, due_on=day(9))
    desk(tasks.submit_result, one, HEAD, **A_RESULT)
    days_pass(15)
    desk(tasks.return_result, one, VICE, reason="Thiếu phụ lục")
    desk(tasks.suspend, two, VICE, reason="Chờ", basis="9/CV-UBND")
    days_pass(12)
    desk(tasks.submit_result, one, HEAD, **A_RESULT)
    desk(tasks.resume, two, VICE, date_stands=True)
    days_pass(5)
    desk(tasks.approve_result, one, VICE, grade="good")
    days_pass(3)
    desk(tasks.revoke, dept, VICE, reason="Thôi")
    correction = desk.correct(one, CHIEF, "done_on", day(-5))
    days_pass(1)
    desk(tasks.accept_correction, correction["id"], VICE, reason="Đúng")
    desk(tasks.decline, desk.order(mode="each", assignments=[{"unit_id": unit("ward-2")}])["assignments"]["items"][0],
         SUPPORT, reason="Không thuộc", proposed_unit_id=unit("dept"))  # fmt: skip
    days_pass(0)


def brought(code: str, lead: str = "Sở Nội vụ", state: str = "Đang thực hiện", **changes) -> list:
    """A line of a file: given seventy days ago, due now some days before today."""
    changes = {"Ngày_giao": GIVEN_ON, "Hạn_hoàn_thành": DUE_ON} | changes
    return a_line(code, lead, state, **changes)


def pieces_at(here, moment) -> dict[str, dict]:
    query = f"WITH {standing.THEN.format(folded='true', informs=standing.INFORMS)} SELECT * FROM standing"
    return {str(row["id"]): row | {"post_id": str(row["post_id"])} for row in here.rows(query, at=moment)}


def histories(here) -> dict[str, list[dict]]:
    found = {}
    for row in here.rows("SELECT * FROM history WHERE assignment_id IS NOT NULL ORDER BY version"):
        found.setdefault(str(row["assignment_id"]), []).append(row)
    return found


def folded(here, piece_id: str, events: list[dict]) -> Piece:
    [task] = here.rows("SELECT assigner_post_id FROM tasks WHERE id = :id", id=events[0]["task_id"])
    return fold(begun(events, str(task["assigner_post_id"])), events)


def begun(events: list[dict], assigner_post_id: str = "") -> Piece:
    """Whatever its owner did about what he passed on, he was asked."""
    role = events[0]["data"]["role"]
    return Piece(role, "", assigner_post_id, may_extend_children=True, asked_about_children=True)


def test_at_every_instant_the_rows_are_the_fold_of_the_history(here, eventful):
    histories_, compared = histories(here), 0
    for moment in sorted({event["at"] for events in histories_.values() for event in events}):
        found = pieces_at(here, moment)
        for piece_id, events in histories_.items():
            past = [event for event in events if event["at"] <= moment]
            assert (piece_id in found) == bool(past)
            if past:
                piece = folded(here, piece_id, past)
                rows = {name: _plain(found[piece_id][name]) for name in COMPARED}
                assert rows == {name: _plain(getattr(piece, name)) for name in COMPARED}
                compared += 1
    assert compared > 60


def _plain(value):
    return value if value is None or isinstance(value, int) or hasattr(value, "year") else str(value)


def test_the_lost_days_are_those_of_the_rule(here, desk, eventful):
    now = clock.now()
    with here.store.reading() as tx:
        days = working_days(tx)
    listed = desk.ask(tasks.list_counted, CHIEF, **{"from": day(-100)})["items"]
    assert len(listed) == 9
    waits = {}
    for row in here.rows("SELECT assignment_id, requested_at, decided_at FROM extensions"):
        waits.setdefault(str(row["assignment_id"]), []).append((row["requested_at"], row["decided_at"]))
    for item in listed:
        events = histories(here)[item["id"]]
        states = [(at, piece.state) for at, piece in lived(begun(events), events)]
        [row] = here.rows("SELECT current_due FROM assignments WHERE id = :id", id=item["id"])
        assert item["lost"] == delay(row["current_due"], states, waits.get(item["id"], []), now, days)
    assert sum(sum(item["lost"].values()) for item in listed) > 10


def test_what_is_written_down_counts_as_it_did_and_is_void_after_a_change(here, desk, eventful):
    def whole(**asked):
        return [desk.ask(tasks.get_statistics, CHIEF, by=by, **{"from": day(-100)}, **asked)
                for by in ("unit", "month")]  # fmt: skip

    def without_time(found):
        return [{name: value for name, value in each.items() if name != "as_of"} for each in found]

    before, past = without_time(whole()), whole(as_of=day(-4))
    with here.store.transaction() as tx:
        statistics.settle(tx, working_days(tx), clock.now(), 100)
    settled = here.rows("SELECT assignment_id FROM outcomes")
    assert len(settled) == 2 and without_time(whole()) == before and whole(as_of=day(-4)) == past
    here.do("UPDATE assignments SET version = version + 1")
    assert here.rows("SELECT 1 FROM outcomes") == [] and without_time(whole()) == before


@pytest.fixture
def settled(here, eventful):
    """Which pieces' outcomes are written down, after everything closed was settled."""
    with here.store.transaction() as tx:
        seeing.settle_outcomes(tx, clock.now())
    return lambda: {str(row["assignment_id"]) for row in here.rows("SELECT assignment_id FROM outcomes")}


@pytest.mark.parametrize("change", ["source = 'ubtvqh'", "field = 'land'", "urgency = 'express'"])
def test_what_is_written_down_is_void_when_its_order_changed(here, settled, change):
    query = "SELECT a.id, a.task_id FROM outcomes JOIN assignments a ON a.id = assignment_id"
    order_of = {str(row["id"]): row["task_id"] for row in here.rows(query)}
    assert len(set(order_of.values())) == 2
    here.do("UPDATE tasks SET title = title || '!'")
    assert settled() == order_of.keys()
    changed = next(iter(order_of.values()))
    here.do(f"UPDATE tasks SET {change} WHERE id = :id", id=changed)
    assert settled() == {piece_id for piece_id, task_id in order_of.items() if task_id != changed}
    assert here.rows("SELECT 1 FROM assignments WHERE settled AND task_id = :id", id=changed) == []


def test_what_was_closed_since_a_day_is_void_when_the_calendar_makes_it_another(here, settled):
    """Two closed: one five days ago, one three."""
    closed = {str(row["assignment_id"]): today(row["closed_at"]) for row in here.rows("SELECT * FROM outcomes")}
    first, last = sorted(closed.values())
    day, known = first + ONE_DAY, itertools.count(10**6)

    def said(**fact) -> None:
        with here.store.transaction() as tx:
            item = {"kind": "working_day", "id": day.isoformat(), "version": next(known), "fact": None}
            fact = {"fact": {"name": "", **fact}} if fact else {}
            apply_event(tx, {"previous": 0, "facts": [item | fact]})

    is_weekday = day.weekday() < 5
    for voids, fact in ((False, {"working": is_weekday}), (True, {"working": not is_weekday}),
                        (False, {"working": not is_weekday, "name": "Nghỉ"}), (True, {})):  # fmt: skip
        with here.store.transaction() as tx:
            seeing.settle_outcomes(tx, clock.now())
        assert settled() == closed.keys()
        said(**fact)
        assert settled() == {id_ for id_, on in closed.items() if not voids or on < day}
    assert first < last


def test_a_deadline_stands_in_sql_as_it_does_in_the_rule(here, desk, eventful):
    with here.store.reading() as tx:
        days = working_days(tx)
    for ago in range(0, 62, 3):
        at = clock.now() - timedelta(days=ago)
        query = f"""WITH {calendar.CALENDAR} SELECT ({calendar.due_state()}) AS word, a.*, t.urgency
            FROM assignments a JOIN tasks t ON t.id = a.task_id"""
        with here.store.reading() as tx:
            rows = tx.execute(sa.text(query), calendar.given(days, at)).mappings().all()
        for row in rows:
            if row["state"] != "revoked":
                stands = due_state(
                    row["current_due"], row["urgency"], at, days, row["done_at"], row["suspended_at"]
                )  # fmt: skip
                assert row["word"] == stands.name
