"""Boxes, pieces and counts: each actor sees his part, and every figure counts what he sees."""

import pytest
import sqlalchemy as sa

from chassis.errors import CallFailed
from chassis.testing import until
from contracts import messaging, tasks
from tasks.service import Service
from tests.support.town import claims, id_of, post, unit

VICE, CHAIRMAN = claims("committee vice_chairman"), claims("committee chairman")
CHIEF, WARD = claims("office chief_of_office"), claims("ward-1 head")


@pytest.fixture
def here(town, run):
    found = town("tasks")
    run(Service)
    return found


@pytest.fixture
def order(here, caller):
    keys = iter(range(1000))

    def give(title: str = "Việc", **changes) -> dict:
        order = {
            "title": title, "content": "Nội dung", "mode": "each", "audience": "all-wards", "no_deadline": True,
            "expected_result": "Báo cáo",
        } | changes  # fmt: skip
        given = {name: value for name, value in order.items() if value is not None}
        return caller(tasks.assign, {"idempotency_key": f"order-{next(keys)}", "order": given}, claims=VICE)

    return give


def make_overdue(here, task: dict, unit_name: str) -> None:
    with here.store.transaction() as tx:
        tx.execute(
            sa.text(
                "UPDATE assignments SET current_due = now() - interval '3 days' WHERE (task_id, unit_id) = (:t, :u)"
            ),
            {"t": task["id"], "u": unit(unit_name)},
        )


def not_found(caller, procedure, request, who) -> bool:
    with pytest.raises(CallFailed) as refusal:
        caller(procedure, request, claims=who)
    return refusal.value.code == "not_found"


@pytest.mark.parametrize("who", [VICE, CHAIRMAN, CHIEF, claims("dept head")])
def test_the_assigner_the_leaders_the_office_and_followers_see_the_whole(order, caller, who):
    task = order(followers=[post("dept head")])
    seen = caller(tasks.get_task, {"id": task["id"]}, claims=who)

    assert (seen["roll_up"]["assigned"], len(seen["assignments"]["items"])) == (3, 3)
    assert seen["followers"] == [post("dept head")]


def test_the_level_below_sees_its_own_piece_and_not_its_siblings(order, caller):
    task = order(followers=[post("dept head")])
    seen = caller(tasks.get_task, {"id": task["id"]}, claims=WARD)
    sibling = task["assignments"]["items"][1]

    assert (seen["title"], seen["content"], seen["roll_up"]["assigned"]) == ("Việc", "Nội dung", 1)
    assert [piece["unit_id"] for piece in seen["assignments"]["items"]] == [unit("ward-1")]
    assert seen["followers"] == []
    listed = caller(tasks.list_assignments, {"task_id": task["id"]}, claims=WARD)
    assert [piece["unit_id"] for piece in listed["items"]] == [unit("ward-1")]
    assert not_found(caller, tasks.get_assignment, {"id": sibling["id"]}, WARD)


@pytest.mark.parametrize("who", ["dept head", "ward-1 official", "office official"])
def test_for_everybody_else_it_does_not_exist(order, caller, who):
    task = order()

    assert not_found(caller, tasks.get_task, {"id": task["id"]}, claims(who))
    assert not_found(caller, tasks.list_assignments, {"task_id": task["id"]}, claims(who))
    assert not_found(caller, tasks.get_assignment, {"id": task["assignments"]["items"][0]["id"]}, claims(who))
    assert not_found(caller, tasks.get_task, {"id": unit("nowhere")}, VICE)


def test_the_lead_of_joint_work_sees_the_supports(order, caller):
    wanted = [{"unit_id": unit("ward-1"), "role": "lead"}, {"unit_id": unit("ward-2"), "role": "support"}]
    task = order(mode="joint", audience=None, assignments=wanted)

    assert caller(tasks.get_task, {"id": task["id"]}, claims=WARD)["roll_up"]["assigned"] == 2
    assert caller(tasks.get_task, {"id": task["id"]}, claims=claims("ward-2 head"))["roll_up"]["assigned"] == 1


def test_a_piece_shows_its_order_and_what_may_be_done_now(order, caller):
    piece = order(expected_result="Danh sách")["assignments"]["items"][0]
    seen = caller(tasks.get_assignment, {"id": piece["id"]}, claims=WARD)

    assert (seen["title"], seen["expected_result"], seen["assigner_title"]) == ("Việc", "Danh sách", "Phó Chủ tịch")
    assert (seen["version"], seen["due_state"]) == (1, "no_deadline")
    assert seen["allowed"] == ["accept", "decline", "raise_blocker", "propose_correction"]
    order_giver = caller(tasks.get_assignment, {"id": piece["id"]}, claims=VICE)
    assert order_giver["allowed"] == ["revoke", "propose_correction", "urge"]


def test_boxes_hold_what_was_issued_received_and_followed_the_newest_first(order, caller):
    first = order("Một", followers=[post("dept head")])
    second = order("Hai", audience=None, assignments=[{"unit_id": unit("ward-2")}])

    def box(name, who):
        return [task["id"] for task in caller(tasks.list_tasks, {"box": name}, claims=who)["items"]]

    assert box("issued", VICE) == [second["id"], first["id"]]
    assert box("received", WARD) == [first["id"]]
    assert box("received", claims("ward-2 clerk")) == [second["id"], first["id"]]
    assert box("followed", claims("dept head")) == [first["id"]]
    assert box("issued", CHAIRMAN) == []


