"""From the table to the exchange: what partners said is published as siblings publish it, with the partner's name.

A row waits until the broker has confirmed it and found a queue; published twice, it is heard once.
"""

import time

import structlog
from amqp import Message

from chassis import clock, metrics
from chassis.amqp import Publisher
from chassis.inbox import ORIGIN
from chassis.listening import Follower
from chassis.topology import outside_exchange
from chassis.wire import to_json
from contracts.inbound import DOOR
from gateway.partners import storage
from gateway.partners.metrics import SAID_WAITING

log = structlog.get_logger()

BATCH = 200
SWEEP = 1.0  # seconds between looks when nobody wakes us
LEFT_ALONE = 30.0  # seconds, when no hearer's queue takes any of a batch of one name
LOCK = 0x73616964  # one process of all passes on


class Passing:
    def __init__(self, store, settings):
        self._store, self._account = store, settings.account
        self._publisher = Publisher(settings.amqp_url, "gateway partners")
        self._again: dict[str, float] = {}  # by the event's name, on the monotonic clock
        self._follower = Follower(store.url, storage.PASSING_CHANNEL, self._look, every=SWEEP, alone=LOCK)

    def start(self) -> None:
        self._publisher.start()
        self._follower.start()

    def stop(self) -> None:
        self._follower.stop(patience=SWEEP + 12)
        self._publisher.stop()

    def _look(self, _connection) -> bool:
        """Batch by batch to the end, so that what a full queue refuses does not hold up the rest. True: soon again."""
        after, something_stays = 0, False
        while not self._follower.stopping and self._publisher.is_up:
            now = time.monotonic()
            self._again = {name: at for name, at in self._again.items() if at > now}
            with self._store.reading() as tx:
                rows = storage.said_after(tx, after, BATCH, list(self._again))
            if not rows:
                break
            after = rows[-1].id
            something_stays = self._pass_on(rows) or something_stays
        with self._store.reading() as tx:
            waiting = storage.count_unpassed(tx)
        SAID_WAITING.set(waiting)
        return something_stays or (waiting > 0 and not self._publisher.is_up)

    def _pass_on(self, rows) -> bool:
        """Whether something stays."""
        exchange = outside_exchange(DOOR)
        outcomes = self._publisher.publish([(self._message(row), exchange, row.name) for row in rows])
        for row, outcome in zip(rows, outcomes, strict=True):
            metrics.EVENTS_PUBLISHED.labels(row.name, outcome).inc()
        if passed := [row.id for row, outcome in zip(rows, outcomes, strict=True) if outcome == "confirmed"]:
            with self._store.transaction() as tx:
                storage.note_passed(tx, passed, clock.now())
        by_name = {}
        for row, outcome in zip(rows, outcomes, strict=True):
            by_name.setdefault(row.name, []).append(outcome)
        for name, of_name in by_name.items():
            if set(of_name) == {"refused"}:  # else all that waits would go there every second in vain
                self._again[name] = time.monotonic() + LEFT_ALONE
        if len(passed) < len(rows):
            refused = sorted(set(outcomes) - {"confirmed"})
            log.warning("what partners said stays here", count=len(rows) - len(passed), outcomes=refused)
        return len(passed) < len(rows)

    def _message(self, row) -> Message:
        attributes = row.attributes | {"specversion": "1.0"}
        return Message(
            to_json(row.data).encode(),
            content_type="application/json",
            delivery_mode=2,
            message_id=str(row.key),
            type=row.name,
            user_id=self._account,
            application_headers={f"cloudEvents:{name}": value for name, value in attributes.items()}
            | {ORIGIN: row.partner},
        )
