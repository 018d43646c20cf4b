"""Conversations between two, in groups, in a unit's room: who takes part, by whose word, and what he sees."""

import unicodedata

import eventlet
import psycopg
import pytest

from chassis import clock
from chassis.errors import CallFailed
from chassis.testing import until
from contracts import directory, messaging
from messaging.domain.conversations import PARTICIPANTS_AT_MOST, PINNED_AT_MOST
from tests.support.town import DELEGATION, claims, id_of, membership_of, person, post, unit

HEAD, CLERK, OFFICIAL = (claims(f"ward-1 {kind}") for kind in ("head", "clerk", "official"))
VICE, CHIEF = claims("committee vice_chairman"), claims("office chief_of_office")
KEYS = iter(range(100_000))
WAITING = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def ask(here, caller):
    def asking(procedure, who: dict = HEAD, **request) -> dict:
        key = {"idempotency_key": f"ask-{next(KEYS)}"} if "idempotency_key" in procedure.request().fields else {}
        return caller(procedure, key | request, claims=who)

    return asking


@pytest.fixture
def begin(ask):
    def beginning(kind: str, who: dict = HEAD, key: str | None = None, **wanted) -> dict:
        request = {"idempotency_key": key or f"begin-{next(KEYS)}", "conversation": {"kind": kind, **wanted}}
        return ask(messaging.begin_conversation, who, **request)

    return beginning


@pytest.fixture
def group(begin):
    """Of the head, his clerk and the Office's chief, in this order."""
    return begin("group", name="Tổ chống ngập", participants=[a("ward-1 clerk"), a("office chief_of_office")])


@pytest.fixture
def say(ask):
    def saying(conversation: dict, text: str, who: dict = HEAD) -> int:
        request = {"conversation_id": conversation["id"], "text": text, "idempotency_key": f"say-{next(KEYS)}"}
        return ask(messaging.post_message, who, **request)["number"]

    return saying


@pytest.fixture
def add(ask):
    def adding(conversation: dict, *named: dict, who: dict = HEAD, key: str | None = None, **history) -> dict:
        added = {"participants": list(named), **history}
        request = {"conversation_id": conversation["id"], "idempotency_key": key or f"add-{next(KEYS)}", "added": added}
        return ask(messaging.add_participants, who, **request)

    return adding


@pytest.fixture
def remove(ask):
    def removing(conversation: dict, id_: str, who: dict = HEAD) -> None:
        ask(messaging.remove_participant, who, conversation_id=conversation["id"], id=id_)

    return removing


@pytest.fixture
def change(ask):
    def changing(conversation: dict, id_: str, role: str, who: dict = HEAD) -> None:
        ask(messaging.change_participant, who, conversation_id=conversation["id"], id=id_, role=role)

    return changing


@pytest.fixture
def parts(ask):
    def taking_part(conversation: dict, who: dict = HEAD) -> dict[str, str]:
        page = ask(messaging.list_participants, who, conversation_id=conversation["id"])
        return {each["id"]: each["role"] for each in page["items"]}

    return taking_part


@pytest.fixture
def read(ask):
    def reading(conversation: dict, who: dict = HEAD) -> list[str]:
        page = ask(messaging.list_messages, who, conversation_id=conversation["id"])
        return [message["text"] for message in reversed(page["items"])]

    return reading


def a(name: str, **part: str) -> dict:
    return {"person_id": person(name), **part}


def refused(act, *args, **kwargs) -> str:
    with pytest.raises(CallFailed) as refusal:
        act(*args, **kwargs)
    return refusal.value.code


def outcome(act, *args) -> str:
    try:
        act(*args)
    except CallFailed as refusal:
        return refusal.code
    return "done"


# between two


