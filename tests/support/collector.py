"""An OpenTelemetry collector on the loopback that keeps what it is sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from chassis.testing import until
from deploy.local.traces import Seen, decoded, receiving, tree

# what a client may bring: a trace of its own, and words in it
FOREIGN = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": "mine=something-about-me"}


@dataclass
class Collector:
    endpoint: str = ""
    bodies: list[bytes] = field(default_factory=list)

    @property
    def spans(self) -> list[Seen]:
        return [span for body in list(self.bodies) for span in decoded(body)]

    def trace(self, trace_id: str) -> list[Seen]:
        return [span for span in self.spans if span.trace_id == trace_id]

    def tree(self, trace_id: str) -> str:
        return tree(self.trace(trace_id), lambda span: span.title)


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    with receiving(collector.bodies.append) as collector.endpoint:
        yield collector


def traces_in_tables(platform, task_id: str) -> list[dict]:
    """The trace that each row about an order keeps, from tasks' outbox to the gateway's live log."""

    def found(service, query):
        with psycopg.connect(platform.addresses["databases"][service]) as connection:
            return [trace for (trace,) in connection.execute(query, (task_id,))]

    outbox = "SELECT trace FROM outbox WHERE data->>'task_id' = %s"
    live_log = "SELECT trace FROM live_log WHERE common->>'task_id' = %s"
    told = until(lambda: found("gateway", live_log), 10)
    return found("tasks", outbox) + found("reminders", outbox) + told
