"""A sibling platform: it hears what it may, by plain AMQP, and nothing else; asleep or greedy it hurts nobody."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pika
import psycopg
import pytest
from pika.exceptions import (
    AMQPError,
    ChannelClosedByBroker,
    ConnectionClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
    UnroutableError,
)

from chassis.testing import until
from contracts import siblings
from deploy.local import broker_admin
from deploy.local.state import State
from deploy.local.terminal import Refusal
from deploy.local.world import topology
from tests.support.client import an_order, days_from_now
from tests.support.siblings import as_cloud_event, join, leave, told

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "sibling.py"
ATTRIBUTES = {"specversion", "id", "type", "source", "time", "subject", "aggregateversion"}


@pytest.fixture(scope="module")
def joined(platform):
    """Two siblings that hear of orders."""
    names = ("mail", "archive")
    yield [join(platform.addresses, name, "tasks.task_issued") for name in names]
    for name in names:
        leave(platform.addresses, name)


@pytest.fixture
def mail(joined, operator):
    """A sibling that hears of orders, and has heard of all that were given before."""
    operator.queue_purge(joined[0].queue)
    return joined[0]


@pytest.fixture
def newcomer(platform):
    """A sibling whose ways are changed."""
    yield join(platform.addresses, "newcomer", "tasks.task_issued")
    leave(platform.addresses, "newcomer")


@pytest.fixture
def operator(platform):
    """A channel of the broker's administrator."""
    connection = pika.BlockingConnection(pika.URLParameters(platform.addresses["brokers"]["admin"]))
    yield connection.channel()
    with suppress(AMQPError):  # a test may have restarted the broker
        connection.close()


def waiting(operator, queue: str) -> int:
    return operator.queue_declare(queue, passive=True).method.message_count


def unpublished(platform) -> int:
    with psycopg.connect(platform.addresses["databases"]["tasks"]) as connection:
        return connection.execute("SELECT count(*) FROM outbox WHERE published_at IS NULL").fetchone()[0]


def is_admitted(sibling) -> bool:
    try:
        with sibling.connected():
            return True
    except AMQPError:
        return False


# what it hears


def test_an_order_is_heard_as_a_cloud_event_with_the_allowed_fields_only(mail, person, ward):
    order = an_order(audience=None, assignments=[{"unit_id": ward}])
    headers = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": "mine=something-about-me"}
    task = person("vice_chairman").post("/tasks", order, headers=headers).json()
    with mail.connected() as connection:
        [message] = mail.hear(connection, 1)
    _delivery, properties, _body = message
    event = as_cloud_event(message)
    assert event.get_data() == {"task_id": task["id"], "unit_ids": [ward]}
    assert (event.get_type(), event.get_subject()) == ("task_issued", task["id"])
    assert (event.get_source(), event.get_datacontenttype()) == ("/congvu/tasks", "application/json")
    assert event.get_extension("aggregateversion") == 1
    assert abs(event.get_time() - datetime.fromisoformat(task["issued_at"])) < timedelta(minutes=1)
    # nothing travels beside: no title, and nothing of what the client had sent along
    assert set(properties.headers) == {f"cloudEvents:{name}" for name in ATTRIBUTES}
    assert properties.message_id == event.get_id()
    assert properties.user_id == "congvu_tasks"  # the broker vouches for who said it
    assert properties.delivery_mode == 2


def test_it_hears_only_the_types_that_it_was_given_and_the_rest_is_dropped(mail, platform, person, order_to_ward):
    task, assignment = order_to_ward()
    assert person("unit_head").accept(assignment["id"]).status_code == 200
    until(lambda: unpublished(platform) == 0)  # nobody hears assignment_changed outside: that holds nothing up
    with mail.connected() as connection:
        heard = [as_cloud_event(message) for message in mail.hear(connection, 2, seconds=2)]
    assert [(event.get_type(), event.get_subject()) for event in heard] == [("task_issued", task["id"])]


