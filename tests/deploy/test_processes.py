"""What a killed run left behind is found by its mark and ended by id; nobody else's process is touched."""

import os
import signal
import subprocess
import sys

import pytest

from deploy.local import processes

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


@pytest.fixture
def started():
    """Start a process; marked with a folder, as a run does. Whatever the test leaves is killed."""
    running = []

    def start(command, root=None):
        environment = os.environ | (processes.mark(root) if root else {})
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        process.stdout.readline()
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()


def test_only_what_carries_the_mark_of_this_folder_is_found(started, tmp_path):
    ours = started(SLEEP, tmp_path)
    started(SLEEP, tmp_path / "another")
    started(SLEEP)
    assert [ours.pid] == processes.started_by(tmp_path, [])


def test_it_is_ended_and_the_others_live_on(started, tmp_path):
    ours, other = started(SLEEP, tmp_path), started(SLEEP, tmp_path / "another")
    assert processes.end_all(tmp_path, []) == 1
    assert not processes.is_alive(ours.pid)
    assert processes.is_alive(other.pid)


def test_one_that_ignores_the_signal_is_named(started, tmp_path):
    stubborn = started(STUBBORN, tmp_path)
    assert processes.end([stubborn.pid], signal.SIGTERM, 0.3) == [stubborn.pid]


def test_the_lock_file_of_a_dead_database_is_removed(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n")  # a number that belongs to somebody else now
    assert processes.end_all(tmp_path, [data]) == 0
    assert not (data / "postmaster.pid").exists()
