"""The HTTP edge when too many come, or come slowly, or do not come back; over real sockets."""

import os
import select
import socket
from contextlib import ExitStack, suppress

import eventlet
import orjson
import pytest
from eventlet import patcher

from chassis.http import HttpRefusal
from chassis.http.admission import Admission
from chassis.http.sockets import LINGER_AT_MOST
from chassis.testing import until
from chassis.tests.interface.test_http import EchoService

GET = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
NOTE = b'POST /notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"text": "a"}'


class Wire:
    """One connection that is kept open."""

    def __init__(self, edge):
        self.socket = socket.create_connection(("127.0.0.1", edge.server.port), timeout=20)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, request: bytes) -> tuple[int, dict, dict]:
        self.socket.sendall(request)
        return self.answer()

    def answer(self) -> tuple[int, dict, dict]:
        """Status, headers, body; ConnectionError if none comes."""
        head = self._until(lambda: self.rest.find(b"\r\n\r\n") + 4 if b"\r\n\r\n" in self.rest else 0).decode()
        status, *lines = head.split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines if line)
        length = int(headers["Content-Length"])
        body = self._until(lambda: length if len(self.rest) >= length else 0)
        return int(status.split()[1]), headers, orjson.loads(body)

    def is_closed(self) -> bool:
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def _until(self, there) -> bytes:
        while not (end := there()):
            if not (piece := self.socket.recv(65536)):
                raise ConnectionError(f"closed after {self.rest[:200]!r}")
            self.rest += piece
        found, self.rest = self.rest[:end], self.rest[end:]
        return found


# who may wait


def someone(admission, answers, seconds=0.02):
    def work():
        try:
            admission.enter()
        except HttpRefusal as refusal:
            answers.append(refusal.refusal_code)
            return
        eventlet.sleep(seconds)
        admission.leave()
        answers.append("served")

    return eventlet.spawn(work)


def test_a_burst_is_served_to_the_last_though_it_takes_long():
    admission, answers = Admission(2, length=30, seconds=20, burst_seconds=0.05, short_seconds=0.01), []
    for thread in [someone(admission, answers) for _ in range(32)]:
        thread.wait()
    assert answers == ["served"] * 32
    assert (admission.waiting, admission.places.balance) == (0, 2)


def test_a_line_that_does_not_end_is_short_and_whoever_is_too_many_hears_so_at_once():
    admission, answers = Admission(2, length=30, seconds=20, burst_seconds=0.05, short_seconds=20), []
    burst, later = [someone(admission, answers, seconds=0.2) for _ in range(12)], []
    until(lambda: admission.is_crowded)
    assert admission.waiting > 2
    someone(admission, later).wait()
    assert later == ["overloaded"]
    until(lambda: admission.waiting < 2)
    someone(admission, later).wait()
    assert later == ["overloaded", "served"]
    for thread in burst:
        thread.wait()
    assert answers == ["served"] * 12
    for thread in [someone(admission, later) for _ in range(32)]:  # the next burst is one again
        thread.wait()
    assert later == ["overloaded"] + ["served"] * 33


def test_a_burst_that_could_not_be_served_in_time_is_refused_at_once():
    admission, answers = Admission(2, length=100, seconds=1, burst_seconds=20, short_seconds=20), []
    for thread in [someone(admission, answers, seconds=0.1) for _ in range(22)]:  # ten at most in half a second
        thread.wait()
    learnt = len(answers)
    burst = [someone(admission, answers, seconds=0.1) for _ in range(60)]
    for thread in burst:
        thread.wait()
    later = answers[learnt:]
    assert later[:30] == ["overloaded"] * 30
    assert later.count("served") >= 4  # there are two places, and two may always wait


def test_in_a_crowd_nobody_waits_long():
    admission, answers = Admission(1, length=30, seconds=20, burst_seconds=0.02, short_seconds=0.05), []
    admission.places.acquire()  # somebody who does not get ready
    patient = [someone(admission, answers)]
    until(lambda: admission.is_crowded)
    admission._short_length = 2
    someone(admission, answers).wait()
    assert answers == ["overloaded"]
    admission.leave()
    patient[0].wait()
    assert answers == ["overloaded", "served"]


