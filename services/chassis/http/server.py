"""The listening side: accepts connections, runs requests, drains on stop."""

import contextlib
import hashlib
import resource
import time
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network, ip_network
from uuid import uuid4

import eventlet
import orjson
import structlog
from eventlet import greenio, hubs, wsgi
from eventlet.event import Event
from eventlet.green import socket
from nameko.extensions import SharedExtension
from prometheus_client import Counter, Gauge, Histogram
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import IntegerConverter, Map

from chassis.http.admission import Admission
from chassis.http.body import PACE, check_address, check_framing
from chassis.http.messages import LANGUAGES, Answer, HttpRequest, Outflow
from chassis.http.protocol import Protocol
from chassis.http.refusals import EnglishProblems, HttpRefusal, WorkerFailed, problem_answer
from chassis.http.sockets import Peers, Refuser, listen
from chassis.http.streams import AT_A_TIME, EventStream
from chassis.http.streams import HEADERS as STREAM_HEADERS

log = structlog.get_logger()

STRICT_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": STRICT_POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Accept-Language",
}
STRICT_TRANSPORT = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}
READING = ("GET", "HEAD")
UNMATCHED = "unmatched"
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"))
CLOSING = {
    "bad_request",
    "body_too_large",
    "request_timeout",
}  # the rest of such a request must not be read as the next

SECONDS = Histogram("congvu_http_seconds", "Time to answer", ["method", "route"])
ANSWERS = Counter("congvu_http_answers_total", "Answers given", ["method", "route", "status"])
CONNECTIONS = Gauge("congvu_http_connections", "Open connections")
STREAMS = Gauge("congvu_http_streams", "Open event streams")

ACCEPTED_TOGETHER = 20  # connections, before others have their turn
LARGE_BODIES = 4  # larger than the usual limit, held at the same time
FLOWS = 16  # bodies that nobody holds, received at the same time
UNHURRIED = 64 * 1024  # bytes of an answer that the kernel takes whole, and nobody waits for its reader
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
OTHER_FILES = 200  # that a process holds open beside its connections
STREAM_BUFFER = 32 * 1024  # bytes that the system keeps for the client of a stream (it doubles them)


@dataclass(frozen=True)
class HttpSettings:
    """Limits of the edge; seconds and bytes."""

    host: str = "127.0.0.1"
    port: int = 8080
    inherited: int | None = None  # the number of a listening socket, instead of host and port
    max_connections: int = 12_000
    max_of_address: int = 6_000  # connections from one address
    uncounted: tuple[IPv4Network | IPv6Network, ...] = LOOPBACK  # who speaks for many, such as a proxy
    max_body: int = 1024 * 1024
    max_flow: int = 50 * 1024 * 1024  # of a body that nobody holds whole
    flow_seconds: float = 300.0  # in which such a body must have arrived
    request_seconds: float = 28.0  # from the worker's start to its answer
    queue_seconds: float = 10.0  # for a free worker
    aside_seconds: float = 25.0  # for a turn at what waits aside
    queue_length: int = 256  # requests that may wait for one; beyond it the answer is 503 at once
    burst_seconds: float = 2.0  # the line that has not been empty for so long is no burst any more
    short_seconds: float = 0.4  # for a free worker, then
    read_seconds: float = 10.0  # line and headers, and then a small body, must have arrived
    idle_seconds: float = 75.0  # between two requests of a connection
    socket_seconds: float = 30.0  # one read or write
    stop_seconds: float = 20.0
    strict_transport: bool = False  # clients come by TLS, and are told to come by nothing else


class Number(IntegerConverter):
    """A number in a path; one that no message or table can hold is not the address of anything."""

    regex = r"\d{1,9}"