def test_a_box_counts_only_what_its_owner_sees(here, order, caller):
    task = order()
    make_overdue(here, task, "ward-2")
    [issued] = caller(tasks.list_tasks, {"box": "issued"}, claims=VICE)["items"]
    [received] = caller(tasks.list_tasks, {"box": "received"}, claims=WARD)["items"]

    assert (issued["roll_up"]["assigned"], issued["roll_up"]["overdue"]) == (3, 1)
    assert (received["roll_up"]["assigned"], received["roll_up"]["overdue"]) == (1, 0)


def test_pages_follow_one_another_without_gaps(order, caller):
    ids = [order(str(number))["id"] for number in range(5)]
    seen, cursor = [], None
    while True:
        answer = caller(tasks.list_tasks, {"limit": 2, "cursor": cursor}, claims=VICE)
        seen += [task["id"] for task in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break

    assert seen == ids[::-1]


def test_pieces_are_paged_and_chosen_by_state(order, caller):
    task = order()
    piece = task["assignments"]["items"][0]
    caller(tasks.accept, {"id": piece["id"], "version": 1, "idempotency_key": "a"}, claims=WARD)

    def pieces(**asked):
        return caller(tasks.list_assignments, {"task_id": task["id"]} | asked, claims=VICE)

    first = pieces(limit=2)
    rest = pieces(limit=2, cursor=first["next_cursor"])
    assert [p["id"] for p in first["items"] + rest["items"]] == [p["id"] for p in task["assignments"]["items"]]
    assert rest["next_cursor"] is None
    assert [p["id"] for p in pieces(state="in_progress")["items"]] == [piece["id"]]


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "WyIxIl0", "é", "W10", ""])
def test_a_cursor_of_ones_own_invention_is_refused(here, caller, cursor):
    with pytest.raises(CallFailed) as refusal:
        caller(tasks.list_tasks, {"cursor": cursor}, claims=VICE)

    assert (refusal.value.code, list(refusal.value.details["errors"])) == ("invalid_request", ["cursor"])


def test_the_summary_counts_what_is_open_and_what_is_late(here, order, caller):
    task = order()
    order("Khác")
    make_overdue(here, task, "ward-1")
    make_overdue(here, task, "ward-2")

    def summary(who):
        answer = caller(tasks.get_summary, {}, claims=who)
        return [answer[name] for name in ("to_do", "overdue", "issued_open", "issued_overdue")]

    assert summary(VICE) == [0, 0, 2, 1]
    assert summary(WARD) == [2, 1, 0, 0]
    assert summary(claims("ward-3 clerk")) == [2, 0, 0, 0]


def test_a_late_piece_is_overdue_and_late_express_work_by_the_minute(here, order, caller):
    task = order(urgency="express")
    make_overdue(here, task, "ward-1")
    with here.store.transaction() as tx:
        tx.execute(
            sa.text("UPDATE assignments SET current_due = now() - interval '1 second' WHERE unit_id = :u"),
            {"u": unit("ward-2")},
        )
    seen = caller(tasks.get_task, {"id": task["id"]}, claims=VICE)

    assert [piece["due_state"] for piece in seen["assignments"]["items"]] == ["overdue", "overdue", "no_deadline"]
    assert seen["roll_up"]["overdue"] == 2


def test_every_figure_of_a_roll_up_opens_the_list_that_it_counts(here, order, caller):
    task = order()
    first, second, third = task["assignments"]["items"]
    caller(tasks.accept, {"id": first["id"], "version": 1, "idempotency_key": "a"}, claims=WARD)
    caller(tasks.revoke, {"id": third["id"], "version": 1, "idempotency_key": "b", "reason": "Thôi"}, claims=VICE)
    make_overdue(here, task, "ward-2")
    counted = caller(tasks.get_task, {"id": task["id"]}, claims=VICE)["roll_up"]

    def listed(only, who=VICE):
        asked = {"task_id": task["id"], "only": only}
        return [piece["id"] for piece in caller(tasks.list_assignments, asked, claims=who)["items"]]

    assert {name: len(listed(name)) for name in counted} == counted
    assert listed("not_received") == listed("overdue") == [second["id"]] and listed("accepted") == [first["id"]]
    assert (listed("overdue", WARD), listed("accepted", WARD)) == ([], [first["id"]])


def test_the_seal_of_what_was_said_stands_on_the_order(here, order, caller, tell):
    task = order()
    assert task["transcript"] is None

    def sealed(at: str, **changes) -> None:
        told = {
            "conversation_id": id_of("conversation"), "task_id": task["id"], "closed_at": at, "sealed_at": at,
            "count": 3, "sha256": "a" * 64, "participant_post_ids": [], "participant_person_ids": [],
            "participant_unit_ids": [],
        }  # fmt: skip
        data = messaging.transcript_sealed.data().load(told | changes)
        tell(messaging.transcript_sealed, data, subject=told["conversation_id"], version=3)

    def seen(who) -> dict | None:
        return caller(tasks.get_task, {"id": task["id"]}, claims=who)["transcript"]

    def heard(count: int) -> bool:
        return len(here.rows("SELECT 1 AS one FROM inbox WHERE handler = 'transcript_sealed'")) == count

    sealed("2026-03-04T08:00:00+00:00", sha256="b" * 64)
    until(lambda: heard(1))
    sealed("2026-03-03T08:00:00+00:00")  # of an earlier end: told late
    until(lambda: heard(2))
    assert seen(VICE)["sha256"] == "b" * 64
    sealed("2026-03-05T08:00:00+00:00", count=5, sha256="c" * 64)
    until(lambda: heard(3))
    assert (seen(WARD)["sha256"], seen(WARD)["count"]) == ("c" * 64, 5)
