"""`make sibling`, `make siblings`, `make remove-sibling`: who else in the city hears our published events.

The broker alone keeps what siblings there are; what the operator asks for is brought about, whatever was there before.
"""

import secrets
from functools import cached_property
from urllib.parse import unquote, urlsplit, urlunsplit

from chassis import amqp
from chassis.topology import outside_exchange
from contracts import siblings
from contracts.topology import hashed
from deploy.local import broker_admin
from deploy.local.state import RUN, State, read_json
from deploy.local.terminal import Refusal, say

USAGE = (
    'make sibling NAME=mail EVENTS="tasks.task_issued ..." SAYS="incoming_task_received ..." (NEW_PASSWORD=1 replaces '
    "its password), make siblings, or make remove-sibling NAME=mail"
)


def command(arguments: list[str], addresses: dict | None = None) -> None:
    """`addresses` are those of the running platform, with its administrator's passwords."""
    addresses = addresses or read_json(State(RUN).admin_file)
    if addresses is None:
        raise Refusal("The platform is not running: start it by make run.")
    broker = _Broker(addresses)
    match arguments:
        case ["list"]:
            _list(broker)
        case ["remove", name]:
            _remove(broker, name)
        case ["add", "--new-password", name, *words]:
            _add(broker, name, *_heard_and_said(words), new_password=True)
        case ["add", name, *words]:
            _add(broker, name, *_heard_and_said(words), new_password=False)
        case _:
            raise Refusal(f"Say {USAGE}.")


def _heard_and_said(words: list[str]) -> tuple[list[str], list[str]]:
    """`tasks.task_issued --says incoming_task_received`: what it shall hear, and what it may say."""
    if "--says" not in words:
        return words, []
    place = words.index("--says")
    return words[:place], words[place + 1 :]


class _Broker:
    """One virtual host of the broker, as its administrator sees it."""

    def __init__(self, addresses: dict):
        self.url = addresses["brokers"]["admin"]
        self.vhost = unquote(urlsplit(self.url).path[1:])
        self.admin = broker_admin.of(addresses["broker_admin"])

    @cached_property
    def known(self) -> dict:
        """All definitions, as they were when they were first asked for."""
        return self.admin.export()

    def channel(self):
        return amqp.connection(self.url, "siblings")

    def account(self, name: str) -> dict | None:
        return next((user for user in self.known["users"] if user["name"] == siblings.account(name)), None)

    def names(self) -> list[str]:
        found = {siblings.name_of(each["user"]) for each in self.known["permissions"] if each["vhost"] == self.vhost}
        return sorted(found - {None})

    def bindings(self, name: str) -> set[tuple[str, str]]:
        """(exchange, routing key) of each event that it hears now."""
        return {
            (each["source"], each["routing_key"])
            for each in self.known["bindings"]
            if (each["vhost"], each["destination"]) == (self.vhost, siblings.queue(name)) and each["source"]
        }

    def spoken(self, name: str) -> set[tuple[str, str, str]]:
        """(exchange, queue, routing key) of each event that it may say now."""
        return {
            (each["source"], each["destination"], each["routing_key"])
            for each in self.known["bindings"]
            if (each["vhost"], each["source"]) == (self.vhost, outside_exchange(name))
        }


def _add(broker: _Broker, name: str, events: list[str], says: list[str], new_password: bool) -> None:
    if fault := siblings.fault_in(name, events, says):
        raise Refusal(fault)
    if not events and not says:
        raise Refusal(f'Say what {name} shall hear: EVENTS="{" ".join(siblings.published())}" or a part of it.')
    there = broker.account(name)
    password = secrets.token_urlsafe(24) if there is None or new_password else None
    password_hash = hashed(password) if password else there["password_hash"]
    broker.admin.load(siblings.definitions(broker.vhost, name, events, password_hash, says))
    with broker.channel() as connection:
        channel = connection.channel()
        for exchange, key in broker.bindings(name) - siblings.bindings(name, events):
            channel.queue_unbind(siblings.queue(name), exchange, key)
        for exchange, queue, key in broker.spoken(name) - siblings.spoken(name, says):
            channel.queue_unbind(queue, exchange, key)
    parts = urlsplit(broker.url)
    place = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    say(f"{name} hears {', '.join(sorted(set(events))) or 'nothing'}.")
    if says:
        say(f"{name} may say {', '.join(sorted(set(says)))}.")
        say(f"exchange  {outside_exchange(name)}")
    say(f"broker    {place}")
    say(f"queue     {siblings.queue(name)}")
    say(f"account   {siblings.account(name)}")
    say(f"password  {password or 'the one that was shown when it was made'}")
    if password:
        say("It is shown this once: the broker keeps only its salted hash. docs/siblings.md is for its reader.")


def _list(broker: _Broker) -> None:
    """A line for each: name, what it hears, how many messages wait, how many consumers are there."""
    by_binding = {binding: full for full in siblings.published() for binding in siblings.bindings("", [full])}
    with broker.channel() as connection:
        channel = connection.channel()
        for name in broker.names():
            there = channel.queue_declare(siblings.queue(name), passive=True)
            heard = sorted(by_binding.get(each, ".".join(each)) for each in broker.bindings(name))
            said = "".join(f" >{key}" for _, _, key in sorted(broker.spoken(name)))
            say(f"{name}\t{' '.join(heard)}{said}\t{there.message_count} waiting\t{there.consumer_count} connected")
    if not broker.names():
        say("There are no siblings.")


def _remove(broker: _Broker, name: str) -> None:
    """The account first, so that nobody reads any more; the broker closes its connections."""
    if fault := siblings.fault_in(name, []):
        raise Refusal(fault)
    if broker.account(name) is None:
        raise Refusal(f"There is no sibling {name}.")
    broker.admin.delete_user(siblings.account(name))
    with broker.channel() as connection:
        channel = connection.channel()
        channel.queue_delete(siblings.queue(name))
        channel.exchange_delete(outside_exchange(name))
    say(f"{name} hears nothing any more; its account and its queue are gone.")
