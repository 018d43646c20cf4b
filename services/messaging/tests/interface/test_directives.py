"""What is directed or urged: who may, whom it reaches, who takes note, and what a task's urgings have of it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from chassis import clock
from chassis.errors import CallFailed
from contracts import messaging
from messaging.use_cases import cases, directives
from tests.support.orders import changed, issued, urged
from tests.support.town import DELEGATION, claims, id_of, membership_of, person, post, unit

VICE, HEAD, SUPPORT = claims("committee vice_chairman"), claims("ward-1 head"), claims("ward-2 head")
CLERK, INFORMED, CHIEF = claims("ward-1 clerk"), claims("ward-3 head"), claims("office chief_of_office")


@pytest.fixture
def case(here, caller) -> str:
    with here.store.transaction() as tx:
        cases.open_case(tx, issued("Diễn tập"))
    return caller(messaging.list_conversations, {}, claims=VICE)["items"][0]["id"]


@pytest.fixture
def direct(caller, case):
    keys = iter(range(10_000))

    def directing(who: dict = VICE, kind: str = "directive", asked: list | None = None, **more) -> dict:
        request = {"conversation_id": case, "text": "Báo cáo trước 17 giờ", "kind": kind, "asked": asked} | more
        return caller(messaging.post_message, request | {"idempotency_key": f"d-{next(keys)}"}, claims=who)

    return directing


@pytest.fixture
def group(here, caller) -> str:
    """Of persons: the vice chairman, the heads of wards 1 and 2, and the Office's official, who follows."""
    part = [{"person_id": person(f"{ward} head")} for ward in ("ward-1", "ward-2")]
    part.append({"person_id": person("office official"), "role": "follower"})
    wanted = {"kind": "group", "name": "Tổ", "participants": part}
    request = {"idempotency_key": "g", "conversation": wanted}
    return caller(messaging.begin_conversation, request, claims=VICE)["id"]


def refused(act, *args, **kwargs) -> str:
    with pytest.raises(CallFailed) as failed:
        act(*args, **kwargs)
    return failed.value.code


@pytest.fixture
def receipts(caller):
    def listing(message: dict, who: dict = VICE) -> dict:
        found = caller(messaging.list_receipts, {"message_id": message["id"]}, claims=who)
        return found["counts"] | {"posts": {each["post_id"] for each in found["items"]}, "items": found["items"]}

    return listing


@pytest.fixture
def acknowledge(caller):
    def acknowledging(message: dict, who: dict = HEAD, **more) -> dict:
        return caller(messaging.acknowledge, {"id": message["id"], **more}, claims=who)

    return acknowledging


def test_a_directive_says_whom_it_asks_and_by_when_in_its_one_event(here, direct):
    message = direct(asked=[post("ward-1 head"), post("ward-2 head")], urgency="express")

    [(name, said)] = here.events()
    assert (name, said["kind"], said["inside"]) == ("message_addressed", "directive", False)
    assert {each["post_id"]: each["unit_name"] for each in said["asked"]} == {
        post("ward-1 head"): "Phường 1", post("ward-2 head"): "Phường 2",
    }  # fmt: skip
    assert said["asking"]["answer_by"] == message["asking"]["answer_by"]
    assert message["asking"]["urgency"] == "express"


def test_who_names_nobody_asks_all_whom_he_directs(direct, receipts):
    assert receipts(direct())["posts"] == {
        *(post(f"ward-{number} head") for number in (1, 2, 3)), post("office chief_of_office"),
    }  # fmt: skip
    answers_for_the_case = direct(HEAD)
    assert receipts(answers_for_the_case, HEAD)["posts"] == {post("ward-2 head")}  # who works in it, not who follows


