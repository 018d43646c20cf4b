"""Calls between services: direct reply-to, a deadline on every call, typed errors, signed tokens.

Requests go to the queue `rpc.<service>`, which exists only while an instance of the service is connected: a call to
a service that is away comes back at once. Answers come through the broker's direct reply-to pseudo-queue.
"""

import secrets
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import eventlet
import orjson
import structlog
from amqp import Message, spec
from eventlet.event import Event
from marshmallow import ValidationError
from nameko.extensions import DependencyProvider, Entrypoint, ProviderCollector, SharedExtension

from chassis import context, metrics, tracing
from chassis.amqp import Link, Lost
from chassis.contract import Procedure, schema
from chassis.errors import CallerNotListed, CallFailed, InvalidRequest, Refusal, to_wire
from chassis.identity import actor_of
from chassis.topology import rpc_queue
from chassis.wire import to_json

log = structlog.get_logger()

MAX_SECONDS = 60.0
MAX_BODY = 4 * 1024 * 1024  # bytes, of a request or an answer
REPLY_TO = "amq.rabbitmq.reply-to"
DRAINING = "draining"  # the code by which a stopping instance sends a request elsewhere
BLINK = 1.0  # seconds for which any call waits for a connection that has just broken
AGAIN = 0.2  # seconds between two times of asking


@dataclass(frozen=True)
class Call:
    """Who asks: the verified claims of the caller's token."""

    procedure: Procedure
    claims: dict[str, Any]


class TooLarge(Refusal):
    refusal_code = "reply_too_large"


class Unanswered(CallFailed):
    """No answer came: the bus or the callee is away, or silent. It may have acted or not."""

    def __init__(self, code: str, message: str):
        super().__init__(code, message, retryable=True)


def _span(kind: str, procedure: Procedure, carrier: dict[str, str]):
    name = procedure.full_name
    return tracing.span(name, kind, carrier, {"rpc.system.name": "nameko", "rpc.method": name})


# The answering side


class RpcServer(SharedExtension, ProviderCollector):
    """Takes requests from the service's queue and hands them to its procedures."""

    def setup(self):
        self._service = self.container.service_name
        self._link = Link(self.container.settings.amqp_url, f"{self._service} rpc server", self._on_up)
        self._tag = None
        self._ceasing = False
        self._busy: set[str] = set()
        self.container.readiness("rpc", lambda: self._link.is_up)

    def start(self):
        self._procedures = {p.procedure.full_name: p for p in self._providers}
        self._link.start()

    def unregister_provider(self, provider):
        """The entrypoints stop first: take no more requests, and wait until those that run are answered."""
        super().unregister_provider(provider)
        if not self._providers and not self._ceasing:
            self._ceasing = True
            with suppress(Lost):
                self._link.write(self._empty_queue)
                eventlet.sleep(0.1)
                for tag in (self._tag, DRAINING):
                    self._link.write(lambda channel, tag=tag: channel.basic_cancel(tag, nowait=True))
            while self._busy:
                eventlet.sleep(0.02)

    def _empty_queue(self, channel):
        """What still waits comes out and is sent elsewhere, before the queue goes with its last consumer.

        It takes a consumer of its own: the broker applies a new prefetch to new consumers only.
        """
        channel.send_method(spec.Basic.Qos, "lBb", (0, 0, False))
        channel.basic_consume(rpc_queue(self._service), consumer_tag=DRAINING, callback=self._on_message, nowait=True)

    def stop(self):
        self._link.stop()

    kill = stop

    def _on_up(self, channel):
        if self._ceasing:
            return
        queue = rpc_queue(self._service)
        channel.queue_declare(queue, durable=False, auto_delete=True, arguments={"x-max-length": 10_000})
        channel.basic_qos(0, self.container.settings.max_workers, False)
        self._tag = channel.basic_consume(queue, callback=self._on_message)

    def _on_message(self, message):
        """In the green thread that reads the connection: quick, and nothing escapes."""
        try:
            if self._ceasing:
                raise CallFailed(DRAINING, "this instance is stopping", retryable=True)
            self._hand_over(message)
        except Exception as error:
            if getattr(error, "refusal_code", None) is None:
                log.exception("request not understood")
            self._answer(message, error=error)

    def _hand_over(self, message):
        headers = message.headers if isinstance(message.headers, dict) else {}
        seconds = headers.get("congvu-deadline", 0)
        left = min(seconds - time.time(), MAX_SECONDS) if isinstance(seconds, int | float) else 0
        provider = self._procedures.get(message.properties.get("type"))
        if provider is None:
            raise CallFailed("unknown_procedure", "this service does not answer that")
        if left <= 0:
            raise CallFailed("deadline_exceeded", "too late", retryable=True)
        procedure = provider.procedure
        claims = self.container.verifier.claims(headers.get("congvu-token"), procedure.caller)
        try:
            body = orjson.loads(message.body)
        except orjson.JSONDecodeError as error:
            raise InvalidRequest("the body is not JSON") from error
        try:
            request = schema(procedure.request).load(body)
        except ValidationError as error:
            raise InvalidRequest("the request has not the right form", errors=error.normalized_messages()) from error
        self._busy.add(tag := uuid.uuid4().hex)

        def handle_result(_ctx, result, exc_info):
            try:
                self._answer(message, procedure, result, exc_info[1] if exc_info else None)
            finally:
                self._busy.discard(tag)
            return result, exc_info

        self.container.spawn_worker(
            provider,
            (Call(procedure, claims), request),
            {},
            context_data={
                "call_id": str(headers.get("congvu-call-id", ""))[:64] or None,
                "deadline": time.monotonic() + left,
                "actor": actor_of(claims),
                "trace": tracing.carrier_of(headers),
            },
            handle_result=handle_result,
        )

    def _answer(self, message, procedure: Procedure | None = None, result=None, error=None):
        """Send the answer and settle the request. A request that names no reply address is only settled."""
        try:
            body = b""
            if error is None:
                try:
                    body = to_json({"result": schema(procedure.reply).dump(result)}).encode()
                    if len(body) > MAX_BODY:
                        raise TooLarge("the answer is too large")
                except Exception as failure:
                    if not isinstance(failure, Refusal):
                        log.exception("answer could not be written", procedure=procedure.full_name)
                    error = failure
            if error is not None:
                body = _written(error)
            reply_to = message.properties.get("reply_to")
            if not reply_to:
                log.warning("request without reply address", procedure=str(message.properties.get("type"))[:80])
            answer = Message(
                body,
                correlation_id=message.properties.get("correlation_id", ""),
                content_type="application/json",
                delivery_mode=1,
            )

            def settle(channel):  # in one piece
                if reply_to:
                    channel.basic_publish(answer, "", reply_to)
                if channel is message.channel:
                    channel.basic_ack(message.delivery_tag)

            self._link.write(settle)
        except Lost:  # the caller's deadline will tell him, or the broker asks another instance
            log.warning("answer not sent: the connection went away")
        except Exception:
            log.exception("answer not sent")


