"""What calls for somebody is said to reminders, and nothing else is: mentions, directives, and that they were read."""

import pytest

from chassis.errors import CallFailed
from contracts import messaging
from messaging.domain import saying
from messaging.storage import mentions
from messaging.tests.talk import HEAD, SUPPORT, VICE
from tests.support.town import claims, person, post, unit

OFFICIAL, CLERK = claims("ward-1 official"), claims("ward-1 clerk")


def mention(kind: str, id_: str | None = None) -> dict:
    return {"kind": kind, "id": id_, "offset": 0, "length": 2}


ALL = [mention("all")]


def names(here, since: int = 0) -> list[str]:
    return [name for name, _ in here.events()][since:]


@pytest.fixture
def room(talk) -> str:
    """Of the staff of a ward: three people."""
    wanted = {"kind": "unit", "unit_id": unit("ward-1")}
    request = {"conversation": wanted, "idempotency_key": "begin"}
    return talk.caller(messaging.begin_conversation, request, claims=HEAD)["id"]


@pytest.fixture
def read(talk):
    def reading(conversation_id: str, number: int, who: dict) -> list[list[str]]:
        """Whatever was said of mentions so far."""
        talk.caller(messaging.mark_read, {"conversation_id": conversation_id, "number": number}, claims=who)
        return [told["message_ids"] for name, told in talk.here.events() if name == "mentions_read"]

    return reading


def test_ordinary_talk_is_no_matter_of_reminders(talk, case):
    one = talk.say(case, "một")
    talk.act(messaging.edit_message, one, text="hai")
    talk.act(messaging.remove_message, one)

    assert names(talk.here) == ["message_posted", "message_changed", "message_changed"]
    for event in (messaging.message_posted, messaging.message_changed):
        assert event.hearers == ("gateway",)


def test_what_names_somebody_or_did_is(talk, case):
    one = talk.say(case, "@A báo cáo")
    talk.act(messaging.edit_message, one, text="@A báo cáo", mentions=[mention("post", post("ward-1 head"))])
    talk.act(messaging.edit_message, one, text="Báo cáo")
    talk.act(messaging.edit_message, one, text="Báo cáo ngay")
    talk.say(case, "@A", mentions=[mention("unit", unit("ward-2"))])

    told = [(name, data.get("change"), data["version"]) for name, data in talk.here.events()]
    assert told == [
        ("message_posted", None, 1), ("message_addressed", "edited", 2), ("message_addressed", "edited", 3),
        ("message_changed", "edited", 4), ("message_addressed", "posted", 1),
    ]  # fmt: skip


def test_who_has_muted_it_is_named_where_many_are_called(talk, case):
    mute = {"id": case, "settings": {"muted_until": "2199-01-01T00:00:00+07:00"}}
    talk.caller(messaging.set_conversation_settings, mute, claims=HEAD)
    for settings in ({"muted_until": "2020-01-01T00:00:00+07:00"}, {"pinned": True}):
        talk.caller(messaging.set_conversation_settings, {"id": case, "settings": settings}, claims=SUPPORT)
    talk.say(case, "@A", mentions=ALL)
    talk.say(case, "@A", mentions=[mention("post", post("ward-1 head"))])

    assert [told["muted_person_ids"] for _, told in talk.here.events()] == [[HEAD["sub"]], []]


def test_a_directive_beside_any_order_is_no_matter_of_the_office(talk, case):
    wanted = {"kind": "direct", "participants": [{"person_id": person("ward-1 head")}]}
    request = {"conversation": wanted, "idempotency_key": "begin"}
    beside = talk.caller(messaging.begin_conversation, request, claims=VICE)["id"]
    for conversation_id in (case, beside):
        talk.say(conversation_id, "Báo cáo", kind="directive")

    told = [data for name, data in talk.here.events() if name == "message_addressed"]
    assert [(each["conversation_id"], each["inside"]) for each in told] == [(case, False), (beside, True)]


