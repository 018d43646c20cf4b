"""From a committed row to an effect that happens once: outbox, exchange, inbox, retries, dead queue."""

import eventlet
import orjson
import pytest
import sqlalchemy as sa

from chassis import amqp, clock, parked, topology
from chassis.errors import CallFailed, DatabaseUnavailable
from chassis.testing import until
from chassis.tests.interface.samples import CLAIMS, Speaker, hearer, said, say


@pytest.fixture(autouse=True)
def empty(clean):
    clean("tasks", "reminders", "messaging")


@pytest.fixture
def heard(run):
    """The events that a hearing service acted on."""
    events = []
    run(hearer(lambda _tx, event: events.append(event)))
    return events


def outbox(store, service="tasks"):
    with store(service).reading() as tx:
        return tx.execute(sa.text("SELECT name, published_at, data FROM outbox ORDER BY id")).all()


def test_what_was_committed_is_heard_with_its_attributes(run, caller, heard):
    run(Speaker)
    caller(say, {"text": "chào"}, CLAIMS)
    until(lambda: heard)
    event = heard[0]
    assert (event.name, event.subject, event.version) == ("task_issued", "s-1", 1)
    assert event.data == {"text": "chào", "secret": "inside"}


def test_what_was_rolled_back_is_never_said(run, caller, heard, store):
    run(Speaker)
    with pytest.raises(CallFailed):
        caller(say, {"text": "fail after"}, CLAIMS)
    caller(say, {"text": "later"}, CLAIMS)
    until(lambda: heard)
    assert [event.data["text"] for event in heard] == ["later"]
    assert len(outbox(store)) == 1


def test_siblings_get_the_allowed_fields_only(run, caller, world):
    run(Speaker)
    with amqp.connection(world.brokers["admin"], "test sibling") as broker:
        channel = broker.channel()
        queue = channel.queue_declare("", exclusive=True).queue
        channel.queue_bind(queue, topology.published_exchange("tasks"), "#")
        caller(say, {"text": "open"}, CLAIMS)
        message = until(lambda: channel.basic_get(queue, no_ack=True))
    assert orjson.loads(message.body) == {"text": "open"}
    assert message.headers["cloudEvents:type"] == "task_issued"
    assert message.headers["cloudEvents:specversion"] == "1.0"
    assert message.properties["message_id"] == message.headers["cloudEvents:id"]


def test_an_event_whose_queue_is_missing_stays_in_the_outbox_until_it_stands(run, caller, store, world):
    exchange, key = topology.events_exchange("tasks"), said.name
    queues = [topology.inbox_queue(service) for service in said.hearers]
    with amqp.connection(world.brokers["admin"], "test operator") as broker:
        channel = broker.channel()
        for queue in queues:
            channel.queue_unbind(queue, exchange, key)
        try:
            run(Speaker)
            caller(say, {"text": "nobody there"}, CLAIMS)
            eventlet.sleep(1.5)
            assert [row.published_at for row in outbox(store)] == [None]
        finally:
            for queue in queues:
                channel.queue_bind(queue, exchange, key)
    until(lambda: outbox(store)[0].published_at, 5)


def test_the_same_event_five_times_takes_effect_once(heard, tell, store):
    event_id = clock.new_id()
    for _ in range(5):
        tell(said, {"text": "again"}, event_id=event_id)
    tell(said, {"text": "last"})
    until(lambda: len(heard) == 2)
    with store("reminders").reading() as tx:
        assert tx.execute(sa.text("SELECT count(*) FROM inbox")).scalar() == 2


def test_what_cannot_be_understood_is_parked_and_the_rest_goes_on(heard, tell, queue_length):
    dead = topology.dead_queue("reminders")
    attributes = {
        "cloudEvents:id": clock.new_id(),
        "cloudEvents:subject": "s",
        "cloudEvents:aggregateversion": 1,
        "cloudEvents:time": clock.now().isoformat(),
    }
    tell(said, {}, body=b"{broken", headers=attributes)
    tell(said, {}, body=b"[1, 2]", headers=attributes)
    tell(said, {}, body=b'{"no": "text"}', headers=attributes)
    tell(said, {"text": "no attributes"}, headers={})
    tell(said, {"text": "odd"}, headers=attributes | {"cloudEvents:aggregateversion": "many"})
    tell(said, {"text": "good"})
    until(lambda: heard)
    until(lambda: queue_length(dead) == 5)
    assert [event.data["text"] for event in heard] == ["good"]


