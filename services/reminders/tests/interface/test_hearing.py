"""Orders and changes become action items, whatever comes first and however often it comes."""

import itertools

import pytest

from chassis import clock
from chassis.inbox import Heard
from chassis.testing import until
from contracts import reminders, tasks
from reminders.service import Service
from tests.support.orders import PIECES, changed, issued, piece_id, piece_now, put_before, urged
from tests.support.town import post, unit

ACCEPTED = (tasks.assignment_changed, changed("accepted", "in_progress", 2))
ISSUED = (tasks.task_issued, issued())


@pytest.fixture
def hear(here):
    """The handlers as the inbox calls them, each event in a transaction of its own."""

    def heard(event, data: dict) -> None:
        subject, version = data.get("assignment_id", data["task_id"]), data.get("version", 1)
        with here.store.transaction() as tx:
            handler = getattr(Service, f"on_{event.name}")
            handler(Service(), tx, Heard("", event.name, subject, version, clock.now(), data))

    return heard


def items(here) -> list[tuple]:
    """Of each ward: whether the item shows, and the version that it knows of."""
    rows = here.rows("SELECT subject_id::text, open AS shows, version FROM action_items")
    found = {row["subject_id"]: (row["shows"], row["version"]) for row in rows}
    return [found[piece_id(ward)] for ward, _ in PIECES if piece_id(ward) in found]


def test_an_order_raises_one_item_for_each_head_and_says_so_once(here, hear):
    hear(*ISSUED)

    assert items(here) == [(True, 1)] * 3
    [(name, said)] = here.events()
    assert (name, said["kind"], said["urgency"], said["from_title"]) == (
        "action_items_raised", "assignment_to_receive", "urgent", "Phó Chủ tịch",
    )  # fmt: skip
    assert {(item["subject_id"], item["post_id"], item["link"]) for item in said["items"]} == {
        (piece_id(ward), post(f"{ward} head"), f"/api/v1/assignments/{piece_id(ward)}") for ward, _ in PIECES
    }


def test_an_acceptance_closes_the_item(here, hear):
    hear(*ISSUED)
    hear(*ACCEPTED)

    assert items(here) == [(False, 2), (True, 1), (True, 1)]
    name, said = here.events()[-1]
    assert (name, [item["subject_id"] for item in said["items"]]) == ("action_items_closed", [piece_id("ward-1")])


def test_an_acceptance_that_comes_before_its_order_keeps_it_closed(here, hear):
    hear(*ACCEPTED)
    assert here.events() == []
    hear(*ISSUED)

    assert items(here) == [(False, 2), (True, 1), (True, 1)]
    [(name, said)] = here.events()
    assert (name, len(said["items"])) == ("action_items_raised", 2)


def test_an_acceptance_of_the_first_form_is_understood(here, hear):
    """Such an event may wait in a queue while the platform is replaced by a newer one."""
    hear(*ISSUED)
    form = tasks.assignment_changed.data()
    later = ("parent_id", "urgency", "current_due", "returns", "awaits", "extension", "reason", "result_id", "pieces")
    first = {name: value for name, value in form.dump(ACCEPTED[1]).items() if name not in later}
    hear(tasks.assignment_changed, form.load(first))

    assert items(here) == [(False, 2), (True, 1), (True, 1)]


def test_so_are_items_closed_in_the_first_form():
    item = {"id": post("x"), "post_id": post("ward-1 head"), "subject_id": piece_id("ward-1")}
    said = {"kind": "assignment_to_receive", "task_id": post("y"), "closed_at": "2026-03-02T03:00:00+00:00"}
    [closed] = reminders.action_items_closed.data().load(said | {"items": [item]})["items"]

    assert closed == item | {"kind": "assignment_to_receive", "task_id": post("y"), "person_id": None}


def test_a_decision_waits_for_whoever_must_decide_and_what_it_ended_is_said_with_it(here, hear):
    hear(*ISSUED)
    hear(tasks.assignment_changed, changed("declined", "declined", 2))

    name, said = here.events()[-1]
    assert (name, said["kind"], said["from_title"]) == ("action_items_raised", "refusal_to_decide", "ward-1")
    assert [item["post_id"] for item in said["items"]] == [post("committee vice_chairman")]
    assert [(item["kind"], item["post_id"]) for item in said["closed"]] == [
        ("assignment_to_receive", post("ward-1 head"))
    ]  # fmt: skip


def test_what_is_passed_on_waits_for_those_below_and_ends_with_what_it_is_part_of(here, hear):
    children = [
        piece_now("issued", "assigned", 1, "division", parent_id=piece_id("ward-1"), title=title)
        for title in ("Việc a", "Việc b")
    ]
    hear(tasks.assignment_changed, changed("passed_on", "in_progress", 3, pieces=children))
    name, said = here.events()[-1]
    assert (name, said["title"], len(said["items"])) == ("action_items_raised", "Việc a", 2)
    assert [item.get("title") for item in said["items"]] == [None, "Việc b"]

    gone = [child | {"after": "revoked", "version": 2, "awaits": None} for child in children]
    hear(tasks.assignment_changed, changed("revoked", "revoked", 4, pieces=gone))
    name, said = here.events()[-1]
    assert (name, len(said["items"])) == ("action_items_closed", 2)


