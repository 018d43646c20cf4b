"""A closed task's conversation is only read, and its transcript is sealed; whatever is heard first."""

import hashlib
import itertools
import json
from datetime import timedelta

import pytest

from chassis import clock
from chassis.errors import CallFailed
from contracts import messaging
from messaging.domain.keeping import Years, sha256
from messaging.domain.saying import Pace
from messaging.storage import transcripts as storage
from messaging.use_cases import cases, directives, keeping, messages, transcripts
from tests.support.orders import changed, issued, urged
from tests.support.town import claims, id_of, person, post

HEAD, VICE = claims("ward-1 head"), claims("committee vice_chairman")
TWO_LEAD = {"pieces": (("ward-1", "lead"), ("ward-2", "lead"), ("ward-3", "inform")), "mode": "each"}
AT = {version: f"2026-03-0{version}T03:00:00+00:00" for version in range(1, 9)}


def done(ward: str, version: int, change: str = "completed", after: str = "completed") -> dict:
    return changed(change, after, version, ward, role="lead", at=AT[version])


ACTS = [issued(**TWO_LEAD), done("ward-1", 4), done("ward-2", 6), done("ward-1", 5, "reopened", "in_progress"),
        done("ward-1", 8)]  # fmt: skip


def hear(here, acts) -> None:
    for act in acts:
        with here.store.transaction() as tx:
            if "assignments" in act:
                cases.open_case(tx, act)
            else:
                cases.follow_pieces(tx, [act], act["at"])


def seal(here) -> int:
    count = 0
    while True:
        with here.store.transaction() as tx:
            if not transcripts.seal_next(tx, clock.now()):
                return count
        count += 1


@pytest.mark.parametrize("acts", list(itertools.permutations(ACTS[:4])), ids=range(24))
def test_a_case_is_open_while_one_that_leads_is_not_done(town, acts):
    here = town("messaging")
    hear(here, acts)
    assert here.rows("SELECT closed_at FROM conversations") == [{"closed_at": None}]

    hear(here, ACTS[4:])
    [found] = here.rows("SELECT closed_at FROM conversations")
    assert found["closed_at"].isoformat() == AT[8]


def test_what_is_heard_before_the_order_closes_it_with_the_order(town):
    here = town("messaging")
    with here.store.transaction() as tx:  # begun by an urging: which pieces there are is not known yet
        directives.post_urging(tx, urged())
    hear(here, [done("ward-1", 4), done("ward-2", 6)])
    assert here.rows("SELECT closed_at FROM conversations") == [{"closed_at": None}]

    hear(here, ACTS[:1])
    [found] = here.rows("SELECT closed_at FROM conversations")
    assert found["closed_at"].isoformat() == AT[6]


def test_whose_piece_is_only_supported_keeps_nothing_open(town):
    here = town("messaging")
    hear(here, [issued(), done("ward-1", 2)])

    assert here.rows("SELECT closed_at IS NULL AS open FROM conversations") == [{"open": False}]


@pytest.fixture
def case(here, caller):
    hear(here, [issued()])
    [found] = caller(messaging.list_conversations, {}, claims=HEAD)["items"]
    for number in range(1, 4):
        said = {"conversation_id": found["id"], "text": f"Ý kiến {number}\nđã rõ", "idempotency_key": str(number)}
        caller(messaging.post_message, said, claims=VICE)
    return found


def test_what_is_closed_is_only_read_and_reopened_it_is_spoken_in(here, case, caller):
    say = {"conversation_id": case["id"], "text": "Còn nữa", "idempotency_key": "more"}
    hear(here, [done("ward-1", 4)])
    with pytest.raises(CallFailed) as refusal:
        caller(messaging.post_message, say, claims=HEAD)
    assert refusal.value.code == "conversation_closed"
    assert len(caller(messaging.list_messages, {"conversation_id": case["id"]}, claims=HEAD)["items"]) == 3

    hear(here, [done("ward-1", 5, "reopened", "in_progress")])
    assert caller(messaging.post_message, say, claims=HEAD)["number"] == 4


def test_that_it_is_closed_and_open_again_is_told_to_each_in_it_in_one_event(here, case):
    since = len(here.events())
    hear(here, [done("ward-1", 4), done("ward-1", 5, "reopened", "in_progress")])

    told = [(name, [(each["change"], len(each["participants"])) for each in data["changed"]])
            for name, data in here.events()[since:]]  # fmt: skip
    assert told == [("parts_changed", [("closed", 5)]), ("parts_changed", [("reopened", 5)])]


