"""What goes in its time and what stays; what is taken out, by whom and why."""

import json
from datetime import datetime, timedelta

import eventlet
import pytest

from chassis import clock
from chassis.errors import CallFailed
from chassis.testing import until
from contracts import messaging
from kernel.working_time import TZ
from messaging.domain import transcript
from messaging.domain.keeping import Years, over_before, sha256
from messaging.storage import directives as receipts
from messaging.use_cases import cases, files, keeping
from tests.support.orders import issued
from tests.support.town import claims, id_of, person, post, unit

VICE, HEAD, AUDITOR = claims("committee vice_chairman"), claims("ward-1 head"), claims("dept auditor")
YEAR = timedelta(days=366)
LATER, NOT_YET = clock.now() + 6 * YEAR, clock.now() + timedelta(days=365 * 5)


@pytest.fixture
def case(here, caller) -> str:
    with here.store.transaction() as tx:
        cases.open_case(tx, issued("Diễn tập"))
    return caller(messaging.list_conversations, {}, claims=VICE)["items"][0]["id"]


@pytest.fixture
def said(here, case, caller) -> str:
    """A conversation of three messages, whose order is done."""
    for number, who in enumerate((VICE, HEAD, VICE)):
        request = {"conversation_id": case, "text": f"Ý kiến {number}", "idempotency_key": f"{number}"}
        caller(messaging.post_message, request, claims=who)
    here.do("UPDATE conversations SET closed_at = now()")
    return case


def texts(here) -> list[str]:
    return [row["text"] for row in here.rows("SELECT text FROM messages ORDER BY number")]


def expire(here, now=LATER, years=Years()) -> None:  # noqa: B008
    keeping.expire_all(here.store, years, now)


def hold(caller, conversation_id: str, procedure=messaging.place_hold) -> dict:
    return caller(procedure, {"conversation_id": conversation_id, "reason": "Thanh tra"}, claims=AUDITOR)


@pytest.mark.parametrize("now, years, before", [
    (datetime(2031, 12, 31, 23, 59, tzinfo=TZ), 5, datetime(2026, 1, 1, tzinfo=TZ)),
    (datetime(2032, 1, 1, tzinfo=TZ), 5, datetime(2027, 1, 1, tzinfo=TZ)),
    (datetime(2032, 1, 1, tzinfo=TZ), 0, None),
])  # fmt: skip
def test_years_are_counted_from_the_end_of_the_year(now, years, before):
    assert over_before(years, now) == before


def test_what_was_said_goes_and_its_number_and_hash_stay(here, said):
    rows = here.rows("SELECT * FROM messages ORDER BY number")
    lines = [
        transcript.line(row | {n: str(row[n]) for n in ("id", "sender_person_id", "sender_post_id")}) for row in rows
    ]
    expire(here)

    after = here.rows("SELECT number, text, sha256, expired_at FROM messages ORDER BY number")
    assert [(row["number"], row["text"]) for row in after] == [(1, ""), (2, ""), (3, "")]
    assert [row["sha256"] for row in after] == [sha256(line) for line in lines]
    assert all(row["expired_at"] for row in after)


def test_nothing_of_it_is_left_in_what_it_said_before_or_is_found_by(here, said, caller):
    here.do("INSERT INTO message_versions (message_id, version, text, until, changed_by_person_id)"
            " SELECT id, 1, 'Trước đây', now(), sender_person_id FROM messages WHERE number = 1")  # fmt: skip
    expire(here)
    assert here.rows("SELECT * FROM message_versions") == []
    assert here.rows("SELECT number FROM messages WHERE words IS NOT NULL OR mentions IS NOT NULL") == []