class HttpServer(SharedExtension):
    """One per container. Knows its routes, its connections and its streams."""

    def __init__(self):
        super().__init__()
        self._entrypoints = []
        self._connections = {}
        self._streams = set()
        self._draining = False
        self._drained = None
        self._listener = None
        self._accepting = None

    def register(self, entrypoint) -> None:
        self._entrypoints.append(entrypoint)

    def setup(self):
        self.settings: HttpSettings = self.container.settings.http
        http = self.settings
        self.admission = Admission(
            self.container.settings.max_workers, http.queue_length, http.queue_seconds, http.burst_seconds,
            http.short_seconds,
        )  # fmt: skip
        self._peers = Peers(http.max_of_address, http.uncounted)
        self._refuser = Refuser()
        self.large_bodies = eventlet.semaphore.Semaphore(LARGE_BODIES)
        self.flows = eventlet.semaphore.Semaphore(FLOWS)
        self._everywhere = SECURITY_HEADERS | (STRICT_TRANSPORT if self.settings.strict_transport else {})
        self._problems = getattr(self.container.service_cls, "problems", EnglishProblems)
        self.container.readiness("http", lambda: self._accepting is not None and not self._draining)

    def start(self):
        self._most = _room_for(self.settings.max_connections)
        rules = [entrypoint.rule() for entrypoint in self._entrypoints]
        self._routes = Map(rules, strict_slashes=True, merge_slashes=False, redirect_defaults=False,
                           converters={"int": Number})  # fmt: skip
        http = self.settings
        self._listener = listen(http.host, http.port, http.inherited, http.socket_seconds)
        self.port = self._listener.getsockname()[1]
        self._wsgi = wsgi.Server(
            self._listener, self._listener.getsockname(), self._application, protocol=Protocol, debug=False,
            log_output=False, keepalive=self.settings.idle_seconds, socket_timeout=self.settings.socket_seconds,
        )  # fmt: skip
        self._wsgi.edge = self
        self._accepting = self.container.spawn_managed_thread(self._accept)

    @property
    def is_draining(self) -> bool:
        return self._draining

    def context_data(self, request: HttpRequest) -> dict:
        """What the worker is told about where its work comes from."""
        return {
            "call_id": request.id,
            "deadline": time.monotonic() + self.settings.request_seconds,
            "trace": request.span.carrier,
        }

    # connections

    def _accept(self):
        turns = 0
        while not self._draining:
            turns += 1
            if (
                turns % ACCEPTED_TOGETHER == 0
            ):  # as long as somebody waits there accepting would go on, and nothing else
                eventlet.sleep(0)  # here: nobody is in our hands who would be lost if we were ended now
            try:
                client, address = self._listener.accept()
            except OSError as error:
                if self._draining:
                    return
                log.warning("connection not accepted", error=type(error).__name__, errno=error.errno)
                eventlet.sleep(0.1)
                continue
            if len(self._connections) >= self._most:
                self._refuser.turn_away(client, partial(self.raw_problem, "overloaded"))
                continue
            if (name := self._peers.admit(address[0])) is None:
                self._refuser.turn_away(client, partial(self.raw_problem, "too_many_connections"))
                continue
            client.settimeout(self.settings.socket_seconds)
            connection = [address, client, wsgi.STATE_IDLE]
            self._connections[id(connection)] = (connection, eventlet.spawn(self._serve, connection, name))
            CONNECTIONS.inc()

    def _serve(self, connection, name):
        try:
            self._wsgi.process_request(connection)
        except (OSError, eventlet.Timeout):
            log.debug("connection lost")
        except Exception:
            log.exception("connection failed")
        finally:
            self._connections.pop(id(connection), None)
            self._peers.leave(name)
            CONNECTIONS.dec()
            greenio.shutdown_safe(connection[1])
            connection[1].close()

    def drain(self) -> None:
        """Stop accepting, end the streams, let running requests finish; called by every entrypoint's stop."""
        if self._drained is not None:
            self._drained.wait()
            return
        self._drained = Event()
        self._draining = True
        self._close_listener()
        together = len(self._streams)
        for number, stream in enumerate(list(self._streams), 1):
            stream.end(together)
            if number % AT_A_TIME == 0:
                eventlet.sleep(0)
        for connection, _ in list(self._connections.values()):
            state, connection[2] = connection[2], wsgi.STATE_CLOSE
            if state == wsgi.STATE_IDLE:  # while the acceptor ended the hub has looked: a request that is here is read
                greenio.shutdown_safe(connection[1])
        with eventlet.Timeout(self.settings.stop_seconds, False):
            while self._connections:
                eventlet.sleep(0.02)
        self._cut_off()
        self._drained.send()

    def kill(self):
        self._draining = True
        self._close_listener()
        self._cut_off()

    def _close_listener(self):
        if self._accepting is not None:
            self._accepting.kill()
        if self._listener is not None:
            self._listener.close()

    def _cut_off(self):
        if self._connections:
            log.warning("connections cut off", count=len(self._connections))
        for _, thread in list(self._connections.values()):
            thread.kill()

    # those who never get as far as a request

    def raw_problem(self, code: str, closes: bool = True) -> bytes:
        """A whole answer, in our first language: nobody has read which one the client wants."""
        problem, number = self._problems.describe(code, LANGUAGES[0]), uuid4().hex
        answer = problem_answer(code, problem, number, None, None)
        payload = orjson.dumps(answer.body)
        headers = {**self._everywhere, "X-Request-Id": number, **answer.headers, "Content-Length": str(len(payload))}
        headers |= {"Connection": "close"} if closes else {}
        lines = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + payload

    def note_turned_away(self) -> None:
        ANSWERS.labels("any", UNMATCHED, 503).inc()

    # requests

    def _application(self, environ, start_response):
        started = time.monotonic()
        request = HttpRequest(environ)
        route, tell = UNMATCHED, problem_answer
        try:
            check_framing(environ)
            check_address(environ)
            entrypoint, values = self._routes.bind_to_environ(environ).match()
            route, tell = entrypoint.path, entrypoint.tell
            answer = entrypoint.handle(request, values)
        except Exception as error:  # noqa: BLE001
            answer = self._refuse(request, route, error, tell)
        return self._send(request, route, answer, start_response, started)

    def _refuse(self, request, route, error: Exception, tell) -> Answer:
        if isinstance(error, MethodNotAllowed):
            error = HttpRefusal("method_not_allowed", headers={"Allow": ", ".join(sorted(error.valid_methods))})
        elif isinstance(error, HTTPException):
            error = HttpRefusal("not_found" if error.code in (404, 308) else "bad_request")
        code = getattr(error, "refusal_code", None)
        problem = self._problems.describe(code, request.language) if code else None
        if problem is None:
            if not isinstance(error, WorkerFailed):
                log.error("request failed", route=route, call_id=request.id, code=code, exc_info=error)
            code, error = "internal_error", None
            problem = self._problems.describe(code, request.language)
        if code in CLOSING:
            connection = request.environ["chassis.connection"]
            connection.close_connection = connection.unread = True
        tell_field = partial(self._problems.describe_field, language=request.language)
        answer = tell(code, problem, request.id, error, tell_field)
        answer.headers["Content-Language"] = request.language
        return answer

    def _send(self, request, route, answer, start_response, started):
        is_stream = isinstance(answer, EventStream)
        headers = {**self._everywhere, "X-Request-Id": request.id}
        cookies = [] if is_stream else [("Set-Cookie", cookie) for cookie in answer.cookies]
        if is_stream:
            status, payload = 200, answer
            headers |= STREAM_HEADERS
            request.environ["eventlet.minimum_write_chunk_size"] = 1
        else:
            status, payload = (answer.status, _payload(answer.body))
            headers |= ({"Content-Type": "application/json"} if payload else {}) | answer.headers
            if tag := _tag(request, answer, payload):
                headers["ETag"] = tag
                if request.method in READING and request.if_none_match.contains_weak(tag.split('"')[1]):
                    status, payload = 304, b""
        connection = request.environ["chassis.connection"]
        if self._draining:
            connection.close_connection = True
        if not request.environ["wsgi.input"].is_read:  # nobody waits for the rest, which is not the next request
            connection.close_connection = connection.unread = True
        if not is_stream and status not in (204, 304):
            headers["Content-Length"] = str(payload.size if isinstance(payload, Outflow) else len(payload))
        start_response(f"{status} {HTTPStatus(status).phrase}", [*headers.items(), *cookies])
        self._note(request, route, status, started)
        if is_stream:
            return self._streamed(request, answer) if request.method != "HEAD" else _closed(answer)
        if isinstance(answer.body, Outflow):
            if payload is answer.body and request.method != "HEAD":
                return _InTime(payload, payload.size, self.settings.socket_seconds)
            answer.body.close()
            return []
        if not payload or request.method == "HEAD":
            return []
        if len(payload) <= UNHURRIED:
            return [payload]
        return _InTime([payload], len(payload), self.settings.socket_seconds)

    def _note(self, request, route, status, started):
        seconds = time.monotonic() - started
        method = request.method if route != UNMATCHED else "any"
        SECONDS.labels(method, route).observe(seconds)
        ANSWERS.labels(method, route, status).inc()
        if request.span.trace_id:
            _end_span(request, route, status)
        log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1), call_id=request.id)

    def _streamed(self, request: HttpRequest, stream: EventStream) -> "_Streamed":
        self._streams.add(stream)
        STREAMS.inc()
        stream.greet(len(self._streams))
        if self._draining:
            stream.end(len(self._streams))
        return _Streamed(stream, self._streams, request.environ["chassis.connection"].connection)


