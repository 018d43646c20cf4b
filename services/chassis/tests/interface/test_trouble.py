"""What happens when connections break, writes fail, instances stop and messages lie: nothing lost, nothing believed."""

import socket
import time

import eventlet
import pytest
import sqlalchemy as sa
from amqp import Message
from marshmallow import Schema, fields

from chassis import amqp, clock, context, parked, topology
from chassis.amqp import Publisher
from chassis.contract import Procedure
from chassis.database import Database, RowRefused
from chassis.errors import CallFailed, DeadlineExceeded
from chassis.inbox import EMITTER, InboxReader
from chassis.outbox import Relay
from chassis.rpc import Caller, RpcServer, rpc
from chassis.testing import until
from chassis.tests.interface import samples
from chassis.tests.interface.samples import CLAIMS, Speaker, hearer, said, say


@pytest.fixture(autouse=True)
def empty(clean):
    clean("tasks", "reminders", "messaging")


@pytest.fixture
def admin(world):
    with amqp.connection(world.brokers["admin"], "test operator") as broker:
        yield broker.channel()


@pytest.fixture
def publisher(world):
    publisher = Publisher(world.brokers["admin"], "test publisher")
    publisher.start()
    until(lambda: publisher.is_up)
    yield publisher
    publisher.stop()


@pytest.fixture
def queue(admin):
    """A queue that takes two messages and refuses the third."""
    name = f"test.{clock.new_id()}"
    admin.queue_declare(name, auto_delete=False, arguments={"x-max-length": 2, "x-overflow": "reject-publish"})
    yield name
    admin.queue_delete(name)


def letter(text: str, to: str) -> tuple[Message, str, str]:
    return Message(text.encode(), message_id=text), "", to


def part(container, kind):
    """One of the container's shared extensions."""
    return next(each for each in container.extensions if isinstance(each, kind))


def cut(link) -> None:
    """As a failing network does, in the middle of whatever happens."""
    link._wire.transport.sock.shutdown(socket.SHUT_RDWR)


# publishing


def test_each_message_gets_its_own_outcome(publisher, queue):
    messages = [letter("a", queue), letter("nowhere", "no.such.queue"), letter("b", queue), letter("c", queue)]
    assert publisher.publish(messages) == ["confirmed", "unroutable", "confirmed", "refused"]


def test_many_messages_at_a_time_are_all_confirmed(publisher, admin):
    name = admin.queue_declare("", exclusive=True).queue
    assert set(publisher.publish([letter(str(n), name) for n in range(1000)])) == {"confirmed"}


def test_a_write_that_breaks_off_never_counts_as_published(publisher, admin):
    name = admin.queue_declare("", exclusive=True).queue
    channel, sent = publisher._link.channel, []
    publish = channel.basic_publish

    def breaks_off(message, *args, **kwargs):
        sent.append(message)
        if len(sent) == 2:
            raise OSError("broken")
        publish(message, *args, **kwargs)

    channel.basic_publish = breaks_off
    began = time.monotonic()
    outcomes = publisher.publish([letter(text, name) for text in "abc"])
    assert time.monotonic() - began < 5  # the connection was given up: nobody waits for confirms that cannot come
    eventlet.sleep(0.3)
    there = set()
    while (message := admin.basic_get(name, no_ack=True)) is not None:
        there.add(message.properties["message_id"])
    confirmed = {text for text, outcome in zip("abc", outcomes, strict=True) if outcome == "confirmed"}
    assert confirmed <= there
    assert outcomes[1] == "lost"
    until(lambda: publisher.is_up)
    assert publisher.publish([letter("again", name)]) == ["confirmed"]


def test_a_confirm_that_does_not_come_is_a_lost_message_and_leaves_nothing_behind(publisher, admin, monkeypatch):
    name = admin.queue_declare("", exclusive=True).queue
    monkeypatch.setattr(publisher, "_settle", lambda *_: None)
    assert publisher.publish([letter("a", name)], timeout=0.3) == ["lost"]
    monkeypatch.undo()
    until(lambda: publisher.is_up and not publisher._waiting)
    assert publisher.publish([letter("b", name)]) == ["confirmed"]


def test_two_relays_on_one_database_publish_each_event_once(run, caller, admin):
    run(Speaker)
    run(Speaker)
    outside = admin.queue_declare("", exclusive=True).queue
    admin.queue_bind(outside, topology.published_exchange("tasks"), "#")
    for number in range(40):
        caller(say, {"text": str(number)}, CLAIMS)
    until(lambda: admin.queue_declare(outside, passive=True).message_count >= 40)
    eventlet.sleep(1.2)
    assert admin.queue_declare(outside, passive=True).message_count == 40


