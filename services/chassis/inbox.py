"""Hearing events: each takes effect once, or is parked where an operator sees it; none is lost, none stops the others.

The inbox row, the effects and the event that follows commit together, then the message is acknowledged. What fails
waits in retry queues, ever longer, and ends in the dead queue; while our database or a neighbour is away it goes on
waiting, because that is not the event's fault.
"""

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
from opentelemetry.trace import SpanKind

from chassis import context, metrics, tracing
from chassis.amqp import GONE, Link, Publisher
from chassis.contract import Event
from chassis.topology import RETRY_PLAN, dead_queue, inbox_queue, retry_queue

log = structlog.get_logger()

ATTEMPT = "congvu-attempt"
REASON = "congvu-reason"
EMITTER = "congvu-emitter"  # the account that the event came from, when we ourselves put it into a retry queue

_FIRST_TIME = sa.text(
    "INSERT INTO inbox (handler, event_id) VALUES (:handler, :event_id) ON CONFLICT DO NOTHING RETURNING handler"
)


@dataclass(frozen=True)
class Heard:
    """An event as its hearer gets it; `version` is the aggregate's."""

    id: str
    name: str
    subject: str
    version: int
    time: datetime
    data: dict[str, Any]


class Unacceptable(Exception):
    """A message that no retry would make better."""


class InboxReader(SharedExtension, ProviderCollector):
    """Reads the service's one inbox queue and hands each event to its handler."""

    def setup(self):
        settings = self.container.settings
        self._service = self.container.service_name
        self._link = Link(settings.amqp_url, f"{self._service} inbox", self._on_up)
        self._publisher = Publisher(settings.amqp_url, f"{self._service} inbox retries")
        self._tag = None
        self._ceasing = False
        self._busy: set[int] = set()
        self.container.readiness("inbox", lambda: self._link.is_up)

    def start(self):
        self._handlers = {handler.event.name: handler for handler in self._providers}
        self._publisher.start()
        self._link.start()

    def unregister_provider(self, provider):
        """The entrypoints stop first: take no more events, and wait until those that run are settled."""
        super().unregister_provider(provider)
        if not self._providers and not self._ceasing:
            self._ceasing = True
            if (channel := self._link.channel) is not None:
                channel.basic_cancel(self._tag, nowait=True)
            while self._busy:
                eventlet.sleep(0.02)

    def stop(self):
        self._link.stop()
        self._publisher.stop()

    kill = stop

    def _on_up(self, channel):
        channel.basic_qos(0, max(4, self.container.settings.max_workers // 2), False)
        self._tag = channel.basic_consume(inbox_queue(self._service), callback=self._on_message)

    def _on_message(self, message):
        """In the green thread that reads the connection: quick, and nothing escapes."""
        if self._ceasing:
            message.channel.basic_reject(message.delivery_tag, requeue=True)
            return
        self._busy.add(id(message))
        try:
            handler, event, trace = self._understand(message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the message is parked with the reason
            reason = str(error) if isinstance(error, Unacceptable) else f"not understood: {type(error).__name__}"
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
        sender = properties.get("user_id")
        if sender == settings.account and EMITTER in headers:
            sender = headers[EMITTER]
        if sender != settings.account_of(handler.event.owner, self._service):
            raise Unacceptable("the event does not come from its owner's account")
        try:
            data = handler.event.data(unknown=EXCLUDE).load(orjson.loads(message.body))
        except orjson.JSONDecodeError:
            raise Unacceptable("the body is not JSON") from None
        except ValidationError as error:
            raise Unacceptable(f"the event has not the right form: {sorted(error.normalized_messages())}") from None
        try:
            event = Heard(
                id=str(headers["cloudEvents:id"]),
                name=name,
                subject=str(headers["cloudEvents:subject"]),
                version=int(headers["cloudEvents:aggregateversion"]),
                time=datetime.fromisoformat(headers["cloudEvents:time"]),
                data=data,
            )
        except (KeyError, ValueError, TypeError):
            raise Unacceptable("the CloudEvents attributes are missing or wrong") from None
        return handler, event, tracing.carrier_of(headers)

    def _failed(self, message, event: Heard, error: BaseException) -> None:
        blameless = bool(getattr(error, "retryable", False))
        attempt = (message.headers or {}).get(ATTEMPT, 0)
        attempt = attempt if isinstance(attempt, int) and attempt >= 0 else 0
        reason = getattr(error, "refusal_code", None) or type(error).__name__
        if blameless:
            self._move_on(message, RETRY_PLAN[min(attempt, len(RETRY_PLAN) - 1)], reason, attempt)
        elif attempt < len(RETRY_PLAN):
            self._move_on(message, RETRY_PLAN[attempt], reason, attempt + 1)
        else:
            self._move_on(message, None, f"failed {attempt + 1} times: {reason}", attempt)
        metrics.EVENTS_HEARD.labels(event.name, "retry" if blameless or attempt < len(RETRY_PLAN) else "parked").inc()

    def _move_on(self, message, delay: int | None, reason: str, attempt: int = 0) -> None:
        """Into a retry queue, or with delay None into the dead queue; only then is the message acknowledged."""
        queue = dead_queue(self._service) if delay is None else retry_queue(self._service, delay)
        log.warning("event set aside", queue=queue, reason=reason, attempt=attempt)
        headers = dict(message.headers or {})
        headers.pop("x-death", None)
        properties = {
            name: value
            for name, value in message.properties.items()
            if name in ("content_type", "type", "app_id", "timestamp", "message_id")
        }
        properties.setdefault("message_id", f"unnamed-{id(message)}")
        if "user_id" in message.properties and EMITTER not in headers:
            headers[EMITTER] = message.properties["user_id"]
        copy = Message(
            message.body,
            delivery_mode=2,
            user_id=self.container.settings.account,
            application_headers=headers | {ATTEMPT: attempt, REASON: reason[:500]},
            **properties,
        )
        if self._publisher.publish([(copy, "", queue)])[0] == "confirmed":
            self._settle(message)
        else:
            # not taken: give it back rather than lose it, without spinning
            eventlet.sleep(1)
            self._settle(message, back=True)

    def _settle(self, message, back: bool = False) -> None:
        try:
            if back:
                message.channel.basic_reject(message.delivery_tag, requeue=True)
            else:
                message.channel.basic_ack(message.delivery_tag)
        except GONE as error:  # the broker delivers again, and the inbox row knows it
            log.warning("event not settled", error=type(error).__name__)
        finally:
            self._busy.discard(id(message))


class Hears(Entrypoint):
    """`@hears(event)`: the method is called with (tx, event) inside the transaction that remembers the event."""

    reader = InboxReader()

    def __init__(self, event: Event, **kwargs):
        self.event = event
        super().__init__(**kwargs)

    def setup(self):
        self.reader.register_provider(self)

    def stop(self):
        self.reader.unregister_provider(self)

    def invoke(self, method, event: Heard) -> bool:
        """True when it took effect now, False when it had before."""
        carrier = context.current().trace
        with tracing.span(f"hear {event.name}", SpanKind.CONSUMER, carrier) as inner:
            carrier.update(inner)
            with self.container.store.transaction() as tx:
                row = {"handler": self.method_name, "event_id": event.id}
                if tx.execute(_FIRST_TIME, row).first() is None:
                    return False
                method(tx, event)
                return True


hears = Hears.decorator
