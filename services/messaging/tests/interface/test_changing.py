"""What was said is said otherwise, unsaid, or asked no more; what it was is kept."""

import pytest

from chassis.errors import CallFailed
from contracts import messaging
from messaging.domain.saying import MOST_VERSIONS
from messaging.tests.talk import HEAD, VICE
from tests.support.town import claims, person

AUDITOR = claims("dept auditor")


def refused(act, *args, **kwargs) -> str:
    with pytest.raises(CallFailed) as refusal:
        act(*args, **kwargs)
    return refusal.value.code


def versions(talk, message: dict, who: dict = VICE) -> list[tuple[int, str]]:
    answer = talk.caller(messaging.list_message_versions, {"message_id": message["id"]}, claims=who)
    return [(each["version"], each["text"]) for each in answer["items"]]


@pytest.fixture
def message(talk, case) -> dict:
    return talk.say(case, "Báo cáo trước thứ Sáu")


def test_an_edit_is_seen_and_told_and_what_was_said_before_is_kept(talk, case, message):
    edited = talk.act(messaging.edit_message, message, version=1, text="Báo cáo trước **thứ Năm**")

    assert (edited["version"], edited["text"]) == (2, "Báo cáo trước **thứ Năm**")
    assert edited["edited_at"] is not None and edited["number"] == message["number"]
    assert talk.list(case) == [edited]
    name, told = talk.here.events()[-1]
    assert (name, told["change"], told["version"], told["body"]) == ("message_changed", "edited", 2, edited["body"])
    assert len(told["participant_post_ids"]) == 5
    assert versions(talk, message) == [(1, "Báo cáo trước thứ Sáu")]
    assert talk.search("nam")["items"] and not talk.search("sau")["items"]


def test_what_was_removed_keeps_its_number_and_says_who_and_when(talk, case, message):
    removed = talk.act(messaging.remove_message, message)

    assert (removed["state"], removed["text"], removed["body"]) == ("removed", "", None)
    assert (removed["ended_by_person_id"], removed["number"]) == (person("committee vice_chairman"), 1)
    assert talk.list(case) == [removed]
    assert talk.search("bao cao")["items"] == []
    assert versions(talk, message) == [(1, "Báo cáo trước thứ Sáu")]
    assert talk.say(case, "tiếp")["number"] == 2
    for act in (messaging.remove_message, messaging.edit_message):
        more = {"text": "lại"} if act is messaging.edit_message else {}
        assert refused(talk.act, act, message, **more) == "message_ended"


def test_the_same_asked_again_changes_it_once(talk, message):
    request = {"id": message["id"], "version": 1, "idempotency_key": "k", "text": "khác"}
    first = talk.caller(messaging.edit_message, request, claims=VICE)

    assert talk.caller(messaging.edit_message, request, claims=VICE) == first
    assert first["version"] == 2


def test_it_is_not_edited_without_end(talk, message):
    talk.here.do("UPDATE messages SET version = :most - 1", most=MOST_VERSIONS)
    assert talk.act(messaging.edit_message, message, text="lần cuối")["version"] == MOST_VERSIONS
    assert refused(talk.act, messaging.edit_message, message, text="nữa") == "too_many_versions"
    assert talk.act(messaging.remove_message, message)["state"] == "removed"


def test_of_two_who_edit_what_they_have_read_the_later_one_reads_again(talk, message):
    talk.act(messaging.edit_message, message, version=1, text="một")
    assert refused(talk.act, messaging.edit_message, message, version=1, text="hai") == "stale_version"


@pytest.mark.parametrize("act", [messaging.edit_message, messaging.remove_message], ids=["edit", "remove"])
def test_only_who_said_it_changes_it_and_only_for_a_day(talk, message, act):
    more = {"text": "khác"} if act is messaging.edit_message else {}
    assert refused(talk.act, act, message, HEAD, **more) == "not_authorised"
    talk.here.do("UPDATE messages SET sent_at = sent_at - interval '25 hours'")
    assert refused(talk.act, act, message, **more) == "message_too_old"


