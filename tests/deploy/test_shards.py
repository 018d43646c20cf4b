"""The tests in shards: real processes of pytest over a small suite of files, without servers."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chassis.testing import until
from deploy.local import processes
from deploy.local.shard import in_order_of
from deploy.local.shards import not_run_once

CHECKOUT = Path(__file__).resolve().parents[2]
ONE = """
import os, pathlib, time
import pytest

@pytest.fixture(scope="module", autouse=True)
def file():
    told("begins " + __name__)
    yield
    told("ends " + __name__)

def told(what):
    with (pathlib.Path(__file__).parent / f"{os.getpid()}.told").open("a") as file:
        file.write(what + "\\n")

@pytest.mark.parametrize("number", range(3))
def test_each(number):
    told(f"{__name__} {number}")
    time.sleep(0.02)
"""
FAILING = "def test_wrong(): assert False"
ENDLESS = ONE.replace("0.02", "600")


@pytest.fixture
def suite(tmp_path):
    """Write files of tests, by name."""

    def write(**files: str) -> Path:
        for name, text in files.items():
            (tmp_path / f"test_{name}.py").write_text(text)
        return tmp_path

    return write


@pytest.fixture
def start():
    """Start shards over a folder: `start(folder, 3)`; what the test leaves is ended."""
    running = []

    def starting(folder: Path, count: int, *arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "pytest", "-c", os.devnull, f"--rootdir={folder}", "-pno:cacheprovider"]
        call = f"run_in_shards({count}, {[str(folder), *arguments]}, {command})"
        code = f"from deploy.local.shards import run_in_shards; raise SystemExit({call})"
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=CHECKOUT,
            env=os.environ
            | {"PYTHONPATH": "services:.", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TMPDIR": str(folder.parent)}
            | processes.mark(folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append((process, folder))
        return process

    yield starting
    for process, folder in running:
        process.kill()
        process.wait()
        processes.end_all(folder, [])


def told(folder: Path) -> list[list[str]]:
    """What each process did, in its order."""
    return [file.read_text().splitlines() for file in folder.glob("*.told")]


def test_every_test_is_run_once_and_the_tests_of_a_file_together(suite, start):
    folder = suite(**dict.fromkeys("abcdefgh", ONE))
    shards = start(folder, 3)
    output, _ = shards.communicate(timeout=90)
    assert shards.returncode == 0, output
    assert output.splitlines()[-1].startswith("24 passed in 3 shards, ")
    names = [f"test_{letter}" for letter in "abcdefgh"]
    whole = [[f"begins {name}", *(f"{name} {number}" for number in range(3)), f"ends {name}"] for name in names]
    together = [each[begin : begin + 5] for each in told(folder) for begin in range(0, len(each), 5)]
    assert sorted(together) == sorted(whole)


def test_one_failure_anywhere_fails_the_whole_and_is_named_at_the_end(suite, start):
    shards = start(suite(a=ONE, b=FAILING, c=ONE), 2)
    output, _ = shards.communicate(timeout=90)
    assert shards.returncode == 1
    assert output.splitlines()[-3] == "FAILED test_b.py::test_wrong"
    assert output.splitlines()[-1].startswith(("6 passed, 1 failed", "1 failed, 6 passed")), output


def test_where_nothing_is_collected_nothing_has_passed(suite, start):
    shards = start(suite(a=ONE, b=ONE), 2, "-k", "nobody")
    output, _ = shards.communicate(timeout=90)
    assert (shards.returncode, output.splitlines()[-1].split(" in ")[0]) == (5, "nothing was run"), output


def test_a_shard_that_dies_fails_the_whole(suite, start):
    deadly = "import os, signal\ndef test_deadly(): os.kill(os.getpid(), signal.SIGKILL)"
    shards = start(suite(a=ONE, b=ONE, c=deadly), 2)
    output, _ = shards.communicate(timeout=90)
    assert shards.returncode not in (0, 130), output


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_whatever_ends_it_nothing_is_left_running(suite, start, how):
    folder = suite(a=ENDLESS, b=ENDLESS)
    shards = start(folder, 2)
    until(lambda: len(told(folder)) == 2, 60)
    assert len(processes.started_by(folder, [])) == 3
    shards.send_signal(how)
    shards.communicate(timeout=60)
    until(lambda: not processes.started_by(folder, []), 30)


def test_what_was_run_twice_or_by_nobody_is_found():
    one, two = {"collected": ["a", "b", "c"], "ran": ["a"]}, {"collected": ["a", "b", "c"], "ran": ["b", "c"]}
    assert not_run_once([one, two]) == []
    assert not_run_once([one, two | {"ran": ["b"]}]) == ["c"]
    assert not_run_once([one, two | {"ran": ["a", "b", "c"]}]) == ["a"]
    assert not_run_once([one, two | {"collected": ["a", "b", "c", "d"]}]) == ["d"]


@pytest.mark.parametrize("count", range(1, 7))
def test_each_shard_would_come_to_every_file_and_each_pair_meets(count):
    files = list("abcdefgh")
    orders = [in_order_of(number, count, files) for number in range(1, count + 1)]
    assert all(sorted(order) == files for order in orders)
    assert orders[0] == files
    assert all(forwards == backwards[::-1] for forwards, backwards in zip(orders[::2], orders[1::2], strict=False))
