"""Whatever goes wrong in or around a piece of work, it is answered or tried again, and its container goes on."""

import time

import eventlet
import pytest
import sqlalchemy as sa
from nameko.extensions import DependencyProvider

from chassis import context, topology
from chassis.contract import Procedure
from chassis.database import Database
from chassis.errors import CallFailed
from chassis.rpc import Remote, rpc
from chassis.testing import until
from chassis.tests.interface import samples
from chassis.tests.interface.samples import CLAIMS, Note, Speaker, hearer, said
from tests.support.gate import Gate

FOR_SERVICES = {"caller": "service", "callers": ("tasks", "messaging", "gateway")}
do = Procedure("tasks", "do", Note, Note, "do")
ask = Procedure("messaging", "ask", Note, Note, "ask", **FOR_SERVICES)


@pytest.fixture(autouse=True)
def empty(clean):
    clean("tasks", "reminders", "messaging")


def code(caller, procedure, timeout=5.0) -> str:
    with pytest.raises(CallFailed) as raised:
        caller(procedure, {"text": "x"}, CLAIMS, timeout)
    return raised.value.code


def doer(act, **parts):
    """A service whose one procedure does `act(self)`."""

    class Doer:
        name = "tasks"
        db = Database()

        @rpc(do)
        def do(self, call, request):
            act(self)
            return request

    for name, part in parts.items():
        setattr(Doer, name, part)
    return Doer


@pytest.mark.parametrize("hook", ["get_dependency", "worker_setup", "worker_result", "worker_teardown"])
def test_a_hook_that_fails_ends_nothing(run, caller, hook):
    """Before the work it is a fault of ours, after the work the answer is out already."""
    broken = [True]

    class Rude(DependencyProvider):
        def fail(self, *_):
            if broken[0]:
                raise ValueError(hook)

    setattr(Rude, hook, Rude.fail)
    container = run(doer(lambda self: None, rude=Rude()))
    if hook in ("get_dependency", "worker_setup"):
        assert code(caller, do) == "internal_error"
    else:
        assert caller(do, {"text": "x"}, CLAIMS)
    until(lambda: not container._worker_threads)
    assert container.is_alive
    broken[0] = False
    assert caller(do, {"text": "again"}, CLAIMS)


@pytest.mark.parametrize("end", [lambda: eventlet.Timeout(1), SystemExit])
def test_what_is_no_exception_and_escapes_a_procedure_is_answered(run, caller, end):
    """Both are BaseExceptions: Python's `except Exception` lets them pass."""

    def act(_self):
        raise end()

    container = run(doer(act))
    assert code(caller, do) == "internal_error"
    assert container.is_alive and not container._worker_threads


@pytest.mark.parametrize("end", [lambda: eventlet.Timeout(1), SystemExit])
def test_what_is_no_exception_and_escapes_a_handler_is_tried_again(run, tell, end):
    tries = []

    def act(_tx, event):
        tries.append(event.id)
        if len(tries) == 1:
            raise end()

    container = run(hearer(act))
    tell(said, {"text": "x"})
    until(lambda: len(tries) == 2, 6)
    assert container.is_alive


def test_success_is_told_after_the_commit_only(run, caller, store):
    """The connection dies under the finished work: whoever asked must not believe that it was done."""

    def act(self):
        with self.db.transaction() as tx:
            tx.execute(sa.text("INSERT INTO timers (name, ran_at) VALUES ('acted', now())"))
            pid = tx.execute(sa.text("SELECT pg_backend_pid()")).scalar()
            with store("tasks").transaction() as other:
                other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    run(doer(act))
    assert code(caller, do) == "database_unavailable"
    with store("tasks").reading() as tx:
        assert tx.execute(sa.text("SELECT count(*) FROM timers")).scalar() == 0


def test_an_event_waits_while_its_hearers_database_is_down(run, tell, world, store, monkeypatch, queue_length):
    monkeypatch.setattr("chassis.inbox.RETRY_PLAN", (1,))
    seen = []
    gate = Gate(world.databases["reminders"])
    gate.open()
    container = run(hearer(lambda _tx, event: seen.append(event.id)), database_url=gate.url)
    try:
        gate.shut()
        tell(said, {"text": "patient"})
        eventlet.sleep(4)  # several tries, each refused
        assert seen == []
        assert not container.checks["database"]()
        gate.open()
        until(lambda: seen, 10)
        assert queue_length(topology.dead_queue("reminders")) == 0
        with store("reminders").reading() as tx:
            assert tx.execute(sa.text("SELECT count(*) FROM inbox")).scalar() == 1
    finally:
        container.stop()
        gate.shut()


