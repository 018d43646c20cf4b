"""An OpenTelemetry collector on the loopback: OTLP over HTTP, decoded by OpenTelemetry's own messages."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from chassis.testing import until

# what a client may bring: a trace of its own, and words in it
FOREIGN = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": "mine=something-about-me"}


@dataclass(frozen=True)
class Seen:
    """One span as it was sent."""

    service: str
    name: str
    kind: str
    id: str
    trace_id: str
    parent_id: str
    attributes: dict
    failed: bool
    events: list

    @property
    def title(self) -> str:
        return f"{self.service} {self.kind} {self.name}"


@dataclass
class Collector:
    endpoint: str = ""
    bodies: list[bytes] = field(default_factory=list)

    @property
    def spans(self) -> list[Seen]:
        return [span for body in list(self.bodies) for span in _decoded(body)]

    def trace(self, trace_id: str) -> list[Seen]:
        return [span for span in self.spans if span.trace_id == trace_id]

    def tree(self, trace_id: str) -> str:
        """A trace as indented lines: who did what, within what."""
        spans = self.trace(trace_id)
        known = {span.id for span in spans}
        lines = []

        def tell(parents, depth):
            for span in sorted((s for s in spans if parents(s)), key=lambda span: span.title):
                lines.append("  " * depth + span.title)
                tell(lambda each, parent=span: each.parent_id == parent.id, depth + 1)

        tell(lambda each: each.parent_id not in known, 0)
        return "\n".join(lines)


def _decoded(body: bytes) -> Iterator[Seen]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = _values(resource.resource.attributes)["service.name"]
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Seen(
                    service, span.name, Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"), span.span_id.hex(),
                    span.trace_id.hex(), span.parent_span_id.hex(), _values(span.attributes),
                    span.status.code == Status.STATUS_CODE_ERROR, list(span.events),
                )  # fmt: skip


def _values(attributes) -> dict:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            assert self.path == "/v1/traces"
            collector.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Silent."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    collector.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()


def traces_in_tables(platform, task_id: str) -> list[dict]:
    """The trace that each row about an order keeps, from tasks' outbox to the gateway's live log."""

    def found(service, query):
        with psycopg.connect(platform.addresses["databases"][service]) as connection:
            return [trace for (trace,) in connection.execute(query, (task_id,))]

    outbox = "SELECT trace FROM outbox WHERE data->>'task_id' = %s"
    live_log = "SELECT trace FROM live_log WHERE common->>'task_id' = %s"
    told = until(lambda: found("gateway", live_log), 10)
    return found("tasks", outbox) + found("reminders", outbox) + told