class _InTime:
    """An answer whose reader gets on: at a pace of PACE, or he is dropped."""

    def __init__(self, pieces, size: int, seconds: float):
        self._pieces, self._seconds = pieces, seconds + size / PACE
        self._timer = None

    def __iter__(self):
        self._timer = eventlet.Timeout(self._seconds, socket.timeout("the answer was not read in time"))
        return iter(self._pieces)

    def close(self):
        if self._timer is not None:
            self._timer.cancel()
        if hasattr(self._pieces, "close"):
            self._pieces.close()


class _Streamed:
    """The iterable that the server writes; tells everyone when the connection is over.

    A client that hangs up is noticed at once, not when the next bytes cannot be written.
    """

    def __init__(self, stream: EventStream, among: set, client):
        self._stream = stream
        self._among = among
        self._client = client
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, STREAM_BUFFER)
        hub = hubs.get_hub()
        self._listener = hub.add(hub.READ, client.fileno(), self._heard, self._heard, None)

    def __iter__(self):
        return self._stream

    def _heard(self, *_):
        """In the hub, which must not wait: the client is gone, or says what nobody asked for."""
        self._deaf()
        with contextlib.suppress(OSError):
            if self._client.fd.recv(1, socket.MSG_PEEK):
                return
        self._stream.cut()

    def _deaf(self):
        listener, self._listener = self._listener, None
        if listener is not None:
            hubs.get_hub().remove(listener)

    def close(self):
        self._deaf()
        if self._stream in self._among:
            self._among.discard(self._stream)
            STREAMS.dec()
        try:
            self._stream.close()
        except Exception:
            log.exception("stream not closed")


