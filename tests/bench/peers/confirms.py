"""Bare py-amqp: the same message again and again, its confirms pipelined."""

import os
import time
import uuid
from urllib.parse import unquote, urlsplit

from amqp import Connection, Message

from tests.bench.peers.obeying import obey

WINDOW = 500


def publish(
    broker: Connection, count: int, exchange: str, key: str, body: str, properties: dict, renew: bool = False
) -> dict:
    """How long it took until the broker had confirmed all. `renew`: each message has an id of its own."""
    channel = broker.channel()
    channel.confirm_select()
    open_: set[int] = set()
    last = 0

    def settle(tag: int, multiple: bool) -> None:
        open_.difference_update(range(last - WINDOW, tag + 1) if multiple else (tag,))

    def refuse(*_) -> None:
        raise AssertionError("the broker refused a message")

    channel.events["basic_ack"].add(settle)
    channel.events["basic_nack"].add(refuse)
    message = Message(body, delivery_mode=2, **properties)
    began = time.perf_counter()
    while last < count or open_:
        while last < count and len(open_) < WINDOW:
            last += 1
            open_.add(last)
            if renew:
                properties["message_id"] = properties["application_headers"]["cloudEvents:id"] = str(uuid.uuid4())
                message = Message(body, delivery_mode=2, **properties)
            channel.basic_publish(message, exchange, key, mandatory=True)
        broker.drain_events(timeout=30)
    seconds = time.perf_counter() - began
    channel.close()
    return {"seconds": seconds}


def connect(url: str) -> Connection:
    place = urlsplit(url)
    broker = Connection(
        f"{place.hostname}:{place.port}", userid=unquote(place.username), password=unquote(place.password),
        virtual_host=unquote(place.path[1:]), heartbeat=0,
    )  # fmt: skip
    broker.connect()
    return broker


def main() -> None:
    broker = connect(os.environ["BENCH_AMQP_URL"])
    obey(lambda **order: publish(broker, **order))


if __name__ == "__main__":
    main()
