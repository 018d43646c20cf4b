"""Speaking and reading: numbers without gaps, marks that never move back."""

import unicodedata

import eventlet
import pytest
import sqlalchemy as sa

from chassis.errors import CallFailed
from contracts import messaging
from messaging.use_cases import cases
from tests.support.orders import issued
from tests.support.town import DELEGATION, claims, post

HEAD, VICE, SUPPORT = claims("ward-1 head"), claims("committee vice_chairman"), claims("ward-2 head")


@pytest.fixture
def open_case(here, caller):
    def opening(name: str) -> str:
        with here.store.transaction() as tx:
            cases.open_case(tx, issued(name))
        listed = caller(messaging.list_conversations, {}, claims=VICE)["items"]
        return next(conversation["id"] for conversation in listed if conversation["name"] == name)

    return opening


@pytest.fixture
def say(caller):
    keys = iter(range(10_000))

    def speaking(conversation_id: str, text: str, who: dict = VICE, key: str | None = None) -> dict:
        request = {"conversation_id": conversation_id, "text": text, "idempotency_key": key or f"say-{next(keys)}"}
        return caller(messaging.post_message, request, claims=who)

    return speaking


def unread(caller, who) -> tuple[int, int]:
    answer = caller(messaging.get_unread, {}, claims=who)
    return answer["conversations"], answer["messages"]


def read(caller, conversation_id: str, number: int, who=HEAD) -> None:
    assert caller(messaging.mark_read, {"conversation_id": conversation_id, "number": number}, claims=who) == {}


def test_a_message_is_numbered_kept_and_told_to_all_who_take_part(here, open_case, say, caller):
    case = open_case("Diễn tập")
    message = say(case, unicodedata.normalize("NFD", "Đề nghị báo cáo"))

    assert (message["number"], message["text"], message["sender_title"]) == (1, "Đề nghị báo cáo", "Phó Chủ tịch")
    assert caller(messaging.list_messages, {"conversation_id": case}, claims=HEAD)["items"] == [message]
    [(name, said)] = here.events()
    assert (name, said["conversation_name"], said["number"]) == ("message_posted", "Diễn tập", 1)
    assert set(said["participant_post_ids"]) == {
        post("committee vice_chairman"), post("office chief_of_office"),
        *(post(f"ward-{number} head") for number in (1, 2, 3)),
    }  # fmt: skip


def test_a_repeated_request_says_it_once(here, open_case, say):
    case = open_case("Diễn tập")

    assert say(case, "Một lần", key="k") == say(case, "Một lần", key="k")
    assert len(here.events()) == 1


def test_numbers_have_no_gaps_though_many_speak_at_once(here, open_case, say):
    case = open_case("Diễn tập")
    greens = [eventlet.spawn(say, case, f"Ý kiến {n}", (VICE, HEAD, SUPPORT)[n % 3]) for n in range(24)]
    numbers = [green.wait()["number"] for green in greens]

    assert sorted(numbers) == list(range(1, 25))
    assert [row["number"] for row in here.rows("SELECT number FROM messages ORDER BY number")] == sorted(numbers)


def test_messages_are_read_back_in_time(open_case, say, caller):
    case = open_case("Diễn tập")
    for number in range(1, 6):
        say(case, str(number))
    first = caller(messaging.list_messages, {"conversation_id": case, "limit": 3}, claims=HEAD)
    rest = caller(
        messaging.list_messages, {"conversation_id": case, "limit": 3, "cursor": first["next_cursor"]}, claims=HEAD
    )

    assert [m["number"] for m in first["items"] + rest["items"]] == [5, 4, 3, 2, 1]
    assert rest["next_cursor"] is None


def test_what_one_has_not_read_is_counted_until_one_has(open_case, say, caller):
    case, other = open_case("Diễn tập"), open_case("Khác")
    say(case, "một")
    say(case, "hai")
    say(other, "ba")

    assert unread(caller, HEAD) == (2, 3)
    assert unread(caller, VICE) == (0, 0)  # who speaks has read
    read(caller, case, 1)
    assert unread(caller, HEAD) == (2, 2)
    listed = caller(messaging.list_conversations, {}, claims=HEAD)["items"]
    assert {c["name"]: c["unread"] for c in listed} == {"Diễn tập": 1, "Khác": 1}


def test_a_mark_is_a_persons_never_moves_back_and_never_runs_ahead(open_case, say, caller):
    case = open_case("Diễn tập")
    say(case, "một")
    say(case, "hai")
    read(caller, case, 10**15)
    read(caller, case, 0)
    assert unread(caller, HEAD) == (0, 0)
    assert unread(caller, claims("ward-1 clerk")) == (1, 2)  # he serves the same post, but has not read it himself
    say(case, "ba")
    assert unread(caller, HEAD) == (1, 1)


def test_the_most_lately_active_conversation_comes_first(open_case, say, caller):
    cases = [open_case(name) for name in ("một", "hai", "ba")]
    say(cases[0], "trước")
    say(cases[2], "sau")
    seen, cursor = [], None
    while True:
        answer = caller(messaging.list_conversations, {"limit": 1, "cursor": cursor}, claims=HEAD)
        seen += [conversation["id"] for conversation in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break

    assert seen == [cases[2], cases[0], cases[1]]


def test_lent_powers_speak_only_while_the_copy_is_fresh(here, open_case, say):
    deputy = claims("office deputy_chief_of_office")
    case = open_case("Diễn tập")

    def age(interval: str) -> None:
        with here.store.transaction() as tx:
            tx.execute(sa.text(f"UPDATE copy_state SET fresh_at = now() - interval '{interval}'"))

    age("6 minutes")
    for who in (deputy, deputy | {"delegation_id": DELEGATION}):
        with pytest.raises(CallFailed) as refused:
            say(case, "Thay mặt", who)
        assert refused.value.code == "directory_stale"
    assert say(case, "Bằng chức vụ của mình")["number"] == 1
    age("4 minutes")
    assert say(case, "Thay mặt", deputy | {"delegation_id": DELEGATION})["number"] == 2
