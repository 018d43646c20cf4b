"""A connection to the broker that one green thread reads and all may write to, and that comes back by itself."""

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import takewhile

import eventlet
import kombu
import structlog
from amqp import Connection as AmqpConnection
from amqp import Message, serialization, spec
from amqp.exceptions import AMQPError
from amqp.transport import TCPTransport
from eventlet.event import Event
from kombu.exceptions import KombuError
from kombu.transport.pyamqp import Transport as PyAmqpTransport

log = structlog.get_logger()

HEARTBEAT = 20  # seconds
USER_TIMEOUT = 15_000  # milliseconds that sent data may stay unacknowledged; the library's 1 s drops a mere stall
MOST_PAUSE = 1.0  # seconds between two attempts to connect again
UP_SECONDS = 10.0  # for declaring and consuming on a new connection
SENT_AT_ONCE = 50  # messages of a batch
READ_AT_ONCE = 16 * 1024  # bytes; left alone, the library makes two small reads of every frame


class Lost(Exception):
    """The connection is away, or went away during a write: what was written may have arrived or not."""


class _Connection(AmqpConnection):
    """Knows whether the broker takes what it publishes: in an alarm (memory, disk) the broker reads no publisher."""

    blocked = False

    def connect(self, callback=None):
        super().connect(callback)
        # The broker has heard that we want to be told. The library itself would, for that, read the socket before
        # every publish, which our reading thread is doing already.
        self.client_properties["capabilities"].pop("connection.blocked", None)

    def _on_blocked(self):
        self.blocked = True
        log.warning("the broker takes no messages: it has an alarm", link=self.client_properties["connection_name"])

    def _on_unblocked(self):
        self.blocked = False
        log.warning("the broker takes messages again", link=self.client_properties["connection_name"])


class _Transport(PyAmqpTransport):
    Connection = _Connection


def _tolerant(decode: Callable) -> Callable:
    """A foreign message whose properties cannot be decoded is one without properties, not the end of the connection."""

    def decode_or_drop(buffer, offset):
        try:
            return decode(buffer, offset)
        except Exception:  # noqa: BLE001 - whatever is wrong with them
            return {}, offset

    return decode_or_drop


serialization.PROPERTY_CLASSES[spec.Basic.CLASS_ID] = _tolerant(serialization.PROPERTY_CLASSES[spec.Basic.CLASS_ID])


class _Outgoing:
    """Sends what one act writes in one call, and never the frames of one between those of another."""

    def __init__(self, wire: AmqpConnection):
        self._send = wire.transport.write
        self._waiting = bytearray()
        self._gathering = False
        self._turn = eventlet.semaphore.Semaphore()
        wire.transport.write = self._write
        wire.frame_writer = wire.frame_writer_cls(wire, wire.transport)  # the one that it has remembers the old write

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """What is written within is sent at its end; nothing in it may wait."""
        self._gathering = True
        try:
            yield
        finally:
            self._gathering = False
        self._flush()

    def _write(self, frame: bytes | memoryview) -> None:
        self._waiting += frame
        if not self._gathering:
            self._flush()

    def _flush(self) -> None:
        with self._turn:
            if self._waiting:
                piece, self._waiting = self._waiting, bytearray()
                self._send(piece)


def _read_much(transport) -> None:
    """Let the library fill its buffer; with TLS it does so by itself."""
    if isinstance(transport, TCPTransport):
        receive = transport.sock.recv
        transport._quick_recv = lambda missing: receive(max(missing, READ_AT_ONCE))


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
    `on_down()` runs when the connection is lost. Whoever writes does it by `write`.
    """

    def __init__(self, url: str, name: str, on_up: Callable, on_down: Callable = lambda: None):
        self._url, self._name, self._on_up, self._on_down = url, name, on_up, on_down
        self._wire = None  # the py-amqp connection; kombu's own would connect again behind our back
        self._outgoing = None
        self.channel = None
        self._up = Event()
        self._stopping = False
        self._thread = None

    @property
    def is_up(self) -> bool:
        """Connected, and not held up by an alarm of the broker."""
        return self.channel is not None and not self.blocked

    @property
    def blocked(self) -> bool:
        """What is written now waits in the buffers until the broker's alarm is over."""
        return self._wire is not None and self._wire.blocked

    def start(self) -> None:
        if self._thread is None:
            self._thread = eventlet.spawn(self._run)

    def wait_up(self, timeout: float) -> bool:
        """Wait until the connection stands; False when it does not within `timeout` seconds."""
        if self.channel is None and timeout > 0:
            with eventlet.Timeout(timeout, False):
                self._up.wait()
        return self.channel is not None

    def write(self, act: Callable, channel=None) -> None:
        """Let `act(channel)` write; with `channel`, only if that is still the one that stands. Raises Lost.

        Whatever interrupts a write, a deadline included, may have done so in the middle of a frame, and the broker's
        count of our messages may differ from ours: the connection is given up.
        """
        current = self.channel
        if current is None or (channel is not None and channel is not current):
            raise Lost
        try:
            with self._outgoing.gathering():
                act(current)
        except BaseException as error:
            self.give_up()
            if isinstance(error, OSError | AMQPError):
                raise Lost from error
            raise

    def give_up(self) -> None:
        """Cut this connection; the reading thread makes a new one."""
        self.channel = None
        if self._wire is not None:
            with suppress(OSError, AttributeError):
                self._wire.transport.sock.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self._stopping = True
        if self._thread is None:
            return
        if self.channel is not None:
            with suppress(Lost), eventlet.Timeout(1, False):
                goodbye = (0, "", 0, 0)
                self.write(lambda channel: channel.connection.send_method(spec.Connection.Close, "BsBB", goodbye))
        with eventlet.Timeout(2, False):
            self._thread.wait()
        self._thread.kill()

    def _run(self) -> None:
        pause = 0.2
        while not self._stopping:
            broker, beating = connection(self._url, self._name), None
            try:
                with eventlet.Timeout(UP_SECONDS, TimeoutError("the broker is silent")):
                    broker.ensure_connection(max_retries=1, interval_start=0, timeout=5)
                    channel = broker.channel()
                    self._outgoing = _Outgoing(broker.connection)
                    _read_much(broker.connection.transport)
                    self._on_up(channel)
                self._wire, self.channel, pause = broker.connection, channel, 0.2
                self._up.send(None)
                beating = eventlet.spawn(self._beat, self._wire)
                while not self._stopping:
                    self._wire.drain_events()
            except Exception as error:  # whatever ends a connection, the answer is a new one
                if not self._stopping:
                    expected = isinstance(error, OSError | AMQPError | KombuError)
                    log.warning(
                        "broker connection lost",
                        link=self._name,
                        error=type(error).__name__,
                        reason=getattr(error, "reply_text", None),
                        retry_in=pause,
                        exc_info=not expected,
                    )
            finally:
                self._end(broker, beating)
            if not self._stopping:
                eventlet.sleep(pause * random.uniform(0.7, 1))  # not all at once
                pause = min(pause * 2, MOST_PAUSE)

    def _end(self, broker: kombu.Connection, beating) -> None:
        was_up, self._wire, self.channel = self._wire is not None, None, None
        if beating is not None:
            beating.kill()
        with suppress(OSError, AttributeError, AMQPError, KombuError):
            broker.collect()
        if was_up:
            self._up = Event()
            self._on_down()

    def _beat(self, wire: AmqpConnection) -> None:
        try:
            while True:
                eventlet.sleep(HEARTBEAT / 4)
                wire.heartbeat_tick()
        except (OSError, AMQPError, AttributeError) as error:
            log.warning("broker is silent", link=self._name, error=type(error).__name__)
            self.give_up()


