"""All exchanges, queues, bindings and accounts of the core, from the catalogue: the one place that declares them.

Services do not declare any of this and have no right to: an exchange without one hearer's queue would lose
that hearer's events, so everything stands before the first event is published.
"""

import base64
import hashlib
import os
from collections.abc import Sequence

from chassis.topology import (
    events_exchange,
    handed_out,
    inbox_queue,
    outside_arguments,
    outside_exchange,
    outside_queue,
    published_exchange,
    queue_arguments,
    rpc_queue,
    webhooks_queue,
)  # fmt: skip
from contracts.catalogue import EVENTS, OWNERS, SERVICES
from contracts.inbound import DOOR, INBOUND

ADMIN = "congvu_admin"


def account(service: str) -> str:
    return f"congvu_{service}"


def exchanges() -> list[str]:
    own = [name for owner in OWNERS for name in (events_exchange(owner), published_exchange(owner))]
    return [*own, outside_exchange(DOOR)]


def hearers() -> list[str]:
    return [service for service in SERVICES if any(service in event.hearers for event in EVENTS.values())]


def queues() -> dict[str, dict]:
    own = {name: arguments for service in hearers() for name, arguments in queue_arguments(service).items()}
    outside = {outside_queue(service): outside_arguments(service) for service in outside_hearers()}
    return own | outside | {webhooks_queue(DOOR): handed_out(DOOR)}


def outside_hearers() -> list[str]:
    """Services to which siblings may speak."""
    return [service for service in SERVICES if any(service in event.hearers for event in INBOUND.values())]


def bindings() -> list[tuple[str, str, str]]:
    """(exchange, queue, routing key) of every core event, of what partners without a broker may say, and of all that is
    published: the gateway brings it to those who want it.
    """
    core = [
        (events_exchange(event.owner), inbox_queue(hearer), event.name)
        for event in EVENTS.values()
        for hearer in event.hearers
    ]
    said = [
        (outside_exchange(DOOR), outside_queue(hearer), event.name)
        for event in INBOUND.values()
        for hearer in event.hearers
    ]
    published = [
        (published_exchange(event.owner), webhooks_queue(DOOR), event.name)
        for event in EVENTS.values()
        if event.published is not None
    ]
    return core + said + published


def permissions(service: str) -> dict[str, str]:
    """What a service's account may do, as RabbitMQ's regular expressions.

    Writing to the default exchange is what calls and their direct answers need; it makes the core accounts
    one trust zone at the broker.
    """
    own = service.replace(".", r"\.")
    write = [r"amq\.default"]
    if service in OWNERS:
        write.append(rf"{own}\.(events|published)")
    if service == DOOR:  # for partners that have no account here; who said it is believed of this account alone
        write.append(rf"{own}\.inbound")
    return {
        "configure": rf"^{rpc_queue(own)}$",
        "write": f"^({'|'.join(write)})$",
        "read": rf"^({rpc_queue(own)}|{own}\.(inbox|webhooks)\..*)$",
    }


def definitions(vhosts: list[str], passwords: dict[str, str]) -> dict:
    """A definitions document for RabbitMQ's load_definitions or its HTTP API.

    `passwords` gives one for each account; only salted hashes enter the document.
    """
    users = [
        user(name, hashed(password), ["administrator", "impersonator"] if name == ADMIN else [])
        for name, password in passwords.items()
    ]
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    granted = {ADMIN: everything} | {account(service): permissions(service) for service in SERVICES}
    return {
        "users": users,
        "vhosts": [{"name": vhost} for vhost in vhosts],
        "permissions": [
            {"user": name, "vhost": vhost, **rights}
            for vhost in vhosts
            for name, rights in granted.items()
            if name in passwords
        ],
        "exchanges": [
            {"name": name, "vhost": vhost, "type": "topic", "durable": True, "auto_delete": False, "arguments": {}}
            for vhost in vhosts
            for name in exchanges()
        ],
        "queues": [
            {"name": name, "vhost": vhost, "durable": True, "auto_delete": False, "arguments": arguments}
            for vhost in vhosts
            for name, arguments in queues().items()
        ],
        "bindings": [
            {
                "source": exchange,
                "vhost": vhost,
                "destination": queue,
                "destination_type": "queue",
                "routing_key": key,
                "arguments": {},
            }
            for vhost in vhosts
            for exchange, queue, key in bindings()
        ],
    }


def user(name: str, password_hash: str, tags: Sequence[str] = ()) -> dict:
    """An account in a definitions document."""
    return {
        "name": name,
        "password_hash": password_hash,
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": list(tags),
    }


def hashed(password: str) -> str:
    """A password as the broker keeps it: salted, and of no use to whoever reads it."""
    salt = os.urandom(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