def _written(error: BaseException) -> bytes:
    try:
        return to_json({"error": to_wire(error)}).encode()
    except (TypeError, ValueError):  # details that are not for JSON
        log.exception("error could not be written", code=getattr(error, "refusal_code", None))
        return to_json({"error": to_wire(TypeError())}).encode()


class Rpc(Entrypoint):
    """`@rpc(procedure)`: the method is called with (call, request) and returns a dict for the reply schema."""

    server = RpcServer()

    def __init__(self, procedure: Procedure, **kwargs):
        self.procedure = procedure
        super().__init__(**kwargs)

    def setup(self):
        self.server.register_provider(self)

    def stop(self):
        self.server.unregister_provider(self)

    def invoke(self, method, call, request):
        if self.procedure.caller == "service" and call.claims["iss"] not in self.procedure.callers:
            raise CallerNotListed(f"{self.procedure.full_name} is not for {call.claims['iss']}")
        carrier = context.current().trace
        with _span(tracing.SERVER, self.procedure, carrier) as inner:
            carrier.update(inner)
            return method(call, request)


rpc = Rpc.decorator


# The asking side


class Caller(SharedExtension):
    """One connection for all calls that this process makes."""

    def setup(self):
        settings = self.container.settings
        self._link = Link(settings.amqp_url, f"{self.container.service_name} rpc client", self._on_up, self._on_down)
        self._waiting: dict[str, Event] = {}
        self.container.readiness("calls", lambda: self._link.is_up)

    def start(self):
        self._link.start()

    def stop(self):
        self._link.stop()

    kill = stop

    def call(self, procedure: Procedure, request: dict, claims: dict | None, timeout: float | None) -> dict:
        seconds = context.remaining(timeout if timeout is not None else max(procedure.timeout, procedure.patience))
        work = context.current()
        began = time.perf_counter()
        outcome = "ok"
        try:
            with _span(tracing.CLIENT, procedure, work.trace if work else {}) as carrier:
                return self._until_answered(procedure, request, claims, time.monotonic() + seconds, work, carrier)
        except CallFailed as error:
            outcome = error.code
            raise
        finally:
            metrics.CALLS.labels(procedure.full_name, outcome).observe(time.perf_counter() - began)

    def _until_answered(self, procedure, request, claims, ends, *rest) -> dict:
        """An instance that is stopping has done nothing with the request: ask again, and another one takes it.

        A procedure with patience is asked again after silence as well.
        """
        while True:
            seconds = ends - time.monotonic()
            try:
                return self._call(
                    procedure,
                    request,
                    claims,
                    min(seconds, procedure.timeout) if procedure.patience else seconds,
                    *rest,
                )
            except CallFailed as error:
                again = error.code == DRAINING or (procedure.patience and isinstance(error, Unanswered))
                if not again or time.monotonic() + AGAIN > ends:
                    raise
                eventlet.sleep(AGAIN)

    def _call(self, procedure, request, claims, seconds, work, carrier) -> dict:
        ends = time.monotonic() + seconds
        if not self._link.wait_up(seconds if procedure.patience else min(seconds, BLINK)):
            raise Unanswered("service_unavailable", "the bus does not answer")
        for_itself = procedure.caller == "service"
        if not for_itself and claims is None:
            raise ValueError(f"{procedure.full_name} needs the claims of an {procedure.caller}")
        token = self.container.signer.token(procedure.owner, None if for_itself else claims)
        left = max(ends - time.monotonic(), 0.001)
        # unguessable: whoever has seen one of our requests knows our reply address
        number = secrets.token_hex(16)
        self._waiting[number] = answered = Event()
        message = Message(
            to_json(request).encode(),
            type=procedure.full_name,
            reply_to=REPLY_TO,
            correlation_id=number,
            content_type="application/json",
            delivery_mode=1,
            expiration=str(int(left * 1000) + 1),  # milliseconds: nobody works on what nobody waits for
            application_headers={
                "congvu-deadline": time.time() + left,
                "congvu-token": token,
                "congvu-call-id": work.call_id if work else number,
                **carrier,
            },
        )
        answer = Unanswered("deadline_exceeded", f"{procedure.owner} did not answer in time")
        try:
            with eventlet.Timeout(left, False):
                queue = rpc_queue(procedure.owner)
                self._link.write(lambda channel: channel.basic_publish(message, "", queue, mandatory=True))
                answer = answered.wait()
        except Lost as error:
            raise Unanswered("service_unavailable", "the bus does not answer") from error
        finally:
            self._waiting.pop(number, None)
        if isinstance(answer, Unanswered):
            raise answer
        if (error := answer.get("error")) is not None:
            raise CallFailed(error["code"], error["message"], error["details"], error["retryable"])
        return answer["result"]

    def _on_up(self, channel):
        channel.events["basic_return"].add(self._on_return)
        channel.basic_consume(REPLY_TO, no_ack=True, callback=self._on_answer)

    def _on_down(self):
        waiting, self._waiting = self._waiting, {}
        for answered in waiting.values():
            _send(answered, Unanswered("service_unavailable", "the bus went away"))

    def _on_answer(self, message):
        answered = self._waiting.pop(message.properties.get("correlation_id"), None)
        if answered is None:
            return  # nobody waits any more
        try:
            _send(answered, orjson.loads(message.body))
        except orjson.JSONDecodeError:
            _send(answered, {"error": to_wire(CallFailed("internal_error", "the answer is not JSON"))})

    def _on_return(self, _error, _exchange, routing_key, message):
        answered = self._waiting.pop(message.properties.get("correlation_id"), None)
        if answered is not None:
            _send(answered, Unanswered("service_unavailable", f"nobody answers on {routing_key}"))


def _send(event: Event, value) -> None:
    if not event.ready():
        event.send(value)


class _Bound:
    """What a service sees as `self.remote`."""

    def __init__(self, caller: Caller):
        self._caller = caller

    def call(
        self, procedure: Procedure, request: dict, *, claims: dict | None = None, timeout: float | None = None
    ) -> dict:
        """Call another service and wait for its plain JSON answer.

        `claims` name the actor (only the edge's key may speak for actors); `timeout` is in seconds and never
        longer than what is left of the present work. Raises CallFailed with the callee's refusal, or with
        `service_unavailable` or `deadline_exceeded`.
        """
        return self._caller.call(procedure, request, claims, timeout)


class Remote(DependencyProvider):
    """Gives a service the other services' procedures."""

    caller = Caller()

    def get_dependency(self, worker_ctx):
        return _Bound(self.caller)

    def bound(self) -> _Bound:
        """For extensions, which call outside of any worker."""
        return _Bound(self.caller)
