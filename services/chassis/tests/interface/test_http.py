"""The HTTP edge over real sockets, with a service that has no business."""

import contextlib
import ctypes
import os
import re
import socket
import struct
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from typing import ClassVar

import eventlet
import orjson
import pytest
import requests
from marshmallow import RAISE, Schema, fields

from chassis import identity
from chassis.container import Container
from chassis.http import Answer, EventStream, HttpRefusal, HttpServer, HttpSettings, Outflow, http, streams
from chassis.http.server import FLOWS
from chassis.http.streams import encode_event
from chassis.settings import Settings
from chassis.testing import until

SO_ATTACH_FILTER = 26  # Linux; Python does not name it


class Part(Schema):
    number = fields.Integer()
    done = fields.Boolean()


class Note(Schema):
    class Meta:
        unknown = RAISE

    text = fields.String(required=True)
    parts = fields.List(fields.Nested(Part))
    days = fields.Dict(values=fields.Nested(Part))


class Mood(Schema):
    text = fields.String(load_default="lặng")


class Floods(Schema):
    broken = fields.String()


def refuse_strangers(_service, request):
    if request.headers.get("Authorization") != "friend":
        raise HttpRefusal("bad_request")


class Jar:
    """Where a body goes; `broken` cannot take it."""

    def __init__(self, broken: bool):
        self.pieces, self.end, self.broken = [], None, broken

    def write(self, piece):
        if self.broken:
            raise HttpRefusal("service_unavailable")
        self.pieces.append(piece)

    def finish(self):
        self.end = "finished"

    def abandon(self):
        self.end = "abandoned"


class Spring:
    """What a body comes from: it breaks off after `holds` bytes."""

    def __init__(self, holds: int):
        self.left, self.closed = holds, False

    def read(self, most):
        piece = b"w" * min(most, self.left)
        self.left -= len(piece)
        return piece

    def close(self):
        self.closed = True


def a_jar(service, request):
    service.jars.append(Jar("broken" in request.args))
    return service.jars[-1]


class EchoService:
    name = "echo"
    streams: ClassVar = []
    jars: ClassVar = []
    springs: ClassVar = []

    @http("POST", "/floods", accepts=("application/octet-stream",), guard=refuse_strangers, into=a_jar, query=Floods)
    def flood(self, request):
        return {"bytes": sum(map(len, request.sink.pieces)), "end": request.sink.end}

    @http("GET", "/springs/<int:size>")
    def spring(self, request, size):
        self.springs.append(Spring(size if size != 100_013 else 90_000))
        flow = Outflow(self.springs[-1], size, 1000)
        return Answer(flow, headers={"Content-Type": "application/octet-stream"}, etag="well")

    @http("POST", "/notes", body=Note)
    def write(self, request):
        return Answer(request.body, status=201)

    @http("POST", "/moods", body=Mood)
    def feel(self, request):
        return Answer(request.body, status=201)

    @http("POST", "/sheets", accepts=("text/csv", "application/vnd.ms-excel"), max_body=2048)
    def take(self, request):
        return Answer(request.raw[::-1], headers={"Content-Type": "text/csv"})

    @http("POST", "/films", accepts=("video/mpeg",), max_body=4 * 1024 * 1024, guard=refuse_strangers)
    def show(self, request):
        eventlet.sleep(0.5)
        return {"bytes": len(request.raw)}

    @http("GET", "/notes/<uuid:note_id>")
    def read(self, request, note_id):
        return Answer({"id": str(note_id)}, etag="3")

    @http("GET", "/slow")
    def slow(self, request):
        eventlet.sleep(0.5)
        return {"slept": True}

    @http("GET", "/stuck")
    def stuck(self, request):
        eventlet.sleep(60)

    @http("GET", "/broken")
    def broken(self, request):
        raise RuntimeError("the secret of the house")

    @http("GET", "/timeout")
    def timeout(self, request):
        raise eventlet.Timeout(None)

    @http("GET", "/refused")
    def refused(self, request):
        raise HttpRefusal("invalid_request", errors=[{"field": "x", "message": "no"}])

    @http("GET", "/stream")
    def stream(self, request):
        stream = EventStream(capacity=4, ping_seconds=0.2)
        stream.begin([encode_event("hello", b"{}", 0)])
        self.streams.append(stream)
        return stream

    @http("GET", "/quiet")
    def stream_quietly(self, request):
        self.streams.append(EventStream(capacity=4, ping_seconds=60))
        return self.streams[-1]

    @http("GET", "/aside", at_once=1)
    def come_aside(self, request):
        eventlet.sleep(0.5)
        return {"slept": True}


