"""A text as it is kept, and who may change it."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.domain.saying import (
    MOST_MARKS,
    MOST_TEXT,
    Pace,
    Unsayable,
    cleaned,
    may_call,
    may_change,
    may_withdraw,
)
from messaging.storage.words import MOST, conversation_word, sought, words_of

NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
FAMILY = "👨\u200d👩\u200d👧"
NURSE = "👩🏽\u200d⚕\ufe0f"


def mention(offset: int, length: int) -> dict:
    return {"kind": "post", "id": "x", "offset": offset, "length": length}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (unicodedata.normalize("NFD", "Đề nghị"), "Đề nghị"),
        ("a\u202eb\u2066c\u200ed\u200fe\u061c", "abcde"),
        ("a\u200bb\ufeffc\u2060d\u00ade\u200cf\u200dg", "abcdefg"),
        (FAMILY + " " + NURSE, FAMILY + " " + NURSE),
        ("x" + "\u0335" * 50, "x" + "\u0335" * MOST_MARKS),
        ("a\x00b\x07c\r\nd\te", "abc\nd\te"),
        ("\u3164\u2800 x \U000e0041", "x"),
        ("שלום và مرحبا", "שלום và مرحبا"),
        ("a\u00a0b\u3000c", "a\u00a0b\u3000c"),
    ],
    ids=[
        "NFD",
        "turning",
        "zero width",
        "joined pictures",
        "piled marks",
        "controls",
        "blank letters",
        "RTL",
        "spaces",
    ],
)
def test_what_nobody_sees_is_not_kept(said, kept):
    assert cleaned(said)[0] == kept


def test_a_mention_stays_where_it_is_in_what_is_kept():
    said = unicodedata.normalize("NFD", "\n Để @Ân họp với @Bình")
    first, second = said.index("@"), said.rindex("@")
    given_ = [mention(second, len(said) - second), mention(first, len(unicodedata.normalize("NFD", "@Ân")))]

    text, kept = cleaned(said, given_)

    assert [text[each["offset"] : each["offset"] + each["length"]] for each in kept] == ["@Ân", "@Bình"]
    assert cleaned(said, [each | {"kind": "person"} for each in given_])[0] == "Để @ họp với @"  # without their names


@pytest.mark.parametrize(
    ("said", "mentions"),
    [
        ("@An", [mention(0, 4)]),
        ("@An", [mention(3, 1)]),
        ("@An Bình", [mention(0, 5), mention(4, 2)]),
        ("@An \u200b.", [mention(4, 1)]),
        ("   ", [mention(0, 2)]),
        ("@A\u0301n", [mention(0, 2)]),
        ("x" * (MOST_TEXT + 1), []),
    ],
    ids=["too long", "behind", "over one another", "nothing seen", "blank", "within a letter", "too much"],
)  # fmt: skip
def test_what_cannot_be_said_is_refused(said, mentions):
    with pytest.raises(Unsayable):
        cleaned(said, mentions)


@given(st.text(max_size=100), st.integers(0, 99), st.integers(1, 20))
def test_cleaning_twice_changes_nothing_and_mentions_lie_in_the_text(said, offset, length):
    try:
        text, kept = cleaned(said, [mention(offset, length)])
    except Unsayable:
        text, kept = cleaned(said)
    assert unicodedata.is_normalized("NFC", text) and text == text.strip()
    assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200e\u200f\ufeff\x00")
    assert all(text[each["offset"] : each["offset"] + each["length"]].strip() for each in kept)
    assert cleaned(text, kept)[0] == text


def said_by(person: str, **facts) -> dict:
    return {
        "sender_person_id": person, "sender_post_id": "post", "kind": "text", "state": "said", "sent_at": NOW,
    } | facts  # fmt: skip


@pytest.mark.parametrize(
    ("message", "after", "code"),
    [
        (said_by("an"), timedelta(hours=24), None),
        (said_by("an"), timedelta(hours=24, seconds=1), "message_too_old"),
        (said_by("binh"), timedelta(), "not_authorised"),
        (said_by("an", kind="directive"), timedelta(), "message_cannot_change"),
        (said_by("an", kind="urging"), timedelta(), "message_cannot_change"),
        (said_by("an", state="removed"), timedelta(), "message_ended"),
    ],
)
def test_who_may_change_what_and_how_long(message, after, code):
    assert may_change(message, "an", NOW + after, timedelta(hours=24)) == code


@pytest.mark.parametrize(
    ("message", "posts", "code"),
    [
        (said_by("an", kind="directive"), [], None),
        (said_by("binh", kind="directive"), ["post"], None),
        (said_by("binh", kind="directive"), ["another"], "not_authorised"),
        (said_by("an"), [], "message_cannot_change"),
        (said_by("an", kind="directive", state="withdrawn"), [], "message_ended"),
    ],
)
def test_who_asked_for_something_takes_it_back(message, posts, code):
    assert may_withdraw(message, "an", posts) == code


@pytest.mark.parametrize(("people", "role", "may"), [
    (50, "member", True), (51, "member", False), (184, "responsible", True), (184, "owner", True),
])  # fmt: skip
def test_many_are_called_by_who_answers_for_them_and_few_by_anybody(people, role, may):
    assert may_call(people, role) == may


def test_so_many_at_once_and_so_many_a_minute():
    pace = Pace(60)
    assert (pace.each, pace.ahead) == (timedelta(seconds=1), timedelta(seconds=59))


def test_words_are_folded_once_each_and_not_without_end():
    words = words_of("c", "Đặng Thị ÂN", "đặng-thị.docx")
    assert words == [conversation_word("c"), "dang", "thi", "an", "docx"]
    assert len(words_of("c", " ".join(map(str, range(5000))))) == MOST + 1
    assert max(map(len, words_of("conversation", "x" * 20_000)), default=0) <= 40
    assert sought("  Báo' & cáo:* | !") == ["bao", "cao"]