def test_the_same_two_have_one_conversation_whoever_begins(begin, say, read):
    mine = begin("direct", participants=[a("office chief_of_office")])
    his = begin("direct", CHIEF, participants=[a("ward-1 head"), a("office chief_of_office")])

    assert mine["id"] == his["id"]
    assert (mine["name"], mine["person_id"], his["person_id"]) == (None, person("office chief_of_office"), HEAD["sub"])
    say(mine, "Chào anh")
    assert read(mine, CHIEF) == ["Chào anh"]


def test_the_same_two_have_one_also_when_they_begin_at_once(here, begin):
    greens = [
        eventlet.spawn(begin, "direct", who, participants=[a(other)])
        for who, other in [(HEAD, "office chief_of_office"), (CHIEF, "ward-1 head")] * 4
    ]

    assert len({green.wait()["id"] for green in greens}) == 1
    assert here.rows("SELECT count(*) AS n FROM participants") == [{"n": 2}]
    assert [name for name, _ in here.events()] == ["conversation_changed"]


def test_to_a_third_it_does_not_exist(begin, ask):
    direct = begin("direct", participants=[a("office chief_of_office")])

    for procedure, request in [
        (messaging.get_conversation, {"id": direct["id"]}),
        (messaging.list_participants, {"conversation_id": direct["id"]}),
        (messaging.list_messages, {"conversation_id": direct["id"]}),
        (messaging.get_transcript, {"conversation_id": direct["id"]}),
        (messaging.set_conversation_settings, {"id": direct["id"], "settings": {"pinned": True}}),
        (messaging.rename_conversation, {"id": direct["id"], "version": None, "name": "Khác"}),
        (messaging.remove_participant, {"conversation_id": direct["id"], "id": person("ward-1 head")}),
    ]:
        for who in (CLERK, VICE):  # his own clerk serves his post, not him
            assert refused(ask, procedure, who, **request) == "not_found"


def test_between_two_nobody_is_added_removed_or_named(begin, ask, add, remove):
    direct = begin("direct", participants=[a("office chief_of_office")])

    assert refused(add, direct, a("ward-1 clerk")) == "not_a_group"
    assert refused(remove, direct, HEAD["sub"]) == "not_a_group"
    assert refused(ask, messaging.rename_conversation, id=direct["id"], version=None, name="Khác") == "not_a_group"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"participants": []}, "oneself_alone"),
        ({"participants": [a("ward-1 head")]}, "oneself_alone"),
        ({"participants": [a("ward-1 clerk"), a("ward-2 head")]}, "direct_is_between_two"),
        ({"participants": [{"post_id": post("ward-2 head")}]}, "direct_is_between_two"),
        ({"participants": [{"person_id": id_of("nobody")}]}, "unknown_person"),
        ({"participants": [{"person_id": person("ward-2 head"), "post_id": post("ward-2 head")}]}, "invalid_request"),
        ({"participants": [{}]}, "invalid_request"),
    ],
)
def test_a_direct_conversation_is_with_one_other_person(begin, here, wanted, code):
    assert refused(begin, "direct", **wanted) == code
    assert here.rows("SELECT id FROM conversations") == []


# groups


def test_a_group_has_its_name_its_owner_and_those_he_named(here, group, parts):
    assert (group["kind"], group["name"], group["role"], group["version"]) == ("group", "Tổ chống ngập", "owner", 1)
    assert parts(group, CLERK) == {
        person("ward-1 head"): "owner", person("ward-1 clerk"): "member", person("office chief_of_office"): "member",
    }  # fmt: skip
    [(name, told)] = here.events()
    assert (name, told["change"], told["name"]) == ("conversation_changed", "begun", "Tổ chống ngập")
    assert set(told["participant_person_ids"]) == set(parts(group))


