"""Hearing events: each takes effect once, or is parked where an operator sees it; none is lost, none stops the others.

The inbox row, the effects and the event that follows commit together, then the message is acknowledged. What fails
waits in retry queues, ever longer, and ends in the dead queue; while our database or a neighbour is away it goes on
waiting, because that is not the event's fault.
"""

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import eventlet
import orjson
import sqlalchemy as sa
import structlog
from amqp import Message
from marshmallow import EXCLUDE, ValidationError
from nameko.extensions import Entrypoint, ProviderCollector, SharedExtension

from chassis import context, metrics, tracing
from chassis.amqp import Link, Lost, Publisher
from chassis.contract import OUTSIDE, Event, load_exactly
from chassis.topology import (
    RETRY_PLAN,
    dead_queue,
    events_exchange,
    inbox_queue,
    outside_exchange,
    outside_queue,
    outside_system,
    retry_queue,
)  # fmt: skip

log = structlog.get_logger()

BLAMELESS = ("database_unavailable", "service_unavailable")  # what failed is not the event: such tries have no end
ATTEMPT = "congvu-attempt"  # how often it failed by its own fault
WAITS = "congvu-waits"  # how often it could not be tried because something was away
REASON = "congvu-reason"
SAID_AS = "congvu-said-as"  # the routing key under which a system outside said it, in a retry queue or parked
SAID_ON = "congvu-said-on"  # and on which exchange, in what was replayed
ORIGIN = "congvu-origin"  # for which system outside the door says it; of nobody else is it believed
EMITTER = "congvu-emitter"  # the account that the event came from, when we ourselves put it into a retry queue

_FIRST_TIME = sa.text(
    "INSERT INTO inbox (handler, event_id) VALUES (:handler, :event_id) ON CONFLICT DO NOTHING RETURNING handler"
)
OUTSIDE_AT_MOST = 2**20  # bytes


@dataclass(frozen=True)
class Heard:
    """An event as its hearer gets it; `version` is the aggregate's. `origin` is the system outside that said it."""

    id: str
    name: str
    subject: str
    version: int
    time: datetime
    data: dict[str, Any]
    origin: str = ""


class Unacceptable(Exception):
    """A message that no retry would make better: it is parked at once. Handlers may say so too."""


