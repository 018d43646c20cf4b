"""Personal reminders over HTTP, and the calendar that is read without a session."""

import eventlet
import pytest
from structlog.testing import capture_logs

from chassis import tracing
from chassis.testing import until
from contracts import reminders
from gateway import schemas
from gateway.tests.support import NOW, PIECE, TASK, Reminders, Tasks, asked, assert_problem, assignment, detail, task
from kernel.errors import Refused
from tests.support.collector import collecting
from tests.support.town import id_of, person

KEY = {"Idempotency-Key": "r"}
LATER = "2099-12-01T08:00:00+07:00"
DUE = "2099-12-04T23:59:59+07:00"
ITSELF = f"/reminders/{id_of('reminder')}"
INVITATION = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


def test_a_reminder_is_made_and_has_an_address(head):
    answer = head.post("/reminders", {"title": "Họp", "starts_at": LATER}, headers=KEY)
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1{ITSELF}")
    assert answer.headers["ETag"].startswith('"1-')
    assert asked("tasks.get_task") == asked("tasks.get_assignment") == []
    assert_problem(head.post("/reminders", {"title": "Họp", "starts_at": LATER}), 400, "idempotency_key_required")


def test_before_a_deadline_tasks_is_asked_what_the_person_sees(head):
    Tasks.answers = {"tasks.get_assignment": detail(current_due=DUE, version=7, state="in_progress")}
    wanted = {"title": "Trước hạn", "link": f"/api/v1/assignments/{PIECE}", "before_minutes": 60}
    assert head.post("/reminders", wanted, headers=KEY).status_code == 201
    [(claims, request)] = asked("reminders.create_reminder")
    assert claims["sub"] == person("ward-1 head")
    found = {name: str(value) for name, value in request["deadline"].items()}
    assert found["assignment_id"] == PIECE and (found["version"], found["state"]) == ("7", "in_progress")
    Tasks.answers = {"tasks.get_assignment": Refused("not_found")}
    assert_problem(head.post("/reminders", wanted, headers=KEY), 404, "not_found")
    assert len(asked("reminders.create_reminder")) == 1


def test_an_order_has_a_deadline_to_follow_if_one_piece_leads(head):
    wanted = {"title": "Trước hạn", "link": f"/api/v1/tasks/{TASK}", "before_minutes": 60}
    pieces = [assignment(current_due=DUE), assignment(id=id_of("support"), role="support")]
    Tasks.answers = {"tasks.get_task": task(assignments={"items": pieces, "next_cursor": None})}
    assert head.post("/reminders", wanted, headers=KEY).status_code == 201
    assert asked("reminders.create_reminder")[0][1]["deadline"]["assignment_id"] == PIECE
    many = [assignment(), assignment(id=id_of("another"))]
    Tasks.answers = {"tasks.get_task": task(assignments={"items": many, "next_cursor": None})}
    head.post("/reminders", wanted, headers=KEY)
    assert asked("reminders.create_reminder")[1][1]["deadline"] is None


FORMS = [
    ({"starts_at": LATER}, "title"),
    ({"title": "Họp"}, "starts_at"),
    ({"title": "Họp", "starts_at": "2026-12-01T08:00:00"}, "starts_at"),
    ({"title": "Họp", "starts_at": LATER, "link": "https://evil.example/"}, "link"),
    ({"title": "Họp", "link": f"/api/v1/documents/{TASK}"}, "starts_at"),
    ({"title": "Họp", "starts_at": LATER, "urgency": "express"}, "urgency"),
    ({"title": "Họp", "starts_at": LATER, "rrule": "FREQ=DAILY", "working_day": {"of": "day"}}, "working_day"),
    ({"title": "Họp", "starts_at": LATER, "working_day": {"nth": 0, "of": "month"}}, "working_day.nth"),
    ({"title": "Họp", "starts_at": LATER, "before_minutes": -1}, "before_minutes"),
    ({"title": "Họp", "starts_at": LATER, "every": "day"}, "every"),
]


