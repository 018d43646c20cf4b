"""Whatever is killed comes back by itself, however often that is."""

import sys
import time

import pytest

from deploy.local.state import RUN, State
from deploy.local.supervise import Program, Supervisor, information, wait_for_socket

DEATHS = 7  # each sooner than a program counts as started; supervisor's own patience ends with the fourth
DIES_AT_FIRST = """
import pathlib, sys, time
lives = pathlib.Path(sys.argv[1])
lives.write_text(lives.read_text() + "x" if lives.exists() else "x")
if len(lives.read_text()) > int(sys.argv[2]):
    time.sleep(600)
"""


@pytest.fixture
def supervised(tmp_path):
    """A supervisor with one program: `supervised(command)`."""
    running = []

    def start(command: list[str]) -> State:
        RUN.mkdir(exist_ok=True)
        state = State(tmp_path / "s")
        state.make()
        state.choose_data_folder([])  # elsewhere if the path is too long for a socket
        running.append(Supervisor(state, [Program("stubborn", command, {}, priority=1)]))
        running[0].start()
        wait_for_socket(running[0])
        return state

    yield start
    for supervisor in running:
        supervisor.stop()


def test_a_program_that_is_killed_again_and_again_before_it_is_up_is_never_given_up(supervised, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(DIES_AT_FIRST)
    state = supervised([sys.executable, str(program), str(tmp_path / "lives"), str(DEATHS)])
    ends = time.monotonic() + 60
    seen = set()
    while "RUNNING" not in seen:
        seen.add(information(state)["stubborn"]["statename"])
        assert "FATAL" not in seen
        assert time.monotonic() < ends, seen
        time.sleep(0.1)
    assert (tmp_path / "lives").read_text() == "x" * (DEATHS + 1)
