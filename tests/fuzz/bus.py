"""Requests and events as no service would send them, from an account of the core: each is answered or parked."""

import json
import time
import uuid
from collections import Counter
from dataclasses import dataclass

import orjson
from amqp import Message
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from marshmallow import Schema

from chassis import amqp
from chassis.contract import Procedure
from chassis.identity import Signer
from chassis.topology import rpc_queue
from tests.fuzz.messages import RUBBISH, Forms

CALLS = ("congvu-deadline", "congvu-token", "congvu-call-id", "traceparent", "nameko.call_id_stack")
EVENTS = (
    *(f"cloudEvents:{name}" for name in ("id", "type", "source", "time", "subject", "aggregateversion")),
    "congvu-attempt", "congvu-waits", "x-death",
)  # fmt: skip
REPLY_TO = "amq.rabbitmq.reply-to"
PATIENCE = 120  # seconds until an answer is missed
ODD_HEADERS = st.sampled_from([None, True, -1, 2**62, 1e308, "soon", "\0", [1, "a"], {"a": {"b": [None]}}, "x" * 5000])
ODD_PROPERTIES = st.fixed_dictionaries({}, optional={
    "content_type": st.sampled_from(["text/plain", "application/x-python-serialize", "x" * 255]),
    "content_encoding": st.sampled_from(["utf-16", "gzip", "binary", "no such"]),
    "priority": st.integers(0, 255),
    "timestamp": st.just(2**40),
    "app_id": st.text(max_size=20),
})  # fmt: skip


@dataclass
class Letter:
    """One message, and whether its sender may expect a typed answer to it."""

    body: bytes
    headers: dict
    properties: dict
    what: str  # valid, nearly or odd


def written(value) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # a lone surrogate, an integer beyond 64 bits: others write them all the same
        return json.dumps(value).encode()


def drawn(strategy: st.SearchStrategy, number: int, chance: int) -> list:
    """So many examples, always the same ones of a seed."""
    found: list = []

    @seed(chance)
    @settings(
        max_examples=number, phases=[Phase.generate], database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def draw(each):
        found.append(each)

    draw()
    return found


def letters(kind: type[Schema], forms: Forms, headers: tuple[str, ...], number: int, chance: int) -> list[Letter]:
    """So many by the form, half as many nearly so, and as many odd ones."""

    def plain(what: str, bodies: st.SearchStrategy) -> st.SearchStrategy[Letter]:
        return bodies.map(lambda body: Letter(written(body), {}, {}, what))

    odd_headers = st.dictionaries(st.sampled_from(headers), ODD_HEADERS, max_size=3)
    bodies = forms.of(kind).map(written)
    odd = st.builds(Letter, RUBBISH, st.just({}), ODD_PROPERTIES, st.just("odd")) | st.builds(
        Letter, bodies, odd_headers, ODD_PROPERTIES, st.just("odd")
    )
    half = (number + 1) // 2
    return [
        *drawn(plain("valid", forms.of(kind)), number, chance),
        *drawn(plain("nearly", forms.nearly(kind)), half, chance),
        *drawn(odd, half, chance),
    ]


class Caller:
    """Sends letters to the services' queues and collects the answers, `at_once` of them under way."""

    def __init__(self, addresses: dict, people: list[str], at_once: int = 20):
        self._keys, self._people, self._at_once = addresses["keys"], people, at_once
        self._link = amqp.connection(addresses["brokers"]["admin"], "fuzzing")
        self._channel = self._link.channel()
        self._channel.basic_consume(REPLY_TO, no_ack=True, callback=self._on_answer)
        self._waiting: dict[str, tuple[Procedure, Letter]] = {}
        self.answers: Counter = Counter()
        self.findings: list[str] = []

    def close(self) -> None:
        self._link.close()

    def send(self, procedure: Procedure, letter: Letter, number: int) -> None:
        key = uuid.uuid4().hex
        deadline = {"congvu-deadline": time.time() + 30, "congvu-token": self._token(procedure, number)}
        message = Message(
            letter.body,
            **{"type": procedure.full_name, "content_type": "application/json", "delivery_mode": 1}
            | letter.properties | {"reply_to": REPLY_TO, "correlation_id": key},
            application_headers=deadline | letter.headers,
        )  # fmt: skip
        self._waiting[key] = procedure, letter
        self._channel.basic_publish(message, "", rpc_queue(procedure.owner))
        self.settle(self._at_once)

    def settle(self, left: int = 0) -> None:
        """Wait until no more answers than so many are to come."""
        ends = time.monotonic() + PATIENCE
        while len(self._waiting) > left:
            if time.monotonic() > ends:
                for procedure, letter in self._waiting.values():
                    self.findings.append(_told(procedure, letter, "no answer"))
                self._waiting.clear()
                return
            try:
                self._link.drain_events(timeout=1)
            except TimeoutError:
                continue

    def _token(self, procedure: Procedure, number: int) -> str:
        if procedure.caller == "service":
            return Signer(f"{self._keys}/{procedure.callers[number % len(procedure.callers)]}.json").token(
                procedure.owner
            )
        who = (
            f"client:{uuid.UUID(int=number)}"
            if procedure.caller == "client"
            else self._people[number % len(self._people)]
        )
        claims = {"sub": who, "membership_id": None, "delegation_id": None, "session_id": "fuzzing"}
        return Signer(f"{self._keys}/gateway.json").token(procedure.owner, claims)

    def _on_answer(self, message) -> None:
        procedure, letter = self._waiting.pop(message.properties["correlation_id"])
        answer = orjson.loads(message.body)
        code = answer["error"]["code"] if "error" in answer else "ok"
        self.answers[letter.what, code] += 1
        if code in ("internal_error", "database_unavailable", "service_unavailable", "reply_too_large"):
            self.findings.append(_told(procedure, letter, code))


def _told(procedure: Procedure, letter: Letter, code: str) -> str:
    odd = {**letter.headers, **letter.properties}
    return f"{procedure.full_name}: {code} for {letter.body[:400]!r}" + (f" with {odd!r:.300}" if odd else "")
