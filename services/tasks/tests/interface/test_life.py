"""An assignment's life through the bus: every verb, who may, what is told, and what cannot be."""

import eventlet
import pytest

from chassis import clock
from chassis.errors import CallFailed
from chassis.testing import until
from contracts import tasks
from kernel.working_time import today
from tasks.domain.assignment import Piece, fold
from tasks.storage import history
from tasks.storage import pieces as storage
from tasks.tests.interface.conftest import A_RESULT, CLERK, DEPT, DEPUTY, DIVISION, HEAD, SUPPORT, VICE, day
from tasks.use_cases import verbs
from tasks.views import AS_IT_STANDS
from tests.support.town import claims, membership_of, person, post, unit

CHAIRMAN, CHIEF = claims("committee chairman"), claims("office chief_of_office")


def change(here) -> dict:
    """What was said last."""
    name, data = here.events()[-1]
    assert name == "assignment_changed"
    return data


def test_from_the_order_to_the_archive(here, desk, pieces):
    piece = pieces["ward-1"]
    assert desk.read(piece, HEAD)["allowed"] == ["accept", "decline", "raise_blocker", "propose_correction"]
    desk.accepted(piece)
    submitted = desk(tasks.submit_result, piece, version=2, **A_RESULT)
    assert (submitted["state"], submitted["version"], submitted["allowed"]) == (
        "result_submitted",
        3,
        ["withdraw_result", "report_progress", "propose_correction"],
    )
    assert change(here)["awaits"]["post_id"] == post("committee vice_chairman")

    approved = desk(tasks.approve_result, piece, VICE, version=3, grade="good")
    assert (approved["state"], approved["grade"], approved["done_at"]) == (
        "completed",
        "good",
        submitted["submitted_at"],
    )
    archived = desk(tasks.archive, piece, CLERK)
    assert (archived["state"], archived["allowed"]) == ("archived", [])

    [result] = desk.ask(tasks.list_results, assignment_id=piece["id"])["items"]
    assert (result["round"], result["outcome"], result["grade"]) == (1, "approved", "good")
    assert (result["document"]["number"], result["receiving_level"]) == ("12/BC-UBND", "Phó Chủ tịch")
    told = [each["change"] for each in desk.ask(tasks.list_history, assignment_id=piece["id"])["items"]]
    assert told == ["issued", "accepted", "submitted", "completed", "archived"]


def test_refused_work_goes_to_another_unit_and_the_first_one_sees_it_no_more(here, desk, pieces):
    piece = pieces["ward-1"]
    desk(tasks.decline, piece, reason="Không thuộc địa bàn", proposed_unit_id=unit("dept"))
    told = change(here)
    assert (told["after"], told["reason"]) == ("declined", "Không thuộc địa bàn")
    assert (told["awaits"]["kind"], told["awaits"]["post_id"]) == ("refusal_to_decide", post("committee vice_chairman"))
    assert desk.read(piece)["proposed_unit_id"] == unit("dept")

    desk(tasks.reassign, piece, VICE, unit_id=unit("dept"))
    told = change(here)
    assert (told["change"], told["unit_name"], told["post_id"]) == ("reassigned", "Sở Nội vụ", post("dept head"))
    assert told["former"] == {"post_id": post("ward-1 head"), "follows": False}
    assert told["awaits"] | {"due": None} == {
        "kind": "assignment_to_receive", "post_id": post("dept head"), "unit_id": unit("dept"),
        "from_title": "Phó Chủ tịch", "due": None,
    }  # fmt: skip
    assert desk.refused(tasks.accept, piece, HEAD) == "not_found"
    assert desk(tasks.accept, piece, claims("dept head"))["state"] == "in_progress"
    moved = desk.ask(tasks.list_history, assignment_id=piece["id"])["items"][2]
    assert (moved["change"], moved["data"]["from"]["unit_name"]) == ("reassigned", "Phường 1")


