"""Publishing what was committed: one relay per database reads the outbox and publishes with pipelined confirms.

The row stays "waiting" until the broker has confirmed the message *and* found a queue for it; a crash at any point
means that it is published again, and the hearers' inboxes know it. No transaction is open while it publishes.
"""

import math
import time

import eventlet
import psycopg
import structlog
from amqp import Message
from nameko.extensions import SharedExtension

from chassis import metrics, tracing
from chassis.amqp import Publisher
from chassis.listening import Follower
from chassis.topology import events_exchange, published_exchange
from chassis.wire import to_json

log = structlog.get_logger()

BATCH = 500
SWEEP = 1.0  # seconds between looks when nobody wakes the relay
KEPT_DAYS = 14  # published rows: at least the backup window, so that a hearer restored from a backup can be refilled
KEYS_KEPT = 24 * 3600  # seconds for which an idempotency key is remembered with its answer
CLEANED_AT_ONCE = 5000  # rows
RELAY_LOCK = 0x636F6E67  # advisory lock: one relay per database

_WAITING = (
    "SELECT id, event_id, name, subject, version, data, thin, trace, created_at FROM outbox"
    " WHERE published_at IS NULL AND id > %s ORDER BY id LIMIT %s"
)
_OLD = (
    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox"
    " WHERE published_at < now() - make_interval(days => %(days)s) LIMIT %(piece)s)",
    "DELETE FROM inbox WHERE (handler, event_id) IN (SELECT handler, event_id FROM inbox"
    " WHERE received_at < now() - make_interval(days => %(days)s + 1) LIMIT %(piece)s)",
    "DELETE FROM idempotency WHERE (who, key) IN (SELECT who, key FROM idempotency"
    " WHERE created_at < now() - make_interval(secs => %(seconds)s) LIMIT %(piece)s)",
)


def _span(row, place: str):
    """Of the core form, which is what the hearers' spans follow."""
    described = {
        "messaging.system": "rabbitmq",
        "messaging.operation.name": "publish",
        "messaging.operation.type": "send",
        "messaging.destination.name": place,
        "messaging.rabbitmq.destination.routing_key": row.name,
        "messaging.message.id": str(row.event_id),
    }
    return tracing.span(f"publish {place}", tracing.PRODUCER, row.trace, described)


class Relay(SharedExtension):
    """Publishes the service's outbox; every process runs one, and one of them has the lock."""

    def setup(self):
        settings = self.container.settings
        self._service = self.container.service_name
        self._account = settings.account
        self._publisher = Publisher(settings.amqp_url, f"{self._service} outbox")
        self._follower = Follower(settings.database_url, "outbox", self._sweep, every=SWEEP, alone=RELAY_LOCK)
        self._cleaned = -math.inf
        self._half: set = set()  # events whose core form is published and whose thin form is not
        self.container.readiness("outbox", lambda: self._publisher.is_up)

    def start(self):
        self._publisher.start()
        self._follower.start()

    def stop(self):
        self._follower.stop(patience=SWEEP + 12)
        self._publisher.stop()

    kill = stop

    def _sweep(self, connection: psycopg.Connection) -> bool:
        """Batch by batch to the end, so that events which nobody can take do not hold up the others.

        True when something could not be published and another sweep is due soon.
        """
        after, something_stays = 0, False
        while not self._follower.stopping and self._publisher.is_up:
            after, unsent = self.publish_waiting(connection, after)
            something_stays = something_stays or unsent
            if not after:
                break
        if something_stays or not self._publisher.is_up:
            waiting = connection.execute("SELECT count(*) AS n FROM outbox WHERE published_at IS NULL").fetchone().n
        else:
            waiting = 0
        metrics.OUTBOX_WAITING.set(waiting)
        if time.monotonic() - self._cleaned > 3600:
            self._cleaned = time.monotonic()
            self._clean(connection)
        return something_stays or not self._publisher.is_up

    def publish_waiting(self, connection: psycopg.Connection, after: int) -> tuple[int, bool]:
        """Publish the next batch. Answers where to go on (0: that was all), and whether something stays."""
        rows = connection.execute(_WAITING, (after, BATCH)).fetchall()
        if not rows:
            return 0, False
        thin_rows = [row for row in rows if row.thin is not None]
        exchange = events_exchange(self._service)
        core_rows = [row for row in rows if row.event_id not in self._half]
        spans = [_span(row, f"{exchange}:{row.name}") for row in core_rows]
        core = [
            (self._message(row, row.data, span.carrier), exchange, row.name)
            for row, span in zip(core_rows, spans, strict=True)
        ]
        # what leaves the platform carries nothing but what its contract names: no trace either
        thin = [(self._message(row, row.thin, {}), published_exchange(self._service), row.name) for row in thin_rows]
        outcomes = self._publisher.publish(core + thin)
        # a published event without subscribers is no concern of ours, a core event without its hearers is
        unsent = {row.id for row, outcome in zip(core_rows, outcomes, strict=False) if outcome != "confirmed"}
        half = []
        for row, outcome in zip(thin_rows, outcomes[len(core) :], strict=True):
            if outcome not in ("confirmed", "unroutable"):
                half.append(row)
        # else a full queue of theirs would have every hearer of the core told again and again
        self._half -= {row.event_id for row in rows}
        self._half |= {row.event_id for row in half if row.id not in unsent}
        unsent |= {row.id for row in half}
        for row, span, outcome in zip(core_rows, spans, outcomes, strict=False):
            metrics.EVENTS_PUBLISHED.labels(row.name, outcome).inc()
            span.end(None if outcome == "confirmed" else outcome)
        sent = [row.id for row in rows if row.id not in unsent]
        if sent:
            connection.execute("UPDATE outbox SET published_at = clock_timestamp() WHERE id = ANY(%s)", (sent,))
        if unsent:
            log.warning("events stay in the outbox", count=len(unsent), outcomes=sorted(set(outcomes) - {"confirmed"}))
        return rows[-1].id if len(rows) == BATCH else 0, bool(unsent)

    def _message(self, row, data: dict, trace: dict) -> Message:
        return Message(
            to_json(data).encode(),
            content_type="application/json",
            delivery_mode=2,
            message_id=str(row.event_id),
            type=row.name,
            app_id=self._service,
            user_id=self._account,
            timestamp=int(row.created_at.timestamp()),
            application_headers={
                "cloudEvents:specversion": "1.0",
                "cloudEvents:id": str(row.event_id),
                "cloudEvents:type": row.name,
                "cloudEvents:source": f"/congvu/{self._service}",
                "cloudEvents:time": row.created_at.isoformat(),
                "cloudEvents:subject": row.subject,
                "cloudEvents:aggregateversion": row.version,
                **trace,
            },
        )

    def _clean(self, connection: psycopg.Connection):
        """Forget what is old enough that nothing can come back for it, a bounded piece at a time."""
        kept = {"days": KEPT_DAYS, "seconds": KEYS_KEPT, "piece": CLEANED_AT_ONCE}
        for statement in _OLD:
            while connection.execute(statement, kept).rowcount == CLEANED_AT_ONCE and not self._follower.stopping:
                eventlet.sleep(0.1)