@pytest.mark.parametrize(
    ("who", "kind", "asked", "code"),
    [
        (INFORMED, "directive", [post("ward-1 head")], "not_to_be_directed"),
        (INFORMED, "directive", None, "nobody_to_direct"),
        (HEAD, "directive", [post("committee vice_chairman")], "not_to_be_directed"),
        (VICE, "directive", [post("dept head")], "asked_outside"),
        (CLERK, "directive", [post("ward-2 head")], "not_authorised"),
        (VICE, "urging", [post("ward-1 head")], "urge_the_task"),
        (VICE, "text", [post("ward-1 head")], "nothing_is_asked"),
    ],
)
def test_only_whom_one_leads_is_directed(here, direct, who, kind, asked, code):
    assert refused(direct, who, kind, asked) == code
    assert here.events() == [] and here.rows("SELECT id FROM receipts") == []


@pytest.mark.parametrize("days", [-1, 400])
def test_an_answer_is_due_in_time_to_come(direct, days):
    assert refused(direct, answer_by=(clock.now() + timedelta(days=days)).isoformat()) == "answer_by_out_of_range"


def test_a_receipt_moves_as_its_post_is_given_reads_and_takes_note_of_it(direct, receipts, acknowledge, caller, case):
    message = direct(asked=[post("ward-1 head"), post("ward-2 head")])

    def moved() -> tuple[int, int, int]:
        found = receipts(message)
        return found["delivered"], found["seen"], found["acknowledged"]

    assert moved() == (0, 0, 0)
    [listed] = caller(messaging.list_messages, {"conversation_id": case}, claims=CLERK)["items"]
    assert [each["post_id"] for each in listed["asking"]["own"]] == [post("ward-1 head")]
    assert moved() == (1, 0, 0)
    caller(messaging.mark_read, {"conversation_id": case, "number": message["number"]}, claims=HEAD)
    assert moved() == (1, 1, 0)
    assert acknowledge(message)["person_id"] == HEAD["sub"]
    assert moved() == (1, 1, 1)
    acknowledge(message, SUPPORT)  # it has seen what it takes note of, whatever its client said
    assert moved() == (2, 2, 2)


def test_who_only_looks_at_ordinary_messages_writes_nothing(here, caller, case, direct):
    message = direct(kind="text")
    with here.store.transaction() as tx:  # no row can be written until it ends
        tx.execute(sa.text("LOCK TABLE conversations, messages, read_marks, directives, receipts IN SHARE MODE"))
        [listed] = caller(messaging.list_messages, {"conversation_id": case}, claims=HEAD)["items"]
        assert caller(messaging.get_message, {"id": message["id"]}, claims=HEAD) == listed


def test_taking_note_twice_is_said_once_and_a_clerk_does_it_in_the_open(here, direct, acknowledge):
    message = direct(asked=[post("ward-1 head")])
    first = acknowledge(message, CLERK)

    assert acknowledge(message, HEAD) == first
    assert [name for name, _ in here.events()] == ["message_addressed", "directive_acknowledged"]
    _, said = here.events()[-1]
    assert (said["post_id"], said["person_id"]) == (post("ward-1 head"), CLERK["sub"])
    assert set(said["concerns"]) == {
        post("committee vice_chairman"), post("ward-1 head"), post("office chief_of_office"),
    }  # fmt: skip
    [written] = here.rows("SELECT action FROM audit_log WHERE action = 'messaging.acknowledge'")
    assert written


def test_lent_powers_direct_in_anothers_name_and_in_ones_own_post_one_does_not(direct, receipts):
    deputy = claims("office deputy_chief_of_office")

    assert refused(direct, deputy, asked=[post("ward-1 head")]) == "not_authorised"
    message = direct(deputy | {"delegation_id": DELEGATION}, asked=[post("ward-1 head")])
    assert receipts(message)["asked"] == 1


def test_who_is_late_is_told_to_sender_and_followers_and_not_to_neighbours(direct, receipts):
    message = direct(asked=[post("ward-1 head"), post("ward-2 head")])

    assert receipts(message, VICE)["asked"] == receipts(message, CHIEF)["asked"] == 2
    assert receipts(message, HEAD)["posts"] == {post("ward-1 head")}
    assert receipts(message, INFORMED)["asked"] == 0  # a follower in the conversation, and none of the order's
    assert refused(receipts, message, claims("dept head")) == "not_found"


