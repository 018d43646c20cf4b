"""A sibling platform for the tests: made by the operator's command, then a plain AMQP client with that account."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from urllib.parse import quote, urlsplit

import pika
from cloudevents.core.bindings.amqp import AMQPMessage, from_binary_event
from cloudevents.core.v1.event import CloudEvent

from deploy.local import sibling
from deploy.local.terminal import Refusal


@dataclass(frozen=True)
class Sibling:
    """What the operator's command has shown."""

    name: str
    account: str
    queue: str
    url: str

    @contextmanager
    def connected(self, **changes) -> Iterator[pika.BlockingConnection]:
        parameters = pika.URLParameters(changes.pop("url", self.url))
        parameters.blocked_connection_timeout = parameters.socket_timeout = 20
        connection = pika.BlockingConnection(parameters)
        try:
            yield connection
        finally:
            if connection.is_open:
                connection.close()

    def hear(self, connection: pika.BlockingConnection, count: int, seconds: float = 15, ack: bool = True) -> list:
        """The next messages: (delivery, properties, body) each."""
        channel, heard = connection.channel(), []
        channel.basic_qos(prefetch_count=count)
        channel.basic_consume(self.queue, lambda _channel, *message: heard.append(message))
        ends = time.monotonic() + seconds
        while len(heard) < count and time.monotonic() < ends:
            connection.process_data_events(0.1)
        if ack:
            for delivery, *_ in heard:
                channel.basic_ack(delivery.delivery_tag)
            channel.close()
        return heard


def as_cloud_event(message) -> CloudEvent:
    """As the CloudEvents SDK reads it."""
    _delivery, properties, body = message
    return from_binary_event(AMQPMessage({"content-type": properties.content_type}, properties.headers, body))


def told(addresses: dict, *arguments: str) -> str:
    """What the operator's command says."""
    with redirect_stdout(StringIO()) as said:
        sibling.command(list(arguments), addresses)
    return said.getvalue()


def join(addresses: dict, name: str, *events: str) -> Sibling:
    """Make a sibling, as the operator does, with a password that nobody has seen yet."""
    said = told(addresses, "add", "--new-password", name, *events)
    shown = dict(re.findall(r"^(broker|queue|account|password) +(\S+)$", said, re.MULTILINE))
    place = urlsplit(shown["broker"])
    url = place._replace(netloc=f"{shown['account']}:{quote(shown['password'])}@{place.netloc}").geturl()
    return Sibling(name, shown["account"], shown["queue"], url)


def leave(addresses: dict, name: str) -> None:
    try:
        told(addresses, "remove", name)
    except Refusal as refusal:
        assert "There is no sibling" in str(refusal)  # the test took it away itself
