"""A connection to the broker that one green thread reads and all may write to, and that comes back by itself."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress

import eventlet
import kombu
import structlog
from amqp import Connection as AmqpConnection
from amqp import Message
from amqp.exceptions import AMQPError
from eventlet.event import Event
from kombu.exceptions import KombuError
from kombu.transport.pyamqp import Transport as PyAmqpTransport

log = structlog.get_logger()

HEARTBEAT = 20  # seconds
TICK = 0.1  # seconds between looks at heartbeat and stop flag when nothing arrives
USER_TIMEOUT = 15_000  # milliseconds that sent data may stay unacknowledged; the library's 1 s drops a mere stall

GONE = (OSError, AMQPError, AttributeError)  # what writing to a connection may raise that is just being lost


class _Connection(AmqpConnection):
    # With this capability every publish would first read the socket, which our reading thread is doing already.
    negotiate_capabilities = AmqpConnection.negotiate_capabilities | {"connection.blocked": False}


class _Transport(PyAmqpTransport):
    Connection = _Connection


def connection(url: str, name: str, timeout: float = 5.0) -> kombu.Connection:
    """A kombu connection with our transport settings, not yet connected."""
    return kombu.Connection(
        url,
        transport=_Transport,
        heartbeat=HEARTBEAT,
        connect_timeout=timeout,
        transport_options={
            "socket_settings": {socket.TCP_USER_TIMEOUT: USER_TIMEOUT},
            "client_properties": {"connection_name": name},
        },
    )


class Link:
    """One connection with one channel.

    `on_up(channel)` declares and consumes; it runs in the reading green thread before anything is delivered.
    `on_down()` runs when the connection is lost. Writers use `link.channel`, None while the connection is away.
    """

    def __init__(self, url: str, name: str, on_up: Callable, on_down: Callable = lambda: None):
        self._url, self._name, self._on_up, self._on_down = url, name, on_up, on_down
        self.channel = None
        self._up = Event()
        self._stopping = False
        self._thread = None

    @property
    def is_up(self) -> bool:
        return self.channel is not None

    def start(self) -> None:
        if self._thread is None:
            self._thread = eventlet.spawn(self._run)

    def wait_up(self, timeout: float) -> bool:
        """Wait until the connection stands; False when it does not within `timeout` seconds."""
        if self.channel is None and timeout > 0:
            with eventlet.Timeout(timeout, False):
                self._up.wait()
        return self.channel is not None

    def stop(self) -> None:
        self._stopping = True
        if self._thread is not None:
            with eventlet.Timeout(TICK + 3, False):
                self._thread.wait()
            self._thread.kill()

    def _run(self) -> None:
        pause = 0.2
        while not self._stopping:
            try:
                with connection(self._url, self._name) as broker:
                    broker.ensure_connection(max_retries=1, timeout=5)
                    channel = broker.channel()
                    self._on_up(channel)
                    self.channel, pause = channel, 0.2
                    self._up.send(None)
                    self._read(broker)
            except Exception as error:  # whatever ends a connection, the answer is a new one
                if not self._stopping:
                    expected = isinstance(error, OSError | AMQPError | KombuError)
                    log.warning(
                        "broker connection lost",
                        link=self._name,
                        error=type(error).__name__,
                        retry_in=pause,
                        exc_info=not expected,
                    )
            was_up, self.channel = self.channel is not None, None
            if was_up:
                self._up = Event()
                self._on_down()
            if not self._stopping:
                eventlet.sleep(pause)
                pause = min(pause * 2, 5)

    def _read(self, broker: kombu.Connection) -> None:
        checked = time.monotonic()
        while not self._stopping:
            with suppress(TimeoutError):
                broker.drain_events(timeout=TICK)
            if time.monotonic() - checked >= HEARTBEAT / 4:
                broker.heartbeat_check()
                checked = time.monotonic()


class Publisher:
    """Publishes with confirms, many at a time: a message counts only when the broker has taken it."""

    def __init__(self, url: str, name: str):
        self._link = Link(url, name, self._on_up, self._on_down)
        self._order = eventlet.semaphore.Semaphore()
        self._last_tag = 0
        self._waiting: dict[int, tuple[tuple, Event]] = {}
        self._returned: set[tuple] = set()

    def start(self) -> None:
        self._link.start()

    def stop(self) -> None:
        self._link.stop()

    @property
    def is_up(self) -> bool:
        return self._link.is_up

    def publish(self, messages: list[tuple[Message, str, str]], timeout: float = 10.0) -> list[str]:
        """Publish (message, exchange, routing key) triples; every message needs its `message_id`.

        Answers one of "confirmed", "unroutable", "refused" and "lost" (no confirm in time, or the connection broke:
        it may have arrived or not) for each.
        """
        events = []
        for message, exchange, routing_key in messages:
            with self._order:
                channel = self._link.channel
                if channel is None:
                    events.append(None)
                    continue
                self._last_tag += 1
                done = Event()
                self._waiting[self._last_tag] = ((exchange, routing_key, message.properties["message_id"]), done)
                events.append(done)
                try:
                    channel.basic_publish(message, exchange, routing_key, mandatory=True)
                except GONE as error:
                    log.warning("publish failed", exchange=exchange, error=type(error).__name__)
        outcomes = ["lost"] * len(events)
        with eventlet.Timeout(timeout, False):
            for place, done in enumerate(events):
                if done is not None:
                    outcomes[place] = done.wait()
        return outcomes

    def _on_up(self, channel) -> None:
        self._last_tag = 0
        channel.confirm_select()
        channel.events["basic_ack"].add(lambda tag, multiple: self._settle(tag, multiple, "confirmed"))
        channel.events["basic_nack"].add(lambda tag, multiple: self._settle(tag, multiple, "refused"))
        channel.events["basic_return"].add(
            lambda _error, exchange, key, message: self._returned.add((exchange, key, message.properties["message_id"]))
        )

    def _on_down(self) -> None:
        waiting, self._waiting = self._waiting, {}
        self._returned.clear()
        for _which, done in waiting.values():
            done.send("lost")

    def _settle(self, tag: int, multiple: bool, outcome: str) -> None:
        # a return always comes before the confirm of the same message
        for settled in [t for t in self._waiting if t <= tag] if multiple else [tag]:
            which, done = self._waiting.pop(settled, (None, None))
            if done is not None:
                unroutable = which in self._returned
                self._returned.discard(which)
                done.send("unroutable" if unroutable and outcome == "confirmed" else outcome)
