"""The spans of OpenTelemetry's SDK behind `chassis.tracing`; imported only when tracing is on."""

from functools import partial

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_w3c = TraceContextTextMapPropagator()


class Recorded:
    """A span that is exported when it ends, if its trace is among those that are sampled."""

    __slots__ = ("_span", "carrier")

    def __init__(self, tracer: Tracer, name: str, kind: str, carrier: dict[str, str], attributes: dict | None):
        # never the context that OpenTelemetry keeps itself: ours goes with the work, from green thread to green thread
        parent = _w3c.extract(carrier, context=Context())
        self._span = tracer.start_span(name, context=parent, kind=SpanKind[kind], attributes=attributes)
        self.carrier: dict[str, str] = {}
        _w3c.inject(self.carrier, context=set_span_in_context(self._span, Context()))

    @property
    def trace_id(self) -> str:
        return f"{self._span.get_span_context().trace_id:032x}"

    def __enter__(self) -> dict[str, str]:
        return self.carrier

    def __exit__(self, _kind, error, _traceback):
        if error is None:
            self.end()
        else:
            code = getattr(error, "refusal_code", None)
            # a refusal is an answer; that somebody is away is not
            failed = code in (None, "internal_error") or bool(getattr(error, "retryable", False))
            self.end(code or type(error).__name__, failed)

    def set(self, attributes: dict, name: str | None = None) -> None:
        self._span.set_attributes(attributes)
        if name is not None:
            self._span.update_name(name)

    def end(self, error: str | None = None, failed: bool = True) -> None:
        if error is not None:
            self._span.set_attribute("error.type", error)
            if failed:
                self._span.set_status(StatusCode.ERROR)
        self._span.end()


def recorder(service: str, endpoint: str, sample: float, seconds: float):
    """What makes spans: `recorder(...)(name, kind, carrier, attributes)`."""
    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.namespace": "congvu"}),
        sampler=ParentBased(TraceIdRatioBased(sample)),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=seconds)))
    make = partial(Recorded, provider.get_tracer("congvu"))
    make.shutdown = provider.shutdown
    return make