@dataclass(frozen=True, kw_only=True)
class ServiceSettings(Settings):
    http: HttpSettings


NOWHERE = {"amqp_url": "amqp://nowhere", "database_url": "postgresql://nowhere/none", "max_workers": 3}


class Edge:
    def __init__(self, keys, **settings):
        settings = {"port": 0, "stop_seconds": 2, "request_seconds": 1.5, "queue_seconds": 0.2} | settings
        EchoService.streams, EchoService.jars, EchoService.springs = [], [], []
        self.container = Container(EchoService, ServiceSettings(http=HttpSettings(**settings), **keys, **NOWHERE))
        self.container.start()
        self.server = next(e for e in self.container.subextensions if isinstance(e, HttpServer))

    def url(self, path):
        return f"http://127.0.0.1:{self.server.port}{path}"

    def get(self, path, **kwargs):
        return requests.get(self.url(path), timeout=5, **kwargs)

    def post(self, path, data, content_type="application/json", **kwargs):
        return requests.post(self.url(path), data=data, headers={"Content-Type": content_type}, timeout=5, **kwargs)

    def raw(self, data: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=5) as sock:
            sock.sendall(data)
            return b"".join(iter(lambda: sock.recv(65536), b""))


@pytest.fixture
def make_edge(tmp_path):
    identity.make_keys(tmp_path, ("echo",))
    keys = {"signing_key": tmp_path / "echo.json", "trusted_keys": tmp_path / "trusted.json"}
    edges = []

    def make(**settings):
        edges.append(Edge(keys, **settings))
        return edges[-1]

    yield make
    for edge in edges:
        edge.container.stop()


@pytest.fixture
def edge(make_edge):
    return make_edge()


def assert_problem(answer, status, code):
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["status"] == status


def test_a_body_is_loaded_by_its_schema(edge):
    answer = edge.post("/notes", '{"text": "Khẩn"}'.encode())
    assert (answer.status_code, answer.json()) == (201, {"text": "Khẩn"})
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "body, content_type, status, code",
    [
        (b'{"text": ', "application/json", 400, "invalid_json"),
        (b"", "application/json", 400, "invalid_json"),
        (b'{"text": "a"}', "text/plain", 415, "unsupported_media_type"),
        (b"--a--", "multipart/form-data; boundary=a", 415, "unsupported_media_type"),
        (b'{"text": "a", "more": 1}', "application/json", 422, "invalid_request"),
        (b"[1]", "application/json", 422, "invalid_request"),
        (b'{"text": "a", "text": "b"}', "application/json", 400, "invalid_json"),
        (b'{"text": "a", "parts": [{"done": true, "done": false}]}', "application/json", 400, "invalid_json"),
        (b"[" * 1000 + b"]" * 1000, "application/json", 400, "invalid_json"),
        (b"[" * 500 + b"]" * 500, "application/json", 422, "invalid_request"),
        (b'{"text": "a\\u0000b"}', "application/json", 422, "invalid_request"),
        (b'{"text": "' + b"a" * 10_000_000 + b'"}', "application/json", 413, "body_too_large"),
    ],
)
def test_a_bad_body_is_refused_with_its_code(edge, body, content_type, status, code):
    assert_problem(edge.post("/notes", body, content_type), status, code)


@pytest.mark.parametrize("number", ['"12"', "1.5", "true", "1e20", "[1]"])
def test_a_number_is_a_number_in_a_body(edge, number):
    for body in (
        f'{{"text": "a", "parts": [{{}}, {{"number": {number}}}]}}',
        f'{{"days": {{"1": {{"number": {number}}}}}}}',
    ):
        answer = edge.post("/notes", body.encode())
        assert_problem(answer, 422, "invalid_request")
        assert answer.json()["errors"][0]["field"] in ("parts.1.number", "days.1.number")