def test_a_fault_in_the_form_is_named(head):
    for body, field in FORMS:
        faults = assert_problem(head.post("/reminders", body, headers=KEY), 422, "invalid_request")["errors"]
        assert [fault["field"] for fault in faults] == [field] and not faults[0]["message"].isascii()


def test_a_change_names_the_version_that_it_is_about(head):
    changes = {"title": "Họp muộn"}
    assert_problem(head.call("PATCH", ITSELF, json=changes, headers=KEY), 428, "if_match_required")
    answer = head.call("PATCH", ITSELF, json=changes, headers=KEY | {"If-Match": '"1-abc"'})
    assert answer.status_code == 200 and answer.headers["ETag"].startswith('"2-')
    [(_, request)] = asked("reminders.change_reminder")
    assert (request["version"], request["changes"], request["deadline"]) == (1, changes, None)


def test_an_invitation_is_text_of_its_own_kind(head):
    calendar = KEY | {"Content-Type": "text/calendar; charset=utf-8"}

    def sends(body, headers=calendar):
        return head.call("POST", "/reminders/import", data=body, headers=headers)

    assert sends(INVITATION.encode()).json()["unchanged"] == 1
    assert asked("reminders.import_invitation")[0][1]["text"] == INVITATION
    assert_problem(sends(b"\xff\xfe"), 422, "invitation_not_understood")
    assert_problem(sends(b""), 422, "invitation_not_understood")
    assert_problem(sends(b"x" * (reminders.INVITATION_AT_MOST + 1)), 413, "body_too_large")
    assert_problem(sends(INVITATION, KEY | {"Content-Type": "text/html"}), 415, "unsupported_media_type")


@pytest.fixture
def collector(monkeypatch):
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    monkeypatch.setattr(tracing, "_recorder", None)
    with collecting() as collector:
        yield collector
        tracing.flush()


def test_a_calendar_is_read_without_a_session_and_its_token_stands_in_no_log_and_no_trace(client, head, collector):
    tracing.configure("test", collector.endpoint)
    with capture_logs() as logs:
        url = head.post("/calendar-feed").json()["url"]
        path = url.partition("/api/v1")[2]
        assert url.startswith("http://127.0.0.1:") and path == "/calendar.ics?token=secret-of-the-feed"
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
        assert "X-WR-CALNAME:Công Vụ" in answer.content.decode()
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        Reminders.answers = {"reminders.read_feed": Refused("not_found")}
        assert_problem(client.get(path), 404, "not_found")
        Reminders.answers = {"reminders.read_feed": RuntimeError("broken")}
        assert_problem(client.get(path), 500, "internal_error")
        assert_problem(client.get("/calendar.ics"), 422, "invalid_request")
    assert [each["status"] for each in logs if each["event"] == "request"] == [201, 200, 304, 404, 500, 422]
    read = until(lambda: [span for span in collector.spans if "calendar.ics" in span.name][4:])
    assert read[0].attributes["http.route"] == "/api/v1/calendar.ics"
    assert "secret-of-the-feed" not in f"{logs}{collector.spans}"


def test_what_is_said_reaches_only_whose_it_is(client, head, vice, tell):
    streams = [who.live() for who in (head, client.signed_in("ward-1 clerk"), vice)]
    until(lambda: all(stream.names == ["hello"] for stream in streams))
    fired = [
        {"reminder_id": id_of(who), "person_id": person(who), "occurrence": NOW, "missed": 2}
        for who in ("ward-1 head", "committee vice_chairman")
    ]  # fmt: skip
    event_id = tell(reminders.reminder_fired, {"at": NOW, "items": fired})
    tell(reminders.reminder_fired, {"at": NOW, "items": fired}, event_id=event_id)
    until(lambda: len(streams[0].events) == len(streams[2].events) == 2)
    eventlet.sleep(0.3)
    assert streams[1].names == ["hello"]
    for stream, who in ((streams[0], "ward-1 head"), (streams[2], "committee vice_chairman")):
        [_, (_, name, data)] = stream.events
        assert (name, data["reminder_id"], data["missed"]) == ("reminder_fired", id_of(who), 2)
        assert "person_id" not in data and not schemas.LIVE_EVENTS[name]().validate(data)