def test_nobody_takes_note_of_what_is_not_asked_of_him(direct, acknowledge):
    message = direct(asked=[post("ward-1 head")])

    assert refused(acknowledge, message, SUPPORT) == "not_authorised"
    assert refused(acknowledge, message, HEAD, post_id=post("ward-2 head")) == "not_authorised"
    assert refused(acknowledge, direct(kind="text"), HEAD) == "nothing_is_asked"
    assert refused(acknowledge, {"id": id_of("none")}, HEAD) == "not_found"


def test_what_is_withdrawn_asks_nothing_any_more(here, direct, acknowledge, caller):
    message = direct(asked=[post("ward-1 head"), post("ward-2 head")])
    acknowledge(message, SUPPORT)
    withdrawal = {"id": message["id"], "version": 1, "reason": "Nhầm", "idempotency_key": "w"}
    caller(messaging.withdraw_message, withdrawal, claims=VICE)

    assert refused(acknowledge, message, HEAD) == "message_withdrawn"
    assert acknowledge(message, SUPPORT)["acknowledged_at"]  # that it had taken note stays
    _, said = here.events()[-1]
    assert (said["change"], len(said["asked"])) == ("withdrawn", 2)


def test_home_counts_what_waits_to_be_acknowledged(direct, acknowledge, caller):
    def waiting(who: dict) -> int:
        return caller(messaging.get_unread, {}, claims=who)["directives"]

    message = direct(asked=[post("ward-1 head")])
    assert (waiting(HEAD), waiting(CLERK), waiting(SUPPORT)) == (1, 1, 0)
    acknowledge(message)
    assert (waiting(HEAD), waiting(CLERK)) == (0, 0)


# who is asked, and who has asked, though he takes part no more, or never did


def reads(caller, message: dict, who: dict) -> str:
    return caller(messaging.get_message, {"id": message["id"]}, claims=who)["text"]


def withdraw(caller, message: dict, who: dict = VICE) -> dict:
    request = {"id": message["id"], "version": None, "reason": "Thôi", "idempotency_key": "w"}
    return caller(messaging.withdraw_message, request, claims=who)


@pytest.mark.parametrize("who", [HEAD, CLERK], ids=["the head", "his clerk"])
def test_whose_piece_was_given_to_another_still_reads_and_acknowledges_what_he_is_asked(
    here, caller, case, direct, receipts, acknowledge, who
):
    message = direct(asked=[post("ward-1 head"), post("ward-2 head")])
    with here.store.transaction() as tx:
        act = changed("reassigned", "assigned", 3, post_id=post("dept head"), unit_id=unit("dept"))
        cases.follow_pieces(tx, [act], act["at"])

    assert refused(caller, messaging.list_messages, {"conversation_id": case}, claims=who) == "not_found"
    assert reads(caller, message, who) == message["text"]
    assert receipts(message, who)["posts"] == {post("ward-1 head")}
    assert acknowledge(message, who)["acknowledged_at"]
    for nobody in (claims("ward-1 official"), claims("division division_head")):
        assert refused(reads, caller, message, nobody) == "not_found"
    assert refused(reads, caller, direct(kind="text"), who) == "not_found"


def test_a_post_is_asked_where_its_holder_takes_part_in_person_and_whoever_serves_it_answers(
    here, caller, direct, acknowledge, group
):
    message = direct(conversation_id=group, asked=[post("ward-1 head")])
    assert refused(caller, messaging.get_conversation, {"id": group}, claims=CLERK) == "not_found"
    assert reads(caller, message, CLERK) == message["text"]
    here.do("UPDATE copy_memberships SET post_id = :post WHERE id = :id", post=post("ward-1 head"),
            id=membership_of("ward-1 official"))  # fmt: skip
    successor = claims("ward-1 official")
    assert reads(caller, message, successor) == message["text"]
    assert acknowledge(message, successor)["person_id"] == successor["sub"]