def an_extension(event, version: int, state: str) -> dict:
    waits = {
        "kind": "extension_to_decide", "post_id": post("committee vice_chairman"), "unit_id": unit("committee"),
        "from_title": "ward-1", "due": "2026-03-04T16:59:59+00:00",
    }  # fmt: skip
    due = "2026-03-20T16:59:59+00:00"
    return event.data().load(
        piece_now("x", "in_progress", 2, "ward-1")
        | {
            "at": "2026-03-02T03:00:00+00:00", "actor_person_id": post("x"), "acting_for": None, "reason": "x",
            "extension_id": EXTENSION, "version": version, "assignment_version": 2, "state": state, "round": 1,
            "late": False, "due_before": due, "requested_due": due, "granted_due": None, "current_due": due,
            "awaits": waits if state == "pending" else None, "concerns": [],
        }
    )  # fmt: skip


EXTENSION = piece_id("an extension")
REQUESTED = (tasks.extension_requested, an_extension(tasks.extension_requested, 1, "pending"))
DECIDED = (tasks.extension_decided, an_extension(tasks.extension_decided, 2, "refused"))


@pytest.mark.parametrize("arrival", [(REQUESTED, DECIDED), (DECIDED, REQUESTED)], ids=["in order", "late"])
def test_a_request_for_more_time_waits_until_it_is_decided(here, hear, arrival):
    for heard in arrival:
        hear(*heard)

    assert here.rows("SELECT open, version, kind, link FROM action_items") == [
        {"open": False, "version": 2, "kind": "extension_to_decide", "link": f"/api/v1/extensions/{EXTENSION}"}
    ]
    assert [name for name, _ in here.events()] in ([], ["action_items_raised", "action_items_closed"])


def about_children(version: int, kind: str = "children_to_extend") -> dict:
    """What the head of ward 1 is asked about what he passed on: in odd versions he is, in even ones no longer."""
    owner = {"kind": kind, "post_id": post("ward-1 head"), "unit_id": unit("ward-1")}
    asked = owner | {"from_title": "Phó Chủ tịch", "due": "2026-03-04T16:59:59+00:00"}
    of = {"assignment_id": piece_id("ward-1"), "title": "Việc của phường"}
    return owner | of | {"subject_id": piece_id(kind), "version": version, "awaits": asked if version % 2 else None}


GRANTED = (tasks.extension_decided, DECIDED[1] | {"state": "granted", "waiting": [about_children(1)]})
KEPT = (tasks.assignment_changed, changed("children_kept", "in_progress", 4, waiting=[about_children(2)]))


def test_whoever_is_granted_more_time_has_its_passing_down_before_him(here, hear):
    hear(*GRANTED)

    [item] = here.rows("SELECT kind, title, link, post_id::text FROM action_items WHERE open")
    assert item == {
        "kind": "children_to_extend", "title": "Việc của phường", "post_id": post("ward-1 head"),
        "link": f"/api/v1/assignments/{piece_id('ward-1')}",
    }  # fmt: skip


@pytest.mark.parametrize("arrival", [(GRANTED, KEPT), (KEPT, GRANTED)], ids=["in order", "late"])
def test_once_he_has_answered_he_is_not_asked_whatever_comes_first(here, hear, arrival):
    for heard in arrival:
        hear(*heard)

    assert here.rows("SELECT kind FROM action_items WHERE open") == []


def test_what_ended_below_asks_the_owner_above_to_end_his_own(here, hear):
    below = {"parent_id": piece_id("ward-1"), "awaits": None, "waiting": [about_children(1, "parent_to_close")]}
    hear(tasks.assignment_changed, changed("completed", "completed", 4, "division", **below))

    [item] = here.rows("SELECT kind, title, link FROM action_items WHERE open")
    assert item == {
        "kind": "parent_to_close", "title": "Việc của phường", "link": f"/api/v1/assignments/{piece_id('ward-1')}",
    }  # fmt: skip


def test_when_all_were_accepted_before_the_order_came_nothing_is_said(here, hear):
    for ward, _ in PIECES:
        hear(tasks.assignment_changed, changed("accepted", "in_progress", 2, ward))
    hear(*ISSUED)

    assert here.events() == []


def test_a_reassigned_piece_waits_for_its_new_owner(here, hear):
    hear(*ISSUED)
    hear(tasks.assignment_changed, changed("declined", "declined", 2))
    new = {"post_id": post("dept head"), "unit_id": unit("dept")}
    hear(tasks.assignment_changed, changed("reassigned", "assigned", 3, **new))

    assert items(here)[0] == (True, 3)
    name, said = here.events()[-1]
    assert (name, [item["post_id"] for item in said["items"]]) == ("action_items_raised", [post("dept head")])


