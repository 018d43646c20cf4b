"""What one act writes leaves in one call, whole, and in the order in which it was written."""

import eventlet
import pytest
from amqp.transport import TCPTransport

from chassis import amqp
from chassis.amqp import _Outgoing, _read_much


class Transport:
    """Sends at once, or when it is let."""

    def __init__(self):
        self.sent: list[bytes] = []
        self.open = eventlet.event.Event()
        self.open.send(None)

    def write(self, data):
        for piece in (data[:3], data[3:]):  # a socket may take a part only
            self.open.wait()
            self.sent.append(bytes(piece))


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


def test_what_one_act_writes_leaves_in_one_call(wire):
    outgoing = _Outgoing(wire)
    buffer = bytearray(b"answer")
    with outgoing.gathering():
        wire.frame_writer(memoryview(buffer))
        buffer[:] = b"ack..."  # the library uses its buffer again
        wire.frame_writer(memoryview(buffer))
        assert wire.transport.sent == []
    assert wire.transport.sent == [b"ans", b"werack..."]


def test_what_nobody_gathers_leaves_at_once(wire):
    _Outgoing(wire)
    wire.frame_writer(b"heartbeat")
    assert wire.transport.sent == [b"hea", b"rtbeat"]


def test_an_act_never_comes_between_the_parts_of_another(wire):
    outgoing = _Outgoing(wire)
    wire.transport.open = eventlet.event.Event()  # the broker takes nothing now

    def act(frame):
        with outgoing.gathering():
            wire.frame_writer(frame)

    writing = [eventlet.spawn(act, frame) for frame in (b"first..", b"second.")]
    eventlet.sleep(0)
    assert wire.transport.sent == []
    wire.transport.open.send(None)
    with eventlet.Timeout(1):
        for thread in writing:
            thread.wait()
    assert b"".join(wire.transport.sent) == b"first..second."


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
