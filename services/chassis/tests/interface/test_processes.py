"""Real processes by the launcher: what they refuse, how they end, whatever hangs."""

import signal
import time
from functools import partial
from pathlib import Path

import eventlet
import pytest
import sqlalchemy as sa

from chassis.errors import CallFailed
from chassis.testing import until
from chassis.tests.interface.samples import said
from chassis.tests.processes.promises import count, pass_on, query, spin, wait
from chassis.topology import inbox_queue
from tests.support.processes import launch  # noqa: F401

PROCESSES = Path(__file__).resolve().parents[1] / "processes"
STOP_SECONDS = 3


@pytest.fixture
def start(launch):  # noqa: F811
    """Start one of the small services: `start("asking", "messaging")`."""
    return partial(launch, folder=PROCESSES, CONGVU_STOP_SECONDS=str(STOP_SECONDS))


@pytest.fixture
def ready(caller):
    """Wait until a process answers calls: any answer of its own will do."""

    def wait_for(procedure) -> None:
        def answers() -> bool:
            try:
                caller(procedure, {"not": "its form"}, timeout=1)
            except CallFailed as error:
                return error.code == "invalid_request"
            return False

        until(answers, 20)

    return wait_for


def give_up(caller, procedure, seconds: float) -> None:
    with pytest.raises(CallFailed):
        caller(procedure, {"text": "50"}, None, seconds)


def test_a_process_whose_callee_died_in_mid_call_ends_when_told(start, ready, caller):
    """It waits for an answer that will not come; its worker's patience is a minute, its end has three seconds."""
    answering, asking = start("answering", "tasks"), start("asking", "messaging")
    ready(wait), ready(pass_on)
    waiting = eventlet.spawn(give_up, caller, pass_on, 20)
    eventlet.sleep(1)
    answering.told(signal.SIGKILL).ends(5)
    asking.told(signal.SIGTERM)
    assert asking.ends(STOP_SECONDS + 2) == 1
    assert asking.says("did not stop in time and is ended")
    waiting.kill()


def test_what_a_killed_process_was_hearing_is_heard_by_the_next(start, ready, tell, store, queue_length, clean):
    """Acknowledged is only what was committed."""
    clean("reminders")
    process = start("hearing", "reminders")
    ready(count)
    tell(said, {"text": "long story"})
    until(lambda: queue_length(inbox_queue("reminders")) == 0)
    eventlet.sleep(0.5)
    process.told(signal.SIGKILL).ends(5)
    start("hearing", "reminders", BETTER="1")
    database = store("reminders")

    def counted():
        with database.reading() as tx:
            return tx.execute(sa.text("SELECT name, extract(epoch FROM ran_at) FROM timers")).all()

    assert until(counted, 20) == [("long story", 0)]


def test_a_process_whose_event_loop_hangs_ends_when_told(start, ready, caller):
    process = start("stuck", "messaging")
    ready(spin)
    give_up(caller, spin, 1)
    process.told(signal.SIGTERM)
    assert process.ends(STOP_SECONDS + 2) == 1


def test_a_process_that_has_nothing_to_do_ends_at_once_and_well(start, ready):
    process = start("asking", "messaging")
    ready(pass_on)
    assert process.told(signal.SIGTERM).ends(STOP_SECONDS) == 0


def test_a_process_whose_container_died_ends_by_itself(start):
    process = start("stuck", "messaging", TROUBLE="dies")
    assert process.ends(15) == 1
    assert process.says("the container died") and process.says("a part of the container failed")


def test_a_start_that_does_not_end_is_ended(start):
    process = start("stuck", "messaging", module="starting_soon", TROUBLE="never starts")
    assert process.ends(15) == 1
    assert process.says("congvu: stuck did not start within 2 s")


def test_a_process_that_would_block_at_each_query_refuses_to_start(start):
    process = start("asking", "messaging", module="importing_too_early")
    assert process.ends(15) == 1
    assert process.says("psycopg would block the event loop")


def test_ten_slow_queries_in_a_real_process_run_side_by_side(start, ready, caller):
    start("answering", "tasks")
    ready(query)
    caller(query, {"text": "0"})
    began = time.monotonic()
    threads = [eventlet.spawn(caller, query, {"text": "0.3"}) for _ in range(10)]
    for thread in threads:
        thread.wait()
    assert time.monotonic() - began < 1.5  # one after the other they would take 3 s