def test_of_a_former_owner_it_is_told_whether_the_order_names_him_still(here, desk):
    piece = desk.pieces_of(desk.order(followers=[post("ward-1 head")]))["ward-1"]
    desk(tasks.decline, piece, reason="Không thuộc địa bàn", proposed_unit_id=unit("dept"))
    assert change(here)["former"] is None
    desk(tasks.reassign, piece, VICE, unit_id=unit("dept"))
    assert change(here)["former"] == {"post_id": post("ward-1 head"), "follows": True}


def test_a_refusal_that_is_not_accepted_leaves_the_owner(desk, pieces):
    desk(tasks.decline, pieces["ward-1"], reason="Quá tải", proposed_unit_id=unit("ward-2"))
    upheld = desk(tasks.uphold, pieces["ward-1"], VICE, reason="Đúng chức năng")

    assert (upheld["state"], upheld["unit_id"], upheld["proposed_unit_id"]) == ("assigned", unit("ward-1"), None)


def test_a_refusal_names_another_unit(desk, pieces):
    why = {"reason": "Không phải việc của tôi"}
    assert desk.refused(tasks.decline, pieces["ward-1"], **why) == "proposed_unit_needed"
    assert desk.refused(tasks.decline, pieces["ward-1"], proposed_unit_id=unit("ward-1"), **why) == "unknown_unit"
    assert desk.refused(tasks.decline, pieces["ward-1"], proposed_unit_id=unit("nowhere"), **why) == "unknown_unit"


@pytest.mark.parametrize(
    ("to", "code"), [("ward-2", "unit_twice"), ("nowhere", "unknown_unit"), ("division", "unit_not_direct")]
)
def test_work_is_not_given_where_it_cannot_be(desk, pieces, to, code):
    desk(tasks.decline, pieces["ward-1"], reason="Quá tải", proposed_unit_id=unit("dept"))

    assert desk.refused(tasks.reassign, pieces["ward-1"], VICE, unit_id=unit(to)) == code
    assert desk.read(pieces["ward-1"])["state"] == "declined"


def test_a_new_owners_date_is_never_later_than_the_orders(desk, pieces):
    desk(tasks.decline, pieces["ward-1"], reason="Quá tải", proposed_unit_id=unit("dept"))
    to_dept = {"unit_id": unit("dept")}

    assert desk.refused(tasks.reassign, pieces["ward-1"], VICE, due_on=day(60), **to_dept) == "due_after_task"
    given = desk(tasks.reassign, pieces["ward-1"], VICE, due_on=day(10), **to_dept)
    assert given["current_due"] < given["original_due"]


def test_a_result_may_be_taken_back_and_sent_back(desk, pieces):
    piece = pieces["ward-1"]
    desk.submitted(piece)
    taken = desk(tasks.withdraw_result, piece)
    assert (taken["state"], taken["returns"], taken["submitted_at"]) == ("in_progress", 0, None)
    desk(tasks.submit_result, piece, **A_RESULT)
    sent_back = desk(tasks.return_result, piece, VICE, reason="Thiếu số liệu")
    assert (sent_back["state"], sent_back["returns"], sent_back["done_at"]) == ("in_progress", 1, None)
    rounds = desk.ask(tasks.list_results, assignment_id=piece["id"])["items"]
    assert [(each["outcome"], each["reason"]) for each in rounds] == [
        ("withdrawn", None),
        ("returned", "Thiếu số liệu"),
    ]


def test_a_support_is_approved_by_the_head_of_the_lead_unit(here, desk, pieces):
    desk.submitted(pieces["ward-2"], SUPPORT)
    assert change(here)["awaits"]["post_id"] == post("ward-1 head")

    assert desk.refused(tasks.approve_result, pieces["ward-2"], VICE, grade="met") == "not_authorised"
    assert desk.refused(tasks.approve_result, pieces["ward-2"], CLERK, grade="met") == "not_authorised"
    assert desk(tasks.approve_result, pieces["ward-2"], HEAD, grade="met")["state"] == "completed"


