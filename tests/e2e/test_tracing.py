"""One order is one trace, through five processes, the broker and the tables."""

import pytest

from chassis.testing import until
from contracts.catalogue import SERVICES
from tests.support.client import an_order, sign_in
from tests.support.collector import FOREIGN, collecting, traces_in_tables

ONE_ORDER = """\
gateway SERVER POST /api/v1/tasks
  gateway CLIENT directory.get_names
    directory SERVER directory.get_names
  gateway CLIENT tasks.assign
    tasks SERVER tasks.assign
      tasks PRODUCER publish tasks.events:task_issued
        messaging CONSUMER process tasks.events:task_issued:messaging.inbox.v1
        reminders CONSUMER process tasks.events:task_issued:reminders.inbox.v1
          reminders PRODUCER publish reminders.events:action_items_raised
            gateway CONSUMER process reminders.events:action_items_raised:gateway.inbox.v1
              gateway PRODUCER tell action_item_raised"""

ONE_ACCEPTANCE = """\
gateway SERVER POST /api/v1/assignments/<uuid:assignment_id>/accept
  gateway CLIENT tasks.accept
    tasks SERVER tasks.accept
      tasks PRODUCER publish tasks.events:assignment_changed
        gateway CONSUMER process tasks.events:assignment_changed:gateway.inbox.v1
          gateway PRODUCER tell assignment_changed
        messaging CONSUMER process tasks.events:assignment_changed:messaging.inbox.v1
        reminders CONSUMER process tasks.events:assignment_changed:reminders.inbox.v1
          reminders PRODUCER publish reminders.events:action_items_closed
            gateway CONSUMER process reminders.events:action_items_closed:gateway.inbox.v1
              gateway PRODUCER tell action_item_closed"""

MESSAGING = {
    "messaging.system", "messaging.operation.name", "messaging.operation.type", "messaging.destination.name",
    "messaging.rabbitmq.destination.routing_key", "messaging.message.id",
}  # fmt: skip
RPC = {"rpc.system.name", "rpc.method"}
HTTP = {"http.request.method", "url.scheme", "http.response.status_code"}
TOLD = {
    "gateway SERVER": HTTP | {"http.route", "url.path"},
    "gateway PRODUCER": {"congvu.streams"},
    **{f"{service} CLIENT": RPC for service in SERVICES},
    **{f"{service} SERVER": RPC for service in SERVICES if service != "gateway"},
    **{f"{service} PRODUCER": MESSAGING for service in SERVICES if service != "gateway"},
    **{f"{service} CONSUMER": MESSAGING for service in SERVICES},
}


@pytest.fixture(scope="module")
def collector(platform):
    with (
        collecting() as collector,
        platform.instead(CONGVU_OTLP_ENDPOINT=collector.endpoint, OTEL_BSP_SCHEDULE_DELAY="200"),
    ):
        yield collector


@pytest.fixture
def give(platform, collector, ward):
    """An order to one ward, from a client that brings a trace of its own."""

    def order(**changes):
        order = an_order(audience=None, assignments=[{"unit_id": ward}], **changes)
        leader = sign_in(platform.base_url, platform.account("vice_chairman"))
        answer = leader.post("/tasks", order, headers=FOREIGN)
        assert answer.status_code == 201, answer.text
        return answer

    return order


def test_one_order_and_its_acceptance_are_one_trace_each(collector, give, person):
    head = person("unit_head")
    stream = head.live()
    until(lambda: stream.named("hello"))
    answer = give()
    until(lambda: stream.named("action_item_raised"))
    trace_id = answer.headers["X-Request-Id"]  # the number for support is the trace's
    until(lambda: len(collector.trace(trace_id)) >= len(ONE_ORDER.splitlines()), 10)
    assert collector.tree(trace_id) == ONE_ORDER
    told = next(span for span in collector.trace(trace_id) if span.name == "tell action_item_raised")
    assert told.attributes["congvu.streams"] == 1

    accepted = head.accept(answer.json()["assignments"]["items"][0]["id"])
    assert accepted.status_code == 200
    stream.close()
    trace_id = accepted.headers["X-Request-Id"]
    until(lambda: len(collector.trace(trace_id)) >= len(ONE_ACCEPTANCE.splitlines()), 10)
    assert collector.tree(trace_id) == ONE_ACCEPTANCE


def test_the_trace_that_a_client_brings_is_not_continued_and_goes_nowhere(collector, give, platform):
    answer = give()
    trace_id, task_id = answer.headers["X-Request-Id"], answer.json()["id"]
    until(lambda: collector.trace(trace_id), 10)
    assert trace_id not in FOREIGN["traceparent"]
    assert collector.trace("a" * 32) == []
    assert not [body for body in collector.bodies if b"something-about-me" in body]
    for trace in traces_in_tables(platform, task_id):
        assert set(trace) == {"traceparent"}
        assert trace["traceparent"].split("-")[1] == trace_id


def test_core_events_carry_the_trace_and_published_ones_do_not(collector, give, heard_by):
    core, published = heard_by("tasks.events"), heard_by("tasks.published")
    trace_id = give().headers["X-Request-Id"]
    assert until(core).headers["traceparent"].split("-")[1] == trace_id
    assert all(name.startswith("cloudEvents:") for name in until(published).headers)


def test_spans_tell_ids_and_codes_and_nothing_personal(collector, give, person):
    title, wrong = "Điều động ông Nguyễn Văn Kín", "Nguyen-Van-Kin"
    leader = person("vice_chairman")
    last = [
        leader.get("/people", params={"q": "Trần Thị Kín"}),
        leader.get(f"/{wrong}?q={wrong}"),
        leader.get(f"/units/{wrong}"),
        leader.request("BREW", f"/people?q={wrong}"),
        leader.post("/tasks", an_order(title=title, followers=["0197c1c8-0000-7000-8000-000000000000"])),
        give(title=title, content=title, expected_result=title),
    ]
    assert [answer.status_code for answer in last] == [200, 404, 404, 405, 422, 201]
    for answer in last:
        trace_id = answer.headers["X-Request-Id"]
        until(lambda trace_id=trace_id: collector.trace(trace_id), 10)
    until(lambda: len(collector.trace(last[-1].headers["X-Request-Id"])) >= 8, 10)
    everything = b"".join(collector.bodies)
    for secret in (title, wrong, "Trần Thị Kín", "Tr%E1", "unknown_post ", "127.0.0.1", "python-requests"):
        assert secret.encode() not in everything, secret
    for span in collector.spans:
        told = TOLD[f"{span.service} {span.kind}"]
        if span.service == "gateway" and span.kind == "PRODUCER" and span.name.startswith("publish"):
            told = MESSAGING
        extra = set(span.attributes) - told
        assert extra <= {"error.type"}, span
        missing = told - set(span.attributes)
        assert missing <= ({"http.route", "url.path"} if span.name in ("GET", "HTTP") else set()), span
        assert span.events == []
    refused = collector.trace(last[4].headers["X-Request-Id"])
    assert {span.attributes.get("error.type") for span in refused if span.kind != "SERVER" or span.service == "tasks"}
    assert not any(span.failed for span in refused)  # a refusal is an answer