def test_changes_of_the_city_are_heard_whole_and_name_nobody(platform, person, ward):
    """A unit, a post, who takes it up, what is lent: ids of units, posts and papers; of whom, nobody hears outside."""
    names = ("unit_reorganised", "post_changed", "membership_changed", "delegation_changed")
    registry = join(platform.addresses, "registry", *(f"directory.{name}" for name in names))
    head, official = person("unit_head"), person("official")
    me, day = official.get("/me").json()["person"]["id"], days_from_now(0)
    paper = {"on_day": day, "document_number": "5/QĐ-UBND"}
    unit = {"code": "25747-NGOAI", "kind": "division", "name": "Phòng Ngoài", "full_name": "Phòng Ngoài Phường"}

    def done(answer):
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    try:
        made = done(head.post("/reorganisations", paper | {"establish": {"unit": unit, "parent_id": ward}}))
        [division] = made["successor_ids"]
        new = {"unit_id": division, "kind": "official", "title": "Chuyên viên", "from_day": day}
        post = done(head.post("/posts", new))["id"]
        taking = {"person_id": me, "post_id": post, "from_day": day, "primary": False}
        done(head.post("/memberships", taking))
        powers = {"grantee_person_id": me, "kind": "TUQ", "scope": "messaging", "document_number": "6/QĐ-UBND"}
        lent = done(head.post("/delegations", powers | {"from_day": day, "to_day": day}))["id"]
        done(head.request("DELETE", f"/delegations/{lent}", headers={"If-Match": "*", "Idempotency-Key": lent}))
        done(head.post("/reorganisations", paper | {"dissolve": {"unit_id": division}}))
        with registry.connected() as connection:
            messages = registry.hear(connection, 6)
    finally:
        leave(platform.addresses, "registry")
    events = [as_cloud_event(message) for message in messages]
    assert [event.get_type() for event in events] == [names[0], names[1], names[2], names[3], names[3], names[0]]
    for (_, properties, body), event in zip(messages, events, strict=True):
        assert set(properties.headers) == {f"cloudEvents:{name}" for name in ATTRIBUTES}
        assert (event.get_source(), properties.user_id) == ("/congvu/directory", "congvu_directory")
        assert me not in body.decode() + str(properties.headers)
    versions = [event.get_extension("aggregateversion") for event in events]
    assert versions == sorted(set(versions))
    established, made, taken, lent_out, taken_back, dissolved = (event.get_data() for event in events)
    assert established == {
        "change": "establish", "on_day": day, "unit_ids": [division], "successor_ids": []
    }  # fmt: skip
    assert made == taken == {"post_ids": [post]}
    assert lent_out == taken_back
    assert (set(lent_out), lent_out["delegation_ids"]) == ({"delegation_ids", "post_ids"}, [lent])
    assert dissolved == {"change": "dissolve", "on_day": day, "unit_ids": [division], "successor_ids": [ward]}
    for name in ("person_changed", "account_revoked", "credentials_changed", "identity_removed"):
        with pytest.raises(Refusal, match=f"directory.{name}"):
            told(platform.addresses, "add", "registry", f"directory.{name}")


def test_what_was_not_acknowledged_comes_again(mail, person, order_to_ward):
    order_to_ward()
    with mail.connected() as connection:
        [first] = mail.hear(connection, 1, ack=False)
    with mail.connected() as connection:
        [again] = mail.hear(connection, 1)
    assert (first[0].redelivered, again[0].redelivered) == (False, True)
    assert as_cloud_event(first).get_id() == as_cloud_event(again).get_id()
    with mail.connected() as connection:
        assert mail.hear(connection, 1, seconds=1) == []


def test_the_example_in_the_docs_hears_and_acts_once(mail, platform, operator, order_to_ward, tmp_path):
    file = tmp_path / "sibling.db"

    def start():
        return subprocess.Popen(
            [sys.executable, EXAMPLE], stdout=subprocess.PIPE, text=True,
            env=os.environ | {"SIBLING_URL": mail.url, "SIBLING_QUEUE": mail.queue,
                              "SIBLING_DATABASE": str(file)},
        )  # fmt: skip

    def copies(message, count):
        """As after a crash between the work and the acknowledgement."""
        for _ in range(count):
            copy = pika.BasicProperties(headers=message[1].headers, content_type="application/json")
            operator.basic_publish("", mail.queue, message[2], copy)

    first, _ = order_to_ward()
    with mail.connected() as connection:
        [message] = mail.hear(connection, 1)
    copies(message, 3)
    second, _ = order_to_ward()
    example = start()
    try:
        assert example.stdout.readline().startswith(f"task_issued {first['id']} {{'task_id': '{first['id']}'")
        assert second["id"] in example.stdout.readline()
        with sqlite3.connect(file) as known:
            until(lambda: known.execute("SELECT count(*) FROM heard").fetchone() == (2,))
        example.kill()
        example.wait()
        copies(message, 2)
        third, _ = order_to_ward()
        example = start()
        assert third["id"] in example.stdout.readline()
    finally:
        example.kill()
        example.wait()