@pytest.mark.parametrize("done", ['"yes"', "1", "0.0", '"true"'])
def test_a_truth_is_a_truth_in_a_body(edge, done):
    answer = edge.post("/notes", f'{{"text": "a", "parts": [{{"done": {done}}}]}}'.encode())
    assert_problem(answer, 422, "invalid_request")
    assert [error["field"] for error in answer.json()["errors"]] == ["parts.0.done"]


def test_what_json_means_is_taken(edge):
    body = b'{"text": "a", "parts": [{"number": 2.0, "done": false}, {"number": null}]}'
    assert_problem(edge.post("/notes", body), 422, "invalid_request")  # null is for its schema to refuse
    assert edge.post("/notes", body.replace(b"null", b"-3")).json()["parts"][0] == {"number": 2, "done": False}


def test_no_body_says_as_much_as_an_empty_object(edge):
    answer = requests.post(edge.url("/moods"), timeout=5)
    assert (answer.status_code, answer.json()) == (201, {"text": "lặng"})
    assert_problem(requests.post(edge.url("/notes"), timeout=5), 422, "invalid_request")
    assert_problem(requests.post(edge.url("/moods"), data=b"{}", timeout=5), 415, "unsupported_media_type")


def test_a_chunked_body_is_read_whole_and_limited_too(edge):
    assert edge.post("/notes", iter([b'{"text":', b' "a"}'])).status_code == 201
    assert_problem(edge.post("/notes", (b"a" * 65536 for _ in range(40))), 413, "body_too_large")


CHUNKED = b"POST /notes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\n",
        *(size + b'\r\n{"text": "a"}\r\n0\r\n\r\n' for size in (b"0xd", b"+d", b"0_d", b" d", b"00000000d", b"d;\n")),
        b"-1\r\n",
        b'd\n{"text": "a"}\r\n0\r\n\r\n',
        b'd\r\n{"text": "a"}\n0\r\n\r\n',
        b'd\r\n{"text": "a"}garbage\r\n0\r\n\r\n',
        b'd\r\n{"text": "a"}\r\n0\r\nno trailer\r\n\r\n',
        b'd\r\n{"text": "a"}\r\n0\r\n' + b"Trailer: without end\r\n" * 100,
        b"1" * 10_000,
        b"d;" + b"e" * 10_000,
        b'd\r\n{"text": "a"}\r\n0\r\n' + b"t" * 10_000,
    ],
)
def test_chunks_are_written_in_one_way_and_their_lines_are_short(edge, chunks):
    answer = edge.raw(CHUNKED + chunks)
    assert answer.startswith(b"HTTP/1.1 400 ") and b'"bad_request"' in answer
    assert answer.count(b"HTTP/1.1") == 1


def test_what_chunks_may_have_is_skipped_and_the_next_request_is_read(edge):
    chunks = b'1\r\n{\r\n00C;name="value"\r\n"text": "a"}\r\n0\r\nTrailer: yes\r\nAnother:\r\n\r\n'
    answers = edge.raw((CHUNKED + chunks) * 2 + CHUNKED + b"\r\n")
    assert re.findall(rb"HTTP/1\.1 (\d+)", answers) == [b"201", b"201", b"400"]


def test_unknown_paths_methods_and_parameters(edge):
    assert_problem(edge.get("/nowhere"), 404, "not_found")
    assert_problem(edge.get("/notes/no-uuid"), 404, "not_found")
    assert_problem(edge.get("/springs/123456789012345678901"), 404, "not_found")
    assert_problem(edge.get("/notes"), 405, "method_not_allowed")
    assert edge.get("/notes").headers["Allow"] == "POST"
    assert_problem(edge.get("/slow?x=1"), 422, "invalid_request")


def test_a_fault_shows_nothing_of_itself(edge):
    for path in ("/broken", "/timeout"):
        answer = edge.get(path)
        assert_problem(answer, 500, "internal_error")
        assert "secret" not in answer.text


def test_a_refusal_names_its_fields(edge):
    assert edge.get("/refused").json()["errors"] == [{"field": "x", "message": "no"}]


