"""OpenTelemetry, switched on by CONGVU_OTLP_ENDPOINT. Off, it costs nothing but passing the trace header on."""

import re
from contextlib import contextmanager

from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind

_FORMS = {
    "traceparent": re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"),
    "tracestate": re.compile(r"[\x20-\x7e]{1,512}"),
}
_on = False


def configure(service: str, endpoint: str) -> None:
    """Export spans by OTLP over HTTP (the gRPC exporter would block the hub)."""
    global _on
    if not endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint.rstrip("/") + "/v1/traces")))
    trace.set_tracer_provider(provider)
    _on = True


def flush() -> None:
    if _on:
        trace.get_tracer_provider().shutdown()


@contextmanager
def span(name: str, kind: SpanKind, carrier: dict[str, str]):
    """A span as a child of what `carrier` (W3C headers) says; yields the carrier for what is called from within."""
    if not _on:
        yield carrier
        return
    tracer = trace.get_tracer("congvu")
    with tracer.start_as_current_span(name, context=propagate.extract(carrier), kind=kind):
        inner: dict[str, str] = {}
        propagate.inject(inner)
        yield inner


def carrier_of(headers: dict) -> dict[str, str]:
    """The W3C trace headers among a message's headers; they come from anywhere, so only the right form counts."""
    found = {}
    for name, form in _FORMS.items():
        value = headers.get(name)
        if isinstance(value, str) and form.fullmatch(value):
            found[name] = value
    return found if "traceparent" in found else {}
