"""A message as it is sent: once, with what it names, answers and brings along; and not too many at once."""

import hashlib
import unicodedata
from dataclasses import replace
from datetime import timedelta

import eventlet
import pytest

from chassis import clock
from chassis.blobs.folder import Folder
from chassis.errors import CallFailed
from contracts import files, messaging
from messaging.tests.support import PDF
from messaging.tests.talk import HEAD, SUPPORT, VICE
from tests.support.town import claims, id_of, person, post, unit


def refusal(act, *args, **kwargs) -> CallFailed:
    with pytest.raises(CallFailed) as refused:
        act(*args, **kwargs)
    return refused.value


# once


def test_the_same_sent_again_is_the_same_message_whatever_the_session_or_key(talk, case):
    first = talk.say(case, "một", client_id="phone-1")
    second = talk.say(case, "hai", client_id="phone-2")
    again = talk.say(case, "một", VICE | {"session_id": "another"}, client_id="phone-1")

    assert again == first
    assert [message["number"] for message in talk.list(case)] == [2, 1]
    assert len(talk.here.events()) == 2
    assert talk.say(case, "một", HEAD, client_id="phone-1")["number"] == 3  # another person's names are his own
    assert second["client_id"] == "phone-2"


def test_sent_many_times_at_once_it_is_said_once(talk, case):
    greens = [eventlet.spawn(talk.say, case, f"tin {n % 3}", client_id=f"c-{n % 3}") for n in range(18)]
    said = [green.wait() for green in greens]

    assert len({message["id"] for message in said}) == 3
    assert [message["number"] for message in talk.list(case)] == [3, 2, 1]
    assert len(talk.here.events()) == 3
    assert {message["text"] for message in said if message["client_id"] == "c-1"} == {"tin 1"}


def test_a_name_that_was_used_for_something_else_is_refused(talk, case):
    talk.say(case, "một", client_id="c")
    assert refusal(talk.say, case, "khác", client_id="c").code == "idempotency_key_reused"


def test_what_was_edited_since_is_still_the_same(talk, case):
    first = talk.say(case, "một", client_id="c")
    edited = talk.act(messaging.edit_message, first, text="hai")
    assert talk.say(case, "một", client_id="c") == edited


# what it brings along


def test_a_text_is_kept_clean_and_shown_as_a_tree(talk, case):
    task = id_of("a task")
    message = talk.say(case, unicodedata.normalize("NFD", f"**Đề nghị**\u202e \u200bxem /tasks/{task}"))

    assert message["text"] == f"**Đề nghị** xem /tasks/{task}"
    assert [node["kind"] for node in message["body"][0]["children"]] == ["bold", "text", "link"]
    assert message["links"] == [{"kind": "task", "id": task}]
    assert talk.list(case)[0] == message
    assert talk.here.events()[0][1]["body"] == message["body"]


@pytest.mark.parametrize("text", ["", "   \n", "\u200b\u202e", "\u3164"])
def test_nothing_is_not_said(talk, case, text):
    assert refusal(talk.say, case, text).code == "invalid_request"


@pytest.mark.parametrize("text", ["x" * 20_001, "x" * 100_000])
def test_too_much_is_not_said(talk, case, text):
    assert refusal(talk.say, case, text).code == "invalid_request"
    assert talk.list(case) == []


def mention(text: str, name: str, kind: str, id_: str | None) -> dict:
    return {"kind": kind, "id": id_, "offset": text.index(name), "length": len(name)}


def test_people_posts_and_units_that_take_part_are_mentioned(talk, case):
    text = "Nhờ @An, @Bình và @Phường 2 báo cáo"
    mentions = [
        mention(text, "@An", "person", person("ward-1 clerk")),  # he serves the head's post
        mention(text, "@Bình", "post", post("ward-1 head")),
        mention(text, "@Phường 2", "unit", unit("ward-2")),
    ]
    message = talk.say(case, text, mentions=mentions)

    assert message["text"] == "Nhờ @, @Bình và @Phường 2 báo cáo"  # of a person nothing is kept but the id
    assert [(each["id"], each["offset"], each["length"]) for each in message["mentions"]] == [
        (mentions[0]["id"], 4, 1), (mentions[1]["id"], 7, 5), (mentions[2]["id"], 16, 9),
    ]  # fmt: skip
    assert [
        (node["mention"]["id"], node["text"]) for node in message["body"][0]["children"] if node["kind"] == "mention"
    ] == [(mentions[0]["id"], "@"), (mentions[1]["id"], "@Bình"), (mentions[2]["id"], "@Phường 2")]
    assert talk.here.events()[0][1]["mentions"] == message["mentions"]


