"""The named points, put around the chassis from outside: production code knows nothing of them.

A point does nothing unless it is armed: a file `<service>@<point>` in the folder of the run. Whoever removes the file
is the one who acts. An empty file means "kill yourself here", `<signal> <pid>` in it "send that, and go on".
"""

import os
import random
import signal
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from pathlib import Path

import eventlet

from chassis.amqp import Link, Publisher
from chassis.container import Container
from chassis.database import Store
from chassis.inbox import Hears, InboxReader
from chassis.outbox import Relay
from chassis.rpc import Caller, Rpc, RpcServer

WRITES = ("tasks.assign", "tasks.accept")
DULL = "directory_heartbeat"  # comes by itself all the time, and says nothing of orders
SENT_SECONDS = 0.05  # the chassis sends what was written when the event loop comes round
STUMBLE = "stumble"  # no place to die at: the handler fails once


class Stumbled(Exception):
    """A handler's fault, as a defect of ours would be."""


class Points:
    """The points of one process."""

    def __init__(self, folder: Path, service: str):
        self._prefix = f"{folder}/{service}@"

    def taken(self, point: str) -> str | None:
        """What was ordered at this point, if it was and nobody else took it."""
        path = self._prefix + point
        try:
            with open(path) as file:  # noqa: PTH123 - on the way of every request: nothing dearer
                order = file.read()
            os.unlink(path)  # noqa: PTH108
        except FileNotFoundError:
            return None
        return order

    def reach(self, point: str, sent: bool = False) -> None:
        """Die here if that was ordered; with `sent`, once what has been written to the broker is on its way."""
        order = self.taken(point)
        if order is None:
            return
        if sent:
            eventlet.sleep(SENT_SECONDS)
        number, pid = map(int, order.split()) if order else (signal.SIGKILL, os.getpid())
        os.kill(pid, number)

    def install(self, service: str) -> None:
        """Put the points into the classes of this process."""
        around(Store, "transaction", self._transaction)
        around(Hears, "invoke", self._hear)
        around(InboxReader, "_settle", self._settle)
        around(InboxReader, "_moved", self._moved)
        around(Publisher, "publish", self._publish)
        around(Publisher, "_send", self._send)
        around(Relay, "publish_waiting", self._publish_waiting)
        around(Rpc, "invoke", self._answer_call)
        around(RpcServer, "_answer", self._write_answer)
        around(Link, "write", self._write)
        around(Caller, "call", self._call)
        around(Container, "stop", self._stop)
        if service == "gateway":
            from gateway.live import Registry

            around(Registry, "dispatch", self._dispatch)

    def _transaction(self, original):
        @contextmanager
        def transaction(store):
            with original(store) as tx:
                yield tx
                if tx.emitted not in (None, DULL):
                    self.reach("before_commit")
            if tx.emitted not in (None, DULL):
                self.reach("committed")

        return transaction

    def _hear(self, original):
        def invoke(entrypoint, method, event):
            if event.name == DULL:
                return original(entrypoint, method, event)
            if self.taken(STUMBLE) is not None:
                raise Stumbled
            self.reach("heard")

            def effect(tx, event):
                method(tx, event)
                self.reach("before_commit")

            took_effect = original(entrypoint, effect, event)
            if took_effect:
                self.reach("effective")
            return took_effect

        return invoke

    def _settle(self, original):
        def settle(reader, message, back=False):
            original(reader, message, back)
            if not back and message.properties.get("type") != DULL:
                self.reach("acked", sent=True)

        return settle

    def _moved(self, original):
        def moved(reader, message, delay, reason, counts):
            done = original(reader, message, delay, reason, counts)
            if done and delay is not None:
                self.reach("set_aside")
            return done

        return moved

    def _publish(self, original):
        """Of the outbox."""

        def publish(publisher, messages, *more, **options):
            names = {routing_key for _, _, routing_key in messages}
            if not publisher._link._name.endswith(" outbox") or names == {DULL}:
                return original(publisher, messages, *more, **options)
            self.reach("before_publish")
            publisher.crash_publishing = True
            outcomes = original(publisher, messages, *more, **options)
            publisher.crash_publishing = False
            if "confirmed" in outcomes:
                self.reach("confirmed")
                publisher.crash_published = True
            return outcomes

        return publish

    def _send(self, original):
        def send(publisher, batch, first, messages):
            half = len(messages) // 2
            if half and getattr(publisher, "crash_publishing", False):
                original(publisher, batch, first, messages[:half])
                self.reach("mid_publish", sent=True)
                original(publisher, batch, first + half, messages[half:])
            else:
                original(publisher, batch, first, messages)

        return send

    def _publish_waiting(self, original):
        def publish_waiting(relay, connection, after):
            relay._publisher.crash_published = False
            said = original(relay, connection, after)
            if relay._publisher.crash_published:
                self.reach("marked")
            return said

        return publish_waiting

    def _answer_call(self, original):
        def invoke(entrypoint, method, call, request):
            is_write = entrypoint.procedure.full_name in WRITES
            if is_write:
                self.reach("asked")
            result = original(entrypoint, method, call, request)
            if is_write:
                self.reach("done")
            return result

        return invoke

    _answering: ContextVar[bool] = ContextVar("crash_answering", default=False)

    def _write_answer(self, original):
        def answer(server, message, *more, **options):
            token = self._answering.set(message.properties.get("type") in WRITES)
            try:
                original(server, message, *more, **options)
            finally:
                self._answering.reset(token)

        return answer

    def _write(self, original):
        """The answer goes by whatever channel stands, the acknowledgement that follows by the request's own."""

        def write(link, act, channel=None):
            if channel is not None and self._answering.get():
                self.reach("answered", sent=True)
            original(link, act, channel)

        return write

    def _call(self, original):
        def call(caller, procedure, *more):
            answer = original(caller, procedure, *more)
            if procedure.full_name in WRITES:
                self.reach("told")
            return answer

        return call

    def _dispatch(self, original):
        def dispatch(registry, row):
            if registry.addressed(row.audience):
                self.reach("untold")
            original(registry, row)

        return dispatch

    def _stop(self, original):
        def stop(container):
            eventlet.spawn_after(random.uniform(0, 0.3), self.reach, "draining")
            original(container)
            self.reach("draining")

        return stop


def around(owner: type, name: str, make) -> None:
    """Replace a method by what `make` puts around it. One that is gone is a point that would never be reached."""
    original = vars(owner)[name]
    setattr(owner, name, wraps(original)(make(original)))
