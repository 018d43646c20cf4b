"""`@http(method, path)`: a service method that answers HTTP requests."""

from collections.abc import Callable
from typing import Any

import eventlet
from eventlet.event import Event
from eventlet.semaphore import Semaphore
from marshmallow import Schema
from nameko.extensions import Entrypoint
from werkzeug.routing import Rule

from chassis.errors import DeadlineExceeded
from chassis.http.body import check_size, load_json, load_query, pour, receive, require_type
from chassis.http.messages import Answer, HttpRequest, Sink
from chassis.http.refusals import HttpRefusal, WorkerFailed, problem_answer
from chassis.http.server import HttpServer
from chassis.http.streams import EventStream, back_after

GRACE_SECONDS = 1.0


class Empty(Schema):
    """For routes that want no query parameters, or no body: they refuse whatever is sent all the same."""


class HttpEntrypoint(Entrypoint):
    """The handler gets an `HttpRequest` and the path's values, and returns a dict, an `Answer` or an `EventStream`.

    `guard(service, request)` runs first, in the worker: who asks is settled before what he asks is looked at.
    `body` and `query` are marshmallow schemas. A route that `accepts` other media types than JSON gets the body's bytes
    as `request.raw`. `max_body` is a limit of its own, in bytes; a larger body than usual is read after the guard.
    With `into(service, request)` the body is never held: what that answers, after the guard, takes it piece by piece,
    and is the handler's `request.sink`.
    `at_once`, for a GET, is how many are worked on at a time; more wait aside, where they are in nobody's way.
    `meta` is whatever the service wants to know about its routes later.
    """

    server = HttpServer()

    def __init__(self, method: str, path: str, *, guard: Callable | None = None, query: type[Schema] = Empty,
                 body: type[Schema] | None = None, accepts: tuple[str, ...] = (), max_body: int | None = None,
                 into: Callable[..., Sink] | None = None, tell: Callable = problem_answer, meta: Any = None,
                 at_once: int | None = None, **kwargs):  # fmt: skip
        super().__init__(**kwargs)
        self.method = method
        self.path = path
        self.guard = guard
        self.query = query
        self.body = body
        self.accepts = accepts
        self.max_body = max_body
        self.into = into
        self.tell = tell
        self.meta = meta
        self.lane = at_once and Semaphore(at_once)

    def setup(self):
        self.server.register(self)

    def stop(self):
        self.server.drain()

    def rule(self) -> Rule:
        return Rule(self.path, methods=[self.method], endpoint=self)

    def handle(self, request: HttpRequest, values: dict) -> Answer | EventStream:
        """On the connection's green thread: a slow client holds no worker."""
        if self.lane is not None:
            return self._handle_aside(request, values)
        if self.into is not None:
            return self._handle_flow(request, values)
        settings = self.server.settings
        limit = settings.max_body if self.max_body is None else self.max_body
        if limit > settings.max_body:
            return self._handle_large(request, values, limit)
        if request.method not in ("GET", "HEAD"):
            request.raw = receive(request.environ, limit, settings.read_seconds)
        return self._answer(request, values)

    def _handle_aside(self, request: HttpRequest, values: dict) -> Answer | EventStream:
        """Those who come together and are sent away shall not come together again."""
        if not self.lane.acquire(timeout=self.server.settings.aside_seconds):
            later = back_after(-self.lane.balance) // 1000
            raise HttpRefusal("overloaded", headers={"Retry-After": str(later)})
        try:
            if self.server.draining:
                raise HttpRefusal("overloaded")
            return self._answer(request, values)
        finally:
            self.lane.release()

    def _handle_large(self, request: HttpRequest, values: dict, limit: int) -> Answer | EventStream:
        """Who asks is settled before so much is read, and only a few such bodies are held at the same time."""
        request.raw = None
        self._run(request, values)
        large = self.server.large_bodies
        if not large.acquire(timeout=self.server.settings.queue_seconds):
            raise HttpRefusal("overloaded")
        try:
            request.raw = receive(request.environ, limit, self.server.settings.read_seconds)
            return self._answer(request, values)
        finally:
            large.release()

    def _handle_flow(self, request: HttpRequest, values: dict) -> Answer | EventStream:
        """Who asks, and where the body goes, is settled before it is read."""
        settings, flows = self.server.settings, self.server.flows
        check_size(request.environ, settings.max_flow)
        if not flows.acquire(timeout=settings.queue_seconds):
            raise HttpRefusal("overloaded")
        try:
            request.raw = None
            self._run(request, values)
            try:
                pour(request.environ, request.sink, settings.max_flow, settings.flow_seconds)
            except BaseException:
                request.sink.abandon()
                raise
        finally:
            flows.release()
        request.raw = b""
        return self._answer(request, values)

    def _answer(self, request: HttpRequest, values: dict) -> Answer | EventStream:
        result = self._run(request, values)
        return result if isinstance(result, Answer | EventStream) else Answer(result)

    def invoke(self, method, request: HttpRequest, **values):
        """In the worker."""
        if self.guard is not None:
            self.guard(method.__self__, request)
        if request.raw is None:  # a large body, which is read only now
            if self.into is not None:
                require_type(self.accepts, request.mimetype)
                request.sink = self.into(method.__self__, request)
            return None
        request.query = load_query(self.query, request.args)
        if self.accepts:
            require_type(self.accepts, request.mimetype)
        elif self.body is not None or request.raw:
            request.body = load_json(self.body or Empty, request.mimetype, request.raw)
        return method(request, **values)

    def _run(self, request: HttpRequest, values: dict):
        """In a worker, of which HTTP has its own share; a burst waits its turn, beyond it a full house says so."""
        server = self.server
        if server.waiting >= server.settings.queue_length:
            raise HttpRefusal("overloaded")
        server.waiting += 1
        try:
            if not server.places.acquire(timeout=server.settings.queue_seconds):
                raise HttpRefusal("overloaded")
        finally:
            server.waiting -= 1
        answered = Event()

        def handle_result(_ctx, result, exc_info):
            if not answered.ready():
                answered.send((result, exc_info))
            elif isinstance(result, EventStream):
                result.close()
            return result, exc_info

        try:
            worker_ctx = self.container.spawn_worker(
                self, (request,), values, context_data=server.context_data(request), handle_result=handle_result
            )
        except BaseException:
            server.places.release()
            raise
        worker = self.container._worker_threads[worker_ctx]
        worker.link(lambda _: server.places.release())
        result, exc_info = self._wait(answered, worker)
        if exc_info is not None:
            if getattr(exc_info[1], "refusal_code", None) is None:
                raise WorkerFailed from exc_info[1]
            raise exc_info[1]
        return result

    def _wait(self, answered: Event, worker):
        """The container ends a worker at its deadline; one that did not even notice is thrown out here."""
        with eventlet.Timeout(self.server.settings.request_seconds + GRACE_SECONDS, False):
            return answered.wait()
        answered.send((None, None))
        worker.kill(DeadlineExceeded("the request is over"))
        raise DeadlineExceeded("the worker did not answer in time")


http = HttpEntrypoint.decorator
