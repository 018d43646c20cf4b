"""Calendars as other programs write and read them; the feed is read by libraries that are not ours."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from kernel.errors import Refused
from kernel.working_time import TZ, WorkingDays
from reminders.calendars import feed, read_invitation
from reminders.domain.calendar import Content
from reminders.domain.recurrence import recurrence_of
from reminders.rrules import expand

ADDRESS = "https://congvu.example"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=TZ)
DAYS = WorkingDays({date(2026, 11, 24): False})
TITLE = "Chuẩn bị hồ sơ; báo cáo, và giấy mời họp giao ban tuần của Ủy ban nhân dân phường Nguyễn Đình Chiểu " * 3


def reminder(number: int, **changes) -> dict:
    return {
        "id": f"01989c1e-5b2a-7c10-8d52-0c8a1f5e{number:04}", "title": TITLE, "note": "Mang theo\nbản gốc",
        "link": None,
        "before_minutes": 15, "changed_at": NOW, "occurs_at": NOW, "follows_id": None,
    } | changes  # fmt: skip


def written(*rules: dict, settled=(), deadlines=(), starts_at: datetime = NOW, zone: str = TZ.key) -> Calendar:
    """The feed of one reminder for each of these rules, as another program reads it."""
    rows = [reminder(number) for number in range(len(rules))]
    made = {
        row["id"]: recurrence_of(starts_at, zone, rule.get("rrule"), rule.get("working_day"), NOW, expand, DAYS)
        for row, rule in zip(rows, rules, strict=True)
    }
    text = feed(Content(rows, made, {row["id"]: settled for row in rows}, deadlines, DAYS), NOW, ADDRESS)
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    return Calendar.from_ical(text)


def days_of(calendar: Calendar, until: date) -> list[str]:
    found = recurring_ical_events.of(calendar).between(date(2026, 11, 1), until)
    return sorted(f"{event['DTSTART'].dt.astimezone(TZ):%Y-%m-%d %H:%M}" for event in found)


@pytest.mark.parametrize(
    "rule, expected",
    [
        ({}, ["2026-11-23"]),
        ({"rrule": "FREQ=WEEKLY"}, ["2026-11-23", "2026-11-30", "2026-12-07"]),
        ({"rrule": "FREQ=WEEKLY;COUNT=2"}, ["2026-11-23", "2026-11-30"]),
        ({"rrule": "FREQ=WEEKLY;UNTIL=20261130"}, ["2026-11-23", "2026-11-30"]),
        ({"rrule": "FREQ=WEEKLY;UNTIL=20261130T080000"}, ["2026-11-23", "2026-11-30"]),
        ({"rrule": "FREQ=MONTHLY;BYDAY=-1MO"}, ["2026-11-30"]),
        ({"working_day": {"nth": 1, "of": "week"}}, ["2026-11-23", "2026-11-30", "2026-12-07"]),
        ({"working_day": {"nth": 2, "of": "week"}}, ["2026-11-25", "2026-12-01", "2026-12-08"]),
    ],
)
def test_other_programs_see_the_same_days(rule, expected):
    assert days_of(written(rule), date(2026, 12, 9)) == [f"{day} 08:00" for day in expected]


def test_what_was_settled_ahead_is_no_event():
    seen = days_of(written({"rrule": "FREQ=WEEKLY"}, settled={NOW + timedelta(days=7)}), date(2026, 12, 9))
    assert seen == ["2026-11-23 08:00", "2026-12-07 08:00"]


def test_another_zone_keeps_its_hour():
    paris = datetime(2027, 3, 22, 9, 0, tzinfo=ZoneInfo("Europe/Paris"))
    seen = days_of(written({"rrule": "FREQ=WEEKLY"}, starts_at=paris, zone="Europe/Paris"), date(2027, 4, 1))
    assert seen == ["2027-03-22 15:00", "2027-03-29 14:00"]


def test_words_come_through_whole_with_their_alarm():
    [event] = written({}).walk("VEVENT")
    assert (str(event["SUMMARY"]), event["DTSTART"].dt) == (TITLE, NOW)
    assert (event["DESCRIPTION"], event["URL"]) == ("Mang theo\nbản gốc", f"{ADDRESS}/reminders/{reminder(0)['id']}")
    [alarm] = event.walk("VALARM")
    assert (str(alarm["ACTION"]), alarm["TRIGGER"].dt) == ("DISPLAY", timedelta(minutes=-15))


def test_deadlines_stand_beside():
    item = {
        "id": "01989c1e-5b2a-7c10-8d52-0c8a1f5e0009", "title": "Rà soát", "from_title": "Phó Chủ tịch", "due": NOW,
        "link": "/api/v1/assignments/1", "raised_at": NOW,
    }  # fmt: skip
    [event] = written(deadlines=[item]).walk("VEVENT")
    assert (str(event["SUMMARY"]), event["DTSTART"].dt) == ("Hạn: Rà soát", NOW)
    assert (event["DESCRIPTION"], event["URL"]) == ("Phó Chủ tịch", f"{ADDRESS}/assignments/1")


def test_the_same_content_is_the_same_text():
    content = Content([reminder(1)], {}, {}, [], DAYS)
    assert feed(content, NOW, ADDRESS) == feed(content, NOW + timedelta(minutes=5), ADDRESS)


# invitations

ALARM = "VALARM\nACTION:{}\nTRIGGER:{}\nEND:VALARM"
EVENT = {"UID": "a@example", "DTSTART": "20261201T020000Z", "SUMMARY": "Họp giao ban"}


def ics(*events: dict | str, method: str = "REQUEST", more: str = "") -> str:
    """Keys may hold parameters. With CRLF, as it is sent."""
    blocks = [
        each if isinstance(each, str) else "\n".join(f"{name}:{value}" for name, value in each.items())
        for each in events
    ]
    body = "\n".join(f"BEGIN:VEVENT\n{block}\nEND:VEVENT" for block in blocks)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nMETHOD:{method}\n{more}{body}\nEND:VCALENDAR\n"
    return text.replace("\n", "\r\n")


@pytest.mark.parametrize(
    "start, value, expected, zone",
    [
        ("DTSTART", "20261201T020000Z", "2026-12-01 09:00", "UTC"),
        ("DTSTART", "20261201T090000", "2026-12-01 09:00", "Asia/Ho_Chi_Minh"),
        ("DTSTART;VALUE=DATE", "20261201", "2026-12-01 07:30", "Asia/Ho_Chi_Minh"),
        ("DTSTART;TZID=Europe/Paris", "20261201T090000", "2026-12-01 15:00", "Europe/Paris"),
        ("DTSTART;TZID=SE Asia Standard Time", "20261201T090000", "2026-12-01 09:00", "Asia/Bangkok"),
    ],
)
def test_the_zone_of_an_invitation_is_honoured(start, value, expected, zone):
    [event] = read_invitation(ics({"UID": "a", start: value}))
    assert (f"{event.starts_at.astimezone(TZ):%Y-%m-%d %H:%M}", event.zone) == (expected, zone)


def test_a_zone_that_the_file_explains_itself_is_not_computed_with():
    """Such an explanation can hold a rule that keeps whoever follows it busy for ever."""
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\nDTSTART:19700101T000000\nRRULE:FREQ=SECONDLY\n"
        "TZOFFSETFROM:+0700\nTZOFFSETTO:+0800\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    with pytest.raises(Refused) as refused:
        read_invitation(ics({"UID": "a", "DTSTART;TZID=Mine": "20261201T090000"}, more=zone))
    assert refused.value.refusal_code == "unknown_time_zone"


def test_an_invitation_brings_what_a_reminder_needs():
    text = ics(
        {
            **EVENT, "SEQUENCE": "3", "RRULE": "FREQ=WEEKLY;COUNT=3", "LOCATION": "Phòng 204",
            "DESCRIPTION": "Mang hồ sơ\\nbản gốc", "EXDATE": "20261208T020000Z", "ATTACH": "http://evil.example/x",
            "BEGIN": f"{ALARM.format('EMAIL', '-P2D')}\nBEGIN:{ALARM.format('DISPLAY', '-PT30M')}",
        },
        {**EVENT, "RECURRENCE-ID": "20261215T020000Z", "DTSTART": "20261216T020000Z"},
        {"UID": "b", "DTSTART": "20261201T020000Z", "STATUS": "CANCELLED"},
    )  # fmt: skip
    first, moved, cancelled = read_invitation(text)
    assert (first.title, first.note) == ("Họp giao ban", "Phòng 204\nMang hồ sơ\nbản gốc")
    assert (first.sequence, first.rrule, first.before_minutes) == (3, "FREQ=WEEKLY;COUNT=3", 30)
    assert first.left_out == [datetime(2026, 12, 8, 2, 0, tzinfo=UTC)]
    assert (moved.origin, moved.before_minutes) == ("a@example#20261215T020000Z", 15)
    assert (cancelled.cancelled, cancelled.title) == (True, "(Không có tiêu đề)")


@pytest.mark.parametrize(
    "text, code",
    [
        ("", "invitation_not_understood"),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR", "invitation_not_understood"),
        ("<html>", "invitation_not_understood"),
        (ics("SUMMARY:nothing else"), "invitation_not_understood"),
        (ics("UID:a\nDTSTART:garbage"), "invitation_not_understood"),
        (ics("UID:a\nDTSTART:20261201T020000Z\nDTSTART:20261202T020000Z"), "invitation_not_understood"),
        (ics("UID:a\nDTSTART;VALUE=PERIOD:20261201T020000Z/PT1H"), "invitation_not_understood"),
        (ics("UID:a\nDTSTART:20261201T020000Z\nSEQUENCE:x"), "invitation_not_understood"),
        (ics("UID:a\nDTSTART:20261201T020000Z\nEXDATE:x"), "invitation_not_understood"),
        (ics("UID:a\nDTSTART:20261201T020000Z\nRECURRENCE-ID:x"), "invitation_not_understood"),
        (ics("UID:a\nDTSTART:20261201T020000Z\nRRULE:"), "recurrence_not_understood"),
        (ics("UID:a\nDTSTART:20261201T020000Z\nRRULE:FREQ=DAILY\nRRULE:FREQ=DAILY"), "recurrence_not_understood"),
        (ics("UID:a\nDTSTART:20261201T020000Z\nRDATE:20261202T020000Z"), "recurrence_not_understood"),
        (ics("UID:" + "a" * 600 + "\nDTSTART:20261201T020000Z"), "invitation_not_understood"),
        (ics("BEGIN:VALARM\nUID:a\nDTSTART:20261201T020000Z"), "invitation_not_understood"),
        (ics(*[EVENT] * 51), "invitation_too_large"),
    ],
)
def test_a_broken_invitation_is_refused_by_its_code(text, code):
    with pytest.raises(Refused) as refused:
        for each in read_invitation(text):
            if each.rrule is not None:
                recurrence_of(each.starts_at, each.zone, each.rrule, None, NOW, expand, DAYS)
    assert refused.value.refusal_code == code


NAMES = st.sampled_from(
    ["UID", "DTSTART", "SEQUENCE", "RRULE", "EXDATE", "RECURRENCE-ID", "STATUS", "BEGIN", "END", "X"]
)
VALUES = st.sampled_from(
    ["", "20261201", "20261201T020000Z", "-1", "VALARM", "VEVENT", "FREQ=DAILY", "\\", "PT1H", "ộ"]
)
LINES = st.builds("{}{}:{}".format, NAMES, st.sampled_from(["", ";VALUE=DATE", ";TZID=X", ";TZID=UTC", ";="]), VALUES)


@given(st.lists(LINES, max_size=8))
def test_whatever_comes_is_read_or_refused(lines):
    with suppress(Refused):
        read_invitation(ics("\n".join(["UID:a", "DTSTART:20261201T020000Z", *lines])))
