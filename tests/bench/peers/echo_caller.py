"""Calls the echo on the chassis, from a process of its own, as the gateway does."""

from tests.bench.peers import green  # noqa: I001 - first of all

import itertools
import os
import time

import eventlet
from amqp import Message
from eventlet.event import Event

from chassis import context, logs, settings, tracing
from chassis.amqp import Link
from chassis.container import Container
from chassis.rpc import REPLY_TO, Remote
from tests.bench.peers import contract
from tests.bench.peers.echo import BARE, OWNER

TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
numbers = itertools.count()


class Edge:
    name = "gateway"
    remote = Remote()


class BareCaller:
    """The chassis's connection and direct reply-to, nothing else."""

    def __init__(self, url: str):
        self._waiting: dict[str, Event] = {}
        self.link = Link(url, "bare caller", self._on_up)
        self.link.start()

    def call(self, text: str) -> str:
        number = str(next(numbers))
        self._waiting[number] = answered = Event()
        message = Message(text.encode(), reply_to=REPLY_TO, correlation_id=number, delivery_mode=1)
        self.link.write(lambda channel: channel.basic_publish(message, "", BARE))
        return answered.wait()

    def _on_up(self, channel):
        channel.basic_consume(REPLY_TO, no_ack=True, callback=self._on_answer)

    def _on_answer(self, message):
        body = message.body
        self._waiting.pop(message.properties["correlation_id"]).send(body if isinstance(body, str) else body.decode())


def main() -> None:
    config = settings.read()
    logs.configure("bench", "CRITICAL")
    tracing.configure("bench", config.otlp_endpoint)
    if os.environ.get("BENCH_WITHOUT_TRACING"):
        green.take_tracing_out(tracing)
    container = Container(Edge, config)
    container.start()
    bare = BareCaller(os.environ["BENCH_BARE_URL"])
    remote = next(each for each in container.dependencies if isinstance(each, Remote)).bound()
    while not (bare.link.is_up and container.checks["calls"]()):
        eventlet.sleep(0.02)

    echo, echo_service = contract.echo(OWNER), contract.echo_service(OWNER)

    def as_a_service() -> None:
        text = f"{contract.TEXT} {next(numbers)}"
        contract.check(remote.call(echo_service, {"text": text})["text"], text)

    def for_a_person() -> None:
        text = f"{contract.TEXT} {next(numbers)}"
        with context.working(context.Context("bench", time.monotonic() + 15, dict(contract.CLAIMS), dict(TRACE))):
            contract.check(remote.call(echo, {"text": text}, claims=contract.CLAIMS)["text"], text)

    def transport() -> None:
        text = f"{contract.TEXT} {next(numbers)}"
        contract.check(bare.call(text), text)

    ways = {"service": as_a_service, "person": for_a_person, "transport": transport}
    green.obey(lambda way, seconds, callers: green.repeat(ways[way], seconds, callers))


if __name__ == "__main__":
    main()
