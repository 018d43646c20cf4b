"""Documents: entered, assigned clause by clause in one act, settled, followed; what goes out never goes back."""

import itertools

import eventlet
import pytest

from chassis.errors import CallFailed
from chassis.testing import until
from contracts import tasks
from tasks.tests.interface.conftest import DEPUTY, HEAD, SUPPORT, VICE, day
from tests.support.town import claims, post, unit

OFFICE, CHAIR = claims("office chief_of_office"), claims("committee chairman")
_keys = itertools.count()


def a_document(**changes) -> dict:
    return {
        "source": "government_office", "number": f"{next(_keys)}/TB-VPCP", "issued_on": day(-3),
        "abstract": "Kết luận về chống ngập", "signer": "Phó Chủ nhiệm",
        "clauses": [
            {"label": "Điểm 1", "text": "Rà soát các điểm ngập", "due_on": day(40), "reporting": "monthly"},
            {"label": "Điểm 2", "text": "Lập kế hoạch", "due_on": day(60)},
            {"label": "Điểm 3", "text": "Để biết"},
        ],
    } | changes  # fmt: skip


def an_order(*clauses: int, ward: str = "ward-1", **changes) -> dict:
    return {
        "title": f"Việc theo điểm {clauses}", "content": "Theo văn bản.", "mode": "each",
        "assignments": [{"unit_id": unit(ward)}], "expected_result": "Báo cáo", "clauses": list(clauses),
    } | changes  # fmt: skip


class Shelf:
    """Documents, as the Office and the leaders work on them."""

    def __init__(self, desk):
        self.desk = desk

    def enter(self, who: dict = OFFICE, **changes) -> dict:
        return self.desk.ask(tasks.enter_document, who, idempotency_key=f"d{next(_keys)}", **a_document(**changes))

    def enter_refused(self, who: dict = OFFICE, **changes) -> str:
        with pytest.raises(CallFailed) as refusal:
            self.enter(who, **changes)
        return refusal.value.code

    def read(self, document: dict, who: dict = OFFICE) -> dict:
        return self.desk.ask(tasks.get_document, who, id=document["id"])

    def issue(self, document: dict, *orders: dict, who: dict = VICE, **more) -> dict:
        return self.desk(tasks.issue_from_document, document, who, orders=list(orders), **more)

    def no_task(self, document: dict, number: int) -> dict:
        return self.desk(tasks.declare_no_task, document, OFFICE, number=number, reason="Nội dung để biết")

    def counts(self, document: dict) -> tuple:
        names = ("clauses_assigned", "clauses_without_task", "clauses_total", "settled", "code")
        found = self.read(document)
        return tuple(found[name] for name in names)


@pytest.fixture
def shelf(desk) -> Shelf:
    return Shelf(desk)


@pytest.fixture
def document(shelf) -> dict:
    return shelf.enter()


def told(here) -> list[tuple]:
    return [(data["change"], data["code"]) for name, data in here.events() if name == "document_changed"]


def test_the_office_enters_a_document_and_the_city_has_received_it(here, shelf, document):
    assert (document["state"], document["code"], document["version"]) == ("received", "03", 1)
    assert shelf.counts(document) == (0, 0, 3, False, "03")
    assert [each["state"] for each in document["clauses"]] == ["open"] * 3
    assert document["report_due_on"] >= day(27)
    assert told(here) == [("entered", "03")]
    [entry] = here.rows("SELECT action, subject FROM audit_log WHERE action LIKE 'tasks.document%'")
    assert (entry["action"], entry["subject"]) == ("tasks.document_entered", document["id"])


def test_what_cannot_be_entered(here, shelf, document):
    assert shelf.enter_refused(secrecy="secret") == "state_secret"
    assert shelf.enter_refused(number=document["number"]) == "document_known"
    assert shelf.enter_refused(issued_on=day(1)) == "day_in_future"
    assert shelf.enter_refused(received_on=day(-5)) == "dates_in_wrong_order"
    assert shelf.enter_refused(clauses=[]) == "invalid_request"
    for who in (VICE, HEAD, claims("dept head")):
        assert shelf.enter_refused(who) == "not_authorised"
    assert len(told(here)) == 1


def test_of_two_who_enter_the_same_document_at_once_one_does(shelf):
    def trying():
        try:
            return shelf.enter(number="1/CV")["state"]
        except CallFailed as refusal:
            return refusal.code

    greens = [eventlet.spawn(trying) for _ in range(3)]
    assert sorted(green.wait() for green in greens) == ["document_known", "document_known", "received"]