def test_what_waits_for_the_lead_waits_for_the_new_lead(here, desk, pieces):
    desk.submitted(pieces["ward-2"], SUPPORT)
    desk(tasks.decline, pieces["ward-1"], reason="Quá tải", proposed_unit_id=unit("dept"))
    desk(tasks.reassign, pieces["ward-1"], VICE, unit_id=unit("dept"))

    [other] = change(here)["pieces"]
    assert (other["assignment_id"], other["version"], other["change"]) == (pieces["ward-2"]["id"], 4, "moved")
    assert other["awaits"]["post_id"] == post("dept head")
    assert desk(tasks.approve_result, pieces["ward-2"], claims("dept head"), grade="met")["state"] == "completed"


def test_the_city_decides_in_ones_own_post_or_a_lent_one_and_its_clerks_do_not(desk, pieces):
    desk.submitted(pieces["ward-1"])
    for who in (CHAIRMAN, CHIEF, claims("office deputy_chief_of_office"), HEAD):
        assert desk.refused(tasks.approve_result, pieces["ward-1"], who, grade="met") == "not_authorised"
    assert desk(tasks.approve_result, pieces["ward-1"], DEPUTY, grade="met")["state"] == "completed"


def test_nobody_approves_what_he_himself_submitted(here, desk, pieces):
    """In whichever post: the head has the vice chairman's powers lent to him."""
    with here.store.transaction() as tx:
        storage.move_piece(tx, pieces["ward-1"]["id"], state="in_progress")
    desk(tasks.submit_result, pieces["ward-1"], **A_RESULT)
    with here.store.transaction() as tx:
        storage.move_piece(tx, pieces["ward-1"]["id"], submitted_by_person_id=person("office deputy_chief_of_office"))

    assert desk.refused(tasks.approve_result, pieces["ward-1"], DEPUTY, grade="met") == "own_result"
    assert desk.refused(tasks.return_result, pieces["ward-1"], DEPUTY, reason="Sửa") == "own_result"
    assert "approve_result" not in desk.read(pieces["ward-1"], DEPUTY)["allowed"]
    assert desk(tasks.approve_result, pieces["ward-1"], VICE, grade="met")["state"] == "completed"


def test_a_suspension_stops_the_clock_and_the_date_moves_only_when_somebody_says_so(here, desk, pieces):
    piece = desk.accepted(pieces["ward-1"])
    suspended = desk(tasks.suspend, piece, VICE, basis="Công văn 12/UBND")
    assert (suspended["state"], suspended["current_due"]) == ("suspended", piece["current_due"])
    here.do("UPDATE assignments SET current_due = now() - interval '9 days', suspended_at = now() - interval '20 days'")
    assert desk.read(piece)["due_state"] != "overdue"
    assert desk.ask(tasks.get_task, id=piece["task_id"])["roll_up"]["overdue"] == 0

    assert desk.refused(tasks.resume, piece, HEAD) == "not_authorised"
    resumed = desk(tasks.resume, piece, VICE, due_on=day(40))
    assert (resumed["state"], resumed["current_due"] > piece["current_due"]) == ("in_progress", True)
    assert desk.refused(tasks.suspend, piece, VICE, reason=None) == "invalid_request"


def test_what_comes_back_late_is_said_to_be_late(here, desk, pieces):
    piece = desk.accepted(pieces["ward-1"])
    desk(tasks.suspend, piece, VICE, basis="Công văn 12/UBND")
    assert desk.refused(tasks.resume, piece, VICE, due_on=day(10)) == "extension_not_later"
    here.do("UPDATE assignments SET current_due = now() - interval '9 days', suspended_at = now() - interval '20 days'")

    assert desk.refused(tasks.resume, piece, VICE) == "due_on_needed"
    assert desk.refused(tasks.resume, piece, VICE, due_on=day(1), date_stands=True) == "invalid_request"
    resumed = desk(tasks.resume, piece, VICE, date_stands=True)
    assert (resumed["state"], resumed["due_state"]) == ("in_progress", "overdue")
    assert desk.ask(tasks.list_history, assignment_id=piece["id"])["items"][-1]["data"]["date_stands"] is True