def _end_span(request: HttpRequest, route: str, status: int) -> None:
    """By OpenTelemetry's conventions for HTTP. A path that no route knows may say anything: it is left out, as are
    the query, the address and the name of the client.
    """
    method = request.method if request.method in METHODS else "_OTHER"
    name = method if method in METHODS else "HTTP"
    known = {"http.request.method": method, "url.scheme": request.scheme, "http.response.status_code": status}
    if route != UNMATCHED:
        name, known = f"{name} {route}", known | {"http.route": route, "url.path": request.path}
    request.span.set(known, name)
    request.span.end(str(status) if status >= 500 else None)


def _tag(request: HttpRequest, answer: Answer, payload: bytes | Outflow) -> str | None:
    """What is read and names no tag has one of what it says: weak, for it is no version to write against."""
    if answer.etag is not None:
        return f'"{answer.etag}"'
    says = answer.status == 200 and payload and not isinstance(answer.body, bytes | Outflow)
    if request.method not in READING or not says or "ETag" in answer.headers:
        return None
    return f'W/"{hashlib.blake2b(payload, digest_size=12).hexdigest()}"'


def _payload(body) -> bytes | Outflow:
    if body is None:
        return b""
    return body if isinstance(body, bytes | Outflow) else orjson.dumps(body)


def _closed(stream: EventStream) -> list:
    stream.close()
    return []


def _room_for(connections: int) -> int:
    """For how many of so many connections this process may open files; what it may allow itself, it does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if hard == resource.RLIM_INFINITY or hard >= wanted:
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return connections
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    log.warning("fewer connections than were asked for: raise the limit of open files", asked=connections, files=hard)
    return max(1, hard - OTHER_FILES)