def test_a_directive_in_what_was_closed_is_withdrawn(here, caller, direct, case, acknowledge):
    message, said = direct(asked=[post("ward-1 head")]), direct(kind="text")
    here.do("UPDATE conversations SET closed_at = now()")

    assert withdraw(caller, message)["state"] == "withdrawn"
    assert refused(acknowledge, message) == "message_withdrawn"
    edit = {"id": said["id"], "version": None, "text": "khác", "idempotency_key": "e"}
    assert refused(caller, messaging.edit_message, edit, claims=VICE) == "conversation_closed"


def test_who_has_left_withdraws_what_he_has_directed(here, caller, direct, group):
    message = direct(conversation_id=group)
    leave = {"conversation_id": group, "id": VICE["sub"], "idempotency_key": "leave"}
    caller(messaging.remove_participant, leave, claims=VICE)

    assert refused(withdraw, caller, message, HEAD) == "not_authorised"
    assert withdraw(caller, message)["state"] == "withdrawn"
    assert here.events()[-1][1]["participant_person_ids"]


def test_whose_piece_was_given_to_another_withdraws_what_he_has_directed(here, caller, direct):
    message = direct(HEAD, asked=[post("ward-2 head")])
    with here.store.transaction() as tx:
        act = changed("reassigned", "assigned", 3, post_id=post("dept head"), unit_id=unit("dept"))
        cases.follow_pieces(tx, [act], act["at"])

    assert reads(caller, message, HEAD) == message["text"]
    assert withdraw(caller, message, HEAD)["state"] == "withdrawn"


def test_who_names_nobody_asks_posts_that_stand_and_that_somebody_holds(here, caller, direct, receipts):
    yesterday = clock.now() - timedelta(days=1)
    here.do("UPDATE copy_posts SET valid_to = :day WHERE id = :id", day=yesterday, id=post("ward-1 head"))
    vacant = "UPDATE copy_memberships SET valid_to = :day WHERE id = :id"
    here.do(vacant, day=yesterday, id=membership_of("ward-2 head"))

    assert receipts(direct())["posts"] == {post("ward-3 head"), post("office chief_of_office")}
    assert receipts(direct(asked=[post("ward-2 head")]))["asked"] == 1  # for whoever stands in for it, or comes
    assert refused(direct, asked=[post("ward-1 head")]) == "asked_outside"


def test_who_follows_a_group_in_person_sees_who_is_late(here, direct, group, receipts, acknowledge):
    message, official = direct(conversation_id=group), claims("office official")

    assert receipts(message, official)["posts"] == {post("ward-1 head"), post("ward-2 head"), post("office official")}
    assert receipts(message, SUPPORT)["posts"] == {post("ward-2 head")}
    acknowledge(message)
    _, said = here.events()[-1]
    assert said["concerned_person_ids"] == [official["sub"]]
    assert said["concerns"] == [post("committee vice_chairman"), post("ward-1 head")]
    here.do("UPDATE participants SET from_number = 2 WHERE role = 'follower'")  # he came later
    acknowledge(message, SUPPORT)
    assert here.events()[-1][1]["concerned_person_ids"] == []


# who has read it


def test_who_comes_in_later_has_not_seen_what_was_asked_before(here, caller, direct, group):
    direct(conversation_id=group, asked=[post("ward-1 head")])
    about = {"conversation_id": group, "idempotency_key": "out"}
    caller(messaging.remove_participant, about | {"id": HEAD["sub"]}, claims=VICE)
    added = {"participants": [{"person_id": HEAD["sub"]}]}
    caller(messaging.add_participants, about | {"idempotency_key": "in", "added": added}, claims=VICE)
    caller(messaging.mark_read, {"conversation_id": group, "number": 1}, claims=HEAD)

    assert here.rows("SELECT seen_at FROM receipts") == [{"seen_at": None}]


