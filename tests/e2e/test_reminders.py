"""What gets a person's attention, from the clock to the screen."""

from datetime import UTC, datetime, timedelta

import requests
from icalendar import Calendar

from chassis.testing import until


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def listening(client):
    stream = client.live()
    until(lambda: stream.named("hello"), 5)
    return stream


def nudges(stream, title: str) -> list[dict]:
    told = (nudge for event in stream.named("nudge_due") for nudge in event["data"]["nudges"])
    return [nudge for nudge in told if nudge["title"] == title]


def test_a_personal_reminder_comes_to_the_screen_at_its_time_and_once(person):
    head = person("unit_head")
    stream = listening(head)
    made = head.post("/reminders", {"title": "Gọi Chủ tịch phường bên", "starts_at": soon(3), "note": "Về điểm ngập"})
    assert made.status_code == 201, made.text
    [nudge] = until(lambda: nudges(stream, "Gọi Chủ tịch phường bên"), 20)
    assert (nudge["kind"], nudge["link"]) == ("personal", f"/api/v1/reminders/{made.json()['id']}")

    shown = head.get("/nudges", params={"unread": True}).json()["items"]
    assert nudge["id"] in [each["id"] for each in shown]
    assert head.post("/nudges/read", {"ids": [nudge["id"]]}).status_code == 204
    shown = head.get("/nudges", params={"unread": True}).json()["items"]
    assert nudge["id"] not in [each["id"] for each in shown]
    assert head.get(f"/reminders/{made.json()['id']}").json()["state"] == "ended"
    assert len(nudges(stream, "Gọi Chủ tịch phường bên")) == 1
    stream.close()


def test_an_express_order_is_told_at_any_hour_to_whoever_must_receive_it(person, order_to_ward):
    stream = listening(person("unit_head"))
    _, assignment = order_to_ward(urgency="express", title="Sơ tán dân ven sông")
    [nudge] = until(lambda: nudges(stream, "Sơ tán dân ven sông"), 20)
    assert (nudge["kind"], nudge["urgency"], nudge["link"]) == (
        "waiting", "express", f"/api/v1/assignments/{assignment['id']}",
    )  # fmt: skip
    stream.close()


def test_quiet_hours_are_kept_as_they_were_said(person):
    head = person("unit_head")
    for said, answer in (("11:30", 200), ("11:30:30", 422), ("11:30+07:00", 422), ("25:00", 422)):
        wanted = {"quiet_hours": {"begins": said, "ends": "13:00"}}
        changed = head.request("PATCH", "/notification-settings", json=wanted, headers={"If-Match": "*"})
        assert changed.status_code == answer, changed.text
    assert head.get("/notification-settings").json()["quiet_hours"] == {"begins": "11:30", "ends": "13:00"}
    without = head.request("PATCH", "/notification-settings", json={"quiet_hours": None}, headers={"If-Match": "*"})
    assert without.json()["quiet_hours"] is None


def test_a_calendar_program_reads_what_comes_until_its_address_is_revoked(person):
    head = person("unit_head")
    made = head.post("/reminders", {
        "title": "Giao ban đầu tuần", "starts_at": soon(86400), "rrule": "FREQ=WEEKLY", "before_minutes": 15,
    })  # fmt: skip
    assert made.status_code == 201, made.text
    url = head.post("/calendar-feed", key=None).json()["url"]
    answer = requests.get(url, timeout=10)
    [event] = [each for each in Calendar.from_ical(answer.content).events if each["SUMMARY"] == "Giao ban đầu tuần"]
    assert event["RRULE"]["FREQ"] == ["WEEKLY"]
    assert requests.get(url, headers={"If-None-Match": answer.headers["ETag"]}, timeout=10).status_code == 304
    assert head.get("/notification-settings").json()["calendar_feed_url"] == url
    assert head.request("DELETE", "/calendar-feed").status_code == 204
    assert requests.get(url, timeout=10).status_code == 404
    assert head.get("/notification-settings").json()["calendar_feed_url"] is None