def test_a_database_that_goes_in_mid_handler_leaves_one_effect(run, tell, store):
    tries = []

    def act(tx, event):
        tries.append(event.id)
        tx.execute(sa.text("INSERT INTO timers (name, ran_at) VALUES (:n, now())"), {"n": f"try {len(tries)}"})
        if len(tries) == 1:
            tx.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))

    run(hearer(act))
    tell(said, {"text": "x"})
    database = store("reminders")

    def committed():
        with database.reading() as tx:
            return tx.execute(sa.text("SELECT name FROM timers")).scalars().all()

    assert until(committed, 6) == ["try 2"]


def test_calls_that_wait_for_one_another_end_at_their_deadline(run, caller):
    """Every worker of both services asks the other service: with all places taken nobody can answer."""

    class Asked:
        name = "messaging"
        remote = Remote()

        @rpc(ask)
        def ask(self, call, request):
            return self.remote.call(do_for_service, request)

    do_for_service = Procedure("tasks", "do_back", Note, Note, "do_back", **FOR_SERVICES)

    class Asking:
        name = "tasks"
        remote = Remote()

        @rpc(do)
        def do(self, call, request):
            return self.remote.call(ask, request)

        @rpc(do_for_service)
        def do_back(self, call, request):
            return request

    run(Asking, max_workers=2), run(Asked, max_workers=2)
    began = time.monotonic()
    calls = [eventlet.spawn(outcome, caller, do, 2.0) for _ in range(8)]
    outcomes = [call.wait() for call in calls]
    assert time.monotonic() - began < 4
    assert set(outcomes) <= {"ok", "deadline_exceeded"}
    assert "deadline_exceeded" in outcomes
    assert caller(do, {"text": "after"}, CLAIMS) == {"text": "after"}


def outcome(caller, procedure, timeout) -> str:
    try:
        caller(procedure, {"text": "x"}, CLAIMS, timeout)
    except CallFailed as error:
        return error.code
    return "ok"


def test_a_full_house_of_calls_leaves_events_their_places(run, caller, tell):
    """The only worker for calls waits for what an event brings: the event must not wait for that worker."""
    heard = eventlet.event.Event()
    wait_for_event = Procedure("reminders", "wait_for_event", Note, Note, "wait_for_event", **FOR_SERVICES)

    class Waiting(hearer(lambda _tx, event: heard.send(event.data["text"]))):
        @rpc(wait_for_event)
        def wait(self, call, request):
            return {"text": heard.wait()}

    container = run(Waiting, max_workers=1)
    asking = eventlet.spawn(caller, wait_for_event, {"text": ""}, None, 5.0)
    until(lambda: container._worker_threads)
    tell(said, {"text": "it came"})
    assert asking.wait() == {"text": "it came"}


def test_work_that_goes_on_in_another_green_thread_keeps_its_deadline():
    """Context variables do not pass to a spawned green thread by themselves."""
    ends = time.monotonic() + 3
    with context.working(context.Context("call-1", deadline=ends)):
        inside = context.spawn(lambda: (context.current().call_id, context.remaining(100)))
    call_id, left = inside.wait()
    assert call_id == "call-1"
    assert left <= 3


def test_a_call_that_its_asker_gives_up_leaves_nothing_behind(run, caller):
    """Cancelled in mid-call: nobody waits for the answer any more, and the next call is none the worse."""
    speaker = run(Speaker)
    asking = eventlet.spawn(caller, samples.wait, {"text": "0.6"}, CLAIMS)
    until(lambda: speaker._worker_threads)
    asking.kill()
    shared = next(each for each in caller.container.extensions if hasattr(each, "_waiting"))
    assert shared._waiting == {}
    assert caller(samples.echo, {"text": "next"}, CLAIMS) == {"text": "next"}
    until(lambda: not speaker._worker_threads)
    assert caller(samples.echo, {"text": "after the late answer"}, CLAIMS)
