"""A collector of traces for one terminal: OTLP over HTTP on the loopback, each trace is printed once it is whole."""

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from deploy.local.terminal import Refusal, say

PORT = 4318  # OpenTelemetry's own
BODY_AT_MOST = 16 * 1024 * 1024
SPANS_AT_MOST = 100_000  # that wait for the rest of their trace
QUIET_SECONDS = 7.0  # processes send what they have every 5 s: a trace of which nothing came for longer is whole


@dataclass(frozen=True)
class Seen:
    """One span as it was sent; times in nanoseconds since 1970."""

    service: str
    name: str
    kind: str
    id: str
    trace_id: str
    parent_id: str
    began: int
    ended: int
    attributes: dict
    failed: bool
    events: list

    @property
    def title(self) -> str:
        return f"{self.service} {self.kind} {self.name}"


def tree(spans: list[Seen], order: Callable, line: Callable[[Seen], str] = lambda span: span.title) -> str:
    """A trace as indented lines: who did what, within what."""
    known = {span.id for span in spans}
    lines = []

    def tell(mine: Callable[[Seen], bool], depth: int) -> None:
        for span in sorted(filter(mine, spans), key=order):
            lines.append("  " * depth + line(span))
            tell(lambda each, parent=span: each.parent_id == parent.id, depth + 1)

    tell(lambda each: each.parent_id not in known, 0)
    return "\n".join(lines)


def decoded(body: bytes) -> Iterator[Seen]:
    """Raises google.protobuf.message.DecodeError, KeyError."""
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = _values(resource.resource.attributes)["service.name"]
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Seen(
                    service, span.name, Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"), span.span_id.hex(),
                    span.trace_id.hex(), span.parent_span_id.hex(), span.start_time_unix_nano, span.end_time_unix_nano,
                    _values(span.attributes), span.status.code == Status.STATUS_CODE_ERROR, list(span.events),
                )  # fmt: skip


def _values(attributes) -> dict:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


@contextmanager
def receiving(take: Callable[[bytes], None], port: int = 0) -> Iterator[str]:
    """Hands each body that arrives to `take`, on a thread; gives the endpoint."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            length = self.headers.get("Content-Length", "")
            if self.path != "/v1/traces" or not length.isdigit() or int(length) > BODY_AT_MOST:
                self.send_error(400)
                return
            take(self.rfile.read(int(length)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Silent."""

    server = http.server.HTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Waiting:
    """Spans that wait for the rest of their trace; the traces that are whole are taken out."""

    def __init__(self):
        self._traces: dict[str, tuple[float, list[Seen]]] = {}
        self._lock = threading.Lock()

    def take(self, body: bytes) -> None:
        with self._lock:
            for span in decoded(body):
                _, spans = self._traces.pop(span.trace_id, (0.0, []))
                self._traces[span.trace_id] = (time.monotonic(), [*spans, span])  # the newest at the end
            while sum(len(spans) for _, spans in self._traces.values()) > SPANS_AT_MOST:
                del self._traces[next(iter(self._traces))]

    def whole(self) -> list[list[Seen]]:
        before = time.monotonic() - QUIET_SECONDS
        with self._lock:
            found = [trace_id for trace_id, (newest, _) in self._traces.items() if newest < before]
            return [self._traces.pop(trace_id)[1] for trace_id in found]


def show(port: int = PORT) -> None:
    """Print traces until Ctrl-C. Raises Refusal when the port is taken."""
    waiting = Waiting()
    try:
        with receiving(waiting.take, port) as endpoint:
            say(f"Traces are shown here. Start the platform by: CONGVU_OTLP_ENDPOINT={endpoint} make run")
            while True:
                time.sleep(0.5)
                for spans in waiting.whole():
                    say(f"\n{spans[0].trace_id}\n{tree(spans, lambda span: span.began, _timed(spans))}")
    except OSError as error:
        raise Refusal(f"Nothing can listen on port {port}: {error.strerror}. Choose another by PORT=.") from error


def _timed(spans: list[Seen]) -> Callable[[Seen], str]:
    """Lines with milliseconds: after how many it began, how many it took, and whether it failed."""
    began = min(span.began for span in spans)

    def line(span: Seen) -> str:
        after, took = (span.began - began) / 1e6, (span.ended - span.began) / 1e6
        return f"{span.title}  +{after:.1f} ms, {took:.1f} ms{' FAILED' if span.failed else ''}"

    return line
