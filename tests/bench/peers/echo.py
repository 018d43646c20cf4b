"""An echo on the chassis, in a process of its own; beside it one on the chassis's connection alone."""

from tests.bench.peers import green  # noqa: I001 - first of all

import os

import eventlet
from amqp import Message

from chassis import logs, settings, tracing
from chassis.amqp import Link
from chassis.container import Container
from chassis.rpc import rpc
from tests.bench.peers import contract

OWNER = os.environ["BENCH_OWNER"]
BARE = f"bare-echo-{OWNER}"


class Service:
    name = OWNER

    @rpc(contract.echo(OWNER))
    def echo(self, call, request):
        return request

    @rpc(contract.echo_service(OWNER))
    def echo_service(self, call, request):
        return request


def bare_echo(url: str) -> Link:
    """Nothing but the chassis's connection and direct reply-to: no schema, token, deadline, worker or trace."""

    def on_up(channel):
        channel.queue_declare(BARE, durable=False, auto_delete=True)
        channel.basic_qos(0, 20, False)
        channel.basic_consume(BARE, callback=on_message, no_ack=True)

    def on_message(message):
        answer = Message(message.body, correlation_id=message.properties["correlation_id"], delivery_mode=1)
        link.write(lambda channel: channel.basic_publish(answer, "", message.properties["reply_to"]))

    link = Link(url, "bare echo", on_up)
    link.start()
    return link


def main() -> None:
    config = settings.read()
    logs.configure("bench", "CRITICAL")
    tracing.configure("bench", config.otlp_endpoint)
    if os.environ.get("BENCH_WITHOUT_TRACING"):
        green.take_tracing_out(tracing)
    container = Container(Service, config)
    container.start()
    link = bare_echo(os.environ["BENCH_BARE_URL"])
    while not (link.is_up and container.checks["rpc"]()):
        eventlet.sleep(0.02)
    green.obey()


if __name__ == "__main__":
    main()
