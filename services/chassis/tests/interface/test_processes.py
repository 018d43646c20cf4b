"""Real processes by the launcher: what they refuse, how they end, whatever hangs."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import eventlet
import pytest

from chassis.errors import CallFailed
from chassis.testing import until
from chassis.tests.processes.promises import pass_on, query, spin, wait

SERVICES = Path(__file__).resolve().parents[3]
PROCESSES = SERVICES / "chassis" / "tests" / "processes"
STOP_SECONDS = 3


@dataclass
class Process:
    popen: subprocess.Popen
    log: Path

    def told(self, what: signal.Signals) -> "Process":
        self.popen.send_signal(what)
        return self

    def ends(self, within: float) -> int:
        """Its exit code."""
        began = time.monotonic()
        code = until(lambda: (self.popen.poll() is not None) and (self.popen.returncode,), within)[0]
        assert time.monotonic() - began <= within
        return code

    def says(self, text: str) -> bool:
        return text in self.log.read_text()


@pytest.fixture
def launch(world, tmp_path):
    """Start one of the small services: `launch("asking", "messaging")`."""
    started = []

    def start(name: str, account: str, module: str = "chassis.launch", **changes) -> Process:
        environment = os.environ | {
            "PYTHONPATH": f"{SERVICES}:{PROCESSES}",
            "CONGVU_AMQP_URL": world.brokers[account],
            "CONGVU_DATABASE_URL": world.databases[account],
            "CONGVU_SIGNING_KEY": f"{world.keys}/{account}.json",
            "CONGVU_TRUSTED_KEYS": f"{world.keys}/trusted.json",
            "CONGVU_STOP_SECONDS": str(STOP_SECONDS),
        }
        environment.pop("PSYCOPG_WAIT_FUNC", None)  # our own: the launcher must see to it
        log = tmp_path / f"{len(started)}.log"
        with log.open("w") as output:
            popen = subprocess.Popen(
                [sys.executable, "-m", module, name], env=environment | changes, stdout=output, stderr=subprocess.STDOUT
            )
        started.append(Process(popen, log))
        return started[-1]

    yield start
    for process in started:
        process.popen.kill()
        process.popen.wait()


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


def test_a_process_whose_callee_died_in_mid_call_ends_when_told(launch, ready, caller):
    """It waits for an answer that will not come; its worker's patience is a minute, its end has three seconds."""
    answering, asking = launch("answering", "tasks"), launch("asking", "messaging")
    ready(wait), ready(pass_on)
    waiting = eventlet.spawn(give_up, caller, pass_on, 20)
    eventlet.sleep(1)
    answering.told(signal.SIGKILL).ends(5)
    asking.told(signal.SIGTERM)
    assert asking.ends(STOP_SECONDS + 2) == 1
    assert asking.says("did not stop in time and is ended")
    waiting.kill()


def test_a_process_whose_event_loop_hangs_ends_when_told(launch, ready, caller):
    process = launch("stuck", "messaging")
    ready(spin)
    give_up(caller, spin, 1)
    process.told(signal.SIGTERM)
    assert process.ends(STOP_SECONDS + 2) == 1


def test_a_process_that_has_nothing_to_do_ends_at_once_and_well(launch, ready):
    process = launch("asking", "messaging")
    ready(pass_on)
    assert process.told(signal.SIGTERM).ends(STOP_SECONDS) == 0


def test_a_process_whose_container_died_ends_by_itself(launch):
    process = launch("stuck", "messaging", TROUBLE="dies")
    assert process.ends(15) == 1
    assert process.says("the container died") and process.says("a part of the container failed")


def test_a_start_that_does_not_end_is_ended(launch):
    process = launch("stuck", "messaging", module="starting_soon", TROUBLE="never starts")
    assert process.ends(15) == 1
    assert process.says("congvu: stuck did not start within 2 s")


def test_a_process_that_would_block_at_each_query_refuses_to_start(launch):
    process = launch("asking", "messaging", module="importing_too_early")
    assert process.ends(15) == 1
    assert process.says("psycopg would block the event loop")


def test_ten_slow_queries_in_a_real_process_run_side_by_side(launch, ready, caller):
    launch("answering", "tasks")
    ready(query)
    caller(query, {"text": "0"})
    began = time.monotonic()
    threads = [eventlet.spawn(caller, query, {"text": "0.3"}) for _ in range(10)]
    for thread in threads:
        thread.wait()
    assert time.monotonic() - began < 1.5  # one after the other they would take 3 s