def test_the_name_of_a_person_who_is_mentioned_is_nowhere_kept(talk, case):
    named = "@Nguyễn Thị Ẩn"
    one = [mention(named, named, "person", person("ward-1 clerk"))]
    message = talk.say(case, named, mentions=one, client_id="c")
    talk.act(messaging.edit_message, message, text=f"{named} ơi", mentions=one)

    for table in ("messages", "message_versions", "outbox", "idempotency", "audit_log"):
        assert not talk.here.rows(f"SELECT 1 FROM {table} AS kept WHERE kept::text ~* 'nguyễn|Ẩn|nguyen'"), table
    assert talk.say(case, named, mentions=one, client_id="c")["text"] == "@ ơi"


@pytest.mark.parametrize(
    ("kind", "id_"),
    [("person", person("dept head")), ("post", post("dept head")), ("unit", unit("dept")), ("person", id_of("nobody"))],
)
def test_who_does_not_take_part_is_not_mentioned(talk, case, kind, id_):
    refused = refusal(talk.say, case, "@An", mentions=[mention("@An", "@An", kind, id_)])

    assert (refused.code, refused.details["ids"]) == ("mention_outside", [id_])
    assert talk.list(case) == [] and talk.here.events() == []
    assert talk.say(case, "một")["number"] == 1


def test_all_are_called_where_they_are_few_else_by_the_responsible(talk, case):
    everybody = [mention("@tất cả", "@tất cả", "all", None)]
    assert talk.say(case, "@tất cả", mentions=everybody)["mentions"] == everybody
    talk.here.do(
        "INSERT INTO participants (conversation_id, post_id, role)"
        " SELECT :case, md5(n::text)::uuid, 'member' FROM generate_series(1, 50) AS n",
        case=case,
    )  # fmt: skip
    assert refusal(talk.say, case, "@tất cả", mentions=everybody).code == "too_many_to_mention"
    assert talk.say(case, "@tất cả", HEAD, mentions=everybody)["number"] == 2


def test_it_answers_another_one_of_its_conversation(talk, case):
    other = talk.say(talk.open_case("Khác"), "ở nơi khác")
    first = talk.say(case, "một")

    answer = talk.say(case, "hai", HEAD, reply_to=first["id"])
    assert (answer["reply_to"], answer["reply_to_number"]) == (first["id"], 1)
    for unknown in (other["id"], id_of("nothing")):
        assert refusal(talk.say, case, "ba", reply_to=unknown).code == "unknown_message"


@pytest.fixture
def hand_in(caller, tmp_path):
    store = Folder(str(tmp_path))

    def handing(who: dict = VICE, name: str = "báo cáo.pdf") -> dict:
        begun = caller(files.begin_file, {"name": name, "idempotency_key": name + who["sub"]}, claims=who)
        writer = store.begin(begun["blob_id"])
        writer.write(PDF)
        writer.commit()
        counted = {"size": len(PDF), "sha256": hashlib.sha256(PDF).hexdigest()}
        return caller(files.finish_file, begun | counted, claims=who, timeout=20)

    return handing


def test_files_go_with_it_to_all_who_take_part_and_to_nobody_else(talk, case, caller, hand_in):
    file = hand_in()
    message = talk.say(case, "", file_ids=[file["id"]])

    assert [each["name"] for each in message["files"]] == ["báo cáo.pdf"]
    opened = caller(files.open_file, {"id": file["id"]}, claims=HEAD)
    assert (opened["file"]["id"], opened["ask"]) == (file["id"], [])
    assert refusal(caller, files.open_file, {"id": file["id"]}, claims=claims("dept head")).code == "not_found"
    assert talk.here.rows("SELECT keep_until FROM files") == [{"keep_until": None}]
    assert talk.search("bao cao")["items"][0]["id"] == message["id"]  # by its name

    assert not talk.here.rows("SELECT 1 FROM audit_log WHERE action = 'messaging.file_read'")  # nobody is watched
    assert talk.act(messaging.remove_message, message)["files"] == []
    assert talk.list(case)[0]["files"] == []
    assert refusal(caller, files.open_file, {"id": file["id"]}, claims=HEAD).code == "not_found"