def test_a_directive_is_withdrawn_and_stays_to_be_read(talk, case, message):
    assert refused(talk.act, messaging.withdraw_message, message, reason="Thôi") == "message_cannot_change"
    talk.here.do("UPDATE messages SET kind = 'directive', sent_at = sent_at - interval '1 year'")
    assert refused(talk.act, messaging.edit_message, message, text="khác") == "message_cannot_change"
    assert refused(talk.act, messaging.remove_message, message) == "message_cannot_change"
    assert refused(talk.act, messaging.withdraw_message, message, HEAD, reason="Thôi") == "not_authorised"

    withdrawn = talk.act(messaging.withdraw_message, message, reason="Đã có văn bản khác")
    assert (withdrawn["state"], withdrawn["text"]) == ("withdrawn", message["text"])
    assert withdrawn["ended_reason"] == "Đã có văn bản khác"
    assert talk.here.events()[-1][1]["change"] == "withdrawn"
    assert talk.search("bao cao")["items"][0]["id"] == message["id"]
    assert refused(talk.act, messaging.withdraw_message, message, reason="Thôi") == "message_ended"


def test_what_it_said_before_is_for_who_said_it_and_for_auditors_who_are_written_down(talk, message):
    talk.act(messaging.edit_message, message, text="khác")

    assert versions(talk, message) == [(1, message["text"])]
    assert refused(versions, talk, message, HEAD) == "not_authorised"
    assert refused(versions, talk, message, claims("dept head")) == "not_found"
    assert versions(talk, message, AUDITOR) == [(1, message["text"])]
    actions = [
        row["action"]
        for row in talk.here.rows("SELECT action FROM audit_log WHERE action LIKE 'message.%' ORDER BY number")
    ]
    assert actions == ["message.edited", "message.history_read"]


def test_pages_of_long_messages_are_shorter(talk, case):
    talk.say(case, "**b**" + "\N{PARTY POPPER}" * 19_900)
    talk.here.do("INSERT INTO messages (id, conversation_id, number, kind, text, sender_person_id, sender_post_id,"
                 " sender_title, sent_at, words) SELECT md5(n::text)::uuid, conversation_id, n, kind, text,"
                 " sender_person_id, sender_post_id, sender_title, sent_at, words"
                 " FROM messages, generate_series(2, 40) AS n")  # fmt: skip
    talk.here.do("UPDATE conversations SET last_number = 40")

    for procedure, asked in (
        (messaging.list_messages, {"conversation_id": case}),
        (messaging.search_messages, {"q": "b"}),
    ):
        numbers, cursor, pages = [], None, 0
        while cursor or not pages:
            page = talk.caller(procedure, asked | {"limit": 200, "cursor": cursor}, claims=HEAD)
            numbers += [each["number"] for each in page["items"]]
            cursor, pages = page["next_cursor"], pages + 1
        assert sorted(numbers) == list(range(1, 41)) and pages > 4
    around = talk.list(case, around=10, limit=40)
    assert (around[0]["number"], len(around) < 10) == (10, True)


def test_a_page_around_a_number_stands_in_the_middle(talk, case):
    for number in range(1, 12):
        talk.say(case, str(number))

    page = talk.caller(messaging.list_messages, {"conversation_id": case, "around": 6, "limit": 4}, claims=HEAD)
    assert [each["number"] for each in page["items"]] == [8, 7, 6, 5]
    more = {"conversation_id": case, "cursor": page["next_cursor"], "limit": 4}
    assert [each["number"] for each in talk.caller(messaging.list_messages, more, claims=HEAD)["items"]] == [4, 3, 2, 1]
    assert [each["number"] for each in talk.list(case, around=11, limit=4)] == [11, 10, 9, 8]
    assert [each["number"] for each in talk.list(case, around=0, limit=4)] == [2, 1]
    assert len(talk.list(case, around=2**30)) == 11