def test_whom_a_directive_has_reached_goes_with_it(here, case, caller):
    asked = {"kind": "directive", "text": "Báo cáo", "asked": [post("ward-1 head")], "idempotency_key": "d"}
    message = caller(messaging.post_message, {"conversation_id": case, **asked}, claims=VICE)
    caller(messaging.acknowledge, {"id": message["id"]}, claims=HEAD)
    with here.store.transaction() as tx:  # of an urging inside a unit, of which nothing is said here
        receipts.follow_urgings(tx, [
            {"id": person(end), "version": 1, "post_id": post("ward-1 head"), "unit_id": unit("ward-1"), "ended_at": at}
            for end, at in (("over", clock.now()), ("waits", None))
        ])  # fmt: skip
    here.do("UPDATE conversations SET closed_at = now()")
    expire(here)
    assert len(here.rows("SELECT * FROM receipts")) == 3  # they are kept for ten years
    expire(here, clock.now() + 11 * YEAR)

    assert [str(row["id"]) for row in here.rows("SELECT id FROM receipts")] == [person("waits")]
    assert here.rows("SELECT * FROM directives") == []
    assert caller(messaging.get_message, {"id": message["id"]}, claims=VICE)["asking"] is None
    with pytest.raises(CallFailed) as nothing:
        caller(messaging.list_receipts, {"message_id": message["id"]}, claims=VICE)
    assert nothing.value.code == "nothing_is_asked"


def test_what_is_held_or_under_way_does_not_keep_the_rest(here, said, caller, monkeypatch):
    monkeypatch.setattr(keeping, "AT_ONCE", 1)
    hold(caller, said)
    with here.store.transaction() as tx:
        cases.open_case(tx, issued("Khác"))
    listed = caller(messaging.list_conversations, {}, claims=VICE)["items"]
    [other] = [each for each in listed if each["id"] != said]
    for number in range(3):
        request = {"conversation_id": other["id"], "text": f"Khác {number}", "idempotency_key": f"other-{number}"}
        caller(messaging.post_message, request, claims=VICE)
    here.do("UPDATE conversations SET closed_at = now()")
    expire(here)

    kept = here.rows("SELECT text FROM messages WHERE text <> '' ORDER BY number")
    assert [row["text"] for row in kept] == ["Ý kiến 0", "Ý kiến 1", "Ý kiến 2"]


