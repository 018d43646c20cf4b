"""The checker sees each single difference: a sound state, changed in one place, is told as what it is."""

from collections import namedtuple
from datetime import UTC, datetime, timedelta

import pytest

from tests.crash import checker
from tests.crash.checker import LEFT, LOST, TWICE, WRONG
from tests.crash.facts import Copy, Emitted, Facts

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
Task = namedtuple("Task", "id title assigner_post_id")
Piece = namedtuple("Piece", "id task_id unit_id post_id role state version")
Follower = namedtuple("Follower", "task_id post_id")
Key = namedtuple("Key", "key id")
Accepted = namedtuple("Accepted", "assignment_id")
Item = namedtuple("Item", "subject_id kind task_id post_id open version")
Conversation = namedtuple("Conversation", "id task_id name")
Participant = namedtuple("Participant", "conversation_id post_id role")
Row = namedtuple("Row", "id type audience common per_recipient")


def ledger() -> list[dict]:
    """One order to two units, accepted by the first."""
    body = {"title": "T", "assignments": [{"unit_id": "u1", "role": "lead"}, {"unit_id": "u2", "role": "support"}]}
    return [
        {"asked": "order", "key": "k", "number": 1, "body": body},
        {"answered": "order", "key": "k", "number": 1, "task": "t", "pieces": {"a1": "u1", "a2": "u2"}},
        {"asked": "acceptance", "key": "accept-a1", "piece": "a1"},
        {"answered": "acceptance", "key": "accept-a1", "piece": "a1", "state": "in_progress"},
    ]


def sound() -> Facts:
    def parts(*subjects: str) -> dict:
        return {f"post:p{subject[1]}": [{"subject_id": subject}] for subject in subjects}

    copy = Copy(7, {"unit": "2 rows x"})
    return Facts(
        tasks=[Task("t", "T", "leader")],
        pieces=[
            Piece("a1", "t", "u1", "p1", "lead", "in_progress", 2),
            Piece("a2", "t", "u2", "p2", "support", "assigned", 1),
        ],
        followers=[Follower("t", "f")],
        keys=[Key("k", "t"), Key("accept-a1", "a1")],
        accepted=[Accepted("a1")],
        items=[
            Item("a1", "assignment_to_receive", "t", "p1", False, 2),
            Item("a2", "assignment_to_receive", "t", "p2", True, 1),
        ],
        conversations=[Conversation("c", "t", "T")],
        participants=[
            Participant("c", "leader", "follower"),
            Participant("c", "f", "follower"),
            Participant("c", "p1", "responsible"),
            Participant("c", "p2", "member"),
        ],
        live=[
            Row(1, "action_item_raised", ["post:p1", "post:p2"], {}, parts("a1", "a2")),
            Row(2, "assignment_changed", ["post:leader", "post:f", "post:p1"], {"assignment_id": "a1"}, {}),
            Row(3, "action_item_closed", ["post:p1"], {}, parts("a1")),
        ],
        outbox=[
            Emitted("tasks", "e1", "task_issued", "t", 1, True, {}),
            Emitted("tasks", "e2", "assignment_changed", "a1", 2, True, {"task_id": "t"}),
        ],
        inbox={
            "reminders": {("task_issued", "e1"): NOON, ("assignment_changed", "e2"): NOON + timedelta(seconds=9)},
            "messaging": {("task_issued", "e1"): NOON, ("assignment_changed", "e2"): NOON},
            "gateway": {("assignment_changed", "e2"): NOON},
        },
        copies={"directory": copy, "tasks": copy},
        queues={"reminders.inbox.v1": 0, "reminders.inbox.v1.dead": 0},
    )


def kinds(entries: list[dict], facts: Facts) -> set[str]:
    return {violation.kind for violation in checker.check(entries, facts)}


def test_a_sound_state_has_no_violation():
    assert checker.check(ledger(), sound()) == []


def without(name: str, place: int):
    return lambda facts: getattr(facts, name).pop(place)


def doubled(name: str, place: int):
    return lambda facts: getattr(facts, name).append(getattr(facts, name)[place])


def with_row(name: str, row):
    return lambda facts: getattr(facts, name).append(row)