# a full house


@pytest.fixture
def crowded(make_edge):
    """An edge of three places with three at work and two waiting: more than that is too many."""
    edge = make_edge(queue_length=2, queue_seconds=20, request_seconds=20)
    at_work = [eventlet.spawn(edge.get, "/slow") for _ in range(5)]
    until(lambda: edge.server.admission.is_full)
    yield edge, at_work


def test_a_full_house_says_so_at_once_and_finishes_what_it_has_begun(crowded):
    edge, at_work = crowded
    body = b"b" * 50
    flood = b"POST /floods HTTP/1.1\r\nHost: x\r\nAuthorization: friend\r\nContent-Length: 50\r\n\r\n" + body
    with Wire(edge) as wire:
        for request in (GET, NOTE, GET + NOTE + flood, b"", b""):  # one after another, and several in one piece
            status, headers, problem = wire.ask(request)
            assert edge.server.admission.is_full
            assert (status, problem["code"], headers["Content-Type"]) == (503, "overloaded", "application/problem+json")
            assert 1 <= int(headers["Retry-After"]) <= 5
            assert problem["instance"] == f"urn:request:{headers['X-Request-Id']}"
            assert headers["X-Content-Type-Options"] == "nosniff"
        assert EchoService.jars == []
        assert [thread.wait().json() for thread in at_work] == [{"slept": True}] * 5
        status, _, note = wire.ask(NOTE)  # on the same connection
        assert (status, note) == (201, {"text": "a"})
    until(lambda: edge.server.admission.places.balance == 3)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /slow HTTP/1.0\r\n\r\n",
        b"HEAD /slow HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length : 40\r\n\r\n" + GET,
        b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\nContent-Length: 0\r\n\r\n" + GET,
        b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"POST /notes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /notes HTTP/1.1\r\nHost: x\r\n folded: 1\r\n\r\n",
        b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: \x0b5\r\n\r\n" + GET,
        b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 5\x0c\r\n\r\n" + GET,
        b"POST /notes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + GET,
        b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n" + b"a" * 9_000_000,
        b"nonsense\r\n\r\n",
    ],
)
def test_whoever_is_turned_away_is_never_read_as_two(crowded, request_):
    """Where it is not sure where the next request begins the connection ends, and the answer arrives all the same."""
    edge, at_work = crowded
    answer = edge.raw(request_)
    assert answer.startswith(b"HTTP/1.1 503 ") and b'"overloaded"' in answer
    assert answer.count(b"HTTP/1.1") == 1 and b"Connection: close" in answer
    assert [thread.wait().status_code for thread in at_work] == [200] * 5


