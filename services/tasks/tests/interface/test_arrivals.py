"""What a sibling says: heard once whatever is repeated, the newest version stands, what is wrong is parked, and nothing
of it has any authority.
"""

import itertools
import random

import orjson
import pytest
from amqp import Message

from chassis import amqp, clock, parked, topology
from chassis.inbox import Heard
from chassis.testing import until
from contracts import tasks
from contracts.inbound import INBOUND, incoming_task_received, superior_answered
from tasks.service import Service
from tasks.tests.interface.conftest import HEAD, VICE, day
from tasks.tests.interface.test_documents import OFFICE, Shelf, an_order, told
from tasks.use_cases import documents
from tests.support.town import post

_numbers = itertools.count()


def said(**changes) -> dict:
    return {
        "source": "government_office", "number": "812/TB-VPCP", "issued_on": day(-1), "abstract": "Chống ngập",
        "clauses": [{"label": "Điểm 1", "text": "Rà soát", "due_on": day(40)}],
    } | changes  # fmt: skip


class Axis:
    """The document axis, with its own account and exchange."""

    account, exchange = "ext_axis", "axis.inbound"

    def __init__(self, broker: str):
        self._broker = broker
        with amqp.connection(broker, "axis") as connection:
            channel = connection.channel()
            channel.queue_purge(topology.outside_queue("tasks"))
            channel.exchange_declare(self.exchange, "topic", durable=True, auto_delete=False)
            for name in INBOUND:
                channel.queue_bind(topology.outside_queue("tasks"), self.exchange, name)

    def say(
        self, name: str, subject: str, data: dict | bytes, version: int = 1, *, event_id: str | None = None,
        key: str | None = None, exchange: str | None = None, account: str | None = None, headers: dict | None = None,
    ) -> None:  # fmt: skip
        attributes = {
            "specversion": "1.0", "id": event_id or f"event {next(_numbers)}", "type": name, "source": "/axis",
            "time": clock.now().isoformat(), "subject": subject, "aggregateversion": version,
        }  # fmt: skip
        message = Message(
            data if isinstance(data, bytes) else orjson.dumps(data),
            content_type="application/json", delivery_mode=2, user_id=account or self.account,
            application_headers={f"cloudEvents:{name}": value for name, value in attributes.items()} | (headers or {}),
        )  # fmt: skip
        with amqp.connection(self._broker, "axis") as connection:
            channel = connection.channel()
            channel.confirm_select()
            channel.basic_publish_confirm(message, self.exchange if exchange is None else exchange, key or name)


@pytest.fixture
def axis(here, world) -> Axis:
    return Axis(world.brokers["admin"])


@pytest.fixture
def shelf(desk) -> Shelf:
    return Shelf(desk)


@pytest.fixture
def arrived(here, axis, desk):
    axis.say("incoming_task_received", "vpcp/1", said())
    return until(lambda: rows(here) and desk.ask(tasks.list_documents, OFFICE, box="to_receive")["items"])[0]


def rows(here) -> list:
    return here.rows("SELECT * FROM documents ORDER BY id")


def test_what_arrives_waits_for_the_office_and_becomes_orders_when_it_is_received(here, axis, desk, shelf, arrived):
    assert (arrived["state"], arrived["code"], arrived["clauses_total"]) == ("arrived", "01", 1)
    [waiting] = here.events()[-1][1]["waiting"]
    assert (waiting["kind"], waiting["awaits"]["post_id"]) == ("document_to_receive", post("office chief_of_office"))
    assert desk.refused(tasks.issue_from_document, arrived, VICE, orders=[an_order(1)]) == "wrong_state"
    assert desk.refused(tasks.receive_document, arrived, VICE) == "not_authorised"
    assert desk.refused(tasks.receive_document, arrived, HEAD) == "not_authorised"
    desk(tasks.receive_document, arrived, OFFICE, version=1)
    shelf.issue(arrived, an_order(1))
    assert told(here) == [("arrived", "01"), ("received", "03"), ("assigned", "04")]
    assert here.events()[1][1]["waiting"][0]["awaits"] is None
    thin = here.rows("SELECT thin FROM outbox WHERE name = 'document_changed' ORDER BY id")[-1]["thin"]
    assert thin == {
        "document_id": arrived["id"], "origin": "axis", "origin_id": "vpcp/1", "change": "assigned", "code": "04",
    }  # fmt: skip


def test_what_is_not_for_the_city_is_refused_and_stays_so(here, axis, desk, arrived):
    desk(tasks.refuse_document, arrived, OFFICE, reason="Không thuộc thẩm quyền")
    axis.say("incoming_task_received", "vpcp/1", said(abstract="Lần nữa"), version=2)
    until(lambda: rows(here)[0]["origin_version"] == 2)
    assert {code for _, code in told(here)} == {"01", "02"} and told(here)[-1][1] == "02"