def test_who_has_no_deadline_gets_none_before_what_he_passed_on(desk):
    wanted = {"mode": "each", "assignments": [{"unit_id": unit("dept")}], "no_deadline": True}
    piece = desk.accepted(desk.order(**wanted)["assignments"]["items"][0], DEPT)
    [child] = desk(tasks.pass_on, piece, DEPT, pieces=[{"unit_id": unit("division")}])["children"]
    desk.accepted(child, DIVISION)
    desk(tasks.suspend, piece, VICE, reason="x")
    assert desk.refused(tasks.resume, piece, VICE, due_on=day(10)) == "due_after_parent"

    desk(tasks.suspend, child, DEPT, reason="x")
    desk(tasks.resume, child, DEPT, due_on=day(5))
    assert desk(tasks.resume, piece, VICE, due_on=day(10))["current_due"] is not None


def test_a_date_from_above_is_not_moved_by_a_suspension(desk):
    wanted = {"mode": "each", "assignments": [{"unit_id": unit("dept")}], "source": "government_office"}
    piece = desk.accepted(desk.order(**wanted)["assignments"]["items"][0], DEPT)
    desk(tasks.suspend, piece, VICE, reason="x")

    assert desk.refused(tasks.resume, piece, VICE, due_on=day(60)) == "superior_decides"
    assert desk(tasks.resume, piece, VICE)["current_due"] == piece["current_due"]


def test_the_dossier_is_the_clerks_to_close_and_the_heads_where_there_is_none(here, desk, pieces):
    piece = pieces["ward-1"]
    desk.submitted(piece)
    desk(tasks.approve_result, piece, VICE, grade="met")
    assert desk.refused(tasks.archive, piece, HEAD) == "not_authorised"
    assert desk.read(piece, HEAD)["allowed"] == ["propose_correction"]
    assert desk.read(piece, CLERK)["allowed"] == ["archive", "propose_correction"]

    left = "UPDATE copy_memberships SET valid_to = :day WHERE id = :id"
    here.do(left, day=today(clock.now()), id=membership_of("ward-1 clerk"))
    assert desk.read(piece, HEAD)["allowed"] == ["archive", "propose_correction"]
    assert desk(tasks.archive, piece, HEAD)["state"] == "archived"


def test_a_document_is_not_of_a_day_to_come(desk, pieces):
    desk.accepted(pieces["ward-1"])
    ahead = A_RESULT | {"document": {"number": "12/BC-UBND", "issued_on": day(1)}}

    assert desk.refused(tasks.submit_result, pieces["ward-1"], **ahead) == "day_in_future"


def test_the_lead_says_who_has_not_answered_and_only_of_whom_it_is_true(desk, pieces):
    desk.accepted(pieces["ward-1"])
    submitting = (tasks.submit_result, pieces["ward-1"], HEAD)
    for other in ("ward-3", "ward-1", "dept"):
        assert desk.refused(*submitting, **A_RESULT, unanswered_unit_ids=[unit(other)]) == "unit_owes_nothing"
    desk(*submitting, **A_RESULT, unanswered_unit_ids=[unit("ward-2")])
    [result] = desk.ask(tasks.list_results, assignment_id=pieces["ward-1"]["id"])["items"]
    assert result["unanswered_unit_ids"] == [unit("ward-2")]

    desk(tasks.withdraw_result, pieces["ward-1"])
    desk.submitted(pieces["ward-2"], SUPPORT)
    assert desk.refused(*submitting, **A_RESULT, unanswered_unit_ids=[unit("ward-2")]) == "unit_owes_nothing"