class _Batch:
    """Messages that are published together, and what became of each."""

    def __init__(self, size: int):
        self.outcomes = ["lost"] * size
        self.done = Event()
        self._open = size

    def settle(self, place: int, outcome: str) -> None:
        self.outcomes[place] = outcome
        self._open -= 1
        if not self._open:
            self.done.send(None)


class Publisher:
    """Publishes with confirms, many at a time: a message counts only when the broker has taken it."""

    def __init__(self, url: str, name: str):
        self._link = Link(url, name, self._on_up, self._on_down)
        self._last_tag = 0
        self._waiting: dict[int, tuple[tuple, _Batch, int]] = {}  # by the broker's number, in its order
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
        it may have arrived or not) for each. In an alarm of the broker nothing is added to what waits already, and the
        connection is kept: what was written to a connection that is given up would arrive once the alarm is over.
        """
        if not messages or self._link.blocked:
            return ["lost"] * len(messages)
        batch = _Batch(len(messages))
        try:
            with eventlet.Timeout(timeout):
                for first in range(0, len(messages), SENT_AT_ONCE):
                    self._send(batch, first, messages[first : first + SENT_AT_ONCE])
                batch.done.wait()
        except eventlet.Timeout:
            log.warning("publishes not confirmed in time", seconds=timeout, blocked=self._link.blocked)
            if not self._link.blocked:
                self._link.give_up()  # and with it what waits for confirms that will not come
        return list(batch.outcomes)  # a confirm that still comes changes nothing that was answered

    def _send(self, batch: _Batch, first: int, messages: list[tuple[Message, str, str]]) -> None:
        written = first

        def act(channel):
            nonlocal written
            for message, exchange, routing_key in messages:
                channel.basic_publish(message, exchange, routing_key, mandatory=True)
                self._last_tag += 1  # the broker counts in the order of the wire
                which = (exchange, routing_key, message.properties["message_id"])
                self._waiting[self._last_tag] = (which, batch, written)
                written += 1

        try:
            self._link.write(act)
        except Lost:  # the loss of the connection settles what was written before it
            for place in range(written, first + len(messages)):
                batch.settle(place, "lost")

    def _on_up(self, channel) -> None:
        self._last_tag = 0
        channel.confirm_select()
        channel.events["basic_ack"].add(lambda tag, multiple: self._settle(tag, multiple, "confirmed"))
        channel.events["basic_nack"].add(lambda tag, multiple: self._settle(tag, multiple, "refused"))
        channel.events["basic_return"].add(self._on_return)

    def _on_return(self, _error, exchange: str, routing_key: str, message: Message) -> None:
        # not by its id alone: the same message may go to another exchange as well, and arrive there
        self._returned.add((exchange, routing_key, message.properties["message_id"]))

    def _on_down(self) -> None:
        waiting, self._waiting = self._waiting, {}
        self._returned.clear()
        for _which, batch, place in waiting.values():
            batch.settle(place, "lost")

    def _settle(self, tag: int, multiple: bool, outcome: str) -> None:
        # a return always comes before the confirm of the same message
        for settled in list(takewhile(lambda waiting: waiting <= tag, self._waiting)) if multiple else [tag]:
            which, batch, place = self._waiting.pop(settled, (None, None, None))
            if batch is not None:
                unroutable = which in self._returned
                self._returned.discard(which)
                batch.settle(place, "unroutable" if unroutable and outcome == "confirmed" else outcome)