def test_a_repeated_event_and_an_older_one_change_nothing(here, axis, arrived):
    axis.say("incoming_task_received", "vpcp/1", said(abstract="Mới"), version=3, event_id="x y")
    until(lambda: rows(here)[0]["abstract"] == "Mới")
    axis.say("incoming_task_received", "vpcp/1", said(abstract="Mới"), version=3, event_id="x y")
    axis.say("incoming_task_received", "vpcp/1", said(abstract="Cũ"), version=2)
    axis.say("incoming_task_received", "vpcp/2", said(number="9/TB"))
    until(lambda: len(rows(here)) == 2)
    assert [(row["abstract"], row["origin_version"]) for row in rows(here)] == [("Mới", 3), ("Chống ngập", 1)]
    assert told(here) == [("arrived", "01"), ("amended", "01"), ("arrived", "01")]


def test_shuffled_and_repeated_versions_leave_the_same_document(town):
    """The newest version of each of two documents, in whatever order they come and how often."""
    here = town("tasks")
    for round_ in range(5):
        said_so = [
            (subject, version, said(number=f"{subject}{round_}", abstract=f"{subject} {version}"))
            for subject in ("a", "b")
            for version in (1, 2, 3)
        ] * 2
        random.Random(round_).shuffle(said_so)
        for subject, version, data in said_so:
            data = incoming_task_received.data().load(data)
            event = Heard("", "", f"{subject}{round_}", version, clock.now(), data, f"axis{round_}")
            with here.store.transaction() as tx:
                documents.arrive(tx, event, clock.now())
        found = here.rows(f"SELECT origin_id, abstract FROM documents WHERE origin = 'axis{round_}' ORDER BY origin_id")
        assert [(row["origin_id"], row["abstract"]) for row in found] == [(f"a{round_}", "a 3"), (f"b{round_}", "b 3")]


def test_what_changes_after_it_was_received_is_shown_beside_it(here, axis, desk, shelf, arrived):
    desk(tasks.receive_document, arrived, OFFICE)
    axis.say("incoming_task_received", "vpcp/1", said(abstract="Sửa đổi"), version=2)
    until(lambda: rows(here)[0]["origin_version"] == 2)
    found = shelf.read(arrived)
    assert (found["amended"], found["abstract"], found["state"]) == (True, "Chống ngập", "received")


def test_of_a_state_secret_only_the_number_is_kept(here, axis):
    axis.say("incoming_task_received", "vpcp/9", said(secrecy="secret", signer="Ai đó"))
    [row] = until(lambda: rows(here))
    assert (row["state"], row["code"], row["number"]) == ("refused", "02", "812/TB-VPCP")
    assert (row["abstract"], row["signer"], row["refusal_reason"]) == (None, None, "state_secret")
    assert here.rows("SELECT * FROM clauses") == []
    assert "Chống ngập" not in str(here.events())


def test_what_was_entered_on_paper_before_is_the_same_document(here, axis, shelf):
    entered = shelf.enter(number="812/TB-VPCP", issued_on=day(-1))
    axis.say("incoming_task_received", "vpcp/1", said())
    until(lambda: rows(here)[0]["origin"] == "axis")
    found = shelf.read(entered)
    assert (len(rows(here)), found["state"], found["code"], found["origin_id"]) == (1, "received", "03", "vpcp/1")


def test_a_recall_is_answered_and_the_status_goes_on_from_where_it_was(here, axis, desk, shelf, arrived):
    desk(tasks.receive_document, arrived, OFFICE)
    [task] = shelf.issue(arrived, an_order(1))["tasks"]
    axis.say("document_recall_asked", "vpcp/1", {"reason": "Gửi nhầm"}, version=2)
    until(lambda: shelf.read(arrived)["code"] == "13")
    assert here.events()[-1][1]["waiting"][0]["awaits"]["kind"] == "recall_to_answer"
    [piece] = desk.ask(tasks.list_assignments, VICE, task_id=task["id"])["items"]
    desk.accepted(piece)
    assert desk.refused(tasks.answer_recall, arrived, OFFICE, agreed=True, reason="x") == "orders_open"
    until(lambda: here.rows("SELECT id FROM moved_documents") == [])
    assert shelf.read(arrived)["code"] == "13"
    desk(tasks.answer_recall, arrived, OFFICE, agreed=False, reason="Đang làm")
    until(lambda: shelf.read(arrived)["code"] == "05")
    assert [code for _, code in told(here)] == ["01", "03", "04", "13", "16", "05"]
    axis.say("document_recall_asked", "vpcp/1", {"reason": "Xin lại"}, version=3)
    until(lambda: shelf.read(arrived)["code"] == "13")
    desk(tasks.revoke_task, task, VICE, reason="Thôi")
    desk(tasks.answer_recall, arrived, OFFICE, agreed=True, reason="Đồng ý")
    assert (shelf.read(arrived)["state"], shelf.read(arrived)["code"]) == ("recalled", "15")


