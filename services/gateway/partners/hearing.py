"""What is published becomes a delivery for each partner that wants it, before the message is acknowledged."""

import eventlet
import structlog
from cloudevents.core.bindings.amqp import AMQPMessage, from_binary_event
from cloudevents.core.formats.json import JSONFormat
from eventlet.queue import Queue

from chassis import clock
from chassis.amqp import Link, Lost
from chassis.errors import Refusal
from chassis.inbox import SAID_AS, SAID_ON
from chassis.topology import published_exchange, webhooks_queue
from contracts.inbound import DOOR
from gateway.partners import storage
from gateway.partners.metrics import DROPPED

log = structlog.get_logger()

BATCH = 200
AGAIN = 1.0  # seconds until what could not be written is tried again
KEPT_AT_MOST = 10_000  # of what one partner has not taken


class Hearing:
    def __init__(self, store, settings):
        self._store = store
        self._link = Link(settings.amqp_url, "gateway webhooks", self._on_up)
        self._heard = Queue()
        self._thread = None

    @property
    def is_up(self) -> bool:
        return self._link.is_up

    def start(self) -> None:
        self._link.start()
        self._thread = eventlet.spawn(self._run)

    def stop(self) -> None:
        """What was not acknowledged is delivered again, and is known by its id."""
        self._thread.kill()
        self._link.stop()

    def _on_up(self, channel) -> None:
        channel.basic_qos(0, BATCH, False)
        channel.basic_consume(webhooks_queue(DOOR), callback=self._heard.put)

    def _run(self) -> None:
        while True:
            messages = [self._heard.get()]
            while len(messages) < BATCH and not self._heard.empty():
                messages.append(self._heard.get())
            self._handle([each for each in messages if each.channel is self._link.channel])  # others come again

    def _handle(self, messages) -> None:
        while True:
            try:
                self._keep(messages)
            except Refusal as error:
                log.warning("what was published is not kept yet", code=error.refusal_code)
                eventlet.sleep(AGAIN)
            except Exception:
                if len(messages) == 1:
                    log.exception("what was published is not understood: it is parked")
                    return self._settle(messages, lambda channel, tag: channel.basic_reject(tag, requeue=False))
                for message in messages:  # the others are not to blame
                    self._handle([message])
                return None
            else:
                return self._settle(messages, lambda channel, tag: channel.basic_ack(tag))

    def _keep(self, messages) -> None:
        now = clock.now()
        with self._store.transaction() as tx:
            wanted = {}
            for webhook in storage.webhooks(tx):
                for name in webhook.hears:
                    wanted.setdefault(name, []).append(webhook.name)
            rows = [row for message in messages for row in _deliveries(message, wanted, now)]
            if not rows:
                return
            storage.add_deliveries(tx, rows)
            for partner in {row["partner"] for row in rows}:
                if dropped := storage.drop_oldest(tx, partner, KEPT_AT_MOST):
                    DROPPED.labels(partner).inc(dropped)
                    log.warning("the oldest that waits for a partner is dropped", partner=partner, count=dropped)

    def _settle(self, messages, settle) -> None:
        def act(channel):
            for message in messages:
                settle(channel, message.delivery_tag)

        try:
            if messages:
                self._link.write(act, messages[0].channel)
        except Lost:
            log.warning("what was published is not settled: the connection went away")


def _deliveries(message, wanted: dict[str, list[str]], now) -> list[dict]:
    name = _name_of(message)
    partners = wanted.get(name)
    if not partners:
        return []
    properties = {"content-type": message.properties.get("content_type")}
    event = from_binary_event(AMQPMessage(properties, message.headers, message.body))
    body = JSONFormat().write(event).decode()
    row = {"event_id": event.get_id(), "name": name, "body": body, "state": "waiting", "attempts": 0}
    return [row | {"partner": partner, "created_at": now, "due_at": now} for partner in partners]


def _name_of(message) -> str:
    """By where it was published, which what is replayed has written down. Raises ValueError."""
    exchange, key = message.delivery_info["exchange"], message.delivery_info["routing_key"]
    if not exchange:
        exchange, key = (str((message.headers or {}).get(each)) for each in (SAID_ON, SAID_AS))
    owner = exchange.removesuffix(published_exchange(""))
    if owner == exchange:
        raise ValueError("it was not published")
    return f"{owner}.{key}"
