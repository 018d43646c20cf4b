"""OpenTelemetry, switched on by CONGVU_OTLP_ENDPOINT. Off, none of it is even imported, and all that remains is to
pass on the header of a trace that somebody else has begun.

A span tells what was done, for how long and with which outcome: ids and codes, never what an error says, which may
repeat what a person wrote.
"""

import re

import eventlet

CLIENT, SERVER, PRODUCER, CONSUMER, INTERNAL = "CLIENT", "SERVER", "PRODUCER", "CONSUMER", "INTERNAL"
EXPORT_SECONDS = 5.0  # for one batch, with its repetitions
FLUSH_SECONDS = 3.0  # what a collector may cost when the process ends

_FORMS = {
    "traceparent": re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"),
    "tracestate": re.compile(r"[\x20-\x7e]{1,512}"),
}
_recorder = None  # when it is on


class Unrecorded:
    """What stands for a span while tracing is off."""

    __slots__ = ("carrier",)
    trace_id = ""

    def __init__(self, carrier: dict[str, str]):
        self.carrier = carrier

    def __enter__(self) -> dict[str, str]:
        return self.carrier

    def __exit__(self, *_):
        pass

    def set(self, attributes: dict, name: str | None = None) -> None:
        pass

    def end(self, error: str | None = None, failed: bool = True) -> None:
        pass


def span(name: str, kind: str, carrier: dict[str, str], attributes: dict | None = None):
    """A span as a child of what `carrier` (W3C headers) says, or the first of a trace.

    Its `carrier` is for what is called from within; as a context manager it gives that, and ends with the block.
    """
    if _recorder is None:
        return Unrecorded(carrier)
    return _recorder(name, kind, carrier, attributes)


def configure(service: str, endpoint: str, sample: float = 1.0) -> None:
    """Export spans by OTLP over HTTP (the gRPC exporter would block the hub): of the traces that begin here the part
    `sample`, of those that began elsewhere what was decided there.
    """
    global _recorder
    if endpoint:
        from chassis.spans import recorder

        _recorder = recorder(service, endpoint.rstrip("/") + "/v1/traces", sample, EXPORT_SECONDS)


def flush() -> None:
    """Send what waits, if the collector takes it in time."""
    if _recorder is not None:
        with eventlet.Timeout(FLUSH_SECONDS, False):
            _recorder.shutdown()


def carrier_of(headers: dict) -> dict[str, str]:
    """The W3C trace headers among a message's headers; they come from anywhere, so only the right form counts."""
    found = {}
    for name, form in _FORMS.items():
        value = headers.get(name)
        if isinstance(value, str) and form.fullmatch(value):
            found[name] = value
    return found if "traceparent" in found else {}