def test_what_a_sibling_says_of_an_answer_moves_no_date_until_the_office_records_it(here, axis, desk, shelf):
    [task] = shelf.issue(shelf.enter(), an_order(1))["tasks"]
    [piece] = desk.ask(tasks.list_assignments, VICE, task_id=task["id"])["items"]
    piece = desk.accepted(piece)
    asked = desk(tasks.grant_extension, desk.request(piece, on=day(70))["id"], VICE)
    document = {"number": "901/VPCP", "issued_on": day(0)}
    answer = {"granted": True, "due_on": day(65), "document": document}
    axis.say(superior_answered.name, asked["id"], answer)

    def request() -> dict:
        return desk.ask(tasks.get_superior_request, OFFICE, id=asked["id"])

    until(lambda: request()["said"])
    assert request()["said"] == answer | {"reason": None}
    assert (request()["state"], desk.read(piece)["current_due"]) == ("awaiting", piece["current_due"])
    desk(tasks.record_superior_answer, asked["id"], OFFICE, granted=True, due_on=day(65), document=document)
    assert desk.read(piece)["current_due"] > piece["current_due"]


WRONG = {
    "no JSON": {"data": b"{"},
    "not the form": {"data": {"source": "elsewhere"}},
    "another's source": {"data": said(source="city_pc")},
    "no id of ours": {"subject": "có dấu cách"},
    "a word that it may not say": {"key": "document_recall_asked"},
    "a core event": {"name": "task_issued", "key": "incoming_task_received"},
    "an account that is none": {"account": "congvu_gateway"},
    "another sibling's exchange": {"account": "ext_other"},
    "with a name that it wrote down itself": {"account": "ext_other", "headers": {"congvu-said-as": "x"}},
    "too large": {"data": b'"' + b"x" * 2**20 + b'"'},
}


def test_what_is_wrong_is_parked_and_holds_nothing_up(here, axis, queue_length):
    dead = topology.dead_queue("tasks")
    before = queue_length(dead)
    for case in WRONG.values():
        case = {"name": "incoming_task_received", "subject": "vpcp/1", "data": said()} | case
        axis.say(case.pop("name"), case.pop("subject"), case.pop("data"), **case)
    axis.say("incoming_task_received", "vpcp/7", said())
    until(lambda: rows(here))
    until(lambda: queue_length(dead) == before + len(WRONG), 10)
    assert [row["origin_id"] for row in rows(here)] == ["vpcp/7"]


def test_what_the_broker_gave_up_is_replayed_as_it_was_said(town, run, world, queue_length, monkeypatch, capsys):
    here, axis = town("tasks"), Axis(world.brokers["admin"])
    dead, outside = topology.dead_queue("tasks"), topology.outside_queue("tasks")
    with amqp.connection(world.brokers["admin"], "test reader") as connection:
        channel = connection.channel()
        channel.queue_purge(dead)
        axis.say("incoming_task_received", "vpcp/1", said())
        forged = {"congvu-said-as": "incoming_task_received", "congvu-said-on": "axis.inbound"}
        axis.say("incoming_task_received", "vpcp/2", said(), key="document_recall_asked", headers=forged)

        def given_up() -> bool:
            if message := channel.basic_get(outside):
                channel.basic_reject(message.delivery_tag, requeue=True)
            return queue_length(dead) == 2

        until(given_up)
    run(Service)
    monkeypatch.setenv("CONGVU_AMQP_ADMIN_URL", world.brokers["admin"])
    monkeypatch.setattr("sys.argv", ["parked", "replay", "tasks"])
    assert parked.main() == 0
    assert capsys.readouterr().out.endswith("2 replayed\n")
    until(lambda: rows(here) and queue_length(dead) == 1)
    assert [row["origin_id"] for row in rows(here)] == ["vpcp/1"]


def test_who_floods_it_is_refused_himself(here):
    assert topology.outside_arguments("tasks")["x-overflow"] == "reject-publish"
    assert topology.outside_queue("tasks") != topology.inbox_queue("tasks")


def test_a_draft_from_it_is_given_only_as_long_as_the_document_stands(axis, desk, shelf, arrived):
    desk(tasks.receive_document, arrived, OFFICE)
    [draft] = desk(tasks.draft_from_document, arrived, OFFICE, orders=[an_order(1)])["tasks"]
    desk(tasks.submit_for_issue, draft, OFFICE, leader_post_ids=[post("committee vice_chairman")])
    axis.say("document_recall_asked", "vpcp/1", {"reason": "Gửi nhầm"}, version=2)
    until(lambda: shelf.read(arrived)["code"] == "13")

    late = desk.refusal(tasks.issue, draft, VICE)
    assert (late.code, late.details["state"]) == ("wrong_state", "recall_asked")
    assert desk.refused(tasks.answer_recall, arrived, OFFICE, agreed=True, reason="x") == "drafts_open"
    desk(tasks.return_draft, draft, VICE, reason="Văn bản được lấy lại")
    desk(tasks.discard_draft, draft, OFFICE)
    desk(tasks.answer_recall, arrived, OFFICE, agreed=True, reason="Đồng ý")
    assert shelf.read(arrived)["state"] == "recalled"