def test_what_was_revoked_is_not_late_and_counts_apart(here, desk, task, pieces):
    here.do("UPDATE assignments SET current_due = now() - interval '9 days'")
    desk(tasks.revoke, pieces["ward-1"], VICE, reason="Thôi")

    seen = desk.read(pieces["ward-1"])
    assert (seen["due_state"], seen["due_days"], seen["original_due_state"]) == (None, 0, None)
    roll_up = desk.ask(tasks.get_task, id=task["id"])["roll_up"]
    assert (roll_up["assigned"], roll_up["revoked"], roll_up["overdue"]) == (2, 1, 2)


def test_whose_lead_was_revoked_sees_the_others_no_more(desk, task, pieces):
    assert desk.read(pieces["ward-2"], HEAD)
    desk(tasks.revoke, pieces["ward-1"], VICE, reason="Thôi")

    seen = desk.ask(tasks.get_task, HEAD, id=task["id"])
    assert [piece["id"] for piece in seen["assignments"]["items"]] == [pieces["ward-1"]["id"]]
    assert desk.refused(tasks.accept, pieces["ward-2"], HEAD) == "not_found"


def test_an_order_is_closed_with_its_lead_whatever_else_is_open(desk, pieces, dept):
    """Neither the supports nor what was passed on keep it open, nor is the same order warned of."""
    desk.submitted(pieces["ward-1"])
    desk(tasks.approve_result, pieces["ward-1"], VICE, grade="met")
    assert desk.ask(tasks.get_summary)["issued_open"] == 1
    desk(tasks.pass_on, dept, DEPT, pieces=[{"unit_id": unit("division")}])
    desk(tasks.submit_result, dept, DEPT, **A_RESULT)
    desk(tasks.approve_result, dept, VICE, grade="met")

    assert desk.ask(tasks.get_summary)["issued_open"] == 0
    assert desk.order()["warnings"] == []


def test_what_was_approved_may_be_reopened_and_the_grade_stays_in_the_history(desk, pieces):
    piece = pieces["ward-1"]
    desk.submitted(piece)
    desk(tasks.approve_result, piece, VICE, grade="excellent")
    reopened = desk(tasks.reopen, piece, VICE, reason="Số liệu sai")

    assert (reopened["state"], reopened["grade"], reopened["done_at"]) == ("in_progress", None, None)
    assert desk.ask(tasks.list_history, assignment_id=piece["id"])["items"][-1]["data"]["was"]["grade"] == "excellent"
    desk(tasks.submit_result, piece, **A_RESULT)
    desk(tasks.approve_result, piece, VICE, grade="met")
    desk(tasks.archive, piece, CHIEF)
    assert desk.refused(tasks.reopen, piece, VICE, reason="Lại") == "wrong_state"


def test_what_is_part_of_something_revoked_is_not_reopened(desk, task, pieces, dept):
    desk.submitted(pieces["ward-1"])
    desk(tasks.approve_result, pieces["ward-1"], VICE, grade="met")
    desk(tasks.revoke_task, task, VICE, reason="Trùng")
    assert desk.refused(tasks.reopen, pieces["ward-1"], VICE, reason="Lại") == "wrong_state"

    head, official = claims("dept head"), claims("dept official")
    [child] = desk(tasks.pass_on, dept, head, pieces=[{"post_id": post("dept official")}])["children"]
    desk.submitted(child, official)
    desk(tasks.approve_result, child, head, grade="met")
    desk(tasks.revoke, dept, VICE, reason="Thôi")
    assert desk.refused(tasks.reopen, child, head, reason="Lại") == "wrong_state"


