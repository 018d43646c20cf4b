"""What a span tells of work that fails, and which traces are kept."""

import pytest

from chassis import tracing
from chassis.errors import CallFailed
from chassis.testing import until
from chassis.tests.interface.samples import CLAIMS, Speaker, echo, fail, hearer, refuse, said, say
from tests.support.collector import collecting


@pytest.fixture(autouse=True)
def empty(clean):
    clean("tasks", "reminders", "messaging")


@pytest.fixture
def collector(monkeypatch):
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    monkeypatch.setattr(tracing, "_recorder", None)
    with collecting() as collector:
        yield collector
        tracing.flush()


def only(collector, kind: str, name: str):
    found = until(lambda: [span for span in collector.spans if (span.kind, span.name) == (kind, name)])
    assert len(found) == 1
    return found[0]


def test_a_fault_tells_its_type_and_not_what_it_says(run, caller, collector):
    tracing.configure("test", collector.endpoint)
    run(Speaker)
    with pytest.raises(CallFailed):
        caller(fail, {"text": "Họp kín"}, CLAIMS)
    span = only(collector, "SERVER", "tasks.fail")
    assert (span.failed, span.attributes["error.type"], span.events) == (True, "ValueError", [])
    asking = only(collector, "CLIENT", "tasks.fail")
    assert (asking.failed, asking.attributes["error.type"]) == (True, "internal_error")
    assert span.parent_id == asking.id
    assert not [body for body in collector.bodies if b"secret" in body or "Họp kín".encode() in body]


def test_a_refusal_is_an_answer_and_silence_is_not(run, caller, collector):
    tracing.configure("test", collector.endpoint)
    speaker = run(Speaker)
    with pytest.raises(CallFailed):
        caller(refuse, {"text": "x"}, CLAIMS)
    for kind in ("SERVER", "CLIENT"):
        span = only(collector, kind, "tasks.refuse")
        assert (span.failed, span.attributes["error.type"]) == (False, "no_thanks")
    speaker.stop()
    with pytest.raises(CallFailed):
        caller(echo, {"text": "x"}, CLAIMS)
    span = only(collector, "CLIENT", "tasks.echo")
    assert (span.failed, span.attributes["error.type"]) == (True, "service_unavailable")


def test_an_event_that_is_tried_again_stays_in_its_trace(run, caller, collector):
    tracing.configure("test", collector.endpoint)
    tries = []

    def act(_tx, event):
        tries.append(event.id)
        if len(tries) == 1:
            raise ValueError("first time")

    run(Speaker)
    run(hearer(act))
    caller(say, {"text": "x"}, CLAIMS)
    place = f"tasks.events:{said.name}"
    sent = only(collector, "PRODUCER", f"publish {place}")
    heard = until(lambda: [span for span in collector.spans if span.kind == "CONSUMER"][1:], 10)
    heard = [span for span in collector.spans if span.kind == "CONSUMER"]
    assert [span.name for span in heard] == [f"process {place}:reminders.inbox.v1"] * 2
    assert {span.parent_id for span in heard} == {sent.id}
    assert sorted(span.failed for span in heard) == [False, True]
    assert sent.attributes["messaging.message.id"] == tries[0]


def test_what_is_not_sampled_is_not_sent_anywhere(run, caller, collector):
    tracing.configure("test", collector.endpoint, sample=0.0)
    heard = []
    run(Speaker)
    run(hearer(lambda _tx, event: heard.append(event)))
    for _ in range(20):
        caller(say, {"text": "x"}, CLAIMS)
    until(lambda: len(heard) == 20)
    tracing.flush()
    assert collector.spans == []


def test_a_part_of_the_traces_is_kept_whole(run, caller, collector):
    tracing.configure("test", collector.endpoint, sample=0.5)
    run(Speaker)
    for _ in range(60):
        caller(echo, {"text": "x"}, CLAIMS)
    tracing.flush()
    asked = {span.trace_id for span in collector.spans if span.kind == "CLIENT"}
    answered = {span.trace_id for span in collector.spans if span.kind == "SERVER"}
    assert asked == answered
    assert 0 < len(asked) < 60
