"""Calls between services, on a real broker."""

import time

import eventlet
import pytest
from amqp import Message

from chassis import amqp
from chassis.errors import CallFailed
from chassis.identity import Signer
from chassis.testing import until
from chassis.tests.interface import samples
from chassis.tests.interface.samples import CLAIMS, Speaker
from chassis.topology import rpc_queue


@pytest.fixture
def speaker(run, clean):
    clean("tasks")
    return run(Speaker)


def refused(caller, *args, **kwargs) -> CallFailed:
    with pytest.raises(CallFailed) as raised:
        caller(*args, **kwargs)
    return raised.value


def test_an_answer_comes_back(speaker, caller):
    assert caller(samples.echo, {"text": "chào"}, CLAIMS) == {"text": "chào"}


def test_a_refusal_keeps_its_code_and_details(speaker, caller):
    error = refused(caller, samples.refuse, {"text": ""}, CLAIMS)
    assert (error.code, error.details, error.retryable) == ("no_thanks", {"why": "rain"}, False)


def test_a_fault_shows_nothing_of_itself(speaker, caller):
    error = refused(caller, samples.fail, {"text": ""}, CLAIMS)
    assert (error.code, error.message, error.details) == ("internal_error", "", {})


def test_a_wrong_form_is_refused_by_field(speaker, caller):
    error = refused(caller, samples.echo, {"txet": 1}, CLAIMS)
    assert error.code == "invalid_request"
    assert set(error.details["errors"]) == {"text", "txet"}


def test_a_service_that_is_away_is_known_at_once(caller):
    began = time.monotonic()
    error = refused(caller, samples.echo, {"text": ""}, CLAIMS, timeout=5)
    assert error.code == "service_unavailable"
    assert time.monotonic() - began < 2


def test_a_slow_answer_ends_at_the_callers_deadline(speaker, caller):
    began = time.monotonic()
    assert refused(caller, samples.wait, {"text": "5"}, CLAIMS, timeout=0.3).code == "deadline_exceeded"
    assert time.monotonic() - began < 1.5


def test_the_callee_gives_up_when_nobody_waits_any_more(speaker, caller):
    refused(caller, samples.wait, {"text": "30"}, CLAIMS, timeout=0.3)
    until(lambda: not speaker._worker_threads, 2)


def test_ten_slow_queries_in_one_process_run_side_by_side(speaker, caller):
    began = time.monotonic()
    threads = [eventlet.spawn(caller, samples.query, {"text": "0.3"}, CLAIMS) for _ in range(10)]
    for thread in threads:
        thread.wait()
    assert time.monotonic() - began < 1.5  # one after the other would take 3 s


def test_an_answer_over_the_limit_is_an_error_and_the_service_lives(speaker, caller):
    assert refused(caller, samples.flood, {"text": ""}, CLAIMS).code == "reply_too_large"
    assert caller(samples.echo, {"text": "still here"}, CLAIMS)


def test_an_actors_procedure_refuses_a_service_and_the_other_way_round(speaker, caller, world):
    assert caller(samples.background, {"text": ""}) == {"text": "service:gateway"}
    send = raw_sender(world)
    reminders = Signer(f"{world.keys}/reminders.json")
    for token in (
        reminders.token("tasks"),  # a service, where an actor is wanted
        reminders.token("tasks", CLAIMS),  # an actor, but not signed by the edge
        Signer(f"{world.keys}/gateway.json").token("messaging", CLAIMS),  # meant for another service
        "forged",
        None,
        ["not a string"],
    ):
        assert send(samples.echo.full_name, b'{"text": ""}', token)["error"]["code"] == "invalid_token"


def test_what_is_not_understood_is_answered_and_kills_nothing(speaker, caller, world):
    send = raw_sender(world)
    token = Signer(f"{world.keys}/gateway.json").token("tasks", CLAIMS)
    assert send("tasks.nothing", b"{}", token)["error"]["code"] == "unknown_procedure"
    assert send(samples.echo.full_name, b"{broken", token)["error"]["code"] == "invalid_request"
    for body in (b"[]", b"[" * 1000 + b"]" * 1000):
        assert send(samples.echo.full_name, body, token)["error"]["code"] == "invalid_request"
    assert send(samples.echo.full_name, b"{}", token, deadline="soon")["error"]["code"] == "deadline_exceeded"
    assert send(samples.echo.full_name, b"{}", token, deadline=time.time() - 1)["error"]["code"] == "deadline_exceeded"
    with amqp.connection(world.brokers["gateway"], "test") as broker:
        channel = broker.channel()
        channel.confirm_select()
        for _ in range(speaker.settings.max_workers):  # each that stayed unsettled would take a place for good
            for message in (Message(b""), Message(b"\xff\x00", reply_to="nobody"), Message(b"{}", type="x" * 200)):
                channel.basic_publish_confirm(message, "", rpc_queue("tasks"))  # without headers, most without reply_to
    assert caller(samples.echo, {"text": "alive"}, CLAIMS) == {"text": "alive"}


def test_stopping_lets_running_calls_finish(run, caller, clean):
    clean("tasks")
    speaker = run(Speaker)
    running = eventlet.spawn(caller, samples.wait, {"text": "0.5"}, CLAIMS)
    until(lambda: speaker._worker_threads)
    speaker.stop()
    assert running.wait() == {"text": "0.5"}


def raw_sender(world):
    """Send whatever bytes and headers to the tasks service and wait for its answer."""
    import orjson

    def send(name, body, token, deadline=None):
        with amqp.connection(world.brokers["gateway"], "test") as broker:
            channel = broker.channel()
            answers = []
            channel.basic_consume("amq.rabbitmq.reply-to", no_ack=True, callback=answers.append)
            headers = {"congvu-deadline": time.time() + 5 if deadline is None else deadline}
            if token is not None:
                headers["congvu-token"] = token
            message = Message(
                body, type=name, reply_to="amq.rabbitmq.reply-to", correlation_id="1", application_headers=headers
            )
            channel.basic_publish(message, "", rpc_queue("tasks"))
            while not answers:
                broker.drain_events(timeout=3)
            return orjson.loads(answers[0].body)

    return send
