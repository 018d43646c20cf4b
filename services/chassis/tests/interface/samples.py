"""A small pair of services that the chassis's own tests run: one answers and emits, one hears."""

import eventlet
import sqlalchemy as sa
from marshmallow import RAISE, Schema, fields

from chassis.contract import Event, Procedure
from chassis.database import Database
from chassis.idempotency import answer_once
from chassis.inbox import hears
from chassis.rpc import rpc

CLAIMS = {"sub": "person-1", "membership_id": None, "delegation_id": None, "session_id": "session-1"}


class Note(Schema):
    class Meta:
        unknown = RAISE

    text = fields.String(required=True)


class Secretive(Note):
    """What is said inside; only `text` may leave."""

    secret = fields.String()


class Refusing(Exception):
    refusal_code = "no_thanks"
    message = "not today"
    details = {"why": "rain"}
    retryable = False


def _procedure(name: str, caller: str = "actor") -> Procedure:
    return Procedure("tasks", name, Note, Note, name, caller=caller, callers=("gateway",))


echo, refuse, fail, query, wait, say, count_once, flood = map(
    _procedure, ("echo", "refuse", "fail", "query", "wait", "say", "count_once", "flood")
)
background = _procedure("background", caller="service")
said = Event("tasks", "task_issued", Secretive, "said", hearers=("reminders", "messaging"), published=("text",))


class Speaker:
    name = "tasks"
    db = Database()
    calls = 0

    @rpc(echo)
    def echo(self, call, request):
        return request

    @rpc(background)
    def background(self, call, request):
        return {"text": call.claims["sub"]}

    @rpc(refuse)
    def refuse(self, call, request):
        raise Refusing

    @rpc(fail)
    def fail(self, call, request):
        raise ValueError("the password is secret")

    @rpc(query)
    def query(self, call, request):
        with self.db.reading() as tx:
            tx.execute(sa.text("SELECT pg_sleep(:s)"), {"s": float(request["text"])})
        return request

    @rpc(wait)
    def wait(self, call, request):
        eventlet.sleep(float(request["text"]))
        return request

    @rpc(say)
    def say(self, call, request):
        with self.db.transaction() as tx:
            tx.emit(said, subject="s-1", version=1, data=request | {"secret": "inside"})
            if request["text"] == "fail after":
                raise Refusing
        return request

    @rpc(count_once)
    def count_once(self, call, request):
        def produce():
            Speaker.calls += 1
            return {"text": f"{request['text']} {Speaker.calls}"}

        with self.db.transaction() as tx:
            return answer_once(tx, who=call.claims["sub"], key="key-1", request=request, produce=produce)

    @rpc(flood)
    def flood(self, call, request):
        return {"text": "x" * 5_000_000}


def hearer(act):
    """A service that hears `said` and calls `act(tx, event)`."""

    class Hearer:
        name = "reminders"
        db = Database()

        @hears(said)
        def on_said(self, tx, event):
            act(tx, event)

    return Hearer