def test_a_repeated_request_makes_one_group(begin, here):
    wanted = {"name": "Tổ", "participants": [a("ward-1 clerk")]}

    assert begin("group", key="k", **wanted) == begin("group", key="k", **wanted)
    assert len(here.rows("SELECT id FROM conversations")) == 1


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"name": "Tổ", "participants": []}, "oneself_alone"),
        ({"participants": [a("ward-1 clerk")]}, "invalid_request"),
        ({"name": " \u202e\u200b\t", "participants": [a("ward-1 clerk")]}, "invalid_request"),
        ({"name": "x" * 201, "participants": [a("ward-1 clerk")]}, "invalid_request"),
        ({"name": "Tổ", "participants": [a("ward-1 clerk")] * 2}, "participant_twice"),
        ({"name": "Tổ", "participants": [{"person_id": id_of(str(n))} for n in range(1000)]}, "invalid_request"),
        ({"name": "Tổ", "participants": [a("ward-1 clerk", role="owner")]}, "invalid_request"),
        ({"name": "Tổ", "participants": [{"post_id": id_of("nothing")}]}, "unknown_post"),
        ({"name": "Tổ", "participants": [{"unit_id": id_of("nothing")}]}, "unknown_unit"),
        ({"name": "Tổ", "participants": [{"unit_id": unit("ward-2")}]}, "unit_of_others"),
    ],
)
def test_what_makes_no_group(begin, here, wanted, code):
    assert refused(begin, "group", **wanted) == code
    assert here.rows("SELECT id FROM conversations") == []


def test_a_name_is_what_one_sees(group, ask):
    tricky = unicodedata.normalize("NFD", "Tổ\u202e chống\u200b\n ngập\u2066")
    renamed = ask(messaging.rename_conversation, id=group["id"], version=1, name=tricky)

    assert (renamed["name"], renamed["version"]) == ("Tổ chống ngập", 2)
    assert refused(ask, messaging.rename_conversation, id=group["id"], version=1, name="Khác") == "stale_version"


def test_what_was_done_to_a_group_is_answered_again_by_its_key(group, ask, here):
    """The owner is not the owner any more, the version is another one, who left has left: none of it is refused."""
    here_is, clerk = {"conversation_id": group["id"]}, person("ward-1 clerk")
    acts = [
        (messaging.rename_conversation, HEAD, {"id": group["id"], "version": 1, "name": "Tổ 1"}),
        (messaging.change_participant, HEAD, here_is | {"id": clerk, "role": "owner"}),
        (messaging.remove_participant, CLERK, here_is | {"id": HEAD["sub"]}),
        (messaging.remove_participant, CLERK, here_is | {"id": clerk}),
    ]
    for key, (procedure, who, request) in enumerate(acts):
        done, again = (ask(procedure, who, **request, idempotency_key=f"again-{key}") for _ in range(2))
        assert done == again
    told = [row["change"] for row in here.rows("SELECT data->>'change' AS change FROM outbox ORDER BY id")]
    assert told == ["begun", "named", "role_changed", "removed", "left"]


def test_only_the_owner_names_adds_removes_and_hands_over(group, ask, add, remove, change):
    rename = {"id": group["id"], "version": None, "name": "Khác"}

    assert refused(ask, messaging.rename_conversation, CLERK, **rename) == "not_authorised"
    assert refused(add, group, a("ward-2 head"), who=CLERK) == "not_authorised"
    assert refused(remove, group, person("office chief_of_office"), CLERK) == "not_authorised"
    assert refused(change, group, person("ward-1 clerk"), "owner", CLERK) == "not_authorised"


def test_the_owner_hands_the_group_over(here, group, change, parts):
    assert refused(change, group, HEAD["sub"], "member") == "owner_must_hand_over"
    change(group, CLERK["sub"], "owner")

    assert parts(group)[HEAD["sub"]] == "member" and parts(group)[CLERK["sub"]] == "owner"
    assert refused(change, group, HEAD["sub"], "owner") == "not_authorised"
    assert here.events()[-1][1]["change"] == "role_changed"
    assert here.rows("SELECT count(*) AS n FROM audit_log WHERE action = 'messaging.part_changed'") == [{"n": 1}]


