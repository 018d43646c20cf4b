"""A person's calendar for other programs, and the invitations that they send him."""

from datetime import timedelta

import pytest
from icalendar import Calendar

from chassis import clock
from chassis.errors import CallFailed
from chassis.sealing import Sealer, make_sealing_keys
from chassis.testing import until
from contracts import directory, reminders
from kernel.errors import Refused
from kernel.working_time import TZ
from reminders.calendars import read_invitation
from reminders.service import Service
from reminders.tests.personal import HEAD, MONDAY, act, fire, key, made, now_of
from reminders.use_cases import feeds, invitations, items, notifications, personal
from tests.support.orders import issued
from tests.support.town import claims, person

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ADDRESS = "https://congvu.example"
UNKNOWN = {"token": "x" * 43, "address": ADDRESS}


def make(here) -> str:
    with here.store.transaction() as tx:
        return feeds.make_feed(tx, claims(HEAD), MONDAY)["token"]


def reads(here, token: str, now=MONDAY):
    with here.store.reading() as tx:
        return feeds.read_feed(tx, {"token": token}, now)


def test_the_feed_holds_reminders_and_deadlines_of_whoever_made_it(here, run, caller):
    run(Service)
    now = clock.now().replace(microsecond=0)
    made(here, title="Họp giao ban", now=now, starts_at=now + DAY, rrule="FREQ=WEEKLY")
    made(here, "ward-2 head", title="Của người khác", now=now, starts_at=now + DAY)
    for order in (issued("Rà soát", due=(now + 9 * DAY).isoformat()), issued("Không hạn")):
        with here.store.transaction() as tx:
            items.raise_items(tx, order, 1)
    here.do(OWN_ITEM, person=person(HEAD), due=now + DAY)
    token = caller(reminders.make_feed, {}, claims=claims(HEAD))["token"]
    calendar = Calendar.from_ical(caller(reminders.read_feed, {"token": token, "address": ADDRESS})["text"])
    found = {str(event["SUMMARY"]): event["DTSTART"].dt for event in calendar.walk("VEVENT")}
    assert set(found) == {"Họp giao ban", "Hạn: Rà soát", "Hạn: Thư của riêng tôi"}
    assert found["Họp giao ban"] == now + DAY
    [order] = [event for event in calendar.walk("VEVENT") if event["SUMMARY"] == "Hạn: Rà soát"]
    assert order["URL"].startswith(f"{ADDRESS}/assignments/")
    with pytest.raises(CallFailed, match="not_found"):
        caller(reminders.read_feed, UNKNOWN)


OWN_ITEM = """
    INSERT INTO action_items (id, subject_id, kind, version, open, person_id, origin, title, link, from_title,
        urgency_rank, raised_at, due)
    VALUES (gen_random_uuid(), gen_random_uuid(), 'mail_to_answer', 1, true, :person, 'mail',
        'Thư của riêng tôi', 'https://mail.example/1', 'Thư điện tử', 3, now(), :due)
"""


def test_what_was_said_stays_in_the_calendar_for_a_while_and_what_was_left_out_goes(here):
    meeting = made(here, title="Họp", starts_at=MONDAY + DAY, before_minutes=60)
    daily = made(here, title="Hằng ngày", starts_at=MONDAY + DAY, rrule="FREQ=DAILY", before_minutes=60)
    act(here, personal.skip_occurrence, daily, occurrence=MONDAY + 2 * DAY)
    fire(here, MONDAY + DAY - HOUR)
    assert now_of(here, meeting)["state"] == "ended"
    token = make(here)
    content = reads(here, token, MONDAY + DAY - HOUR)
    assert [row["title"] for row in content.reminders] == ["Hằng ngày", "Họp"]
    assert content.settled == {daily["id"]: {MONDAY + 2 * DAY}}
    assert [row["title"] for row in reads(here, token, MONDAY + 40 * DAY).reminders] == ["Hằng ngày"]


def test_the_token_stands_nowhere_and_a_former_one_reads_nothing(here):
    first = make(here)
    assert first not in str(here.rows("SELECT * FROM calendar_feeds")) + str(here.rows("SELECT * FROM audit_log"))
    second = make(here)
    assert reads(here, second).reminders == []
    for token in (
        first,
        second[:-1],
        second.upper(),
        "",
        here.rows("SELECT token_hash FROM calendar_feeds")[0]["token_hash"],
    ):
        with pytest.raises(Refused, match="no such calendar"):
            reads(here, token)


def test_the_owner_sees_his_token_again_and_nobody_reads_it_in_the_database(here, tmp_path):
    make_sealing_keys(tmp_path / "keys")
    make_sealing_keys(tmp_path / "others")
    sealer, other = Sealer(str(tmp_path / "keys")), Sealer(str(tmp_path / "others"))

    def token(sealer: Sealer | None) -> str | None:
        with here.store.reading() as tx:
            return notifications.get_settings(tx, person(HEAD), sealer)["calendar_feed_token"]

    assert token(sealer) is None
    with here.store.transaction() as tx:
        made = feeds.make_feed(tx, claims(HEAD), MONDAY, sealer)["token"]
    assert made not in str(here.rows("SELECT * FROM calendar_feeds"))
    assert (token(sealer), token(other), token(None)) == (made, None, None)
    assert reads(here, made).reminders == []
    here.do("UPDATE calendar_feeds SET person_id = :id", id=person("ward-2 head"))
    with here.store.reading() as tx:
        assert feeds.token_of(tx, person("ward-2 head"), sealer) is None
    make(here)  # of a process without keys: it is shown once
    assert token(sealer) is None