def test_what_the_broker_did_not_confirm_stays_in_the_outbox(run, caller, store, monkeypatch):
    speaker = run(Speaker)
    publisher = part(speaker, Relay)._publisher
    # of the core form and of the thin form
    outcomes = [["refused"], ["lost"], ["confirmed", "refused"], ["lost", "confirmed"], ["refused", "confirmed"]]
    publish, sizes = publisher.publish, []

    def first_not(messages, **kwargs):
        sizes.append(len(messages))
        return outcomes.pop() if outcomes else publish(messages, **kwargs)

    monkeypatch.setattr(publisher, "publish", first_not)
    caller(say, {"text": "x"}, CLAIMS)

    def published():
        with store("tasks").reading() as tx:
            return tx.execute(sa.text("SELECT published_at FROM outbox")).scalar_one()

    for left in (4, 3, 2, 1, 0):
        until(lambda left=left: len(outcomes) == left)
        assert published() is None
    assert until(published, 5)
    assert sizes == [2, 2, 2, 1, 1, 1]  # what the core has heard it is not told again


# broken connections


def test_a_call_whose_connection_breaks_fails_at_once(run, caller):
    run(Speaker)
    link = part(caller.container, Caller)._link
    began = time.monotonic()
    waiting = eventlet.spawn(caller, samples.wait, {"text": "4"}, CLAIMS)
    eventlet.sleep(0.3)
    cut(link)
    with pytest.raises(CallFailed) as raised:
        waiting.wait()
    assert raised.value.code == "service_unavailable"
    assert time.monotonic() - began < 2
    until(lambda: link.is_up)
    assert caller(samples.echo, {"text": "again"}, CLAIMS)


def test_an_answer_survives_that_its_servers_connection_broke(run, caller):
    speaker = run(Speaker)
    waiting = eventlet.spawn(caller, samples.wait, {"text": "1.5"}, CLAIMS)
    eventlet.sleep(0.3)
    cut(part(speaker, RpcServer)._link)
    assert waiting.wait() == {"text": "1.5"}


def test_an_event_whose_connection_broke_in_mid_handler_takes_effect_once(run, tell, store):
    tries = []

    def act(tx, event):
        tries.append(event.id)
        tx.execute(sa.text("INSERT INTO timers (name, ran_at) VALUES (:n, now())"), {"n": clock.new_id()})
        eventlet.sleep(0.5)

    container = run(hearer(act))
    tell(said, {"text": "x"})
    until(lambda: tries)
    cut(part(container, InboxReader)._link)
    until(lambda: part(container, InboxReader)._link.is_up)
    eventlet.sleep(1.5)
    with store("reminders").reading() as tx:
        assert tx.execute(sa.text("SELECT count(*) FROM timers")).scalar() == 1


def test_a_broken_connection_during_the_stop_parks_nothing(run, tell, queue_length):
    began = []

    def act(_tx, event):
        began.append(event.id)
        eventlet.sleep(2)

    container = run(hearer(act), max_workers=4)
    for number in range(30):
        tell(said, {"text": str(number)})
    until(lambda: began)
    stopping = eventlet.spawn(container.stop)
    eventlet.sleep(0.3)
    cut(part(container, InboxReader)._link)
    stopping.wait()
    assert queue_length(topology.dead_queue("reminders")) == 0
    assert queue_length(topology.inbox_queue("reminders")) >= 20


# stopping


def test_calls_that_wait_for_a_stopping_instance_are_told_so_or_taken_by_another(run, caller):
    first = run(Speaker, max_workers=1)
    running = eventlet.spawn(caller, samples.wait, {"text": "1"}, CLAIMS)
    eventlet.sleep(0.2)
    waiting = [eventlet.spawn(caller, samples.echo, {"text": str(n)}, CLAIMS) for n in range(3)]
    eventlet.sleep(0.2)
    began = time.monotonic()
    stopping = eventlet.spawn(first.stop)
    for thread in waiting:
        with pytest.raises(CallFailed) as raised:
            thread.wait()
        assert raised.value.code == "service_unavailable"
    assert time.monotonic() - began < 2
    assert running.wait() == {"text": "1"}
    stopping.wait()


def test_with_a_second_instance_no_call_fails_while_the_first_stops(run, caller):
    first, _second = run(Speaker, max_workers=2), run(Speaker, max_workers=2)
    calls = [eventlet.spawn(caller, samples.wait, {"text": "0.2"}, CLAIMS, 15) for _ in range(16)]
    eventlet.sleep(0.1)
    first.stop()
    assert all(call.wait() == {"text": "0.2"} for call in calls)


# lies


def test_a_forged_event_stays_forged_when_it_is_replayed(run, world, queue_length, monkeypatch, capsys):
    heard = []
    run(hearer(lambda _tx, event: heard.append(event)))
    intruder, owner = world.settings("messaging").account, world.settings("tasks").account
    headers = {
        "cloudEvents:id": clock.new_id(),
        "cloudEvents:subject": "s",
        "cloudEvents:aggregateversion": 1,
        "cloudEvents:time": clock.now().isoformat(),
        EMITTER: owner,
    }
    dead, inbox = topology.dead_queue("reminders"), topology.inbox_queue("reminders")
    with amqp.connection(world.brokers["messaging"], "test intruder") as broker:
        channel = broker.channel()
        channel.confirm_select()
        channel.confirm_select()  # what is not confirmed need not arrive
        for queue in (inbox, dead):
            for properties in ({}, {"user_id": intruder}):
                forged = Message(b'{"text": "forged"}', type=said.name, application_headers=headers, **properties)
                channel.basic_publish_confirm(forged, "", queue, timeout=10)
    until(lambda: queue_length(dead) >= 4)
    assert queue_length(dead) == 4
    monkeypatch.setenv("CONGVU_AMQP_ADMIN_URL", world.brokers["admin"])
    monkeypatch.setattr("sys.argv", ["parked", "replay", "reminders"])
    assert parked.main() == 0
    assert capsys.readouterr().out.endswith("4 replayed\n")  # once each, though they come back at once
    until(lambda: queue_length(dead) == 4 and queue_length(inbox) == 0)
    assert heard == []