@pytest.mark.parametrize(
    ("history", "seen"),
    [
        ({"history": "all"}, ["một", "hai", "ba", "bốn"]),
        ({}, ["bốn"]),
        ({"history": "from", "from_number": 2}, ["hai", "ba", "bốn"]),
        ({"history": "from", "from_number": 2**31 - 1}, ["bốn"]),
    ],
    ids=["all", "none", "from", "from what is to come"],
)
def test_a_newcomer_sees_as_much_as_he_is_shown(group, say, add, read, ask, history, seen):
    for text in ("một", "hai", "ba"):
        say(group, text)
    add(group, a("ward-2 head"), **history)
    newcomer = claims("ward-2 head")
    before = ask(messaging.get_conversation, newcomer, id=group["id"])["unread"]
    say(group, "bốn")

    assert read(group, newcomer) == seen
    assert before == len(seen) - 1
    assert ask(messaging.get_unread, newcomer)["messages"] == len(seen)


def test_whoever_takes_part_already_is_not_added_again_and_nothing_is_half_done(group, add, parts):
    before = parts(group)

    assert refused(add, group, a("ward-2 head"), a("ward-1 clerk")) == "participant_exists"
    assert refused(add, group, a("ward-2 head"), a("ward-2 head")) == "participant_twice"
    assert refused(add, group, a("ward-1 head")) == "oneself_alone"
    assert refused(add, group, a("ward-2 head"), history="from") == "invalid_request"
    assert parts(group) == before


def test_the_same_request_adds_once(group, add):
    assert add(group, a("ward-2 head"), key="k") == add(group, a("ward-2 head"), key="k")


def test_a_group_has_an_end(here, group, add):
    here.do(
        "INSERT INTO participants (conversation_id, person_id, role, joined_at)"
        " SELECT :id, gen_random_uuid(), 'member', now() FROM generate_series(1, :more)",
        id=group["id"], more=PARTICIPANTS_AT_MOST - 3,
    )  # fmt: skip

    assert refused(add, group, a("ward-2 head")) == "too_many_participants"


def test_who_leaves_keeps_what_he_saw_and_says_nothing_more(here, group, say, remove, read, ask):
    say(group, "trước")
    remove(group, CLERK["sub"], CLERK)
    say(group, "sau")

    assert read(group, CLERK) == ["trước"]
    assert refused(say, group, "Còn tôi", CLERK) == "conversation_left"
    assert ask(messaging.list_conversations, CLERK)["items"] == []
    [left] = ask(messaging.list_conversations, CLERK, left=True)["items"]
    assert (left["left"], left["unread"]) == (True, 0)
    assert ask(messaging.get_unread, CLERK)["messages"] == 0
    said = [told for name, told in here.events() if name == "message_posted"][-1]
    assert CLERK["sub"] not in said["participant_person_ids"]
    told = next(told for _, told in here.events() if told.get("change") == "left")
    assert CLERK["sub"] in told["participant_person_ids"]


def test_who_comes_back_sees_what_he_is_shown_then(group, say, remove, add, read):
    say(group, "trước")
    remove(group, CLERK["sub"])
    say(group, "giữa")
    add(group, a("ward-1 clerk"))
    say(group, "sau")

    assert read(group, CLERK) == ["sau"]


def test_who_has_left_is_told_nothing_of_what_came_after(group, say, add, remove, parts, ask):
    say(group, "trước")
    remove(group, CLERK["sub"])
    add(group, a("ward-2 head"))
    say(group, "sau")

    assert refused(parts, group, CLERK) == "conversation_left"
    assert ask(messaging.get_conversation, CLERK, id=group["id"])["last_number"] == 1
    [left] = ask(messaging.list_conversations, CLERK, left=True)["items"]
    assert left["last_number"] == 1