@pytest.mark.parametrize("named", [ALL, [mention("unit", unit("ward-1"))]], ids=["all", "unit"])
def test_many_are_called_with_one_word_by_their_head_alone(talk, room, named, monkeypatch):
    monkeypatch.setattr(saying, "CALLED_AT_MOST", 2)
    with pytest.raises(CallFailed) as refused:
        talk.say(room, "@A", OFFICIAL, mentions=named)
    assert refused.value.code == "too_many_to_mention"

    assert talk.say(room, "@A", HEAD, mentions=named)["number"] == 1
    monkeypatch.setattr(saying, "CALLED_AT_MOST", 3)
    assert talk.say(room, "@A", OFFICIAL, mentions=named)["number"] == 2


def test_whoever_leads_one_unit_of_a_group_calls_its_staff_and_not_all(talk, monkeypatch):
    others = [{"person_id": person(f"{ward} head")} for ward in ("ward-2", "ward-3")]
    wanted = {"kind": "group", "name": "Tổ", "participants": [{"unit_id": unit("ward-1")}, *others]}
    request = {"conversation": wanted, "idempotency_key": "begin"}
    group = talk.caller(messaging.begin_conversation, request, claims=OFFICIAL)["id"]
    monkeypatch.setattr(saying, "CALLED_AT_MOST", 2)

    assert talk.say(group, "@A", HEAD, mentions=[mention("unit", unit("ward-1"))])["number"] == 1
    with pytest.raises(CallFailed) as refused:  # beside his staff: the owner, and two from elsewhere
        talk.say(group, "@A", HEAD, mentions=ALL)
    assert refused.value.code == "too_many_to_mention"
    monkeypatch.setattr(saying, "CALLED_AT_MOST", 3)
    assert talk.say(group, "@A", HEAD, mentions=ALL)["number"] == 2


def test_a_unit_of_which_a_post_takes_part_counts_as_that_post(talk, case, monkeypatch):
    monkeypatch.setattr(saying, "CALLED_AT_MOST", 1)
    assert talk.say(case, "@A", mentions=[mention("unit", unit("ward-2"))])["number"] == 1


def test_who_reads_that_he_is_named_is_said_to_have_once(talk, room, read):
    told = [
        talk.say(room, "@A", HEAD, mentions=[mention("person", OFFICIAL["sub"])])["id"],
        talk.say(room, "@A", HEAD, mentions=ALL)["id"],
    ]
    assert read(room, 1, CLERK) == []
    assert read(room, 2, CLERK) == [[told[1]]]
    assert read(room, 2, CLERK) == [[told[1]]]
    assert read(room, 2, OFFICIAL)[1:] == [[told[1], told[0]]]
    assert len(read(room, 2, HEAD)) == 2  # his own


def test_who_has_answered_before_he_read_is_said_to_have_read_as_well(talk, room, read):
    named = talk.say(room, "@A", HEAD, mentions=ALL)
    talk.say(room, "Vâng", CLERK)
    assert read(room, 2, CLERK) == [[named["id"]]]


def test_whoever_has_read_past_what_an_edit_makes_name_him_is_said_to_have_read_it_with_his_next_mark(talk, room, read):
    first, _ = talk.say(room, "@A", HEAD), talk.say(room, "hai", HEAD)
    assert read(room, 2, CLERK) == []
    edited = talk.act(messaging.edit_message, first, HEAD, text="@A báo cáo", mentions=ALL)
    assert read(room, 2, CLERK) == [[first["id"]]]

    talk.act(messaging.edit_message, edited, HEAD, text="@A báo cáo ngay", mentions=ALL)
    assert len(read(room, 2, CLERK)) == 1  # it names nobody else


def test_what_a_newcomer_is_not_shown_he_does_not_read(talk, room, read):
    talk.say(room, "@A", HEAD, mentions=ALL)
    shown = talk.say(room, "@A", HEAD, mentions=ALL)
    talk.here.do("UPDATE participants SET from_number = 2")
    assert read(room, 2, CLERK) == [[shown["id"]]]


def test_only_the_newest_mentions_are_looked_through(talk, room, read, monkeypatch):
    monkeypatch.setattr(mentions, "LOOKED_THROUGH", 2)
    talk.say(room, "@A", HEAD, mentions=ALL)
    named = talk.say(room, "@A", HEAD, mentions=ALL)
    talk.say(room, "@A", HEAD, mentions=[mention("person", OFFICIAL["sub"])])
    assert read(room, 3, CLERK) == [[named["id"]]]