@pytest.mark.parametrize("end", ["revoked", "archived"])
def test_nor_what_is_part_of_something_ended_far_above(here, desk, dept, end):
    official = claims("dept official")
    here.do("UPDATE copy_posts SET unit_id = :to WHERE id = :post", to=unit("division"), post=post("dept official"))
    [child] = desk(tasks.pass_on, dept, DEPT, pieces=[{"unit_id": unit("division")}])["children"]
    desk.accepted(child, DIVISION)
    [deeper] = desk(tasks.pass_on, child, DIVISION, pieces=[{"post_id": post("dept official")}])["children"]
    for piece, who, above in ((deeper, official, DIVISION), (child, DIVISION, DEPT), (dept, DEPT, VICE)):
        if piece is deeper:
            desk.accepted(piece, who)
        if piece is dept and end == "revoked":
            desk(tasks.revoke, dept, VICE, reason="Thôi")
            break
        desk(tasks.submit_result, piece, who, **A_RESULT)
        desk(tasks.approve_result, piece, above, grade="met")
    if end == "archived":
        assert desk(tasks.reopen, deeper, DIVISION, reason="Lại")["state"] == "in_progress"
        desk(tasks.submit_result, deeper, official, **A_RESULT)
        desk(tasks.approve_result, deeper, DIVISION, grade="met")
        desk(tasks.archive, dept, claims("dept clerk"))

    refusal = desk.refusal(tasks.reopen, deeper, DIVISION, reason="Lại")
    assert (refusal.code, refusal.details["state"]) == ("wrong_state", end)


def test_who_is_only_informed_receives_it_and_no_more(desk, pieces):
    told, who = pieces["ward-3"], claims("ward-3 head")
    desk.accepted(told, who)

    assert desk.refused(tasks.reopen, told, VICE, reason="Lại") == "wrong_state"
    assert desk.refused(tasks.submit_result, told, who, **A_RESULT) == "wrong_state"


HEADS_OWN = [
    (tasks.decline, "assigned", {"reason": "x", "proposed_unit_id": unit("dept")}),
    (tasks.submit_result, "in_progress", A_RESULT),
    (tasks.withdraw_result, "result_submitted", {}),
    (tasks.pass_on, "in_progress", {"pieces": [{"post_id": post("ward-1 official")}]}),
]
ASSIGNERS = [
    (tasks.uphold, {"reason": "x"}),
    (tasks.reassign, {"unit_id": unit("dept")}),
    (tasks.approve_result, {"grade": "met"}),
    (tasks.return_result, {"reason": "x"}),
    (tasks.suspend, {"reason": "x"}),
    (tasks.resume, {}),
    (tasks.revoke, {"reason": "x"}),
    (tasks.reopen, {"reason": "x"}),
]


@pytest.mark.parametrize(("procedure", "_state", "body"), HEADS_OWN, ids=[each[0].name for each in HEADS_OWN])
def test_what_is_the_heads_own_his_clerk_may_not(desk, pieces, procedure, _state, body):
    assert desk.refused(procedure, pieces["ward-1"], CLERK, **body) == "not_authorised"
    assert desk.refused(procedure, pieces["ward-1"], VICE, **body) == "not_authorised"
    assert desk.refused(procedure, pieces["ward-1"], claims("ward-2 head"), **body) == "not_found"


@pytest.mark.parametrize(("procedure", "body"), ASSIGNERS, ids=[each[0].name for each in ASSIGNERS])
def test_what_is_the_assigners_own_nobody_else_may(desk, pieces, procedure, body):
    for who in (HEAD, CLERK, CHAIRMAN, CHIEF):
        assert desk.refused(procedure, pieces["ward-1"], who, **body) == "not_authorised"
    assert desk.refused(procedure, pieces["ward-1"], claims("dept head"), **body) == "not_found"


def test_a_stale_version_changes_nothing_and_says_what_came_before(here, desk, pieces):
    desk.accepted(pieces["ward-1"], CLERK)
    told = here.events()
    late = desk.refusal(tasks.submit_result, pieces["ward-1"], version=1, **A_RESULT)
    again = desk.refusal(tasks.accept, pieces["ward-1"])

    assert (late.code, again.code) == ("stale_version", "wrong_state")
    for refusal in (late, again):
        assert (refusal.details["change"], refusal.details["actor_person_id"]) == ("accepted", person("ward-1 clerk"))
    assert (late.details["current"], again.details["state"]) == (2, "in_progress")
    assert here.events() == told and here.rows("SELECT count(*) AS n FROM results") == [{"n": 0}]