def transcript(caller, case, who=HEAD, **more) -> dict:
    return caller(messaging.get_transcript, {"conversation_id": case["id"], **more}, claims=who)


def test_the_transcript_is_what_was_sealed(here, case, caller):
    with pytest.raises(CallFailed) as refusal:
        transcript(caller, case)
    assert refusal.value.code == "transcript_not_sealed"
    hear(here, [done("ward-1", 4)])
    assert (seal(here), seal(here)) == (1, 0)

    first = transcript(caller, case, limit=2)
    rest = transcript(caller, case, limit=2, cursor=first["next_cursor"])
    lines, sealed = first["lines"] + rest["lines"], first["sealed"]
    assert rest["next_cursor"] is None and sealed["count"] == len(lines) == 3
    assert hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest() == sealed["sha256"]
    assert [json.loads(line)["text"] for line in lines] == [f"Ý kiến {n}\nđã rõ" for n in (1, 2, 3)]
    assert {json.loads(line)["sender_person_id"] for line in lines} == {person("committee vice_chairman")}
    [told] = [data for name, data in here.events() if name == "transcript_sealed"]
    assert (told["task_id"], told["count"], told["sha256"]) == (id_of("task Diễn tập"), 3, sealed["sha256"])


def directed(caller, case) -> dict:
    """A directive to the head of ward 1."""
    asked = {"kind": "directive", "text": "Báo cáo", "asked": [post("ward-1 head")], "idempotency_key": "directive"}
    return caller(messaging.post_message, {"conversation_id": case["id"], **asked}, claims=VICE)


def withdraw(caller, message) -> None:
    request = {"id": message["id"], "version": None, "idempotency_key": "withdraw", "reason": "Đã có văn bản khác"}
    caller(messaging.withdraw_message, request, claims=VICE)


def test_a_line_says_what_was_answered_changed_and_taken_back_until_then(here, case, caller):
    first, second, *_ = reversed(caller(messaging.list_messages, {"conversation_id": case["id"]}, claims=VICE)["items"])
    change = {"id": first["id"], "version": None, "idempotency_key": "change"}
    caller(messaging.edit_message, change | {"text": "Ý kiến khác"}, claims=VICE)
    caller(messaging.remove_message, change | {"id": second["id"], "idempotency_key": "remove"}, claims=VICE)
    caller(messaging.post_message, {"conversation_id": case["id"], "text": "Đồng ý", "reply_to": first["id"],
                                    "idempotency_key": "answer"}, claims=HEAD)  # fmt: skip
    withdraw(caller, directed(caller, case))
    hear(here, [done("ward-1", 4)])
    seal(here)

    edited, removed, _, answer, withdrawn = map(json.loads, transcript(caller, case)["lines"])
    assert (edited["text"], edited["state"], edited["edited_at"] is None) == ("Ý kiến khác", "said", False)
    assert (removed["text"], removed["state"], removed["ended_at"] is None) == ("", "removed", False)
    assert (answer["reply_to_number"], answer["mentions"], answer["files"]) == (1, [], [])
    assert (withdrawn["text"], withdrawn["state"]) == ("Báo cáo", "withdrawn")
    assert withdrawn["ended_reason"] == "Đã có văn bản khác"


def test_what_is_withdrawn_after_the_seal_changes_nothing_that_was_sealed(here, case, caller):
    message = directed(caller, case)
    hear(here, [done("ward-1", 4)])
    seal(here)
    here.do("UPDATE transcripts SET sealed_at = sealed_at + interval '1 hour'")  # another machine's clock
    before = transcript(caller, case)
    withdraw(caller, message)

    assert transcript(caller, case) == before
    assert caller(messaging.get_message, {"id": message["id"]}, claims=VICE)["state"] == "withdrawn"


def test_what_was_withdrawn_before_the_seal_is_in_it_whatever_the_clocks_say(here, case, caller):
    withdraw(caller, directed(caller, case))
    here.do("UPDATE messages SET ended_at = ended_at + interval '1 hour' WHERE state = 'withdrawn'")
    hear(here, [done("ward-1", 4)])
    seal(here)

    told = transcript(caller, case)
    digest = hashlib.sha256("".join(f"{line}\n" for line in told["lines"]).encode()).hexdigest()
    assert digest == told["sealed"]["sha256"] and json.loads(told["lines"][-1])["state"] == "withdrawn"