class InboxReader(SharedExtension, ProviderCollector):
    """Reads the service's one inbox queue and hands each event to its handler."""

    def setup(self):
        settings = self.container.settings
        self._service = self.container.service_name
        self._link = Link(settings.amqp_url, f"{self._service} inbox", self._on_up)
        self._publisher = Publisher(settings.amqp_url, f"{self._service} inbox retries")
        self._tags: list[str] = []
        self._ceasing = False
        self._busy: set[int] = set()
        self.container.readiness("inbox", lambda: self._link.is_up)

    def start(self):
        self._handlers = {handler.event.name: handler for handler in self._providers}
        if len(self._handlers) < len(self._providers):
            raise ValueError(f"{self._service} has two handlers for one event")
        doors = {handler.event.door for handler in self._providers} - {None}
        self._doors = {self.container.settings.account_of(door, self._service): door for door in doors}
        self._publisher.start()
        self._link.start()

    def unregister_provider(self, provider):
        """The entrypoints stop first: take no more events, and wait until those that run are settled."""
        super().unregister_provider(provider)
        if not self._providers and not self._ceasing:
            self._ceasing = True
            with suppress(Lost):
                self._link.write(self._cancel)
            while self._busy:
                eventlet.sleep(0.02)

    def stop(self):
        self._link.stop()
        self._publisher.stop()

    kill = stop

    def _on_up(self, channel):
        if self._ceasing:
            return
        channel.basic_qos(0, max(4, self.container.settings.max_workers // 2), False)
        queues = [inbox_queue(self._service)]
        if any(handler.event.owner == OUTSIDE for handler in self._handlers.values()):
            queues.append(outside_queue(self._service))
        self._tags = [channel.basic_consume(queue, callback=self._on_message) for queue in queues]

    def _cancel(self, channel):
        for tag in self._tags:
            channel.basic_cancel(tag, nowait=True)

    def _on_message(self, message):
        """In the green thread that reads the connection: quick, and nothing escapes."""
        if self._ceasing:
            self._settle(message, back=True)
            return
        self._busy.add(id(message))
        try:
            handler, event, trace = self._understand(message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the message is parked with the reason
            reason = str(error) if isinstance(error, Unacceptable) else f"not understood: {type(error).__name__}"
            metrics.EVENTS_HEARD.labels("unknown", "parked").inc()
            eventlet.spawn_n(self._move_on, message, None, reason)
            return

        def handle_result(_ctx, result, exc_info):
            if exc_info is None:
                self._settle(message)
                metrics.EVENTS_HEARD.labels(event.name, "ok" if result else "repeated").inc()
            else:
                self._failed(message, event, exc_info[1])
            return result, exc_info

        self.container.spawn_worker(
            handler, (event,), {}, context_data={"call_id": event.id, "trace": trace}, handle_result=handle_result
        )

    def _understand(self, message):
        properties = message.properties
        headers = message.headers if isinstance(message.headers, dict) else {}
        name = properties.get("type") or headers.get("cloudEvents:type")
        handler = self._handlers.get(name)
        if handler is None:
            raise Unacceptable("no handler for this type of event")
        settings = self.container.settings
        sender, origin = properties.get("user_id"), ""
        if sender == settings.account:  # from our own retry queue, with the name that we wrote down
            sender = headers.get(EMITTER)
        if handler.event.owner == OUTSIDE:
            door = self._doors.get(sender)
            origin = headers.get(ORIGIN) if door else outside_system(sender)
            if not origin or not isinstance(origin, str) or _said_as(message, headers, door or origin) != name:
                raise Unacceptable("this sender may not say this")
            if len(message.body) > OUTSIDE_AT_MOST:
                raise Unacceptable("the event is too large")
        elif sender != settings.account_of(handler.event.owner, self._service):
            raise Unacceptable("the event does not come from its owner's account")
        try:
            data = load_exactly(handler.event.data, orjson.loads(message.body), unknown=EXCLUDE)
        except orjson.JSONDecodeError:
            raise Unacceptable("the body is not JSON") from None
        except ValidationError as error:
            raise Unacceptable(f"the event has not the right form: {sorted(error.normalized_messages())}") from None
        try:
            event = Heard(
                id=_outside_id(origin, headers) if origin else str(uuid.UUID(headers["cloudEvents:id"])),
                origin=origin,
                name=name,
                subject=str(headers["cloudEvents:subject"]),
                version=int(headers["cloudEvents:aggregateversion"]),
                time=datetime.fromisoformat(headers["cloudEvents:time"]),
                data=data,
            )
        except (KeyError, ValueError, TypeError, AttributeError):
            raise Unacceptable("the CloudEvents attributes are missing or wrong") from None
        return handler, event, {} if origin else tracing.carrier_of(headers)

    def _failed(self, message, event: Heard, error: BaseException) -> None:
        blameless = getattr(error, "refusal_code", None) in BLAMELESS
        attempt, waits = _count(message, ATTEMPT), _count(message, WAITS)
        reason = getattr(error, "refusal_code", None) or type(error).__name__
        if isinstance(error, Unacceptable) or (not blameless and attempt >= len(RETRY_PLAN)):
            metrics.EVENTS_HEARD.labels(event.name, "parked").inc()
            said = str(error) if isinstance(error, Unacceptable) else f"failed {attempt + 1} times: {reason}"
            self._move_on(message, None, said)
            return
        metrics.EVENTS_HEARD.labels(event.name, "retry").inc()
        delay = RETRY_PLAN[min(attempt + waits, len(RETRY_PLAN) - 1)]
        counted = {WAITS: waits + 1} if blameless else {ATTEMPT: attempt + 1}
        self._move_on(message, delay, reason, {ATTEMPT: attempt, WAITS: waits} | counted)

    def _move_on(self, message, delay: int | None, reason: str, counts: dict | None = None) -> None:
        """Into a retry queue, or with delay None into the dead queue; only then is the message acknowledged.

        While the broker takes nothing from us the message is held, not given back: each return counts against the
        delivery limit.
        """
        try:
            moved = self._moved(message, delay, reason, counts or {})
        except Exception:
            log.exception("event could not be set aside")
            eventlet.sleep(1)
            moved = False
        self._settle(message, back=not moved)

    def _moved(self, message, delay: int | None, reason: str, counts: dict) -> bool:
        queue = dead_queue(self._service) if delay is None else retry_queue(self._service, delay)
        log.warning(
            "event set aside",
            queue=queue,
            reason=reason,
            **{name.removeprefix("congvu-"): n for name, n in counts.items()},
        )
        headers = dict(message.headers or {})
        headers.pop("x-death", None)
        properties = {
            name: value
            for name, value in message.properties.items()
            if name in ("content_type", "type", "app_id", "timestamp", "message_id")
        }
        properties.setdefault("message_id", f"unnamed-{id(message)}")
        sender = message.properties.get("user_id")
        if sender != self.container.settings.account:
            headers.pop(EMITTER, None)  # a name that the sender brought himself says nothing
            if sender is not None:
                headers[EMITTER] = sender
            if system := self._doors.get(sender) or outside_system(sender):
                headers[SAID_AS] = _said_as(message, headers, system)
        copy = Message(
            message.body,
            delivery_mode=2,
            user_id=self.container.settings.account,
            application_headers=headers | counts | {REASON: reason[:500]},
            **properties,
        )
        while self._publisher.publish([(copy, "", queue)])[0] != "confirmed":
            if self._ceasing or self._link.channel is not message.channel:
                return False
            eventlet.sleep(1)
        return True

    def _settle(self, message, back: bool = False) -> None:
        def act(channel):
            if back:
                channel.basic_reject(message.delivery_tag, requeue=True)
            else:
                channel.basic_ack(message.delivery_tag)

        try:
            self._link.write(act, message.channel)
        except Lost:  # the broker delivers again, and the inbox row knows it
            log.warning("event not settled: the connection went away")
        finally:
            self._busy.discard(id(message))


def _said_as(message, headers: dict, system: str) -> str | None:
    """The routing key under which a system outside said it on its own exchange. Without one, what we wrote down when we
    put it aside: a system outside reaches no other exchange.
    """
    place = message.delivery_info
    if place["exchange"] == outside_exchange(system):
        return place["routing_key"]
    return headers.get(SAID_AS) if place["exchange"] == "" else None


def _outside_id(origin: str, headers: dict) -> str:
    """CloudEvents of others are told apart by source and id, of whatever form."""
    source, event_id = headers["cloudEvents:source"], headers["cloudEvents:id"]
    if not all(isinstance(each, str) and 0 < len(each) <= 500 for each in (source, event_id)):
        raise ValueError("not an id")
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join((origin, source, event_id))))


def _count(message, header: str) -> int:
    value = (message.headers or {}).get(header)
    return value if isinstance(value, int) and 0 <= value < 1_000_000 else 0


class Hears(Entrypoint):
    """`@hears(event)`: the method is called with (tx, event) inside the transaction that remembers the event."""

    reader = InboxReader()

    def __init__(self, event: Event, **kwargs):
        self.event = event
        super().__init__(**kwargs)

    def setup(self):
        self.reader.register_provider(self)
        queue = inbox_queue(self.container.service_name)
        exchange = outside_exchange("*") if self.event.owner == OUTSIDE else events_exchange(self.event.owner)
        self._place = f"{exchange}:{self.event.name}:{queue}"

    def stop(self):
        self.reader.unregister_provider(self)

    def _described(self, event: Heard) -> dict[str, str]:
        return {
            "messaging.system": "rabbitmq",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": self._place,
            "messaging.rabbitmq.destination.routing_key": event.name,
            "messaging.message.id": event.id,
        }

    def invoke(self, method, event: Heard) -> bool:
        """True when it took effect now, False when it had before."""
        carrier = context.current().trace
        with tracing.span(f"process {self._place}", tracing.CONSUMER, carrier, self._described(event)) as inner:
            carrier.update(inner)
            with self.container.store.transaction() as tx:
                row = {"handler": event.name, "event_id": event.id}
                if tx.execute(_FIRST_TIME, row).first() is None:
                    return False
                method(tx, event)
                return True


hears = Hears.decorator