def test_an_etag_makes_a_get_conditional(edge):
    path = "/notes/0198c1f2-0000-7000-8000-000000000001"
    assert edge.get(path).headers["ETag"] == '"3"'
    again = edge.get(path, headers={"If-None-Match": '"3"'})
    assert (again.status_code, again.content) == (304, b"")


def test_what_names_no_tag_is_tagged_by_what_it_says(edge):
    first = edge.get("/slow")
    tag = first.headers["ETag"]
    assert tag.startswith('W/"') and first.headers["Cache-Control"] == "no-store"
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = edge.get("/slow", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert edge.get("/slow", headers={"If-None-Match": '"other"'}).json() == {"slept": True}
    assert "ETag" not in edge.get("/refused").headers


def test_a_stuck_worker_ends_and_gives_its_place_back(edge):
    started = time.monotonic()
    assert_problem(edge.get("/stuck"), 503, "deadline_exceeded")
    assert time.monotonic() - started < 3
    assert edge.server.admission.places.balance == 3


def test_a_full_pool_answers_at_once(edge):
    requests_ = [eventlet.spawn(edge.get, "/slow") for _ in range(8)]
    answers = [thread.wait() for thread in requests_]
    codes = sorted(answer.status_code for answer in answers)
    assert codes[:3] == [200, 200, 200] and codes[-1] == 503
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert_problem(refused, 503, "overloaded")
    assert refused.headers["Retry-After"]


def test_a_full_house_turns_away(make_edge):
    edge = make_edge(max_connections=1)
    with socket.create_connection(("127.0.0.1", edge.server.port)):
        eventlet.sleep(0.05)
        assert edge.raw(b"").startswith(b"HTTP/1.1 503 ")


@pytest.mark.parametrize(
    "head",
    [
        b"POST /notes HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST /notes HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
        b"POST /notes HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\n0123456789",
        b"nonsense\r\n\r\n",
        b"POST /notes HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /notes HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"GET /notes HTTP/x.y\r\n\r\n",
        b"GET /slow HTTP/1.1\nHost: a\n\n",
        b"GET /slow HTTP/1.1\r\nHost: a\n\r\n",
        b"GET\x0b/slow\x0bHTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /slow HTTP/1.1\r\nHost: a\r\nAccept: a\0b\r\n\r\n",
        b"POST /moods HTTP/1.1\r\nHost: a\r\nAccept: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /moods HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        b"POST /moods HTTP/1.1\r\nHost: a\r\nContent-Length: \x0b0\r\n\r\n",
        *(
            b"POST /moods HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + coding + b"\r\n\r\n0\r\n\r\n"
            for coding in (b"\x0bchunked", b"\x1cchunked", b"chunked\x85", b"chunked\xa0", b"\xa0chunked", b"chunked,")
        ),
    ],
)
def test_ambiguous_or_broken_requests_close_the_connection(edge, head):
    answer = edge.raw(head)
    assert answer.startswith(b"HTTP/1.1 400 ") and b'"bad_request"' in answer
    assert answer.count(b"HTTP/1.1") == 1


def test_a_head_that_trickles_is_cut(make_edge):
    edge = make_edge(read_seconds=0.3, idle_seconds=0.3)
    started = time.monotonic()
    edge.raw(b"GET /slow HTTP/1.1\r\nHost:")
    assert time.monotonic() - started < 2


def test_an_accept_error_is_survived(edge, monkeypatch):
    accept, failures = (edge.server._listener.accept, iter([OSError(24, "too many open files")]))

    def failing():
        for failure in failures:
            raise failure
        return accept()

    monkeypatch.setattr(edge.server._listener, "accept", failing)
    assert edge.get("/slow").status_code == 200
    assert edge.get("/slow").status_code == 200


def test_a_live_event_arrives_at_once_and_pings_follow(edge):
    with edge.get("/stream", stream=True) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.headers["X-Accel-Buffering"] == "no"
        chunks = answer.iter_content(None)
        assert re.fullmatch(rb": welcome\nretry: [1-5]\d{3}\n\n", next(chunks))
        assert next(chunks) == b"id: 0\nevent: hello\ndata: {}\n\n"
        EchoService.streams[0].put(encode_event("small", orjson.dumps({"a": 1}), 1))
        assert next(chunks) == b'id: 1\nevent: small\ndata: {"a":1}\n\n'
        assert next(chunks) == b": ping\n\n"
        assert edge.server.admission.places.balance == 3
    eventlet.sleep(0.6)
    assert EchoService.streams[0].ended and not edge.server._streams


def test_a_slow_client_is_dropped():
    stream = EventStream(capacity=2)
    assert [stream.put(b"x") for _ in range(4)] == [True, True, False, False]
    assert stream.ended


@pytest.mark.parametrize("order", [("end", "cut"), ("cut", "end"), ("end", "end"), ("cut", "cut")])
def test_whoever_waits_for_a_stream_that_ends_waits_no_longer(order):
    stream = EventStream(ping_seconds=60)
    reading = eventlet.spawn(lambda: b"".join(stream))
    until(stream._mailbox.getting)
    for way in order:
        getattr(stream, way)()
    with eventlet.Timeout(20):
        assert re.fullmatch(rb"retry: \d+\n\n", reading.wait())


def test_a_ping_does_not_pass_what_was_put_before_it():
    """All were busy when it was due."""
    stream = EventStream(ping_seconds=0.5)
    reading = eventlet.spawn(next, stream)
    eventlet.sleep(0)
    eventlet.patcher.original("time").sleep(0.6)
    stream.put(b"data: heard\n\n")
    assert reading.wait() == b"data: heard\n\n"


def listen_raw(edge, path: str = "/quiet", receives: int | None = None) -> socket.socket:
    """A client that has its stream's greeting. `receives`: bytes that the system keeps for it."""
    sock = socket.socket()
    if receives is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
    sock.settimeout(5)
    sock.connect(("127.0.0.1", edge.server.port))
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    came = b""
    while b"retry: " not in came:
        came += sock.recv(4096)
    return sock


def test_a_client_that_stops_reading_holds_little_and_is_cut_off(make_edge):
    edge = make_edge(socket_seconds=0.5)
    with listen_raw(edge, receives=4096), edge.get("/quiet", stream=True) as other:
        slow, quick = EchoService.streams
        taken = 0
        while slow.put(b"data: " + b"x" * 10_000 + b"\n\n"):
            taken += 1
            eventlet.sleep(0.01)
        assert taken < 40  # 400 kB; the system alone would take megabytes
        until(lambda: len(edge.server._connections) == 1)
        quick.put(b"data: heard\n\n")
        assert b"heard" in b"".join(next(chunks) for chunks in [other.iter_content(None)] for _ in range(2))


def test_a_client_that_vanishes_without_a_word_is_noticed(make_edge):
    """Its system drops whatever comes, and answers nothing, as if its line were cut."""
    edge = make_edge(socket_seconds=1)
    with listen_raw(edge, "/stream") as sock:
        drop_all = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
        program = struct.pack("HP", 1, ctypes.addressof(drop_all))
        sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
        until(lambda: EchoService.streams[0].ended and not edge.server._connections, 20)


def test_a_client_that_hangs_up_is_noticed_at_once_and_one_that_talks_is_borne(edge):
    gone, talking = listen_raw(edge), listen_raw(edge)
    gone.close()
    until(lambda: EchoService.streams[0].ended and len(edge.server._connections) == 1)
    talking.sendall(b"what nobody asked for")
    eventlet.sleep(0.1)
    EchoService.streams[1].put(b"data: heard\n\n")
    assert b"heard" in talking.recv(4096)
    talking.close()


def test_what_waits_aside_is_in_nobodys_way(make_edge):
    edge = make_edge(aside_seconds=0.3)
    waiting = [eventlet.spawn(edge.get, "/aside") for _ in range(6)]
    until(lambda: len(edge.server._connections) == 6)
    assert edge.get(f"/notes/{uuid.uuid4()}").status_code == 200
    answers = [each.wait() for each in waiting]
    assert sorted(answer.status_code for answer in answers) == [200, *[503] * 5]
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert_problem(refused, 503, "overloaded")
    assert 1 <= int(refused.headers["Retry-After"]) <= 5


def test_who_waits_aside_when_the_server_stops_is_told_so(edge):
    waiting = [eventlet.spawn(edge.get, "/aside") for _ in range(3)]
    until(lambda: len(edge.server._connections) == 3)
    edge.container.stop()
    assert sorted(each.wait().status_code for each in waiting) == [200, 503, 503]


def test_those_who_are_lost_together_come_back_one_after_the_other(edge):
    alone, together = EventStream(), EventStream()
    alone.greet(1)
    together.greet(60_000)
    waits = [int(re.search(rb"retry: (\d+)", next(each))[1]) for each in (alone, together)]
    assert 1000 <= waits[0] <= 5000 and 1000 <= waits[1] <= 600_000
    spread = [streams.back_after(60_000) for _ in range(1000)]
    assert max(spread) > 500_000 and min(spread) < 100_000 and len(set(spread)) > 900
    together.end(60_000)
    assert re.fullmatch(rb"retry: \d+\n\n", b"".join(together))


def test_stop_writes_what_waits_and_ends_streams_as_they_should_end(edge):
    with listen_raw(edge, receives=4096) as sock:
        [stream], told = EchoService.streams, 0
        while stream._mailbox.qsize() < 3:
            stream.put(encode_event("large", b'"%s"' % (b"x" * 10_000), told))
            told += 1
            eventlet.sleep(0.01)
        stopping = eventlet.spawn(edge.container.stop)
        eventlet.sleep(0.1)
        came = b"".join(iter(lambda: sock.recv(65536), b""))  # a reset would raise
        stopping.wait()
    assert re.findall(rb"id: (\d+)", came) == [b"%d" % number for number in range(told)]
    assert re.search(rb"retry: \d+\n\n\r\n0\r\n\r\n$", came)


def test_the_limit_of_open_files_is_raised_or_fewer_are_let_in():
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 3000))\n"
        "from chassis.http.server import _room_for\n"
        "print(_room_for(1000), resource.getrlimit(resource.RLIMIT_NOFILE)[0], _room_for(5000))"
    )
    python = [sys.executable, "-W", "ignore", "-c", script]
    environment = os.environ | {"PYTHONPATH": ":".join(sys.path)}
    run = subprocess.run(python, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "1000 1200 2800"
    assert "raise the limit of open files" in run.stdout + run.stderr


def test_head_of_a_stream_has_no_body(edge):
    assert requests.head(edge.url("/stream"), timeout=2).status_code == 200
    assert EchoService.streams[0].ended


def test_stop_finishes_what_runs_and_ends_streams(edge):
    keeping = requests.Session()
    assert keeping.get(edge.url("/slow"), timeout=5).status_code == 200
    running = eventlet.spawn(edge.get, "/slow")
    streaming = eventlet.spawn(lambda: edge.get("/stream").text)
    eventlet.sleep(0.1)
    started = time.monotonic()
    edge.container.stop()
    assert time.monotonic() - started < 1.5
    assert running.wait().json() == {"slept": True}
    assert "hello" in streaming.wait()
    with pytest.raises(requests.ConnectionError):
        edge.get("/slow")


def test_stop_has_a_deadline(make_edge):
    edge = make_edge(stop_seconds=0.3, request_seconds=30)

    def get_stuck():
        with pytest.raises(requests.ConnectionError):
            edge.get("/stuck")

    stuck = eventlet.spawn(get_stuck)
    eventlet.sleep(0.1)
    started = time.monotonic()
    edge.server.drain()
    assert time.monotonic() - started < 1
    stuck.wait()
    edge.container.kill()


def test_a_route_takes_and_gives_what_is_not_json_within_a_limit_of_its_own(edge):
    sheet = "text/csv; charset=utf-8"
    answer = edge.post("/sheets", b"a,b\xff" * 400, sheet)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv")
    assert answer.content == (b"a,b\xff" * 400)[::-1]
    refused = edge.post("/sheets", b"{}")
    assert_problem(refused, 415, "unsupported_media_type")
    assert refused.headers["Accept"] == "text/csv, application/vnd.ms-excel"
    assert_problem(edge.post("/sheets", b"a" * 2049, sheet), 413, "body_too_large")


def test_a_large_body_is_read_only_from_whoever_may_send_it(edge):
    head = b"POST /films HTTP/1.1\r\nHost: x\r\nContent-Type: video/mpeg\r\nContent-Length: 3000000\r\n"
    with socket.create_connection(("127.0.0.1", edge.server.port), timeout=5) as sock:
        sock.sendall(head + b"\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 400")  # with nothing of the body sent
    answer = requests.post(
        edge.url("/films"), data=b"a" * 3_000_000, timeout=5,
        headers={"Content-Type": "video/mpeg", "Authorization": "friend"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()) == (200, {"bytes": 3_000_000})


def test_only_a_few_large_bodies_are_held_at_the_same_time(make_edge):
    edge = make_edge(read_seconds=1)
    head = (
        b"POST /films HTTP/1.1\r\nHost: x\r\nAuthorization: friend\r\n"
        b"Content-Type: video/mpeg\r\nContent-Length: 3000000\r\n\r\n"
    )
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", edge.server.port))) for _ in range(4)]
        for sock in slow:
            sock.sendall(head + b"a")
        until(lambda: not edge.server.large_bodies.counter)
        friend = {"Content-Type": "video/mpeg", "Authorization": "friend"}
        assert_problem(requests.post(edge.url("/films"), data=b"a", headers=friend, timeout=5), 503, "overloaded")
        until(lambda: edge.server.large_bodies.counter == 4)


def flood(edge, data, path="/floods", **headers):
    headers = {"Authorization": "friend", "Content-Type": "application/octet-stream"} | headers
    return requests.post(edge.url(path), data=data, headers=headers, timeout=20)


def test_a_body_that_nobody_holds_goes_on_piece_by_piece(make_edge):
    """More than the usual limit, and with workers to spare: it is poured outside of them."""
    edge = make_edge(max_flow=3_000_000)
    answer = flood(edge, b"a" * 3_000_000)
    assert answer.json() == {"bytes": 3_000_000, "end": "finished"}
    assert max(map(len, EchoService.jars[0].pieces)) <= 64 * 1024
    assert flood(edge, iter([b"a" * 70_000, b"b"])).json()["bytes"] == 70_001


def test_a_flow_is_taken_from_friends_only_and_in_a_limit(make_edge):
    edge = make_edge(max_flow=100_000)
    assert_problem(flood(edge, b"a", Authorization="stranger"), 400, "bad_request")
    assert_problem(flood(edge, b"a", **{"Content-Type": "text/html"}), 415, "unsupported_media_type")
    assert_problem(flood(edge, b"a" * 100_001), 413, "body_too_large")
    assert EchoService.jars == []
    assert_problem(flood(edge, iter([b"a" * 60_000] * 2)), 413, "body_too_large")
    assert [jar.end for jar in EchoService.jars] == ["abandoned"]


def test_what_does_not_arrive_as_a_whole_is_abandoned(make_edge):
    edge = make_edge(flow_seconds=0.3)
    head = (
        b"POST /floods HTTP/1.1\r\nHost: x\r\nAuthorization: friend\r\nConnection: close\r\n"
        b"Content-Type: application/octet-stream\r\nContent-Length: 10\r\n\r\n12345"
    )
    assert b"408 " in edge.raw(head)
    with socket.create_connection(("127.0.0.1", edge.server.port), timeout=5) as sock:
        sock.sendall(head)
        until(lambda: len(EchoService.jars) == 2)
    until(lambda: [jar.end for jar in EchoService.jars] == ["abandoned"] * 2)
    assert_problem(flood(edge, b"a", "/floods?broken=1"), 503, "service_unavailable")
    assert [jar.end for jar in EchoService.jars] == ["abandoned"] * 3
    assert edge.server.flows.balance == FLOWS


def test_a_body_is_written_as_it_is_read(edge):
    answer = edge.get("/springs/2500")
    assert (answer.content, answer.headers["Content-Length"]) == (b"w" * 2500, "2500")
    assert requests.head(edge.url("/springs/2500"), timeout=5).headers["Content-Length"] == "2500"
    again = edge.get("/springs/2500", headers={"If-None-Match": '"well"'})
    assert (again.status_code, again.content) == (304, b"")
    assert all(spring.closed for spring in EchoService.springs)
    until(lambda: edge.server.admission.places.balance == 3)


def test_a_source_that_breaks_off_is_seen_by_the_client(edge):
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="Incomplete"):
        edge.get("/springs/100013")
    assert edge.get("/springs/10").content == b"w" * 10
