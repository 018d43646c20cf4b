"""What a broker may do to a service: be away, stall, raise an alarm, cancel, have another queue under our name."""

import time
from contextlib import suppress

import eventlet
import pytest
import sqlalchemy as sa
from amqp import Message

from chassis import amqp, topology
from chassis.amqp import Publisher
from chassis.container import Container
from chassis.errors import CallFailed
from chassis.inbox import InboxReader
from chassis.outbox import Relay
from chassis.testing import until
from chassis.tests.interface import samples
from chassis.tests.interface.samples import CLAIMS, Refusing, Speaker, hearer, said
from tests.support import broker
from tests.support.gate import Gate


@pytest.fixture(autouse=True)
def empty(clean):
    clean("tasks", "reminders", "messaging")


@pytest.fixture
def admin(world):
    with amqp.connection(world.brokers["admin"], "test operator") as connection:
        yield connection.channel()


@pytest.fixture
def tasks(store):
    return store("tasks")


def gate_to(url: str, *, is_open: bool = True) -> Gate:
    gate = Gate(url)
    if is_open:
        gate.open()
    return gate


def failed(caller, procedure, text: str = "x", timeout: float = 5.0) -> str:
    with pytest.raises(CallFailed) as raised:
        caller(procedure, {"text": text}, CLAIMS, timeout)
    return raised.value.code


# away


def test_a_service_starts_without_its_broker_and_works_once_it_is_there(world, caller):
    gate = gate_to(world.brokers["tasks"], is_open=False)
    container = Container(Speaker, world.settings("tasks", amqp_url=gate.url))
    began = time.monotonic()
    container.start()
    try:
        assert time.monotonic() - began < 2
        eventlet.sleep(1)
        assert container.is_alive
        assert not container.checks["rpc"]() and not container.checks["outbox"]()
        gate.open()
        until(lambda: container.checks["rpc"]() and container.checks["outbox"](), 10)
        assert caller(samples.echo, {"text": "there"}, CLAIMS) == {"text": "there"}
    finally:
        container.stop()
        gate.shut()


def test_a_stall_of_seconds_drops_no_connection(world, admin):
    """The library's own limit is one second; here the broker's side reads nothing for three, with the window full."""
    name = admin.queue_declare("", exclusive=True).queue
    gate = gate_to(world.brokers["admin"])
    publisher = Publisher(gate.url, "test stalled")
    publisher.start()
    try:
        until(lambda: publisher.is_up)
        first = publisher._link.channel
        gate.stall()
        letters = [(Message(b"x" * 2_000_000, message_id=str(n)), "", name) for n in range(8)]
        publishing = eventlet.spawn(publisher.publish, letters, 30)
        eventlet.sleep(3)
        gate.flow()
        assert publishing.wait() == ["confirmed"] * 8
        assert publisher._link.channel is first
    finally:
        publisher.stop()
        gate.shut()


# cancelled


def test_a_consumer_whom_the_broker_cancels_comes_back(run, caller, admin):
    speaker = run(Speaker)
    admin.queue_delete(topology.rpc_queue("tasks"))
    until(lambda: speaker.checks["rpc"]() and answers(caller), 10)
    assert speaker.is_alive


def answers(caller) -> bool:
    with suppress(CallFailed):
        return caller(samples.echo, {"text": "x"}, CLAIMS, 1.0) == {"text": "x"}
    return False


# an alarm


@pytest.fixture
def impatient(monkeypatch):
    """A confirm is waited for one second, not ten: an alarm of seconds is like one of minutes."""
    publish = Publisher.publish
    monkeypatch.setattr(Publisher, "publish", lambda self, messages, timeout=1.0: publish(self, messages, timeout))