def test_twice_delivered_leaves_the_same_state_and_is_said_once(here, hear):
    for heard in (ISSUED, ISSUED, ACCEPTED, ACCEPTED):
        hear(*heard)

    assert items(here) == [(False, 2), (True, 1), (True, 1)]
    assert [name for name, _ in here.events()] == ["action_items_raised", "action_items_closed"]


HEARD = [
    ISSUED,
    (tasks.assignment_changed, changed("declined", "declined", 2)),
    (tasks.assignment_changed, changed("reassigned", "assigned", 3)),
    (tasks.assignment_changed, changed("accepted", "in_progress", 4)),
]


@pytest.mark.parametrize("arrival", list(itertools.permutations(HEARD)), ids=range(24))
def test_whatever_comes_first_the_end_is_the_same(here, hear, arrival):
    for heard in arrival:
        hear(*heard)

    assert items(here) == [(False, 4), (True, 1), (True, 1)]
    raised = [said for name, said in here.events() if name == "action_items_raised"]
    ended = [said["items"] for name, said in here.events() if name == "action_items_closed"]
    ended += [said["closed"] for said in raised]
    of_piece = [item for said in raised for item in said["items"] if item["subject_id"] == piece_id("ward-1")]
    assert len(of_piece) == sum(map(len, ended))  # whatever showed was taken away again


def test_over_the_bus_an_order_told_twice_is_heard_once(here, run, tell):
    container = run(Service)
    event_id = None
    for _ in range(2):
        event_id = tell(*ISSUED, subject=ISSUED[1]["task_id"], event_id=event_id)
    tell(*ACCEPTED, subject=piece_id("ward-1"), version=2)
    until(lambda: len(here.events()) == 2)

    assert container.checks["inbox"]()
    assert items(here) == [(False, 2), (True, 1), (True, 1)]
    assert here.rows("SELECT count(*) AS n FROM inbox") == [{"n": 2}]


LEADERS = ("committee chairman", "committee vice_chairman")
DRAFT = [
    (tasks.draft_changed, put_before(dict.fromkeys(LEADERS, True), 2)),
    (tasks.draft_changed, put_before(dict.fromkeys(LEADERS, False), 3)),
    (tasks.draft_changed, put_before({LEADERS[0]: True, LEADERS[1]: False}, 4)),
]


@pytest.mark.parametrize("arrival", list(itertools.permutations(DRAFT)), ids=range(6))
def test_each_leader_is_asked_for_himself_and_only_as_long_as_the_draft_is_before_him(here, hear, arrival):
    for event, data in arrival:
        hear(event, data)

    [item] = here.rows("SELECT post_id::text, kind, link, task_id::text FROM action_items WHERE open")
    assert item == {
        "post_id": post(LEADERS[0]), "kind": "order_to_issue", "link": f"/api/v1/tasks/{item['task_id']}",
        "task_id": issued()["task_id"],
    }  # fmt: skip


def test_the_issue_ends_the_asking_and_says_so_with_what_it_raises(here, hear):
    hear(*DRAFT[0])
    given = put_before(dict.fromkeys(LEADERS, False), 3)["waiting"]
    hear(tasks.task_issued, issued(waiting=given))

    assert here.rows("SELECT kind FROM action_items WHERE open GROUP BY kind") == [{"kind": "assignment_to_receive"}]
    name, said = here.events()[-1]
    assert (name, len(said["items"]), len(said["closed"])) == ("action_items_raised", 3, 2)


def test_an_urging_is_an_item_of_its_own_and_goes_with_its_piece(here, hear):
    hear(*ISSUED)
    hear(tasks.urging_raised, urged())
    assert len(here.rows("SELECT id FROM action_items WHERE open AND post_id = :post", post=post("ward-1 head"))) == 2
    [waiting] = urged()["waiting"]
    ended = [waiting | {"version": 2, "awaits": None}]
    hear(tasks.assignment_changed, changed("revoked", "revoked", 2, waiting=ended))
    assert here.rows("SELECT id FROM action_items WHERE open AND post_id = :post", post=post("ward-1 head")) == []


def test_what_was_under_way_elsewhere_waits_here_for_whoever_must_act(here, hear):
    to_receive = piece_now("imported", "assigned", 1, "ward-1")
    to_decide = piece_now("imported", "result_submitted", 1, "ward-2")
    under_way = piece_now("imported", "in_progress", 1, "ward-3")
    act = {"import_id": piece_id("file"), "at": clock.now(), "actor_person_id": post("office"), "acting_for": None}
    told = act | {"task_id": to_receive["task_id"], "orders": [], "pieces": [to_receive, to_decide, under_way]}
    for _ in range(2):
        hear(tasks.tasks_imported, told)

    assert items(here) == [(True, 1), (True, 1), (False, 1)]
    [(name, said)] = here.events()
    assert (name, {item.get("kind", said["kind"]) for item in said["items"]}) == (
        "action_items_raised", {"assignment_to_receive", "result_to_decide"},
    )  # fmt: skip
