"""What is written in one turn of the event loop leaves together, and in the order in which it was written."""

import eventlet
import pytest
from amqp.transport import TCPTransport

from chassis import amqp
from chassis.amqp import ROOM, _Outgoing, _read_much


class Socket:
    def __init__(self):
        self.cut = 0

    def shutdown(self, _how):
        self.cut += 1


class Transport:
    """Sends at once, or when it is let; or not at all."""

    def __init__(self):
        self.sent: list[bytes] = []
        self.open = eventlet.event.Event()
        self.open.send(None)
        self.broken = False
        self.sock = Socket()

    def write(self, data):
        self.open.wait()
        if self.broken:
            raise BrokenPipeError
        self.sent.append(bytes(data))


class Wire:
    """A connection whose frame writer remembers how to write when it is made, as the library's does."""

    def __init__(self):
        self.transport = Transport()
        self.frame_writer = None

    @staticmethod
    def frame_writer_cls(_wire, transport):
        return transport.write


@pytest.fixture
def wire():
    return Wire()


def test_what_is_written_in_one_turn_leaves_in_one_call(wire):
    _Outgoing(wire)
    buffer = bytearray(b"answer")
    wire.frame_writer(memoryview(buffer))
    buffer[:] = b"ack..."  # the library uses its buffer again
    wire.frame_writer(memoryview(buffer))
    assert wire.transport.sent == []
    eventlet.sleep(0)
    assert wire.transport.sent == [b"answerack..."]
    wire.frame_writer(b"later")
    eventlet.sleep(0)
    assert wire.transport.sent == [b"answerack...", b"later"]


def test_who_writes_much_waits_until_there_is_room(wire):
    outgoing = _Outgoing(wire)
    wire.transport.open = eventlet.event.Event()  # the broker takes nothing
    for _ in range(2):
        wire.frame_writer(b"x" * (ROOM + 1))
        eventlet.sleep(0)  # the first piece is being sent, the second waits
    waiting = eventlet.spawn(outgoing.wait_for_room)
    eventlet.sleep(0)
    assert not waiting.dead
    wire.transport.open.send(None)
    eventlet.sleep(0)
    with eventlet.Timeout(1):
        waiting.wait()


def test_who_waits_for_room_on_a_connection_that_goes_is_let_go(wire):
    outgoing = _Outgoing(wire)
    wire.transport.open = eventlet.event.Event()
    for _ in range(2):
        wire.frame_writer(b"x" * (ROOM + 1))
        eventlet.sleep(0)
    waiting = eventlet.spawn(outgoing.wait_for_room)
    eventlet.sleep(0)
    outgoing.close()
    with eventlet.Timeout(1):
        waiting.wait()


def test_a_send_that_fails_cuts_the_connection(wire):
    _Outgoing(wire)
    wire.transport.broken = True
    wire.frame_writer(b"frame")
    eventlet.sleep(0)
    assert wire.transport.sock.cut == 1


def test_the_library_reads_much_at_once_and_keeps_what_is_not_asked_for_yet():
    asked = []

    class Given:
        def recv(self, most):
            asked.append(most)
            return b"headpayload"

    transport = TCPTransport.__new__(TCPTransport)
    transport.sock, transport._read_buffer = Given(), b""
    _read_much(transport)
    assert [transport._read(4), transport._read(7)] == [b"head", b"payload"]
    assert asked == [amqp.READ_AT_ONCE]
    transport.sock = None  # what __del__ of the library would close
