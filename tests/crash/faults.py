"""Five faults, planted from outside: each takes one safety out of the chassis, and the crash test must then fail."""

import sqlalchemy as sa

from chassis import idempotency, inbox
from chassis.amqp import Publisher, _Batch
from chassis.inbox import InboxReader
from chassis.listening import Follower
from tests.crash.points import around


def inbox_off() -> None:
    """A repeated event is not known for one."""
    inbox._FIRST_TIME = sa.text(
        "INSERT INTO inbox (handler, event_id) VALUES (:handler, :event_id)"
        " ON CONFLICT (handler, event_id) DO UPDATE SET received_at = inbox.received_at RETURNING handler"
    )


def ack_before_commit() -> None:
    """An event is acknowledged as soon as it is there."""

    def receive_first(original):
        def on_message(reader, message):
            reader._link.write(lambda channel: channel.basic_ack(message.delivery_tag), message.channel)
            original(reader, message)

        return on_message

    def settled_long_ago(_original):
        return lambda reader, message, back=False: reader._busy.discard(id(message))

    around(InboxReader, "_on_message", receive_first)
    around(InboxReader, "_settle", settled_long_ago)


def confirms_off() -> None:
    """What is written to the socket counts as taken by the broker."""

    def believe(original):
        def send(publisher, batch, first, messages):
            spare = _Batch(len(messages))
            original(publisher, spare, 0, messages)
            for place in range(len(messages)):
                batch.settle(first + place, "lost" if spare.done.ready() else "confirmed")

        return send

    around(Publisher, "_send", believe)


def sweep_off() -> None:
    """The outbox is looked at when a notification comes, and only then."""

    def only_when_told(original):
        def follow(follower, connection):
            if follower._channel != "outbox":
                original(follower, connection)
                return
            while not follower.stopping:
                if list(connection.notifies(timeout=1, stop_after=1)):
                    follower._look(connection)

        return follow

    around(Follower, "_follow", only_when_told)


def idempotency_off() -> None:
    """A key that was used is not known for one."""
    idempotency._CLAIM = sa.text(
        "INSERT INTO idempotency (who, key, request_hash) VALUES (:who, :key, :hash)"
        " ON CONFLICT (who, key) DO UPDATE SET request_hash = excluded.request_hash RETURNING key"
    )


FAULTS = {
    "inbox off": inbox_off,
    "ack before commit": ack_before_commit,
    "confirms off": confirms_off,
    "outbox sweep off": sweep_off,
    "idempotency off": idempotency_off,
}
