"""What goes out at once, when it is tried again, and what it says."""

from datetime import datetime, timedelta
from email import message_from_bytes, policy

import pytest

from contracts.fields import ACTION_ITEM_KINDS
from kernel.working_time import TZ, WorkingDays
from reminders.channels.mail import Mail
from reminders.channels.settings import MailSettings
from reminders.domain import texts
from reminders.domain.deliveries import (
    ATTEMPTS_AT_MOST,
    Delivery,
    Digest,
    Line,
    Temporary,
    again_at,
    bundles,
    worth_sending_since,
)
from reminders.domain.texts import address_of, html, note, plain, short, subject

DAYS = WorkingDays({})
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=TZ)
URL = "https://congvu.example"


def nudge(name: str, person: str, rank: int, minute: int = 0, any_hour: bool = False) -> dict:
    due_at = NOON + timedelta(minutes=minute)
    return {"id": name, "person_id": person, "urgency_rank": rank, "due_at": due_at, "any_hour": any_hour}


def delivery(*lines: Line, attempt: int = 1, any_hour: bool = False, **more) -> Delivery:
    return Delivery("d", "email", "p", attempt, 3, any_hour, lines, **more)


def test_what_is_not_urgent_goes_together_and_the_most_urgent_first():
    due = [nudge("a", "an", 3), nudge("b", "binh", 3), nudge("c", "an", 3, 1), nudge("d", "an", 2), nudge("e", "an", 0)]
    assert [[each["id"] for each in one] for one in bundles(due)] == [["e"], ["d"], ["a", "c"], ["b"]]


def test_what_may_go_out_at_night_takes_nothing_along_that_may_not():
    due = [nudge("a", "an", 3), nudge("b", "an", 3, any_hour=True), nudge("c", "an", 3), nudge("d", "an", 3)]
    assert [[each["id"] for each in one] for one in bundles(due)] == [["a", "c", "d"], ["b"]]


@pytest.mark.parametrize(
    ("day", "since"),
    [(25, 23), (23, 19), (29, 26)],  # a Wednesday, a Monday, a Sunday
)
def test_what_was_due_for_two_working_days_is_no_news(day, since):
    assert worth_sending_since(NOON.replace(day=day), DAYS) == NOON.replace(day=since)


def test_it_is_tried_again_ever_later_and_at_last_no_more():
    pauses = [again_at(delivery(attempt=n), Temporary("x"), NOON, DAYS) - NOON for n in (1, 2, 3, 20)]
    assert pauses == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2), timedelta(hours=1)]
    assert again_at(delivery(attempt=ATTEMPTS_AT_MOST), Temporary("x"), NOON, DAYS) is None


def test_the_other_side_may_ask_for_more_time_but_not_for_ever():
    def pause(asked: timedelta) -> timedelta:
        return again_at(delivery(any_hour=True), Temporary("x", asked), NOON, DAYS) - NOON

    assert pause(timedelta(seconds=1)) == timedelta(seconds=30)
    assert pause(timedelta(hours=2)) == timedelta(hours=2)
    assert pause(timedelta(days=400)) == timedelta(days=1)


def test_what_fails_in_the_evening_is_tried_in_the_morning():
    evening = NOON.replace(hour=16, minute=59, second=50)
    assert again_at(delivery(), Temporary("x"), evening, DAYS) == NOON.replace(day=24, hour=7, minute=30)
    assert again_at(delivery(any_hour=True), Temporary("x"), evening, DAYS) == evening + timedelta(seconds=30)


HOSTILE = Line("<b>Rà soát</b>\r\nBcc: x@y.z", "Quá hạn", "/api/v1/assignments/1")


def test_nothing_that_people_wrote_becomes_a_header_or_markup():
    said = delivery(HOSTILE)
    assert "\n" not in subject(said) and "\r" not in subject(said)
    assert "<b>" not in html(said, URL) and "&lt;b&gt;Rà soát" in html(said, URL)
    assert "\nBcc" not in plain(said, URL)


def test_a_link_leads_to_a_page_of_ours_or_to_whoever_said_so():
    assert address_of("/api/v1/assignments/1", URL) == f"{URL}/assignments/1"
    assert address_of("https://1022.example/x", URL) == "https://1022.example/x"
    assert f"{URL}/assignments/1" in plain(delivery(HOSTILE), URL)


def test_many_are_said_to_be_many():
    many = delivery(*[Line(f"Việc {n}", "Quá hạn", "/api/v1/x") for n in range(40)])
    assert subject(many) == "Công Vụ nhắc 40 việc: Việc 0"
    assert "... và 10 việc khác" in plain(many, URL)
    assert "(và 39 việc khác)" in short(many, URL)
    assert note(many)["title"] == "40 việc cần chú ý"


@pytest.mark.parametrize("length", [10, 10_000])
def test_what_is_pushed_and_what_is_paid_for_is_short(length):
    said = delivery(Line("ề" * length, "Quá hạn", "/api/v1/x"))
    assert len(note(said)["body"]) <= 200
    assert len(short(said, URL)) <= 160 + 1 + len(f"{URL}/x")


def test_a_digest_says_what_waits_and_what_is_late():
    counts = [{"kind": "result_to_decide", "count": 2}, {"kind": "of_tomorrow", "count": 1}]
    burning = [{"title": "Báo cáo", "link": "/api/v1/assignments/1", "due": NOON}]
    said = delivery(digest=Digest(counts, 1, burning, NOON + timedelta(seconds=1)))
    assert subject(said) == "Công Vụ: 3 việc đang chờ, 1 việc quá hạn"
    assert "Kết quả chờ duyệt: 2" in plain(said, URL) and "Việc khác: 1" in html(said, URL)
    assert "Báo cáo (quá hạn, hạn 12:00 23/11/2026)" in plain(said, URL)


@pytest.mark.parametrize("words", range(1, 40, 3))
def test_a_subject_is_read_as_it_was_written_however_it_is_folded(words):
    said = delivery(Line(" ".join(["Rà soát, kiểm tra"] * words), "Đã quá hạn", "/api/v1/x"), to="an@city.example")
    mail = Mail(MailSettings("mail.example", 587, "Công Vụ <congvu@city.example>"), URL)
    message = message_from_bytes(mail._written(said), policy=policy.default)
    assert (message["Subject"], message.defects) == (subject(said), [])
    assert all(len(line) < 100 for line in mail._written(said).splitlines())


def test_every_kind_of_item_has_a_name():
    assert set(ACTION_ITEM_KINDS) == texts.KINDS.keys()
