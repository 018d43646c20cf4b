"""Brings what is due to its address: signed, some at a time to each partner, so that a slow one holds nobody up."""

import random
import time
from datetime import datetime, timedelta

import eventlet
import structlog
from requests import Request

from chassis import clock
from chassis.errors import Refusal
from chassis.listening import Follower
from chassis.outgoing.addresses import Inside, public_session
from chassis.outgoing.http import Failed, post, retry_after
from gateway.partners import storage
from gateway.partners.events import STRUCTURED
from gateway.partners.metrics import DELIVERED
from gateway.partners.settings import WebhookSettings
from gateway.partners.signatures import sign

log = structlog.get_logger()

AT_ONCE = 4  # to one partner
SECONDS = 10.0  # for one delivery
STOP = 1.0  # until what is under way is cut off
LEASE = timedelta(seconds=60)  # then whoever claimed it is taken for dead
LOOK = 1.0  # seconds between looks when nobody wakes us
RETRIES = tuple(
    timedelta(seconds=seconds) for seconds in (10, 30, 120, 600, 3600, 10800, 21600, 43200, 86400, 86400)
)  # 3 days in all
LATEST = timedelta(days=1)  # whatever Retry-After asks for
GONE = 410


class Sending:
    def __init__(self, store, settings: WebhookSettings):
        self._store, self._settings = store, settings
        self._keys = settings.private_keys()
        self._follower = Follower(store.url, storage.SENDING_CHANNEL, self._look, every=LOOK)
        self._serving: dict[str, eventlet.greenthread.GreenThread] = {}

    def start(self) -> None:
        if self._keys:
            self._follower.start()

    def stop(self) -> None:
        """The rest of the process waits: what is under way and does not end soon is due again after a minute."""
        self._follower.stop(patience=1)
        ends = time.monotonic() + STOP
        while self._serving and time.monotonic() < ends:
            eventlet.sleep(0.02)
        for thread in list(self._serving.values()):
            thread.kill()

    def _look(self, _connection) -> bool:
        with self._store.reading() as tx:
            due = storage.due_partners(tx, clock.now())
        for partner in due:
            if partner not in self._serving:
                self._serving[partner] = eventlet.spawn(self._serve, partner)
        return False

    def _serve(self, partner: str) -> None:
        """For as long as anything is due, and anything of it is taken."""
        try:
            with public_session(self._settings.networks, self._settings.ca_file) as session:
                while not self._follower.stopping:
                    now = clock.now()
                    with self._store.transaction() as tx:
                        claimed = storage.claim_due(tx, partner, now, now + LEASE, AT_ONCE)
                    threads = [eventlet.spawn(self._deliver, session, each) for each in claimed]
                    taken = [thread.wait() for thread in threads]
                    if not any(taken):
                        return
        except Refusal as error:
            log.warning("deliveries wait", partner=partner, code=error.refusal_code)
        except Exception:
            log.exception("deliveries failed", partner=partner)
        finally:
            del self._serving[partner]

    def _deliver(self, session, delivery) -> bool:
        """Whether it was taken."""
        fault, wait = self._tried(session, delivery)
        DELIVERED.labels("ok" if fault is None else "failed").inc()
        try:
            with self._store.transaction() as tx:
                settle(tx, delivery, fault, wait, clock.now())
        except Exception:
            log.exception("what became of a delivery could not be kept", delivery=delivery.id)
            return False
        return fault is None

    def _tried(self, session, delivery) -> tuple[str | None, timedelta | None]:
        """What went wrong, if anything, and for how long the partner wants to be left alone."""
        try:
            with eventlet.Timeout(SECONDS, Failed("timed_out")):
                request = Request("POST", delivery.url, {"Content-Type": STRUCTURED}, data=delivery.body.encode())
                prepared = session.prepare_request(request)
                sign(prepared, self._keys[0])
                status, headers, _ = post(
                    session, prepared.url, read=False, data=prepared.body, headers=dict(prepared.headers)
                )
            return (None, None) if 200 <= status < 300 else (f"answers_{status}", retry_after(headers))
        except Inside:
            log.warning("a partner's name leads inside", partner=delivery.partner)
            return "leads_inside", None
        except Failed as failed:
            return failed.fault, None
        except Exception:
            log.exception("a delivery failed", delivery=delivery.id)
            return "fault", None


def settle(tx, delivery, fault: str | None, wait: timedelta | None, now: datetime) -> None:
    """Delivered; or due again, later each time; or dead, and the webhook paused if it has taken nothing since."""
    if fault is None:
        storage.settle(tx, delivery, state="delivered", fault=None, body="")
        return
    if fault == f"answers_{GONE}":
        _pause(tx, delivery, "gone", now)
    if delivery.attempts > len(RETRIES):
        storage.settle(tx, delivery, state="dead", fault=fault)
        log.warning("a delivery is dead", partner=delivery.partner, event_id=str(delivery.event_id), fault=fault)
        if not storage.delivered_since(tx, delivery.partner, delivery.created_at):
            _pause(tx, delivery, "failing", now)
        return
    planned = RETRIES[delivery.attempts - 1] * random.uniform(0.8, 1.2)
    storage.settle(tx, delivery, fault=fault, due_at=now + max(planned, min(wait or timedelta(), LATEST)))


def _pause(tx, delivery, because: str, now: datetime) -> None:
    if storage.pause(tx, delivery.partner, because, now):
        log.warning("a webhook is paused", partner=delivery.partner, because=because)