def replaced(name: str, place: int, **changes):
    def change(facts):
        getattr(facts, name)[place] = getattr(facts, name)[place]._replace(**changes)

    return change


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (LOST, without("tasks", 0)),
        (TWICE, with_row("tasks", Task("t2", "T", "leader"))),
        (WRONG, with_row("tasks", Task("t2", "nobody's", "leader"))),
        (LOST, without("pieces", 1)),
        (WRONG, replaced("keys", 0, id="t2")),
        (LOST, replaced("pieces", 0, state="assigned")),
        (LOST, without("accepted", 0)),
        (TWICE, doubled("accepted", 0)),
        (WRONG, with_row("accepted", Accepted("a2"))),
        (LOST, without("items", 1)),
        (TWICE, doubled("items", 0)),
        (LOST, replaced("items", 0, open=True)),
        (WRONG, replaced("items", 1, post_id="p1")),
        (WRONG, replaced("items", 1, subject_id="a9")),
        (LOST, without("conversations", 0)),
        (TWICE, with_row("conversations", Conversation("c2", "t", "T"))),
        (WRONG, with_row("conversations", Conversation("c2", "t9", "T"))),
        (LOST, without("participants", 1)),
        (LOST, replaced("participants", 2, role="member")),
        (LOST, without("live", 0)),
        (LOST, without("live", 1)),
        (LOST, without("live", 2)),
        (TWICE, doubled("live", 0)),
        (TWICE, doubled("live", 1)),
        (TWICE, doubled("live", 2)),
        (WRONG, replaced("live", 1, audience=["post:leader", "post:f", "post:p1", "post:stranger"])),
        (LOST, replaced("live", 1, audience=["post:leader", "post:p1"])),
        (LEFT, replaced("outbox", 0, published=False)),
        (LOST, without("outbox", 0)),
        (TWICE, with_row("outbox", Emitted("tasks", "e9", "task_issued", "t", 1, True, {}))),
        (LOST, lambda facts: facts.inbox["messaging"].pop(("task_issued", "e1"))),
        (WRONG, lambda facts: facts.inbox["gateway"].update({("assignment_changed", "e9"): NOON})),
        (WRONG, lambda facts: facts.copies.update(tasks=Copy(6, {"unit": "2 rows x"}))),
        (WRONG, lambda facts: facts.copies.update(tasks=Copy(7, {"unit": "1 rows y"}))),
        (LEFT, lambda facts: facts.queues.update({"reminders.inbox.v1.dead": 1})),
    ],
)
def test_one_difference_is_seen_and_named(kind, change):
    facts = sound()
    change(facts)
    assert kind in kinds(ledger(), facts)


@pytest.mark.parametrize("line", [1, 3])
def test_what_was_asked_and_never_answered_is_lost(line):
    entries = ledger()
    del entries[line]
    assert kinds(entries, sound()) == {LOST}


def test_one_key_answered_as_two_orders_is_twice():
    entries = [*ledger(), ledger()[1] | {"task": "t2"}]
    assert TWICE in kinds(entries, sound())


def test_an_acceptance_that_overtook_its_order_tells_nobody_of_an_item():
    facts = sound()
    facts.inbox["reminders"]["assignment_changed", "e2"] = NOON - timedelta(seconds=1)
    facts.live[0] = facts.live[0]._replace(audience=["post:p2"], per_recipient={"post:p2": [{"subject_id": "a2"}]})
    del facts.live[2]
    assert checker.check(ledger(), facts) == []


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        (None, [1, 2, 3]),
        (LOST, [1, 3]),
        (TWICE, [1, 2, 2, 3]),
        (WRONG, [1, 3, 2]),
        (WRONG, [1, 2, 3, 4]),
    ],
)
def test_a_stream_shows_everything_once_and_in_order(kind, seen):
    events = [(number, "x", {}) for number in seen]
    found = {violation.kind for violation in checker.stream("a head", ["post:p1"], 0, events, 0, sound())}
    assert found == ({kind} if kind else set())


def test_several_things_that_one_row_tells_are_not_the_same_told_twice():
    def kinds(*second: tuple) -> set[str]:
        events = [(1, "x", {"id": "a"}), *second, (2, "x", {}), (3, "x", {})]
        return {each.kind for each in checker.stream("a head", ["post:p1"], 0, events, 0, sound())}

    assert kinds() == kinds((1, "x", {"id": "b"})) == set()
    assert kinds((1, "x", {"id": "a"})) == {TWICE}


def test_a_stream_that_lost_its_place_is_told():
    events = [(number, "x", {}) for number in (1, 2, 3)]
    assert {each.kind for each in checker.stream("a head", ["post:p1"], 0, events, 1, sound())} == {LOST}