def test_the_example_in_the_docs_says_what_arrived_and_may_say_no_more(platform, person):
    says = "incoming_task_received"
    axis = join(platform.addresses, "axis", "tasks.document_changed", "--says", says)
    document = {
        "id": "vpcp/977", "version": 1, "source": "government_office", "number": "977/TB-VPCP",
        "issued_on": days_from_now(-1), "abstract": "Chống ngập",
        "clauses": [{"label": "Điểm 1", "text": "Rà soát", "due_on": days_from_now(30)}],
    }  # fmt: skip
    given = os.environ | {"SIBLING_URL": axis.url, "SIBLING_EXCHANGE": "axis.inbound"}
    try:
        for _ in range(2):  # said again, it is heard once
            subprocess.run(
                [sys.executable, EXAMPLE.with_name("sibling_says.py")],
                input=json.dumps(document), env=given, text=True, check=True,
            )  # fmt: skip
        with axis.connected() as connection:
            [heard] = [as_cloud_event(message).get_data() for message in axis.hear(connection, 2, seconds=5)]
        assert (heard["origin"], heard["origin_id"], heard["change"], heard["code"]) == (
            "axis", "vpcp/977", "arrived", "01",
        )  # fmt: skip
        [arrived] = person("vice_chairman").get("/documents", params={"box": "to_receive"}).json()["items"]
        assert (arrived["id"], arrived["number"]) == (heard["document_id"], "977/TB-VPCP")
        with axis.connected() as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            mine = pika.BasicProperties(user_id=axis.account)
            with pytest.raises(UnroutableError):  # a word that was not given to it
                channel.basic_publish("axis.inbound", "superior_answered", b"{}", mine, mandatory=True)
            with pytest.raises(ChannelClosedByBroker) as refused:  # somebody else's name
                channel.basic_publish("axis.inbound", says, b"{}", pika.BasicProperties(user_id="congvu_tasks"))
            assert refused.value.reply_code == 406
        for exchange in ("tasks.events", "mail.inbound", ""):
            with axis.connected() as connection:
                channel = connection.channel()
                channel.confirm_delivery()
                with pytest.raises(ChannelClosedByBroker) as refused:
                    channel.basic_publish(exchange, "tasks.inbox.outside.v1", b"{}")
                assert refused.value.reply_code in (403, 404)
    finally:
        leave(platform.addresses, "axis")


def test_the_example_in_the_docs_says_what_waits_and_whoever_it_waits_for_has_it_until_it_is_closed(
    platform, person, ward
):  # fmt: skip
    says = ("waiting_item_opened", "waiting_item_changed", "waiting_item_closed")
    hotline = join(platform.addresses, "hotline", "directory.unit_reorganised", "--says", *says)
    head = person("unit_head")
    code = head.get(f"/units/{ward}").json()["code"]
    item = {
        "id": "pa/71", "version": 1, "kind": "citizen_case", "unit_code": code, "title": "Đèn đường hỏng",
        "urgency": "urgent", "due": f"{days_from_now(2)}T17:00:00+07:00", "link": "https://1022.tphcm.gov.vn/pa/71",
    }  # fmt: skip

    def say(*changes: dict) -> None:
        subprocess.run(
            [sys.executable, EXAMPLE.with_name("sibling_waits.py")], text=True, check=True,
            input="".join(json.dumps(each) + "\n" for each in changes),
            env=os.environ | {"SIBLING_URL": hotline.url, "SIBLING_EXCHANGE": "hotline.inbound"},
        )  # fmt: skip

    def shown() -> list[dict]:
        return head.get("/action-items", params={"origin": "hotline"}).json()["items"]

    stream = head.live()
    until(lambda: stream.named("hello"))
    try:
        say(item, item)
        [waiting] = until(shown)
        assert (waiting["title"], waiting["link"], waiting["kind"]) == (item["title"], item["link"], item["kind"])
        assert person("unit_clerk").get(f"/action-items/{waiting['id']}").json()["id"] == waiting["id"]
        put_off = {"until": f"{days_from_now(1)}T08:00:00+07:00"}
        answer = head.post(f"/action-items/{waiting['id']}/snooze", put_off)
        assert answer.status_code == 200, answer.text
        assert (shown(), head.get("/home").json()["reminders"]["snoozed"]) == ([], 1)
        say(item | {"version": 2, "title": "Đèn đường và dây điện"})
        until(lambda: [each["title"] for each in shown()] == ["Đèn đường và dây điện"])
        say({"id": "pa/71", "version": 3, "closed": True})
        until(lambda: not shown())
        told = [event["data"] for event in stream.named("action_item_raised") + stream.named("action_item_closed")]
        assert [each["id"] for each in told if each["id"] == waiting["id"]] == [waiting["id"]] * 2
    finally:
        stream.close()
        leave(platform.addresses, "hotline")