def test_many_orders_are_given_in_one_act_and_said_in_one_event(here, shelf, document):
    issued = shelf.issue(document, an_order(1), an_order(1, 2, ward="ward-2"), version=1)

    first, second = issued["tasks"]
    assert (first["clause"], second["clause"]) == ("Điểm 1", "Điểm 1; Điểm 2")
    assert first["source"] == "government_office" and first["original_due"] == first["superior_due"]
    assert second["superior_due"] == first["superior_due"]  # the earliest of its clauses
    assert (issued["version"], issued["document"]["clauses_assigned"]) == (2, 2)
    assert issued["document"]["clauses"][0]["task_ids"] == [first["id"], second["id"]]
    assert issued["document"]["code"] == "04"
    [said] = [data for _, data in here.events() if data.get("change") == "assigned"]
    assert [order["task_id"] for order in said["orders"]] == [first["id"], second["id"]]
    assert [name for name, _ in here.events()].count("task_issued") == 0
    there = shelf.desk.ask(tasks.list_document_tasks, OFFICE, document_id=document["id"], limit=1)
    assert [each["id"] for each in there["items"]] == [first["id"]] and there["next_cursor"]


def test_an_order_says_the_number_of_its_document_and_is_found_by_it(here, shelf, document):
    given = shelf.issue(document, an_order(1, field="Đất đai"))["tasks"][0]
    drafted = shelf.desk.ask(
        tasks.draft_from_document, OFFICE, id=document["id"], version=None, idempotency_key="drafted",
        orders=[an_order(2)],
    )["tasks"][0]  # fmt: skip
    edited = an_order(title="Sửa lại", due_on=drafted["original_due"][:10])
    del edited["clauses"]
    shelf.desk(tasks.edit_draft, drafted["id"], OFFICE, order=edited)
    numbers = here.rows("SELECT document_number, document_issued_on::text FROM tasks")
    assert numbers == [{"document_number": document["number"], "document_issued_on": document["issued_on"]}] * 2
    assert shelf.desk.ask(tasks.get_task, id=given["id"])["field"] == "Đất đai"

    page = shelf.desk.ask(tasks.export_tasks, VICE, q=document["number"], field="Đất đai")
    [line] = [dict(zip(page["headers"], row, strict=True)) for row in page["rows"]]
    assert (line["Văn bản số"], line["Khoản"], line["Lĩnh vực"]) == (document["number"], "Điểm 1", "Đất đai")
    [found] = shelf.desk.ask(tasks.list_tasks, q=document["number"])["items"]
    assert found["id"] == given["id"]
    about = f"Thực hiện văn bản {document['number']}"
    preview = shelf.desk.ask(tasks.preview, title="Việc khác hẳn", content=about, unit_ids=[unit("ward-3")])
    assert [each["task_id"] for each in preview["duplicates"]] == [given["id"]]


def test_all_of_the_orders_or_none(here, shelf, document):
    def refused(*orders, **more) -> tuple:
        with pytest.raises(CallFailed) as refusal:
            shelf.issue(document, *orders, **more)
        return refusal.value.code, refusal.value.details.get("field")

    good = an_order(1)
    assert refused(good, an_order(2, ward="nowhere")) == ("unknown_unit", "orders.1.assignments.0.unit_id")
    assert refused(good, an_order(4)) == ("unknown_clause", "orders.1.clauses.0")
    assert refused(good, an_order(1, due_on=day(50))) == ("due_after_superior", "orders.1.due_on")
    assert refused(good, an_order(1, no_deadline=True)) == ("due_after_superior", "orders.1.due_on")
    assert refused(*[good] * 21)[0] == "invalid_request"
    assert refused(good, version=9)[0] == "stale_version"
    assert refused(good, who=OFFICE)[0] == "not_authorised"
    assert refused(good, who=HEAD)[0] == "not_authorised"
    assert here.rows("SELECT id FROM tasks") == [] and len(told(here)) == 1
    assert shelf.counts(document) == (0, 0, 3, False, "03")


def test_the_same_key_gives_once(here, shelf, document):
    assert shelf.issue(document, an_order(1), key="k") == shelf.issue(document, an_order(1), key="k")
    assert len(here.rows("SELECT id FROM tasks")) == 1