def test_a_full_house_turns_connections_away_even_those_that_have_said_a_lot(make_edge):
    edge = make_edge(max_connections=1)
    with Wire(edge) as inside:
        assert inside.ask(NOTE)[0] == 201
        answer = edge.raw(b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n" + b"a" * 9_000_000)
        assert answer.startswith(b"HTTP/1.1 503 ") and b"Retry-After: " in answer
        assert inside.ask(NOTE)[0] == 201
    until(lambda: not edge.server._connections)
    assert edge.get("/slow").status_code == 200


@pytest.fixture
def come():
    """So many connections in one moment, in which nobody else has a turn."""
    with ExitStack() as stack:
        connect = patcher.original("socket").create_connection
        yield lambda edge, count: [
            stack.enter_context(connect(("127.0.0.1", edge.server.port), timeout=20)) for _ in range(count)
        ]


def test_while_many_are_accepted_others_have_their_turn(edge, come):
    come(edge, 100)
    there = []
    while len(edge.server._connections) < 100:
        there.append(len(edge.server._connections))
        eventlet.sleep(0)
    assert there[0] == 0 and len({count for count in there if count}) > 3


def test_whoever_is_closed_unanswered_costs_no_answer(make_edge, come, monkeypatch):
    edge, told = make_edge(max_connections=1), []
    write = edge.server.raw_problem
    monkeypatch.setattr(edge.server, "raw_problem", lambda code: told.append(code) or write(code))
    guests = come(edge, LINGER_AT_MOST + 30)
    until(lambda: all(is_done(guest) for guest in guests[1:]))
    assert told == ["overloaded"] * LINGER_AT_MOST


def is_done(guest) -> bool:
    """Whether anything came to it, an answer or the end."""
    return bool(select.select([guest], [], [], 0)[0])


def test_one_address_cannot_take_all_connections(make_edge):
    edge = make_edge(max_of_address=2, uncounted=())
    with Wire(edge) as first, Wire(edge) as second:
        assert [wire.ask(NOTE)[0] for wire in (first, second)] == [201, 201]
        with Wire(edge) as third:
            status, headers, problem = third.answer()
            assert (status, problem["code"]) == (429, "too_many_connections") and headers["Retry-After"]
            assert third.is_closed()
        with socket.socket() as elsewhere:
            elsewhere.bind(("127.0.0.2", 0))
            elsewhere.connect(("127.0.0.1", edge.server.port))
            elsewhere.sendall(NOTE)
            assert elsewhere.recv(100).startswith(b"HTTP/1.1 201 ")
    until(lambda: edge.get("/slow").status_code == 200)


# slow, silent, gone


@pytest.mark.parametrize("beginning", [b"GET /sl", b"GET /slow HTTP/1.1\r\nHost:"])
def test_a_head_that_trickles_is_refused_however_steadily_it_does(make_edge, beginning):
    edge = make_edge(read_seconds=0.3)
    with Wire(edge) as wire:
        wire.socket.sendall(beginning)

        def trickle():
            while wire.socket.fileno() > 0:
                wire.socket.sendall(b"w")
                eventlet.sleep(0.02)

        trickling = eventlet.spawn(trickle)
        status, _, problem = wire.answer()
        assert (status, problem["code"]) == (408, "request_timeout")
        trickling.kill()
    until(lambda: not edge.server._connections)


@pytest.mark.parametrize(
    "head, status",
    [
        (b"GET /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 200),
        (b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 404),
        (b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n", 404),
    ],
)
def test_nobody_waits_for_a_body_that_nobody_wants(edge, head, status):
    with Wire(edge) as wire:
        found, headers, _ = wire.ask(head)
        assert (found, headers["Connection"]) == (status, "close")

        def drip():
            with suppress(OSError):
                while True:
                    wire.socket.sendall(b"w")
                    eventlet.sleep(0.02)

        dripping = eventlet.spawn(drip)
        until(lambda: not edge.server._connections)
        dripping.kill()


def test_a_body_may_take_its_time_at_a_pace_and_no_more(make_edge):
    edge = make_edge(read_seconds=0.2)
    text = b'{"text": "' + b"a" * 200_000 + b'"}'  # at the pace three seconds more
    head = b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    with Wire(edge) as wire:
        wire.socket.sendall(head % len(text) + text[:100_000])
        eventlet.sleep(0.5)
        assert wire.ask(text[100_000:])[0] == 201
    with Wire(edge) as wire:
        status, _, problem = wire.ask(head % 13 + b'{"text": "')
        assert (status, problem["code"]) == (408, "request_timeout")
        assert wire.is_closed()
    assert edge.server.admission.places.balance == 3


def test_whoever_does_not_read_his_answer_is_dropped(make_edge):
    edge = make_edge(socket_seconds=0.3)
    with Wire(edge) as wire:
        wire.socket.sendall(b"GET /springs/50000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: EchoService.springs)
        until(lambda: EchoService.springs[0].closed and not edge.server._connections)
        assert EchoService.springs[0].left > 0


def test_whoever_reads_his_answer_by_drops_is_dropped(make_edge, monkeypatch):
    """Each write gets on in its time, the answer does not."""
    monkeypatch.setattr("chassis.http.server.PACE", 10**9)
    edge = make_edge(socket_seconds=1)
    with Wire(edge) as wire:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        wire.socket.sendall(b"GET /springs/50000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: EchoService.springs)

        def drops():
            while not EchoService.springs[0].closed:
                wire.socket.recv(65536)
                eventlet.sleep(0.01)

        reading = eventlet.spawn(drops)
        until(lambda: EchoService.springs[0].closed)
        reading.kill()
        assert EchoService.springs[0].left > 0


def test_a_peer_that_goes_without_a_word_is_asked_after(edge):
    with Wire(edge) as wire:
        assert wire.ask(NOTE)[0] == 201
        [[(_, accepted, _), _]] = edge.server._connections.values()
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
        assert [accepted.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [60, 10, 3, 30_000]
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_silent_connection_is_closed_and_one_that_speaks_in_time_never(make_edge):
    edge = make_edge(idle_seconds=0.5)
    with Wire(edge) as silent, Wire(edge) as speaking:
        assert speaking.ask(NOTE)[0] == 201
        speaking.socket.sendall(NOTE)  # before the process gets stuck for longer than it may be silent
        patcher.original("time").sleep(0.8)
        assert speaking.answer()[0] == 201
        assert silent.is_closed()


def test_requests_in_one_piece_are_answered_one_after_the_other(edge):
    with Wire(edge) as wire:
        wire.socket.sendall(NOTE + GET + NOTE)
        assert [wire.answer()[0] for _ in range(3)] == [201, 200, 201]


# what is no request


@pytest.mark.parametrize(
    "request_, status, code",
    [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "uri_too_long"),
        (b"GET /" + b"a" * 9_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "uri_too_long"),
        (b"GET /slow HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 9000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET /slow HTTP/1.1\r\n" + (b"Cookie: " + b"a" * 8000 + b"\r\n") * 20 + b"\r\n", 431, "headers_too_large"),
        (b"GET /slow HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431, "headers_too_large"),
        (b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400, "bad_request"),
        (b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400, "bad_request"),
        (b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: five\r\n\r\n", 400, "bad_request"),
        (
            b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400, "bad_request",
        ),
        (b"GET /slow HTTP/3.0\r\nHost: x\r\n\r\n", 400, "bad_request"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_answered_by_a_problem(edge, request_, status, code):
    with Wire(edge) as wire:
        found, headers, problem = wire.ask(request_)
        assert (found, problem["code"], problem["status"]) == (status, code, status)
        assert headers["Content-Type"] == "application/problem+json" and headers["Connection"] == "close"
        assert problem["instance"] == f"urn:request:{headers['X-Request-Id']}"
        assert wire.is_closed()


# one process after the other


@pytest.fixture
def handed_down():
    """A listening socket that is nobody's own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield lambda: {"inherited": os.dup(listening.fileno())}


def test_whoever_comes_while_one_process_makes_way_for_the_next_waits_for_it(make_edge, handed_down):
    first = make_edge(**handed_down())
    assert first.get("/slow").status_code == 200
    running = eventlet.spawn(first.get, "/slow")
    until(lambda: first.server.admission.places.balance == 2)
    first.container.stop()
    assert running.wait().status_code == 200
    waiting = eventlet.spawn(first.get, "/slow")
    eventlet.sleep(0.1)
    assert not waiting.dead
    second = make_edge(**handed_down())
    assert second.server.port == first.server.port
    assert waiting.wait().json() == {"slept": True}


def test_a_process_that_goes_answers_what_has_come_and_says_that_it_is_the_last(make_edge, handed_down):
    edge = make_edge(stop_seconds=60, **handed_down())
    with ExitStack() as stack:
        idle, asked, running = (stack.enter_context(Wire(edge)) for _ in range(3))
        for wire in (idle, asked, running):
            assert wire.ask(NOTE)[0] == 201
        running.socket.sendall(GET)
        until(lambda: edge.server.admission.places.balance == 2)
        leaving = eventlet.spawn(idle.is_closed)
        asked.socket.sendall(NOTE)
        edge.server.drain()
        for wire, expected in ((asked, 201), (running, 200)):
            status, headers, _ = wire.answer()
            assert (status, headers["Connection"]) == (expected, "close")
            assert wire.is_closed()
        assert leaving.wait()
