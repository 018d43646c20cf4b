"""The listening socket outlives whoever accepts from it."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from chassis.testing import until
from deploy.local import ports
from deploy.local.state import CHECKOUT

ANSWERS = """
import os, socket
assert os.environ["LISTEN_FDS"] == "1" and os.environ["LISTEN_PID"] == str(os.getpid())
door = socket.socket(fileno=3)
files = [os.readlink(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd") if each != "3" and int(each) < 20
         and os.path.exists(f"/proc/self/fd/{each}")]
assert os.readlink("/proc/self/fd/3") not in files
while True:
    guest, _ = door.accept()
    guest.sendall(str(os.getpid()).encode())
    guest.close()
"""


@pytest.fixture
def start():
    running = []

    def starting(*arguments: str) -> subprocess.Popen:
        running.append(subprocess.Popen([sys.executable, "-m", "deploy.local.door", *arguments], cwd=CHECKOUT))
        return running[-1]

    yield starting
    for process in running:
        process.kill()
        process.wait()


def test_whoever_comes_while_nobody_is_there_is_answered_by_the_next(start, tmp_path):
    [port], path = ports.free(1), str(tmp_path / "d")
    first = start("enter", path, sys.executable, "-c", ANSWERS)  # it may be there before the door is
    start("hold", path, "127.0.0.1", str(port))
    until(lambda: ports.is_open("127.0.0.1", port))
    assert Path(path).stat().st_mode & 0o777 == 0o600

    def come() -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), timeout=30)

    with come() as guest:
        assert int(guest.recv(20)) == first.pid
    first.send_signal(signal.SIGKILL)
    first.wait()
    with come() as guest:
        second = start("enter", path, sys.executable, "-c", ANSWERS)
        assert int(guest.recv(20)) == second.pid


def test_a_door_that_was_killed_comes_back_when_the_last_who_came_through_it_has_gone(start, tmp_path, capfd):
    [port], path = ports.free(1), str(tmp_path / "d")
    door = "hold", path, "127.0.0.1", str(port)
    holder, first = start(*door), start("enter", path, sys.executable, "-c", ANSWERS)
    until(lambda: ports.is_open("127.0.0.1", port))
    bell = Path(path).stat().st_ino
    start(*door)
    until(lambda: "still in use" in capfd.readouterr().err)
    assert Path(path).stat().st_ino == bell
    for process in (holder, first):
        process.kill()
        process.wait()
    second = start("enter", path, sys.executable, "-c", ANSWERS)
    until(lambda: ports.is_open("127.0.0.1", port))
    with socket.create_connection(("127.0.0.1", port), timeout=30) as guest:
        assert int(guest.recv(20)) == second.pid