@pytest.mark.parametrize("inside", [False, True])
def test_of_two_refused_pieces_given_to_one_at_once_he_gets_one(here, desk, pieces, dept, inside):
    """While the first is being given, the second waits, and then finds him taken."""
    refused, giver, to = [(pieces["ward-1"], HEAD), (pieces["ward-2"], SUPPORT)], VICE, {"unit_id": unit("dept")}
    if inside:
        posts = [{"unit_id": unit("division")}, {"post_id": post("dept clerk")}]
        children = desk(tasks.pass_on, dept, DEPT, pieces=posts)["children"]
        owners = {unit("division"): DIVISION, unit("dept"): claims("dept clerk")}
        refused, giver = [(child, owners[child["unit_id"]]) for child in children], DEPT
        to = {"post_id": post("dept official")}
    for piece, who in refused:
        desk(tasks.decline, piece, who, reason="Quá tải", proposed_unit_id=None if inside else unit("dept"))
    (first, _), (second, _) = refused
    request = {"id": first["id"], "version": None, "idempotency_key": "first"} | to
    with here.store.transaction() as tx:
        verbs.reassign(tx, giver, tasks.reassign.request().load(request), clock.now())
        late = eventlet.spawn(desk.refused, tasks.reassign, second, giver, **to)
        until(lambda: late.dead or here.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))
    assert late.wait() == "unit_twice"


@pytest.mark.parametrize("version", [3, None])
def test_two_who_decide_at_once(here, desk, pieces, version):
    """One wins, the other learns why; whichever way both came."""
    desk.submitted(pieces["ward-1"])
    told = len(here.events())

    def trying(procedure, who, **body):
        try:
            return desk(procedure, pieces["ward-1"], who, version=version, **body)["state"], None
        except CallFailed as refusal:
            return refusal.code, refusal.details

    greens = [
        eventlet.spawn(trying, tasks.approve_result, VICE, grade="good"),
        eventlet.spawn(trying, tasks.return_result, DEPUTY, reason="Thiếu"),
    ]
    (won, _), (lost, why) = sorted((green.wait() for green in greens), key=lambda outcome: outcome[1] is not None)
    assert won in ("completed", "in_progress")
    assert lost == ("stale_version" if version else "wrong_state")
    assert why["change"] == {"completed": "completed", "in_progress": "returned"}[won] and why["at"]
    assert len(here.events()) == told + 1
    [result] = desk.ask(tasks.list_results, assignment_id=pieces["ward-1"]["id"])["items"]
    assert result["outcome"] == {"completed": "approved", "in_progress": "returned"}[won]


def test_a_repeated_request_has_its_answer_and_no_second_effect(here, desk, pieces):
    desk.accepted(pieces["ward-1"])
    first = desk(tasks.submit_result, pieces["ward-1"], key="once", version=2, **A_RESULT)

    assert desk(tasks.submit_result, pieces["ward-1"], key="once", version=2, **A_RESULT) == first
    assert here.rows("SELECT count(*) AS n FROM results") == [{"n": 1}]