def test_while_something_is_edited_nothing_is_sealed(here, case, caller):
    [last, *_] = caller(messaging.list_messages, {"conversation_id": case["id"]}, claims=VICE)["items"]
    change = {"id": last["id"], "version": None, "idempotency_key": "k", "text": "Sửa kịp", "mentions": []}
    with here.store.transaction() as tx:
        messages.edit_message(tx, VICE, change, Pace(60), timedelta(hours=1), clock.now())
        hear(here, [done("ward-1", 4)])
        assert seal(here) == 0

    assert seal(here) == 1
    assert json.loads(transcript(caller, case)["lines"][-1])["text"] == "Sửa kịp"


def test_what_is_done_and_put_right_later_was_done_when_it_was(here, case, caller):
    hear(here, [done("ward-1", 4)])
    seal(here)
    before = transcript(caller, case)
    hear(here, [done("ward-1", 6, "corrected")])

    assert (seal(here), transcript(caller, case)) == (0, before)


PUT_RIGHT = [ACTS[3], done("ward-1", 6), done("ward-1", 7, "corrected")]


@pytest.mark.parametrize("acts", list(itertools.permutations(PUT_RIGHT)), ids=range(6))
def test_when_it_was_done_is_known_in_whatever_order_that_is_heard(town, acts):
    here = town("messaging")
    hear(here, [issued(), *acts])
    [found] = here.rows("SELECT closed_at FROM conversations")
    assert found["closed_at"].isoformat() == AT[6]


def test_what_has_expired_is_told_no_more_and_its_hash_is(here, case, caller):
    hear(here, [done("ward-1", 4)])
    seal(here)
    sealed = transcript(caller, case)["sealed"]
    keeping.expire_all(here.store, Years(), clock.now() + timedelta(days=366 * 6))

    with pytest.raises(CallFailed) as refusal:
        transcript(caller, case)
    assert refusal.value.code == "transcript_expired"
    assert refusal.value.details == {"sha256": sealed["sha256"], "count": 3}


def test_of_what_was_withdrawn_after_the_seal_the_hash_is_that_of_the_line_that_was_sealed(here, case, caller):
    message = directed(caller, case)
    hear(here, [done("ward-1", 4)])
    seal(here)
    line = transcript(caller, case)["lines"][-1]
    withdraw(caller, message)
    keeping.expire_all(here.store, Years(), clock.now() + timedelta(days=366 * 11))

    assert here.rows("SELECT sha256 FROM messages WHERE kind = 'directive'") == [{"sha256": sha256(line)}]


def test_closed_again_it_is_sealed_again_and_the_first_seal_stays(here, case, caller):
    hear(here, [done("ward-1", 4)])
    seal(here)
    hear(here, [done("ward-1", 5, "reopened", "in_progress")])
    with pytest.raises(CallFailed) as refusal:
        transcript(caller, case)
    assert refusal.value.code == "transcript_not_sealed"
    said = {"conversation_id": case["id"], "text": "Bổ sung", "idempotency_key": "more"}
    caller(messaging.post_message, said, claims=HEAD)
    hear(here, [done("ward-1", 6)])

    assert seal(here) == 1
    assert transcript(caller, case)["sealed"]["count"] == 4
    assert [row["count"] for row in here.rows("SELECT count FROM transcripts ORDER BY closed_at")] == [3, 4]


def test_what_comes_after_the_seal_is_not_in_the_transcript(here, case, caller):
    hear(here, [done("ward-1", 4)])
    seal(here)
    with here.store.transaction() as tx:  # urged before it closed, heard after it was sealed
        directives.post_urging(tx, urged())

    assert len(transcript(caller, case)["lines"]) == 3
    assert len(caller(messaging.list_messages, {"conversation_id": case["id"]}, claims=HEAD)["items"]) == 4


def test_two_who_seal_do_not_wait_for_each_other(here, case):
    hear(here, [done("ward-1", 4)])
    with here.store.transaction() as tx:
        assert storage.next_to_seal(tx)["id"] == case["id"]
        assert seal(here) == 0