def test_that_a_directive_was_seen_is_told_once_for_each_receipt(here, caller, direct, case):
    def read(who: dict, number: int) -> list[dict]:
        before = len(here.events())
        caller(messaging.mark_read, {"conversation_id": case, "number": number}, claims=who)
        return [said for _, said in here.events()[before:]]

    message = direct(asked=[post("ward-1 head"), post("ward-2 head")])
    number = message["number"]
    [told] = read(CLERK, number)
    [seen] = told["seen"]
    assert (told["person_id"], told["number"], seen["message_id"]) == (CLERK["sub"], number, message["id"])
    assert (seen["post_id"], seen["sender_post_id"]) == (post("ward-1 head"), post("committee vice_chairman"))
    assert set(seen["concerns"]) == {
        post("committee vice_chairman"), post("ward-1 head"), post("office chief_of_office"),
    }  # fmt: skip
    [told] = read(HEAD, number)
    assert told["seen"] == []  # his clerk has seen it for his post
    assert read(HEAD, number) == read(HEAD, 0) == []  # the mark stays where it is
    direct(SUPPORT, kind="text")  # who speaks has read
    [told] = read(SUPPORT, number)
    assert [each["post_id"] for each in told["seen"]] == [post("ward-2 head")]


# a task's urgings

URGING = id_of("urging in Diễn tập")
OF_TASK = [{
    "urging_id": URGING, "assignment_id": id_of("piece"), "unit_id": unit("ward-1"), "post_id": post("ward-1 head"),
}]  # fmt: skip


def answered(version: int = 2, **changes) -> dict:
    waiting = {
        "subject_id": URGING, "version": version, "kind": "urging_to_answer", "post_id": post("ward-1 head"),
        "unit_id": unit("ward-1"), "awaits": None,
    }  # fmt: skip
    return {
        "urging_id": URGING, "at": clock.now(), "actor_person_id": HEAD["sub"], "acting_for": None,
        "waiting": [waiting | changes],
    }  # fmt: skip


def of_urging(here) -> dict:
    [row] = here.rows(
        "SELECT message_id::text AS message, post_id::text AS post, acknowledged_at IS NOT NULL AS acknowledged,"
        " ended_at IS NOT NULL AS ended FROM receipts"
    )
    return row


@pytest.mark.parametrize("early", [False, True], ids=["after it was urged", "before that was heard"])
def test_what_is_answered_on_the_task_is_answered_in_the_conversation(here, case, receipts, acknowledge, early):
    acts = [
        lambda tx: directives.post_urging(tx, urged(urgings=OF_TASK)),
        lambda tx: directives.answer_urging(tx, answered()),
    ]
    for act in reversed(acts) if early else acts:
        with here.store.transaction() as tx:
            act(tx)

    assert of_urging(here) == {
        "message": URGING, "post": post("ward-1 head"), "acknowledged": True, "ended": True,
    }  # fmt: skip
    found = receipts({"id": URGING})
    assert (found["asked"], found["acknowledged"]) == (1, 1)
    assert refused(acknowledge, {"id": URGING}) == "answer_the_urging"
    [(_, said)] = here.events()
    assert "asked" not in said  # the task asks, and nobody twice


def test_an_urging_that_ends_or_is_handed_over_on_the_task_does_so_in_the_conversation(here, case):
    over = changed("reassigned", "assigned", 3, waiting=[])
    with here.store.transaction() as tx:
        directives.post_urging(tx, urged(urgings=OF_TASK))
    handed = answered(2, post_id=post("dept head"), unit_id=unit("dept"), awaits={"kind": "urging_to_answer"})
    for about in (over, handed):
        with here.store.transaction() as tx:
            directives.follow_urgings(tx, clock.now(), [about])
    assert (of_urging(here)["post"], of_urging(here)["ended"]) == (post("dept head"), False)
    with here.store.transaction() as tx:
        directives.follow_urgings(tx, clock.now(), [answered(3, post_id=post("dept head"), unit_id=unit("dept"))])
    assert of_urging(here) == {
        "message": URGING, "post": post("dept head"), "acknowledged": False, "ended": True,
    }  # fmt: skip
