"""What `make traces` shows: a trace as one tree when all its parts have come, and nothing for ever."""

import socket

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy.local import traces
from deploy.local.terminal import Refusal

MS = 1_000_000


def a_body(service: str, *spans: dict, trace: bytes = b"t" * 16) -> bytes:
    """What one process sends."""
    kept = [{"trace_id": trace, "kind": "SPAN_KIND_SERVER", **span} for span in spans]
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = service
    scope = resource.scope_spans.add()
    for span in kept:
        scope.spans.add(**span)
    return request.SerializeToString()


ASKED = {"name": "POST /tasks", "span_id": b"a" * 8, "start_time_unix_nano": 5 * MS, "end_time_unix_nano": 25 * MS}
DONE = {
    "name": "tasks.assign", "span_id": b"b" * 8, "parent_span_id": b"a" * 8,
    "start_time_unix_nano": 9 * MS, "end_time_unix_nano": 21 * MS, "status": {"code": "STATUS_CODE_ERROR"},
}  # fmt: skip


def test_the_parts_of_a_trace_come_from_several_processes_and_are_shown_as_one(monkeypatch):
    waiting = traces.Waiting()
    waiting.take(a_body("tasks", DONE))  # whoever ends first sends first
    waiting.take(a_body("gateway", ASKED))
    assert waiting.whole() == []  # more may come
    monkeypatch.setattr(traces, "QUIET_SECONDS", -1)
    (spans,) = waiting.whole()
    assert traces.tree(spans, lambda span: span.began, traces._timed(spans)) == (
        "gateway SERVER POST /tasks  +0.0 ms, 20.0 ms\n  tasks SERVER tasks.assign  +4.0 ms, 12.0 ms FAILED"
    )
    assert waiting.whole() == []


def test_of_more_than_can_wait_the_oldest_go(monkeypatch):
    monkeypatch.setattr(traces, "SPANS_AT_MOST", 2)
    monkeypatch.setattr(traces, "QUIET_SECONDS", -1)
    waiting = traces.Waiting()
    for trace in (b"1" * 16, b"2" * 16, b"3" * 16):
        waiting.take(a_body("gateway", ASKED, trace=trace))
    assert [spans[0].trace_id for spans in waiting.whole()] == [(b"2" * 16).hex(), (b"3" * 16).hex()]


def test_a_port_that_is_taken_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Refusal, match=f"port {port}"):
            traces.show(port)