def test_of_several_parts_one_finds_what_one_is_shown(group, say, add, remove, read, ask):
    def found(who: dict) -> list[str]:
        return [each["text"] for each in reversed(ask(messaging.search_messages, who, q="lúc")["items"])]

    newcomer = claims("ward-2 head")
    add(group, a("ward-2 head"))
    say(group, "lúc đầu")
    remove(group, newcomer["sub"])
    say(group, "lúc vắng")
    assert found(newcomer) == read(group, newcomer) == ["lúc đầu"]
    add(group, {"post_id": post("ward-2 head")})
    say(group, "lúc sau")
    assert found(newcomer) == read(group, newcomer) == ["lúc sau"]
    remove(group, post("ward-2 head"))
    assert found(newcomer) == read(group, newcomer) == ["lúc sau"]


def test_an_owner_gives_himself_and_others_no_past_that_he_was_not_shown(group, say, add, change, read):
    newcomer = claims("ward-2 head")
    say(group, "trước")
    add(group, a("ward-2 head"))
    say(group, "sau")
    change(group, newcomer["sub"], "owner")

    add(group, {"post_id": post("ward-2 head")}, who=newcomer, history="all")
    assert read(group, newcomer) == ["sau"]
    add(group, a("ward-3 head"), who=newcomer, history="from", from_number=1)
    assert read(group, claims("ward-3 head")) == ["sau"]


def test_what_changes_is_told_to_those_who_see_it(here, group, say, add, ask):
    number = say(group, "trước")
    add(group, a("ward-2 head"))
    [message] = ask(messaging.list_messages, conversation_id=group["id"])["items"]
    ask(messaging.edit_message, id=message["id"], version=None, text="khác", idempotency_key="e")

    name, told = here.events()[-1]
    assert (name, told["number"]) == ("message_changed", number)
    assert set(told["participant_person_ids"]) == {HEAD["sub"], CLERK["sub"], CHIEF["sub"]}


def test_a_removal_is_written_down(here, group, remove, parts):
    remove(group, CLERK["sub"])

    assert CLERK["sub"] not in parts(group)
    [entry] = here.rows("SELECT subject, details FROM audit_log WHERE action = 'messaging.participant_removed'")
    assert (entry["subject"], entry["details"]["participant_id"]) == (group["id"], CLERK["sub"])
    assert refused(remove, group, CLERK["sub"]) == "not_found"


def test_when_the_owner_leaves_whoever_has_taken_part_the_longest_owns_it(here, group, add, change, remove, parts):
    add(group, a("ward-2 head"))
    change(group, CLERK["sub"], "follower")  # who only follows comes last
    remove(group, HEAD["sub"])

    assert parts(group, CHIEF) == {CHIEF["sub"]: "owner", CLERK["sub"]: "follower", person("ward-2 head"): "member"}
    assert here.events()[-1][1]["owner_id"] == CHIEF["sub"]


def test_an_owner_whose_account_is_revoked_owns_nothing_more(here, group, parts, tell):
    revoked = {"account_id": id_of("account"), "person_id": HEAD["sub"]}
    tell(directory.account_revoked, revoked, subject=revoked["account_id"])
    until(lambda: here.rows("SELECT count(*) AS n FROM inbox") == [{"n": 1}])

    heir = min(CLERK["sub"], CHIEF["sub"])  # both came at the same time
    assert parts(group, CLERK)[HEAD["sub"]] == "member" and parts(group, CLERK)[heir] == "owner"
    name, told = here.events()[-1]
    [about] = told["changed"]
    assert (name, about["conversation_id"], about["owner_id"]) == ("parts_changed", group["id"], heir)
    assert [(each["id"], each["role"]) for each in about["participants"]] == [(heir, "owner")]


def test_what_changes_nothing_counts_no_version_and_is_not_told(here, group, ask, change):
    told = len(here.events())
    change(group, CLERK["sub"], "member")

    assert ask(messaging.get_conversation, id=group["id"])["version"] == group["version"]
    assert len(here.events()) == told