# what it is refused

REFUSED = {
    "to consume a core inbox": lambda channel, own: channel.basic_consume("tasks.inbox.v1", print),
    "to get from a dead queue": lambda channel, own: channel.basic_get("reminders.inbox.v1.dead"),
    "to consume a call queue": lambda channel, own: channel.basic_consume("rpc.tasks", print),
    "to consume another sibling's queue": lambda channel, own: channel.basic_consume("ext.archive.v1", print),
    "to purge a core inbox": lambda channel, own: channel.queue_purge("tasks.inbox.v1"),
    "to purge another sibling's queue": lambda channel, own: channel.queue_purge("ext.archive.v1"),
    "to call a service": lambda channel, own: channel.basic_publish("", "rpc.tasks", b"{}"),
    "to put into an inbox": lambda channel, own: channel.basic_publish("", "tasks.inbox.v1", b"{}"),
    "to put into its own queue": lambda channel, own: channel.basic_publish("", own, b"{}"),
    "to publish core events": lambda channel, own: channel.basic_publish("tasks.events", "task_issued", b"{}"),
    "to publish published events": lambda channel, own: channel.basic_publish("tasks.published", "task_issued", b"{}"),
    "to publish as a service": lambda channel, own: channel.basic_publish(
        "tasks.events", "task_issued", b"{}", pika.BasicProperties(user_id="congvu_tasks")
    ),
    "to publish elsewhere": lambda channel, own: channel.basic_publish("amq.topic", "x", b"{}"),
    "to answer somebody's call": lambda channel, own: channel.basic_publish("", "amq.rabbitmq.reply-to.x", b"{}"),
    "to declare a queue": lambda channel, own: channel.queue_declare("ext.mail.more"),
    "to declare a nameless queue": lambda channel, own: channel.queue_declare("", exclusive=True),
    "to declare an exchange": lambda channel, own: channel.exchange_declare("ext.mail"),
    "to bind more events": lambda channel, own: channel.queue_bind(own, "tasks.published", "#"),
    "to bind core events": lambda channel, own: channel.queue_bind(own, "tasks.events", "#"),
    "to unbind": lambda channel, own: channel.queue_unbind(own, "tasks.published", "task_issued"),
    "to bind exchanges": lambda channel, own: channel.exchange_bind("tasks.published", "tasks.events", "#"),
    "to delete its own queue": lambda channel, own: channel.queue_delete(own),
    "to delete a core queue": lambda channel, own: channel.queue_delete("tasks.inbox.v1"),
    "to delete an exchange": lambda channel, own: channel.exchange_delete("tasks.published"),
    "to poll its own queue": lambda channel, own: channel.basic_get(own),  # one consumer at a time, no polling
}


@pytest.mark.parametrize("wish", REFUSED)
def test_it_is_refused(mail, wish):
    with mail.connected() as connection:
        channel = connection.channel()
        channel.confirm_delivery()  # so that a publish waits for its answer
        with pytest.raises(ChannelClosedByBroker) as refused:
            REFUSED[wish](channel, mail.queue)
        assert refused.value.reply_code == (405 if wish == "to poll its own queue" else 403)


def test_it_reaches_no_other_virtual_host(mail, world):
    elsewhere = mail.url.rsplit("/", 1)[0] + urlsplit(world.brokers["admin"]).path
    with pytest.raises(ProbableAccessDeniedError), mail.connected(url=elsewhere):
        pass


def test_what_the_broker_lets_it_do_tells_or_spoils_nothing_of_ours(mail):
    """Purging its own queue is the same as acknowledging all of it. Whether a queue exists, and how long it is, the
    broker tells everybody in the virtual host who guesses its name. Nobody can answer to an address of its own."""
    with mail.connected() as connection:
        channel = connection.channel()
        channel.queue_purge(mail.queue)
        assert channel.queue_declare("tasks.inbox.v1", passive=True).method.queue == "tasks.inbox.v1"
        heard = []
        channel.basic_consume("amq.rabbitmq.reply-to", lambda *message: heard.append(message), auto_ack=True)
        connection.process_data_events(0.5)
        assert heard == []


