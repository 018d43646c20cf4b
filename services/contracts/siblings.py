"""Sibling platforms of the city: each hears published events on a queue of its own, with an account that can read
that queue, speak on an exchange of its own if it may say anything, and do nothing else.

A sibling may sleep for a week, or never acknowledge: its queue forgets the oldest, and ours never wait for it.
"""

import re
from collections.abc import Sequence

from chassis.contract import Event
from chassis.topology import (
    VERSION,
    outside_account,
    outside_exchange,
    outside_queue,
    outside_system,
    published_exchange,
)  # fmt: skip
from contracts.catalogue import EVENTS, SERVICES
from contracts.inbound import INBOUND
from contracts.topology import user

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_NAME = 30
MOST_MESSAGES = 100_000
MOST_BYTES = 100 * 2**20
KEPT_DAYS = 7
LIMITS = {"max-connections": 5, "max-channels": 10}
ARGUMENTS = {
    "x-queue-type": "quorum",
    "x-max-length": MOST_MESSAGES,
    "x-max-length-bytes": MOST_BYTES,
    # a queue that refused would keep the event in our outbox, and hold up nobody but us
    "x-overflow": "drop-head",
    "x-message-ttl": KEPT_DAYS * 24 * 3600 * 1000,
    # what a consumer has taken and not acknowledged counts for no limit: one consumer at a time holds 65,535 at most
    "x-single-active-consumer": True,
    "x-delivery-limit": 1000,  # then the broker drops what its reader dies of
}
AN_EXCHANGE = {"type": "topic", "durable": True, "auto_delete": False, "arguments": {}}


def published() -> dict[str, Event]:
    """What a sibling may hear, by the name that the operator gives: `tasks.task_issued`."""
    return {f"{event.owner}.{event.name}": event for event in EVENTS.values() if event.published is not None}


def account(name: str) -> str:
    return outside_account(name)


def name_of(account_name: str) -> str | None:
    """The sibling that an account of the broker belongs to, if any."""
    return outside_system(account_name)


def queue(name: str) -> str:
    return f"ext.{name}.{VERSION}"


def fault_in(name: str, wanted: list[str], says: Sequence[str] = ()) -> str | None:
    """One sentence that says what is wrong with the operator's words, or None."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        return (
            f"{name!r} cannot be a sibling's name: use at most {LONGEST_NAME} small letters, digits and single "
            "hyphens, a letter first."
        )
    if name in SERVICES:
        return f"{name!r} is a service of this platform, not a sibling."
    known = published()
    if unknown := [each for each in wanted if each not in known]:
        return f"Siblings cannot hear {', '.join(unknown)}: there are {', '.join(known)}."
    if unknown := [each for each in says if each not in INBOUND]:
        return f"Siblings cannot say {', '.join(unknown)}: there are {', '.join(INBOUND)}."
    return None


def bindings(name: str, wanted: list[str]) -> set[tuple[str, str]]:
    """(exchange, routing key) of each event."""
    return {(published_exchange(event.owner), event.name) for event in map(published().get, wanted)}


def spoken(name: str, says: Sequence[str]) -> set[tuple[str, str, str]]:
    """(exchange, queue, routing key) of each event that it may say: what is bound nowhere is returned to it."""
    return {(outside_exchange(name), outside_queue(hearer), each) for each in says for hearer in INBOUND[each].hearers}


def definitions(
    vhost: str, name: str, wanted: list[str], password_hash: str, says: Sequence[str] = ()
) -> dict:  # fmt: skip
    """The sibling as a definitions document for RabbitMQ. Importing it twice changes nothing."""
    return {
        "users": [user(account(name), password_hash) | {"limits": LIMITS}],
        "permissions": [
            {
                "user": account(name),
                "vhost": vhost,
                "configure": "^$",
                "write": f"^{re.escape(outside_exchange(name))}$" if says else "^$",
                "read": f"^{re.escape(queue(name))}$",
            }
        ],
        "queues": [
            {"name": queue(name), "vhost": vhost, "durable": True, "auto_delete": False, "arguments": ARGUMENTS}
        ],
        "exchanges": [AN_EXCHANGE | {"name": outside_exchange(name), "vhost": vhost}] if says else [],
        "bindings": [
            {
                "source": exchange,
                "vhost": vhost,
                "destination": destination,
                "destination_type": "queue",
                "routing_key": key,
                "arguments": {},
            }
            for exchange, destination, key in sorted(
                {(exchange, queue(name), key) for exchange, key in bindings(name, wanted)} | spoken(name, says)
            )
        ],
    }  # fmt: skip