def test_a_group_that_is_handed_over_twice_at_once_has_one_owner(here, world, group, change, parts):
    with psycopg.connect(world.owners["messaging"]) as other:
        other.execute("SELECT 1 FROM conversations WHERE id = %s FOR UPDATE", (group["id"],))
        heirs = [person("ward-1 clerk"), person("office chief_of_office")]
        greens = [eventlet.spawn(outcome, change, group, heir, "owner") for heir in heirs]
        until(lambda: here.rows(WAITING) == [{"n": 2}])
        other.rollback()
    outcomes = [green.wait() for green in greens]

    assert sorted(outcomes) == ["done", "not_authorised"]
    assert parts(group)[heirs[outcomes.index("done")]] == "owner"
    assert sorted(parts(group).values()) == ["member", "member", "owner"]


def test_for_an_owner_who_holds_no_post_any_more_the_longest_standing_member_acts(here, group, ask, parts):
    heir, other = sorted([CLERK, CHIEF], key=lambda who: who["sub"])
    rename = {"id": group["id"], "version": None, "name": "Khác"}
    assert refused(ask, messaging.rename_conversation, heir, **rename) == "not_authorised"
    here.do("UPDATE copy_memberships SET valid_to = :day WHERE id = :id", day=clock.now().date(),
            id=membership_of("ward-1 head"))  # fmt: skip

    assert refused(ask, messaging.rename_conversation, other, **rename) == "not_authorised"
    assert ask(messaging.rename_conversation, heir, **rename)["role"] == "owner"
    assert parts(group, heir)[HEAD["sub"]] == "member"


def test_a_post_takes_part_whoever_holds_it_or_serves_it(group, add, say, read):
    add(group, {"post_id": post("ward-2 head")})
    say(group, "Mời họp")

    for who in (claims("ward-2 head"), claims("ward-2 clerk")):
        assert read(group, who) == ["Mời họp"]


def test_a_whole_unit_is_its_staff_and_owns_nothing(group, add, change, say, read):
    add(group, {"unit_id": unit("ward-1")})
    say(group, "Toàn phường")

    assert read(group, OFFICIAL) == ["Toàn phường"]
    assert refused(change, group, unit("ward-1"), "owner") == "unit_owns_nothing"
    change(group, unit("ward-1"), "follower")
    assert refused(say, group, "Tôi hỏi", OFFICIAL) == "reads_only"
    assert say(group, "Tôi nhắc", CLERK) == 2  # he is a member himself


def test_the_office_adds_any_unit(begin, add, parts):
    of_office = begin("group", CHIEF, name="Toàn dân phòng", participants=[{"unit_id": unit("ward-2")}])
    add(of_office, {"unit_id": unit("ward-3")}, who=CHIEF)

    assert {unit("ward-2"), unit("ward-3")} < parts(of_office, CHIEF).keys()


def test_lent_powers_name_nobody_while_the_copy_is_old(here, begin, ask):
    deputy = claims("office deputy_chief_of_office", delegation_id=DELEGATION)
    mine = begin("group", deputy, name="Tổ", participants=[a("ward-1 clerk")])
    here.do("UPDATE copy_state SET fresh_at = now() - interval '6 minutes'")
    rename = {"id": mine["id"], "version": None, "name": "Khác"}

    assert refused(ask, messaging.rename_conversation, deputy, **rename) == "directory_stale"
    own = claims("office deputy_chief_of_office")
    assert ask(messaging.rename_conversation, own, **rename)["name"] == "Khác"


# a unit's room