def test_its_connections_and_channels_are_counted(mail):
    most = siblings.LIMITS["max-connections"]
    open_ones = [pika.BlockingConnection(pika.URLParameters(mail.url)) for _ in range(most)]
    with pytest.raises(ProbableAccessDeniedError, match="connection limit"), mail.connected():
        pass
    for connection in open_ones[1:]:
        connection.close()
    with pytest.raises(ConnectionClosedByBroker, match="number of channels"):
        for _ in range(siblings.LIMITS["max-channels"] + 1):
            open_ones[0].channel()


# the operator


def test_the_operator_makes_changes_and_removes_a_sibling(platform, newcomer, operator, person, order_to_ward):
    both = ("tasks.assignment_changed", "tasks.task_issued")
    order_to_ward()
    said = told(platform.addresses, "add", "newcomer", *both)
    assert "the one that was shown when it was made" in said  # what had waited waits on, the password stays
    assert f"newcomer\t{' '.join(both)}\t1 waiting\t0 connected\n" in told(platform.addresses, "list")
    _, assignment = order_to_ward()
    assert person("unit_head").accept(assignment["id"]).status_code == 200
    with newcomer.connected() as connection:
        heard = [as_cloud_event(message) for message in newcomer.hear(connection, 3)]
    assert [event.get_type() for event in heard] == ["task_issued", "task_issued", "assignment_changed"]
    assert set(heard[2].get_data()) == {"assignment_id", "task_id", "unit_id", "change"}

    again = join(platform.addresses, "newcomer", "tasks.assignment_changed")  # fewer events, and a new password
    order_to_ward()
    with pytest.raises(ProbableAuthenticationError), newcomer.connected():
        pass
    with again.connected() as connection:
        assert again.hear(connection, 1, seconds=1) == []
        channel = connection.channel()
        told(platform.addresses, "remove", "newcomer")
        with pytest.raises((ConnectionClosedByBroker, ChannelClosedByBroker)):
            channel.basic_consume(again.queue, print)
            connection.process_data_events(5)
    with pytest.raises(ProbableAuthenticationError), again.connected():
        pass
    with pytest.raises(ChannelClosedByBroker, match="NOT_FOUND"):
        waiting(operator, again.queue)
    with pytest.raises(Refusal, match="There is no sibling newcomer"):
        told(platform.addresses, "remove", "newcomer")
    assert "newcomer" not in told(platform.addresses, "list")


def test_it_survives_a_restart_of_the_broker_and_a_new_import_of_our_own_definitions(mail, platform, order_to_ward):
    first, _ = order_to_ward()
    run = State(platform.log.parent)
    own = topology(["interface", "e2e"], run.secrets())
    broker_admin.of(platform.addresses["broker_admin"]).load(own)
    platform.restart("rabbitmq")
    until(lambda: is_admitted(mail), 60)
    for service in platform.ports["admin"]:
        platform.wait_ready(service)
    second, _ = order_to_ward()
    with mail.connected() as connection:
        heard = [as_cloud_event(message).get_subject() for message in mail.hear(connection, 2)]
    assert heard == [first["id"], second["id"]]


# asleep or greedy


def test_a_sibling_that_takes_all_and_acknowledges_nothing_hurts_nobody(
    mail, platform, person, operator, order_to_ward
):
    size, count = 64 * 1024, 1700
    most = siblings.MOST_BYTES // size
    assert count > most
    with mail.connected() as connection:
        greedy = connection.channel()
        greedy.basic_qos(prefetch_count=100)
        greedy.basic_consume(mail.queue, lambda *_: None)
        operator.confirm_delivery()
        for _ in range(count):  # each is confirmed: a full queue takes it, and forgets its oldest
            operator.basic_publish("tasks.published", "task_issued", b"x" * size, mandatory=True)
        kept = until(lambda: waiting(operator, mail.queue))
        assert most - 100 <= kept <= most
        orders = 3
        for _ in range(orders):
            _, assignment = order_to_ward()  # and waits until the head has it
            assert person("unit_head").accept(assignment["id"]).status_code == 200
        until(lambda: unpublished(platform) == 0)
        assert waiting(operator, mail.queue) <= most + orders
    until(lambda: waiting(operator, mail.queue) > 0)
    assert waiting(operator, mail.queue) <= most + orders  # what it had taken came back: the oldest go


def test_one_consumer_at_a_time(mail, operator):
    """So that what is taken and not acknowledged, which no length counts, stays bounded."""
    for number in range(20):
        operator.basic_publish("tasks.published", "task_issued", b"%d" % number)
    with mail.connected() as one, mail.connected() as other:
        assert len(mail.hear(one, 20, ack=False)) == 20
        operator.basic_publish("tasks.published", "task_issued", b"more")
        assert mail.hear(other, 1, seconds=1, ack=False) == []