def test_a_file_goes_with_the_last_thing_that_it_hangs_on(here, said):
    """And not while somebody attaches it to something else."""
    ids = {name: id_of(name) for name in ("file", "blob", "held", "let go")}
    here.do("INSERT INTO files (id, name, state, blob_id, size, sha256, scan, uploaded_by_person_id, uploaded_at)"
            " VALUES (:file, 'a.pdf', 'kept', :blob, 1, 'x', 'clean', :blob, now())", file=ids["file"],
            blob=ids["blob"])  # fmt: skip
    now = clock.now()

    def let_go() -> None:
        with here.store.transaction() as tx:
            files.release(tx, files.HERE, [ids["let go"]], now)

    with here.store.transaction() as tx:
        files.attach(tx, files.HERE, ids["let go"], [ids["file"]])
    with here.store.transaction() as tx:
        files.attach(tx, files.HERE, ids["held"], [ids["file"]])
        letting = eventlet.spawn(let_go)
        until(lambda: here.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
    letting.wait()
    assert here.rows("SELECT keep_until FROM files") == [{"keep_until": None}]

    with here.store.transaction() as tx:
        files.release(tx, files.HERE, [ids["held"]], now)
    assert here.rows("SELECT keep_until FROM files")[0]["keep_until"] > now


def test_what_is_not_over_stays(here, said):
    expire(here, NOT_YET)
    expire(here, years=Years(messages=0))
    here.do("UPDATE messages SET kind = 'directive' WHERE number = 2")
    expire(here)
    assert texts(here) == ["", "Ý kiến 1", ""]  # a directive is kept for ten years


def test_an_orders_conversation_is_kept_while_it_is_not_done(here, said):
    here.do("UPDATE conversations SET closed_at = NULL")
    expire(here)
    assert len(set(texts(here))) == 3
    here.do("UPDATE conversations SET closed_at = :at", at=LATER - timedelta(days=400))
    expire(here)
    assert len(set(texts(here))) == 3


def test_a_hold_stops_it_until_it_is_lifted(here, said, caller):
    placed = hold(caller, said)
    assert hold(caller, said)["id"] == placed["id"]
    expire(here)
    assert len(set(texts(here))) == 3

    lifted = hold(caller, said, messaging.lift_hold)
    assert (lifted["id"], lifted["lift_reason"]) == (placed["id"], "Thanh tra")
    assert [each["id"] for each in caller(messaging.list_holds, {}, claims=AUDITOR)["items"]] == [placed["id"]]
    expire(here)
    assert set(texts(here)) == {""}
    acts = [row["action"] for row in here.rows("SELECT action FROM audit_log ORDER BY number")]
    assert acts == ["conversation.held", "conversation.released"]


@pytest.mark.parametrize("procedure", [messaging.place_hold, messaging.lift_hold, messaging.begin_export])
def test_it_is_for_auditors_and_says_why(said, caller, procedure):
    for who, request, code in (
        (VICE, {"conversation_id": said, "reason": "Muốn biết"}, "not_authorised"),
        (AUDITOR, {"conversation_id": said, "reason": " "}, "invalid_request"),
        (AUDITOR, {"conversation_id": person("nobody"), "reason": "Thanh tra"}, "not_found"),
    ):
        with pytest.raises(CallFailed) as refused:
            caller(procedure, request, claims=who)
        assert refused.value.code == code


def test_an_auditor_takes_a_conversation_out_and_it_is_written_down(here, said, caller):
    begun = hold(caller, said, messaging.begin_export)
    first = caller(messaging.read_export, {"id": begun["id"], "limit": 2}, claims=AUDITOR)
    rest = caller(messaging.read_export, {"id": begun["id"], "cursor": first["next_cursor"]}, claims=AUDITOR)

    lines = [json.loads(line) for line in first["lines"] + rest["lines"]]
    assert [line.get("text") for line in lines if line["type"] == "message"] == ["Ý kiến 0", "Ý kiến 1", "Ý kiến 2"]
    assert [line["type"] for line in lines[3:]] == ["participant"] * 5
    [entry] = here.rows("SELECT action, details FROM audit_log WHERE action = 'conversation.exported'")
    assert entry["details"]["export_id"] == begun["id"]
    assert here.rows("SELECT reason FROM exports") == [{"reason": "Thanh tra"}]
    here.do("UPDATE exports SET begun_at = begun_at - interval '61 minutes'")
    with pytest.raises(CallFailed) as over:
        caller(messaging.read_export, {"id": begun["id"]}, claims=AUDITOR)
    assert over.value.code == "not_found"


def test_an_auditor_learns_what_was_said_before_and_whom_it_reached(here, case, caller):
    text = {"conversation_id": case, "text": "Trước", "idempotency_key": "t"}
    message = caller(messaging.post_message, text, claims=VICE)
    change = {"id": message["id"], "version": None, "idempotency_key": "e", "text": "Sau"}
    caller(messaging.edit_message, change, claims=VICE)
    asked = {"kind": "directive", "asked": [post("ward-1 head")], "idempotency_key": "d"}
    directive = caller(messaging.post_message, text | asked, claims=VICE)
    caller(messaging.acknowledge, {"id": directive["id"]}, claims=HEAD)

    begun, lines, cursor = hold(caller, case, messaging.begin_export), [], None
    while cursor or not lines:
        page = caller(messaging.read_export, {"id": begun["id"], "limit": 1, "cursor": cursor}, claims=AUDITOR)
        [line], cursor = page["lines"], page["next_cursor"]
        lines.append(json.loads(line))
    found = {name: [line for line in lines if line["type"] == name] for name in ("message", "version", "receipt")}
    assert [(line["text"], line["state"], line["files"]) for line in found["message"]] == [
        ("Sau", "said", []), ("Trước", "said", []),
    ]  # fmt: skip
    assert [(line["message_id"], line["version"], line["text"]) for line in found["version"]] == [
        (message["id"], 1, "Trước"),
    ]  # fmt: skip
    assert [(line["message_id"], line["acknowledged_person_id"]) for line in found["receipt"]] == [
        (directive["id"], HEAD["sub"]),
    ]  # fmt: skip


def test_of_what_is_gone_an_export_has_the_hash(here, said, caller):
    expire(here)
    begun = hold(caller, said, messaging.begin_export)
    first = json.loads(caller(messaging.read_export, {"id": begun["id"]}, claims=AUDITOR)["lines"][0])
    assert (first["text"], len(first["sha256"]), first["expired_at"] is None) == ("", 64, False)


def test_everybody_takes_out_what_is_his_and_nothing_else(said, caller):
    content = {"title": "Nghỉ Tết", "text": "Bảy ngày", "audience": "whole-city"}
    made = caller(messaging.announce, {"announcement": content, "idempotency_key": "a"}, claims=VICE)
    caller(messaging.see_announcement, {"id": made["id"]}, claims=VICE)
    direct = {"kind": "direct", "participants": [{"person_id": HEAD["sub"]}]}
    begun = caller(messaging.begin_conversation, {"conversation": direct, "idempotency_key": "b"}, claims=VICE)
    caller(messaging.set_conversation_settings, {"id": begun["id"], "settings": {"pinned": True}}, claims=VICE)
    asked = {"conversation_id": begun["id"], "kind": "directive", "text": "Gửi báo cáo", "idempotency_key": "d"}
    caller(messaging.post_message, asked, claims=VICE)
    caller(messaging.mark_read, {"conversation_id": begun["id"], "number": 1}, claims=HEAD)
    lines, cursor = [], None
    while True:
        answer = caller(messaging.export_own, {"limit": 1, "cursor": cursor}, claims=VICE)
        lines += map(json.loads, answer["lines"])
        cursor = answer["next_cursor"]
        if cursor is None:
            break

    assert [(line["type"], line.get("text")) for line in lines] == [
        ("message", "Ý kiến 0"), ("message", "Ý kiến 2"), ("message", "Gửi báo cáo"),
        ("announcement_written", "Bảy ngày"), ("announcement", None),
        ("participant", None), ("settings", None), ("read", None), ("read", None),
    ]  # fmt: skip
    lines = [json.loads(line) for line in caller(messaging.export_own, {}, claims=HEAD)["lines"]]
    assert [line["type"] for line in lines] == ["message", "receipt", "participant", "read", "read"]
    assert (lines[1]["acknowledged_at"], lines[1]["seen_at"] is None) == (None, False)
    assert caller(messaging.export_own, {}, claims=claims("ward-2 official"))["lines"] == []


@pytest.fixture
def announced(here, caller):
    """`announced(valid_until=...)`: its id; the head of a ward has seen it."""

    def write(procedure=messaging.announce, **more) -> str:
        content = {"title": "Nghỉ Tết", "text": "Bảy ngày", "audience": "whole-city"} | more
        request = {"announcement": content, "idempotency_key": f"{procedure.name} {len(more)}"}
        made = caller(procedure, request, claims=VICE)
        if made["state"] == "published":
            caller(messaging.see_announcement, {"id": made["id"]}, claims=HEAD)
        return made["id"]

    return write


def test_an_announcement_goes_with_who_has_seen_it_and_its_files(here, caller, announced):
    one = announced(valid_until=(clock.now() + timedelta(days=1)).isoformat())
    here.do("INSERT INTO announcement_files VALUES (:id, 0, :id, 'lịch.pdf', 'application/pdf', 1)", id=one)
    expire(here, clock.now() + 7 * YEAR)  # today it may be valid until next year

    [row] = here.rows("SELECT title, text, sha256 FROM announcements")
    assert (row["title"], row["text"], len(row["sha256"])) == ("", None, 64)
    assert here.rows("SELECT announcement_id FROM announcement_files") == []
    assert caller(messaging.list_announcements, {}, claims=HEAD)["items"] == []
    with pytest.raises(CallFailed) as refused:
        caller(messaging.see_announcement, {"id": one}, claims=HEAD)
    assert refused.value.code == "not_found"
    assert here.rows("SELECT * FROM announcement_marks") == []


def test_what_is_valid_without_end_stays_until_it_is_withdrawn(here, caller, announced):
    one = announced()
    expire(here)
    assert [each["id"] for each in caller(messaging.list_announcements, {}, claims=HEAD)["items"]] == [one]

    step = {"id": one, "version": None, "idempotency_key": "w", "reason": "Nhầm"}
    caller(messaging.withdraw_announcement, step, claims=VICE)
    expire(here)
    assert here.rows("SELECT title FROM announcements") == [{"title": ""}]


def test_a_draft_that_was_left_lying_goes_and_what_waits_for_its_day_does_not(here, announced):
    announced(messaging.draft_announcement)
    announced(valid_from=(clock.now() + timedelta(days=300)).isoformat())
    expire(here, NOT_YET)
    assert len(here.rows("SELECT id FROM announcements")) == 2

    expire(here)
    assert [row["state"] for row in here.rows("SELECT state FROM announcements")] == ["approved"]