def test_a_room_is_made_once_by_whoever_of_the_staff_opens_it_first(here, begin, say, read):
    greens = [eventlet.spawn(begin, "unit", who, unit_id=unit("ward-1")) for who in (HEAD, CLERK, OFFICIAL)]
    [room] = {green.wait()["id"] for green in greens}

    assert here.rows("SELECT count(*) AS n FROM participants") == [{"n": 1}]  # no row for each of the staff
    assert begin("unit", unit_id=unit("ward-1"))["name"] == "Phường 1"
    say({"id": room}, "Họp giao ban", OFFICIAL)
    assert read({"id": room}, CLERK) == ["Họp giao ban"]
    said = next(told for name, told in here.events() if name == "message_posted")
    assert said["participant_unit_ids"] == [unit("ward-1")]


def test_a_room_follows_the_staff(here, begin, say, ask):
    room = begin("unit", unit_id=unit("ward-1"))
    move = "UPDATE copy_memberships SET post_id = :post WHERE id = :id"
    here.do(move, post=post("ward-2 official"), id=membership_of("ward-1 official"))
    say(room, "Chào")

    assert refused(ask, messaging.get_conversation, OFFICIAL, id=room["id"]) == "not_found"
    here.do(move, post=post("ward-1 official"), id=membership_of("ward-1 official"))
    assert ask(messaging.get_unread, OFFICIAL)["messages"] == 1


@pytest.mark.parametrize("who", [claims("ward-2 head"), VICE, claims("office deputy_chief_of_office")])
def test_a_room_of_others_does_not_exist(begin, who):
    begin("unit", unit_id=unit("ward-1"))

    assert refused(begin, "unit", who, unit_id=unit("ward-1")) == "not_found"
    assert refused(begin, "unit", who, unit_id=id_of("nothing")) == "not_found"


def test_nobody_leaves_a_room(begin, remove):
    room = begin("unit", unit_id=unit("ward-1"))

    assert refused(remove, room, unit("ward-1")) == "not_a_group"


# pinned and muted, by each for himself


def test_pinned_come_first_through_all_pages(begin, ask):
    made = [begin("group", name=str(n), participants=[a("ward-1 clerk")])["id"] for n in range(5)]
    for id_ in (made[0], made[2]):
        assert ask(messaging.set_conversation_settings, id=id_, settings={"pinned": True})["pinned"]

    def listed(who: dict) -> list[str]:
        seen, cursor = [], None
        while True:
            page = ask(messaging.list_conversations, who, limit=2, cursor=cursor)
            seen += [each["id"] for each in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return seen

    assert listed(HEAD) == [made[2], made[0], made[4], made[3], made[1]]
    assert listed(CLERK) == made[::-1]


def test_what_is_muted_is_counted_apart(begin, say, ask):
    loud, quiet = (begin("group", CLERK, name=name, participants=[a("ward-1 head")]) for name in "ab")
    say(loud, "một", CLERK)
    say(quiet, "hai", CLERK)
    mute = {"id": quiet["id"], "settings": {"muted_until": "2199-01-01T00:00:00+07:00"}}
    ask(messaging.set_conversation_settings, **mute)

    counted = ask(messaging.get_unread)
    assert (counted["conversations"], counted["messages"]) == (1, 1)
    assert (counted["muted_conversations"], counted["muted_messages"]) == (1, 1)
    ask(messaging.set_conversation_settings, id=quiet["id"], settings={"muted_until": None})
    assert ask(messaging.get_unread)["messages"] == 2


def test_not_everything_can_be_pinned(here, group, ask):
    here.do(
        "WITH made AS (INSERT INTO conversations (id, kind, name, created_at, active_at)"
        " SELECT gen_random_uuid(), 'group', 'x', now(), now() FROM generate_series(1, :most) RETURNING id)"
        " INSERT INTO conversation_settings (person_id, conversation_id, pinned) SELECT :me, id, true FROM made",
        most=PINNED_AT_MOST, me=HEAD["sub"],
    )  # fmt: skip

    assert refused(ask, messaging.set_conversation_settings, id=group["id"], settings={"pinned": True}) == (
        "too_many_pinned"
    )