def test_a_revoked_feed_reads_nothing(here):
    token = make(here)
    with here.store.transaction() as tx:
        feeds.revoke_feed(tx, claims(HEAD), MONDAY)
    with pytest.raises(Refused, match="no such calendar"):
        reads(here, token)


def test_whoever_holds_no_post_any_more_has_no_calendar(here):
    token = make(here)
    here.do("UPDATE copy_memberships SET valid_to = '2026-11-23' WHERE person_id = :id", id=person(HEAD))
    with pytest.raises(Refused, match="no such calendar"):
        reads(here, token)


def test_a_revoked_account_takes_its_calendar_with_it(here, run, tell):
    run(Service)
    make(here)
    tell(directory.account_revoked, {"account_id": person("any account"), "person_id": person(HEAD)})
    until(lambda: here.rows("SELECT 1 FROM calendar_feeds") == [])


# invitations

HEADER, FOOTER = "BEGIN:VCALENDAR\nMETHOD:{}\n", "END:VCALENDAR\n"


def event(uid: str = "a@example", start: str = "20261201T020000Z", **more) -> str:
    lines = {"UID": uid, "DTSTART": start, "SUMMARY": "Họp giao ban"} | more
    return "".join(
        ["BEGIN:VEVENT\n", *(f"{name.replace('_', '-')}:{text}\n" for name, text in lines.items()), "END:VEVENT\n"]
    )


def imports(here, *events: str, method: str = "REQUEST", who: str = HEAD, now=MONDAY) -> dict:
    text = HEADER.format(method) + "".join(events) + FOOTER
    with here.store.transaction() as tx:
        found = read_invitation(text)
        return invitations.import_invitation(tx, claims(who), {"text": text} | key(), found, now)


def shown(here) -> list[tuple]:
    rows = here.rows(
        "SELECT title, occurs_at, version FROM reminders WHERE occurs_at < 'infinity' ORDER BY occurs_at, title"
    )
    return [(row["title"], f"{row['occurs_at'].astimezone(TZ):%d/%m %H:%M}", row["version"]) for row in rows]


def test_an_invitation_becomes_a_reminder_a_quarter_of_an_hour_before(here):
    answer = imports(here, event(RRULE="FREQ=WEEKLY;COUNT=4", EXDATE="20261201T020000Z"))
    [id_] = answer["created"]
    reminder = now_of(here, {"id": id_})
    assert [f"{each.astimezone(TZ):%d/%m %H:%M}" for each in reminder["upcoming"]] == [
        "08/12 09:00",
        "15/12 09:00",
        "22/12 09:00",
    ]
    assert reminder["next_occurrence"] - reminder["next_at"] == timedelta(minutes=15)


def test_sent_again_it_changes_what_it_made(here):
    imports(here, event())
    moved = imports(here, event(start="20261202T020000Z", SEQUENCE="1"))
    assert (len(moved["changed"]), moved["created"]) == (1, [])
    assert shown(here) == [("Họp giao ban", "02/12 09:00", 2)]
    assert imports(here, event())["unchanged"] == 1
    assert shown(here) == [("Họp giao ban", "02/12 09:00", 2)]
    imports(here, event(), who="ward-1 clerk")
    assert len(shown(here)) == 2


def test_what_was_said_is_said_again_only_when_it_moved(here):
    imports(here, event())
    said_at = MONDAY + 8 * DAY + 3 * HOUR / 4
    assert len(fire(here, said_at)) == 1
    for sequence in ("0", "1"):
        imports(here, event(SUMMARY="Họp, phòng khác", SEQUENCE=sequence), now=said_at)
    assert fire(here, MONDAY + 8 * DAY + HOUR) == []
    imports(here, event(start="20261201T030000Z", SEQUENCE="2"), now=said_at)
    assert len(fire(here, said_at + HOUR)) == 1


def test_a_cancelled_one_goes(here):
    imports(here, event(RRULE="FREQ=WEEKLY"), event(RECURRENCE_ID="20261208T020000Z", start="20261209T020000Z"))
    assert imports(here, event("b@example"), method="CANCEL") == {
        "created": [],
        "changed": [],
        "removed": [],
        "unchanged": 1,
    }
    assert len(imports(here, event(SEQUENCE="1"), method="CANCEL")["removed"]) == 2
    assert shown(here) == []


def test_one_occurrence_that_is_moved_or_cancelled_leaves_the_others(here):
    [id_] = imports(here, event(RRULE="FREQ=WEEKLY;COUNT=4"))["created"]
    imports(here, event(RECURRENCE_ID="20261208T020000Z", start="20261209T030000Z", SUMMARY="Họp muộn"))
    imports(here, event(RECURRENCE_ID="20261215T020000Z", STATUS="CANCELLED"))
    upcoming = now_of(here, {"id": id_})["upcoming"]
    assert [f"{each.astimezone(TZ):%d/%m}" for each in upcoming] == ["01/12", "22/12"]
    assert [title for title, *_ in shown(here)] == ["Họp giao ban", "Họp muộn"]


def test_what_is_over_is_left_out(here):
    assert imports(here, event(start="20261101T020000Z"))["unchanged"] == 1
    assert shown(here) == []


def test_of_a_broken_file_nothing_is_kept(here):
    with pytest.raises(Refused) as refused:
        imports(here, event(), event("b@example", RRULE="FREQ=SECONDLY"))
    assert refused.value.refusal_code == "recurrence_too_often"
    assert shown(here) == []