def test_in_an_alarm_nothing_hangs_health_says_so_and_all_goes_on_afterwards(
    run, caller, tell, tasks, admin, queue_length, impatient, monkeypatch
):
    """As long as it lasts the broker reads no publisher: calls, answers, events and what is set aside all wait."""
    monkeypatch.setattr("chassis.inbox.RETRY_PLAN", ())
    heard, began_to_hear, alarmed = [], eventlet.event.Event(), eventlet.event.Event()

    def act(_tx, event):
        if event.data["text"] == "bad":
            began_to_hear.send()
            alarmed.wait()
            raise ValueError("to be parked while nothing can be published")
        heard.append(event.data["text"])

    speaker, listener, edge = run(Speaker), run(hearer(act)), caller.container
    copies = admin.queue_declare("", exclusive=True).queue
    admin.queue_bind(copies, topology.events_exchange("tasks"), said.name)
    links = [each._publisher._link for each in publishers(speaker, listener)]
    channels = [link.channel for link in links]
    tell(said, {"text": "bad"})
    began_to_hear.wait()
    with broker.alarm():
        alarmed.send()
        write_event(tasks, "told in the alarm")
        began = time.monotonic()
        calls = [eventlet.spawn(failed, caller, samples.echo, str(n), 2.0) for n in range(30)]
        assert {call.wait() for call in calls} == {"deadline_exceeded"}
        assert time.monotonic() - began < 4
        until(lambda: not edge.checks["calls"]() and not speaker.checks["outbox"](), 5)
        assert listener.checks["inbox"](), "who only reads is not concerned"
        eventlet.sleep(5)
        assert not edge.checks["calls"]() and not speaker.checks["outbox"]()
        assert published(tasks) == [None] and heard == []
    until(lambda: edge.checks["calls"]() and speaker.checks["outbox"](), 5)
    assert caller(samples.echo, {"text": "after"}, CLAIMS) == {"text": "after"}
    until(lambda: None not in published(tasks), 10)
    until(lambda: heard, 10)
    # what had been written when the alarm came arrives, and is sent once more; nothing was piled up behind it
    assert [link.channel for link in links] == channels
    until(lambda: queue_length(topology.inbox_queue("reminders")) == 0)
    eventlet.sleep(1.5)
    assert queue_length(topology.dead_queue("reminders")) in (1, 2)
    assert admin.queue_declare(copies, passive=True).message_count in (2, 3)
    assert heard == ["told in the alarm"]
    assert all(container.is_alive for container in (speaker, listener, edge))


def publishers(*containers):
    return [each for container in containers for each in container.extensions if isinstance(each, Relay | InboxReader)]


def test_a_process_stops_in_time_during_an_alarm(run, tasks, impatient):
    speaker = run(Speaker)
    with broker.alarm():
        write_event(tasks, "unpublished")
        until(lambda: not speaker.checks["outbox"](), 5)
        began = time.monotonic()
        speaker.stop()
        assert time.monotonic() - began < 6
    assert published(tasks) == [None]


def write_event(tasks, text: str) -> None:
    with tasks.transaction() as tx:
        tx.emit(said, subject="s-1", version=1, data={"text": text})


def published(tasks) -> list:
    with tasks.reading() as tx:
        return tx.execute(sa.text("SELECT published_at FROM outbox ORDER BY id")).scalars().all()


# another queue under our name


def test_with_other_arguments_on_its_queue_a_service_starts_says_why_and_waits(world, admin, caller, capsys):
    """The broker refuses to change a queue's arguments; until the other one has gone, nothing hangs in the start."""
    queue = topology.rpc_queue("tasks")
    admin.queue_delete(queue)
    admin.queue_declare(queue, durable=False, auto_delete=True, arguments={"x-max-length": 7})
    container = Container(Speaker, world.settings("tasks"))
    try:
        began = time.monotonic()
        container.start()
        assert time.monotonic() - began < 2
        until(lambda: "inequivalent arg 'x-max-length' for queue 'rpc.tasks'" in capsys.readouterr().out)
        assert container.is_alive and not container.checks["rpc"]()
    finally:
        admin.queue_delete(queue)
        until(container.checks["rpc"], 10)
        assert caller(samples.echo, {"text": "mine now"}, CLAIMS)
        container.stop()