def test_an_event_from_another_account_than_its_owners_is_parked(heard, world, queue_length):
    """A core account can write to any queue through the default exchange: the sender's name is what counts."""
    from amqp import Message

    from chassis.inbox import EMITTER

    headers = {
        "cloudEvents:id": clock.new_id(),
        "cloudEvents:type": said.name,
        "cloudEvents:subject": "s",
        "cloudEvents:aggregateversion": 1,
        "cloudEvents:time": clock.now().isoformat(),
        EMITTER: world.settings("tasks").account,
    }
    queue = topology.inbox_queue("reminders")
    with amqp.connection(world.brokers["messaging"], "test intruder") as broker:
        channel = broker.channel()
        channel.confirm_select()
        for properties in ({}, {"user_id": world.settings("messaging").account}):
            forged = Message(b'{"text": "forged"}', type=said.name, application_headers=headers, **properties)
            channel.basic_publish_confirm(forged, "", queue)
    until(lambda: queue_length(topology.dead_queue("reminders")) == 2)
    assert heard == []


def test_a_failing_handler_is_tried_again_and_commits_nothing_before(run, tell, store):
    tries = []

    def act(tx, event):
        tries.append(event.id)
        tx.execute(sa.text("INSERT INTO timers (name, ran_at) VALUES (:n, now())"), {"n": f"try {len(tries)}"})
        if len(tries) == 1:
            raise ValueError("first time")

    run(hearer(act))
    tell(said, {"text": "x"})
    until(lambda: len(tries) == 2, 5)
    rows = sa.text("SELECT name FROM timers WHERE name LIKE 'try %'")

    def committed():
        with store("reminders").reading() as tx:
            return tx.execute(rows).scalars().all()

    assert until(committed) == ["try 2"]


def test_what_keeps_failing_is_parked_listed_and_replayed(run, tell, world, queue_length, monkeypatch, capsys):
    monkeypatch.setattr("chassis.inbox.RETRY_PLAN", (1,))
    failures = iter([True, True, True, False])  # the first try after the replay fails as well: it counts anew
    done = []

    def act(_tx, event):
        if next(failures):
            raise ValueError("a defect")
        done.append(event.data["text"])

    run(hearer(act))
    tell(said, {"text": "poison"})
    until(lambda: queue_length(topology.dead_queue("reminders")) == 1, 8)
    monkeypatch.setenv("CONGVU_AMQP_ADMIN_URL", world.brokers["admin"])
    monkeypatch.setattr("sys.argv", ["parked", "list", "reminders"])
    assert parked.main() == 0
    assert "failed 2 times: ValueError" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["parked", "replay", "reminders"])
    assert parked.main() == 0
    until(lambda: done == ["poison"])
    assert queue_length(topology.dead_queue("reminders")) == 0


def test_while_the_database_is_away_an_event_waits_however_long(run, tell, queue_length, monkeypatch):
    monkeypatch.setattr("chassis.inbox.RETRY_PLAN", (1,))
    tries = []

    def act(_tx, event):
        tries.append(event)
        if len(tries) < 4:
            raise DatabaseUnavailable

    run(hearer(act))
    tell(said, {"text": "patient"})
    until(lambda: len(tries) == 4, 10)
    assert queue_length(topology.dead_queue("reminders")) == 0


def test_stopping_settles_what_runs_so_that_nothing_comes_twice(run, tell, queue_length):
    tries = []

    def act(_tx, event):
        tries.append(event.id)
        eventlet.sleep(0.4)

    container = run(hearer(act))
    tell(said, {"text": "x"})
    until(lambda: tries)
    container.stop()
    assert queue_length(topology.inbox_queue("reminders")) == 0
    assert len(tries) == 1


def test_an_event_without_subscribers_outside_is_published_once(run, caller, store, heard):
    run(Speaker)
    for number in range(20):
        caller(say, {"text": str(number)}, CLAIMS)
    until(lambda: len(heard) == 20)
    until(lambda: all(row.published_at for row in outbox(store)))