def test_all_clauses_assigned_or_declared_settle_it_and_nothing_else(shelf, document):
    shelf.no_task(document, 3)
    assert shelf.counts(document) == (0, 1, 3, False, "03")
    shelf.issue(document, an_order(1))
    assert shelf.counts(document) == (1, 1, 3, False, "04")
    assert shelf.desk.refused(tasks.declare_no_task, document, OFFICE, number=1, reason="x") == "clause_assigned"
    shelf.issue(document, an_order(2), who=DEPUTY)
    assert shelf.counts(document) == (2, 1, 3, True, "04")
    shelf.issue(document, an_order(3))  # it needs an order after all
    assert shelf.counts(document) == (3, 0, 3, True, "04")


def test_what_needs_no_order_at_all_is_done(shelf, document):
    for number in (1, 2, 3):
        shelf.no_task(document, number)
    assert shelf.counts(document) == (0, 3, 3, True, "06")
    assert shelf.read(document)["report_due_on"] is None


def test_the_status_follows_the_work_and_never_goes_back(here, shelf, desk, document):
    document = shelf.issue(document, an_order(1, 2, 3))["document"]
    [task] = desk.ask(tasks.list_document_tasks, OFFICE, document_id=document["id"])["items"]
    [piece] = desk.ask(tasks.list_assignments, VICE, task_id=task["id"])["items"]
    desk.submitted(piece)
    until(lambda: shelf.read(document)["code"] == "05")
    desk(tasks.approve_result, piece, VICE, grade="met")
    until(lambda: shelf.read(document)["code"] == "06")
    desk(tasks.reopen, piece, VICE, reason="Số liệu sai")
    until(lambda: here.rows("SELECT id FROM moved_documents") == [])
    assert told(here) == [("entered", "03"), ("assigned", "04"), ("followed", "05"), ("followed", "06")]
    said = here.rows("SELECT version FROM outbox WHERE name = 'document_changed' ORDER BY id")
    assert [row["version"] for row in said] == [1, 2, 3, 4]


def test_a_revoked_order_leaves_its_clause_open_and_the_status_where_it_was(here, shelf, desk, document):
    [task] = shelf.issue(document, an_order(1, 2, 3))["tasks"]
    assert shelf.counts(document) == (3, 0, 3, True, "04")
    desk(tasks.revoke_task, task, VICE, reason="Thôi")
    until(lambda: shelf.counts(document) == (0, 0, 3, False, "04"))
    assert told(here)[-1] == ("followed", "04")


def test_drafts_wait_for_the_leader_and_count_when_they_are_given(shelf, desk, document):
    drafted = desk(tasks.draft_from_document, document, OFFICE, orders=[an_order(1), an_order(2)])
    one, _ = drafted["tasks"]
    assert (one["state"], drafted["document"]["code"]) == ("draft", "03")
    assert [each["state"] for each in drafted["document"]["clauses"]] == ["drafted", "drafted", "open"]
    leaders = [post("committee vice_chairman")]
    desk(tasks.submit_for_issue, one, OFFICE, leader_post_ids=leaders)
    given = desk(tasks.issue, one, VICE)
    assert (given["document_id"], given["clause"]) == (document["id"], "Điểm 1") and given["superior_due"]
    until(lambda: shelf.counts(document)[0] == 1 and shelf.read(document)["code"] == "04")


def test_units_see_their_clause_and_not_the_document(shelf, desk, document):
    [task] = shelf.issue(document, an_order(1))["tasks"]
    assert shelf.read(document, CHAIR)["id"] == shelf.read(document, VICE)["id"] == document["id"]
    for who in (HEAD, SUPPORT, claims("dept head")):
        assert desk.refused_to_ask(tasks.get_document, who, id=document["id"]) == "not_found"
        assert desk.ask(tasks.list_documents, who)["items"] == []
    [piece] = desk.ask(tasks.list_assignments, VICE, task_id=task["id"])["items"]
    assert desk.read(piece, HEAD)["clause"] == "Điểm 1"
    assert desk.ask(tasks.get_task, HEAD, id=task["id"])["superior_due"] == task["superior_due"]


def test_boxes_have_an_end(shelf, desk):
    made = [shelf.enter()["id"] for _ in range(3)]
    for number in (1, 2, 3):
        shelf.no_task({"id": made[0]}, number)
    for box, wanted in (("all", made[::-1]), ("to_assign", made[:0:-1]), ("report_due", made[1:]), ("to_receive", [])):
        seen, cursor = [], None
        while True:
            page = desk.ask(tasks.list_documents, CHAIR, box=box, limit=1, cursor=cursor)
            seen += [each["id"] for each in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert seen == wanted, box