def test_files_of_others_are_not_taken_along(talk, case, hand_in):
    assert refusal(talk.say, case, "một", file_ids=[hand_in(HEAD)["id"]]).code == "unknown_file"
    assert talk.list(case) == []


# not too many


@pytest.fixture
def at(monkeypatch):
    """One moment for all that is done in a test, however long that takes."""
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)
    return moment


def test_whoever_speaks_too_fast_in_a_conversation_waits_and_nobody_else_does(talk, case, at):
    talk.say(case, "0", client_id="0")
    talk.here.do("UPDATE read_marks SET paced_until = :until", until=at + timedelta(seconds=90))
    refused = refusal(talk.say, case, "nữa")

    assert (refused.code, refused.details["retry_after"]) == ("too_many_messages", 31)
    assert talk.say(case, "0", client_id="0")["number"] == 1  # what was said may be sent again
    assert talk.say(case, "tôi", HEAD)["number"] == 2
    assert talk.say(talk.open_case("Khác"), "ở đây")["number"] == 1
    talk.here.do("UPDATE read_marks SET paced_until = :until", until=at + timedelta(seconds=50))
    assert talk.say(case, "nữa")["number"] == 3  # no number was lost


def test_whoever_is_too_fast_everywhere_together_waits_with_whatever_he_does(talk, case, at):
    message = talk.say(case, "0")
    talk.here.do("UPDATE paces SET until = :until", until=at + timedelta(seconds=90))

    another = {"kind": "direct", "participants": [{"person_id": person("ward-1 head")}]}
    for act in (
        lambda: talk.say(case, "nữa"),
        lambda: talk.say(talk.open_case("Khác"), "ở đây"),
        lambda: talk.act(messaging.edit_message, message, text="khác"),
        lambda: talk.caller(
            messaging.begin_conversation, {"conversation": another, "idempotency_key": "b"}, claims=VICE
        ),
    ):
        refused = refusal(act)
        assert (refused.code, refused.details["retry_after"]) == ("too_many_messages", 31)
    assert talk.say(case, "tôi", HEAD)["number"] == 2
    assert talk.act(messaging.remove_message, message)["state"] == "removed"


def test_in_many_conversations_at_once_no_more_is_said_than_in_three(talk, start, at):
    cases = [talk.open_case(f"Việc {n}") for n in range(4)]
    start.container.settings = replace(start.container.settings, messages_a_minute=2)

    for place in cases[:3]:
        talk.say(place, "một")
        talk.say(place, "hai")
        assert refusal(talk.say, place, "ba").code == "too_many_messages"
    assert refusal(talk.say, cases[3], "một").code == "too_many_messages"


def test_what_was_said_and_is_sent_again_is_answered_whatever_has_happened_since(talk, case):
    said = talk.say(case, "một", SUPPORT, client_id="c")
    talk.here.do("UPDATE conversations SET closed_at = now()")
    assert talk.say(case, "một", SUPPORT, client_id="c") == said
    assert refusal(talk.say, case, "hai", SUPPORT, client_id="c").code == "idempotency_key_reused"
    assert refusal(talk.say, case, "hai", SUPPORT).code == "conversation_closed"
    talk.here.do("DELETE FROM participants WHERE post_id = :post", post=post("ward-2 head"))
    assert talk.say(case, "một", SUPPORT, client_id="c") == said
    assert refusal(talk.say, case, "một", claims("dept head"), client_id="c").code == "not_found"
    assert len(talk.here.events()) == 1


def test_whoever_takes_no_part_any_more_says_nothing(talk, case):
    message = talk.say(case, "một", SUPPORT, client_id="c")
    talk.here.do("DELETE FROM participants WHERE post_id = :post", post=post("ward-2 head"))

    for act in (
        lambda: talk.say(case, "hai", SUPPORT),
        lambda: talk.act(messaging.edit_message, message, SUPPORT, text="khác"),
        lambda: talk.act(messaging.remove_message, message, SUPPORT),
        lambda: talk.caller(messaging.get_message, {"id": message["id"]}, claims=SUPPORT),
    ):
        assert refusal(act).code == "not_found"
    assert talk.search("mot", SUPPORT)["items"] == []