def test_an_order_is_taken_back_with_all_its_open_pieces(here, desk, task, pieces, dept):
    desk.accepted(pieces["ward-3"], claims("ward-3 head"))
    desk.accepted(pieces["ward-1"])
    child = desk(tasks.pass_on, pieces["ward-1"], pieces=[{"post_id": post("ward-1 official")}])["children"][0]
    assert desk.refused(tasks.revoke_task, task, HEAD, reason="x") == "not_authorised"
    assert desk.refused(tasks.revoke_task, task, claims("dept head"), reason="x") == "not_found"
    revoked = desk(tasks.revoke_task, task, VICE, version=1, reason="Không còn cần thiết")

    assert (revoked["state"], revoked["version"]) == ("revoked", 2)
    states = {piece["unit_id"]: piece["state"] for piece in revoked["assignments"]["items"]}
    assert states == {unit("ward-1"): "revoked", unit("ward-2"): "revoked", unit("ward-3"): "completed"}
    name, told = here.events()[-1]
    assert (name, {each["assignment_id"] for each in told["pieces"]}) == (
        "task_revoked", {pieces["ward-1"]["id"], pieces["ward-2"]["id"], child["id"]},
    )  # fmt: skip
    for version, code in ((None, "wrong_state"), (1, "stale_version")):
        late = desk.refusal(tasks.revoke_task, task, VICE, version=version, reason="Lại")
        assert (late.code, late.details["change"]) == (code, "revoked")
        assert late.details["actor_person_id"] == person("committee vice_chairman") and late.details["at"]
    assert desk.refused(tasks.accept, pieces["ward-2"], SUPPORT) == "wrong_state"
    assert desk.read(dept)["state"] == "in_progress"
    changes = [each["change"] for each in desk.ask(tasks.list_task_history, task_id=task["id"])["items"]]
    assert changes.count("revoked") == 3  # the order, and the two units' pieces


def test_everybody_sees_the_history_of_what_he_sees(desk, task, pieces):
    desk.accepted(pieces["ward-1"])
    desk.accepted(pieces["ward-2"], SUPPORT)

    def told(who) -> list:
        items, cursor = [], None
        while True:
            page = desk.ask(tasks.list_task_history, who, task_id=task["id"], limit=2, cursor=cursor)
            items += [(each["change"], each["assignment_id"]) for each in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                return items

    assert len(told(VICE)) == 6
    assert told(SUPPORT) == [
        ("issued", None), ("issued", pieces["ward-2"]["id"]), ("accepted", pieces["ward-2"]["id"]),
    ]  # fmt: skip
    for read in (tasks.list_history, tasks.list_results, tasks.list_extensions, tasks.list_children):
        with pytest.raises(CallFailed) as refusal:
            desk.ask(read, claims("dept head"), assignment_id=pieces["ward-1"]["id"])
        assert refusal.value.code == "not_found"


def test_whatever_happened_the_row_is_the_fold_of_its_history(here, desk, pieces, dept):
    first, second = pieces["ward-1"], pieces["ward-2"]
    desk(tasks.decline, first, reason="x", proposed_unit_id=unit("dept"))
    desk(tasks.uphold, first, VICE, reason="x")
    desk.submitted(first)
    desk(tasks.return_result, first, VICE, reason="x")
    desk(tasks.suspend, first, VICE, reason="x")
    desk(tasks.resume, first, VICE, due_on=day(40))
    asked = desk.request(first)
    desk(tasks.grant_extension, asked["id"], VICE, due_on=day(50))
    desk(tasks.submit_result, first, **A_RESULT)
    desk(tasks.approve_result, first, DEPUTY, grade="good")
    desk(tasks.decline, second, SUPPORT, reason="x", proposed_unit_id=unit("dept"))
    desk(tasks.reassign, second, VICE, unit_id=unit("dept"))
    desk(tasks.revoke, second, VICE, reason="x")
    desk(tasks.pass_on, dept, claims("dept head"), pieces=[{"unit_id": unit("division"), "due_on": day(5)}])
    rows = here.rows("SELECT * FROM assignments")
    assert len(rows) == 5
    for row in rows:
        row = {name: str(value) if name.endswith("_id") and value else value for name, value in row.items()}
        with here.store.reading() as tx:
            happened = history.history_of(tx, row["task_id"], row["id"])
        new = Piece(row["role"], "", row["assigner_post_id"])
        folded = fold(new, happened)
        assert {name: getattr(folded, name) for name in AS_IT_STANDS} == {name: row[name] for name in AS_IT_STANDS}
