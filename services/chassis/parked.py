"""`python -m chassis.parked list|replay <service> ... [--limit N]`: the events that could not be processed.

`list` shows what is parked and why and leaves it there; `replay` puts it back into the service's queue that it came
from as a new attempt. The broker's operator account (CONGVU_AMQP_ADMIN_URL) is needed: it may set the original
sender's name.
"""

import argparse
import os
import sys

from amqp import Message
from amqp.exceptions import AMQPError, NotFound

from chassis import amqp
from chassis.inbox import ATTEMPT, EMITTER, REASON, SAID_AS, SAID_ON, WAITS
from chassis.topology import dead_queue, inbox_queue, outside_queue, webhooks_queue


def parked(channel, service: str, limit: int):
    """Take up to `limit` messages from the dead queue, unacknowledged: they return when the channel closes.

    Not more than are there now: what is replayed and fails at once comes back while we are still at it.
    """
    there = channel.queue_declare(dead_queue(service), passive=True).message_count
    for _ in range(min(limit, there)):
        message = channel.basic_get(dead_queue(service))
        if message is None:
            return
        yield message


def show(channel, service: str, limit: int, _account: str) -> int:
    count = 0
    for message in parked(channel, service, limit):
        count += 1
        headers = message.headers or {}
        death = (headers.get("x-death") or [{}])[0]
        reason = headers.get(REASON) or f"the broker gave up: {death.get('reason', 'unknown')}"
        name, event_id = message.properties.get("type", "?"), message.properties.get("message_id", "?")
        print(service, *(_printable(each) for each in (name, event_id, reason)), sep="\t")
    return count


def _printable(text: object) -> str:
    """What strangers wrote must not steer the operator's terminal."""
    return "".join(c if c.isprintable() else "?" for c in str(text))


def replay(channel, service: str, limit: int, account: str) -> int:
    """Each message is acknowledged only after the broker has taken its copy: a crash leaves it twice, never lost.

    `account` is the service's own at the broker.
    """
    channel.confirm_select()
    count = 0
    for message in parked(channel, service, limit):
        count += 1
        headers = {k: v for k, v in (message.headers or {}).items() if k not in (ATTEMPT, WAITS, REASON, "x-death")}
        written = headers.pop(EMITTER, None)
        sender, queue = message.properties.get("user_id"), inbox_queue(service)
        if sender == account:  # the service itself parked it and wrote down who had sent it; nobody else is believed
            sender = written
        else:
            queue = _written_down(message, service, headers)
        kept = ("content_type", "type", "app_id", "timestamp", "message_id")
        properties = {k: v for k, v in message.properties.items() if k in kept}
        if sender:
            properties["user_id"] = sender
        copy = Message(message.body, delivery_mode=2, application_headers=headers, **properties)
        channel.basic_publish_confirm(copy, "", queue, mandatory=True, timeout=10)
        channel.basic_ack(message.delivery_tag)
    return count


def _written_down(message, service: str, headers: dict) -> str:
    """The queue of the service in which the broker gave it up. Into the headers goes the place where it was said, which
    a copy in a queue does not have: as the broker knows it, whatever the sender wrote himself.
    """
    death = ((message.headers or {}).get("x-death") or [{}])[0]  # the newest
    if death.get("exchange") != "":  # from there none comes but ourselves, with what we wrote down
        headers.pop(SAID_ON, None), headers.pop(SAID_AS, None)
        if death:
            headers |= {SAID_ON: death["exchange"], SAID_AS: death["routing-keys"][0]}
    known = (outside_queue(service), webhooks_queue(service))
    return death["queue"] if death.get("queue") in known else inbox_queue(service)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m chassis.parked")
    parser.add_argument("what", choices=("list", "replay"))
    parser.add_argument("services", nargs="+")
    parser.add_argument("--limit", type=int, default=1000, help="messages per service (default 1000)")
    arguments = parser.parse_args()
    if not (url := os.environ.get("CONGVU_AMQP_ADMIN_URL")):
        sys.exit("congvu: wrong setting: CONGVU_AMQP_ADMIN_URL is not set")
    act = show if arguments.what == "list" else replay
    total = 0
    try:
        for service in arguments.services:
            with amqp.connection(url, "parked events") as broker:
                account = (broker.userid or "").removesuffix("admin") + service
                total += act(broker.channel(), service, arguments.limit, account)
    except NotFound:
        sys.exit(f"congvu: there is no service {service!r} that hears events")
    except (OSError, AMQPError) as error:
        sys.exit(f"congvu: the broker does not answer: {type(error).__name__}")
    print(f"{total} parked" if arguments.what == "list" else f"{total} replayed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