# how long messages live, and how often they are handed out


def test_a_request_that_nobody_takes_is_gone_when_nobody_waits_any_more(caller, admin):
    """Expiry is in milliseconds on the wire: seconds would throw work away at once, or keep it for ever."""
    queue = topology.rpc_queue("tasks")
    admin.queue_declare(queue, durable=False, auto_delete=True, arguments={"x-max-length": 10_000})
    try:
        asking = eventlet.spawn(failed, caller, samples.echo, "x", 1.0)
        eventlet.sleep(0.5)
        assert admin.queue_declare(queue, passive=True).message_count == 1
        assert asking.wait() == "deadline_exceeded"
        eventlet.sleep(0.5)
        assert admin.queue_declare(queue, passive=True).message_count == 0
    finally:
        admin.queue_delete(queue)


def test_between_two_tries_an_event_waits(run, tell):
    tries = []

    def act(_tx, _event):
        tries.append(time.monotonic())
        if len(tries) == 1:
            raise Refusing

    run(hearer(act))
    tell(said, {"text": "x"})
    until(lambda: len(tries) == 2, 6)
    assert 0.9 < tries[1] - tries[0] < 3


def test_what_cannot_be_set_aside_is_held_and_not_handed_out_again_and_again(run, tell, admin, queue_length):
    """Each return would count against the delivery limit of the queue, and beyond it the broker gives the event up."""
    dead, inbox = topology.dead_queue("reminders"), topology.inbox_queue("reminders")
    run(hearer(lambda _tx, _event: None))
    admin.queue_delete(dead)
    try:
        tell(said, {}, body=b"{broken")
        eventlet.sleep(3.5)
        assert queue_length(inbox) == 0
    finally:
        admin.queue_declare(
            dead, durable=True, auto_delete=False, arguments=topology.queue_arguments("reminders")[dead]
        )
    message = until(lambda: admin.basic_get(dead, no_ack=True), 10)
    assert message.headers.get("x-delivery-count", 0) == 0
    eventlet.sleep(1.2)
    assert admin.basic_get(dead, no_ack=True) is None


def test_what_waits_at_a_stopping_instance_goes_to_the_next_one(run, tell, queue_length):
    tries = []

    def act(_tx, event):
        tries.append(event.data["text"])
        eventlet.sleep(0.3)

    first = run(hearer(act), max_workers=4)
    for number in range(12):
        tell(said, {"text": str(number)})
    until(lambda: tries)
    first.stop()
    done = len(tries)
    assert done < 12
    assert queue_length(topology.inbox_queue("reminders")) == 12 - done
    run(hearer(act), max_workers=4)
    until(lambda: len(tries) == 12, 10)
    assert sorted(tries, key=int) == [str(n) for n in range(12)]


def test_what_arrives_at_a_stopping_instance_is_given_back(run, tell, world, queue_length):
    """The broker had sent it before it heard of the end."""
    heard, release = [], eventlet.event.Event()

    def act(_tx, event):
        heard.append(event.data["text"])
        if event.data["text"] == "long":
            release.wait()

    gate = gate_to(world.brokers["reminders"])
    container = run(hearer(act), amqp_url=gate.url)
    tell(said, {"text": "long"})
    until(lambda: heard)
    gate.stall(way_back=True)
    for number in range(3):
        tell(said, {"text": str(number)})
    until(lambda: queue_length(topology.inbox_queue("reminders")) == 0)
    stopping = eventlet.spawn(container.stop)
    eventlet.sleep(0.3)
    gate.flow()
    eventlet.sleep(0.3)
    release.send()
    stopping.wait()
    gate.shut()
    assert heard == ["long"]
    assert queue_length(topology.inbox_queue("reminders")) == 3
