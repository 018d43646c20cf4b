"""Sends what is due over one channel: a few at a time, each for itself, for as long as anything is due."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import eventlet
import structlog
from cachetools import TTLCache

from chassis import clock, context
from chassis.errors import CallFailed
from contracts import directory
from reminders.domain.deliveries import Delivery, Outcome, Permanent, Temporary
from reminders.storage import preferences
from reminders.use_cases import dispatching

log = structlog.get_logger()

AT_ONCE = 8
SECONDS = 10.0  # for one delivery
RUN_SECONDS = 12.0  # then what is begun is ended, and the next tick goes on
ASKING_SECONDS = 3.0
KNOWN_SECONDS, KNOWN_AT_MOST = 60, 20_000
CONTACTS = {"email": "email", "sms": "mobile", "voice": "mobile"}


class Channel(Protocol):
    def send(self, delivery: Delivery) -> Outcome: ...


class Contacts:
    """How people can be reached, as directory says: one question for all of a batch, and its answers kept a minute."""

    def __init__(self, remote):
        self._remote = remote
        self._known: TTLCache = TTLCache(KNOWN_AT_MOST, KNOWN_SECONDS)

    def of(self, people: Collection[str]) -> dict[str, Mapping]:
        """Raises CallFailed. Of whoever may not be told anything there is nothing."""
        found = {person: self._known[person] for person in people if person in self._known}
        if unknown := sorted(set(people) - found.keys()):
            answer = self._remote.call(directory.get_contacts, {"person_ids": unknown}, timeout=ASKING_SECONDS)
            asked = dict.fromkeys(unknown) | {each["person_id"]: each for each in answer["items"]}
            self._known.update(asked)
            found |= asked
        return {person: contact for person, contact in found.items() if contact is not None}


class Dispatcher:
    def __init__(
        self, store, contacts: Contacts, name: str, channel: Channel, quota: int = 0,
        now: Callable[[], datetime] = clock.now,
    ):  # fmt: skip
        self._store, self._contacts, self._name, self._channel = store, contacts, name, channel
        self._quota, self._now = quota, now

    def run(self, seconds: float = RUN_SECONDS) -> None:
        ends = time.monotonic() + seconds
        self._gather()
        while time.monotonic() < ends:
            with self._store.transaction() as tx:
                claimed = dispatching.claim(tx, self._name, self._now(), AT_ONCE, self._quota)
            if claimed is None:
                if self._gather():
                    continue
                return
            threads = [context.spawn(self._deliver, *each) for each in self._addressed(claimed)]
            outcomes = [thread.wait() for thread in threads]
            if outcomes and all(isinstance(outcome, Temporary) for outcome in outcomes):
                return  # it does not work at the moment: nobody hurries

    def _gather(self) -> int:
        with self._store.transaction() as tx:
            return dispatching.gather(tx, self._name, self._now())

    def _addressed(self, claimed: list[Delivery]) -> list[tuple[Delivery, Outcome | None]]:
        """Each with where it goes; or how it has ended, because it can go nowhere."""
        try:
            to = self._addresses({delivery.person_id for delivery in claimed})
        except CallFailed as error:
            log.warning("nobody says how people are reached", code=error.refusal_code)
            return [(delivery, Temporary("directory_away")) for delivery in claimed]
        nowhere = Permanent("no_address")
        return [
            (replace(delivery, to=to.get(delivery.person_id)), None if to.get(delivery.person_id) else nowhere)
            for delivery in claimed
        ]

    def _addresses(self, people: Collection[str]) -> dict:
        contacts = self._contacts.of(people)
        if self._name != "push":
            return {person: contact[CONTACTS[self._name]] for person, contact in contacts.items()}
        with self._store.reading() as tx:
            return preferences.devices_of(tx, contacts)

    def _deliver(self, delivery: Delivery, ended: Outcome | None) -> Outcome:
        outcome = ended or self._sent(delivery)
        try:
            with self._store.transaction() as tx:
                dispatching.settle(tx, delivery, outcome, self._now())
        except Exception:
            log.exception("what became of a delivery could not be kept", delivery=delivery.id)
            return Temporary("not_kept")
        return outcome

    def _sent(self, delivery: Delivery) -> Outcome:
        limit = eventlet.Timeout(SECONDS)
        try:
            return self._channel.send(delivery)
        except Exception:
            log.exception("a channel failed", channel=self._name, delivery=delivery.id)
            return Temporary("fault")
        except eventlet.Timeout as timeout:
            if timeout is not limit:
                raise
            return Temporary("no_answer")
        finally:
            limit.cancel()