def test_odd_properties_and_headers_end_nothing(run, caller, world, tell, queue_length):
    heard = []
    containers = [run(Speaker), run(hearer(lambda _tx, event: heard.append(event)))]
    good = {
        "cloudEvents:id": clock.new_id(),
        "cloudEvents:subject": "s",
        "cloudEvents:aggregateversion": 1,
        "cloudEvents:time": clock.now().isoformat(),
    }
    odd = [
        {"application_headers": good | {"traceparent": "x"}},
        {"application_headers": good | {"cloudEvents:id": "not-a-uuid"}},
        {"application_headers": good | {"cloudEvents:id": 7}},
        {"application_headers": good | {"cloudEvents:time": "yesterday"}},
        {"application_headers": good | {"congvu-attempt": "many", "congvu-waits": -3}},
        {"application_headers": {"nameko.call_id_stack": [1, 2]}},
        {"correlation_id": "x" * 200, "reply_to": "amq.rabbitmq.reply-to.nonsense"},
        {"content_encoding": "rot13", "content_type": "text/plain"},
    ]
    with amqp.connection(world.brokers["admin"], "test intruder") as broker:
        channel = broker.channel()
        for queue in (topology.rpc_queue("tasks"), topology.inbox_queue("reminders")):
            for properties in odd:
                channel.basic_publish_confirm(Message(b'{"text": "x"}', type=said.name, **properties), "", queue)
            channel.basic_publish_confirm(_with_undecodable_type(), "", queue)
    until(lambda: queue_length(topology.dead_queue("reminders")) == len(odd) + 1)
    tell(said, {"text": "good"})
    until(lambda: heard)
    assert caller(samples.echo, {"text": "alive"}, CLAIMS)
    assert all(container.is_alive for container in containers)


def _with_undecodable_type() -> Message:
    """A message whose `type` property is not UTF-8."""

    class Raw(Message):
        def _serialize_properties(self):
            return b"\x00\x20" + b"\x02\xff\xfe"  # the flag of `type`, and a short string of two bytes

    return Raw(b"{}")


def test_a_malformed_element_of_a_list_is_answered_by_its_place(run, caller):
    class Many(Schema):
        numbers = fields.List(fields.Integer(), required=True)

    count = Procedure("tasks", "count", Many, Many, "count")

    class Counting:
        name = "tasks"
        db = Database()

        @rpc(count)
        def answer(self, call, request):
            return request

    run(Counting)
    with pytest.raises(CallFailed) as raised:
        caller(count, {"numbers": [1, "two"]}, CLAIMS)
    assert raised.value.code == "invalid_request"
    assert "1" in raised.value.details["errors"]["numbers"]


# deadlines


def test_a_statement_ends_with_the_deadline_and_the_pool_is_whole_again(run, caller, store):
    speaker = run(Speaker, max_workers=2)
    for _ in range(6):
        with pytest.raises(CallFailed) as raised:
            caller(samples.query, {"text": "20"}, CLAIMS, timeout=0.3)
        assert raised.value.code == "deadline_exceeded"
    until(lambda: not speaker._worker_threads)
    assert caller(samples.query, {"text": "0"}, CLAIMS) == {"text": "0"}
    running = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep%'"
        " AND pid <> pg_backend_pid()"
    )
    with store("tasks").reading() as tx:
        assert tx.execute(running).scalar() == 0


def test_work_that_is_cut_off_in_mid_statement_keeps_its_own_error(store):
    database = store("tasks")
    limit = eventlet.Timeout(0.2, DeadlineExceeded("out of time"))
    with pytest.raises(DeadlineExceeded), limit, database.transaction() as tx:
        tx.execute(sa.text("SELECT pg_sleep(3)"))
    with database.reading() as tx:
        assert tx.execute(sa.text("SELECT 1")).scalar() == 1


def test_a_call_made_inside_other_work_does_not_outlive_it(run, caller):
    run(Speaker)
    began = time.monotonic()
    with (
        context.working(context.Context("outer", deadline=time.monotonic() + 0.3)),
        pytest.raises(CallFailed) as raised,
    ):
        caller(samples.wait, {"text": "4"}, CLAIMS, timeout=4)
    assert raised.value.code == "deadline_exceeded"
    assert time.monotonic() - began < 1.5


def test_a_refused_row_does_not_show_itself(store):
    with pytest.raises(RowRefused) as raised, store("tasks").transaction() as tx:
        tx.execute(sa.text("INSERT INTO timers (name) VALUES ('Họp kín')"))
    assert "Họp" not in str(raised.value)
    assert "timers" in str(raised.value)
