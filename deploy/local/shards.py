"""`make test` of everything: several runs of the tests side by side, each on private instances of its own.

Most of a run is waiting: for processes to start and end, for messages, for time to pass. What each of them is, and how
they divide the test files among themselves, stands in shard.py.
"""

import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from deploy.local import processes
from deploy.local.run import Told, heed_signals
from deploy.local.state import CHECKOUT, read_json
from deploy.local.terminal import Follower, say

ONE_RUN = [sys.executable, "-m", "deploy.local", "test"]


def run_in_shards(count: int, arguments: list[str], command: list[str] = ONE_RUN) -> int:
    """Answers the first exit code of pytest that is not 0, or 1 when a test was not run exactly once."""
    heed_signals()
    began, running = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="congvu-shards-") as name:
        folder = Path(name)
        logs = {f"shard {number}": folder / f"{number}.log" for number in range(1, count + 1)}
        follower = Follower(logs)
        follower.start()
        try:
            for number, log in enumerate(logs.values(), 1):
                own = [
                    "-p",
                    "deploy.local.shard",
                    "-oconsole_output_style=classic",
                    f"--shard={number}/{count}",
                    f"--claims={folder}",
                ]
                running.append(_start([*command, *own, *arguments], log))
            codes = [process.wait() for process in running]
        except Told:
            processes.end([process.pid for process in running], signal.SIGTERM, 150)
            return 130
        finally:
            follower.stop()
        told = [found for number in range(1, count + 1) if (found := read_json(folder / f"{number}.json"))]
    return _sum_up(codes, told, time.monotonic() - began)


def _start(command: list[str], log: Path) -> subprocess.Popen:
    """If we are killed, the kernel tells it to end."""
    with log.open("w") as output:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command], cwd=CHECKOUT, stdout=output, stderr=subprocess.STDOUT
        )


def _sum_up(codes: list[int], told: list[dict], seconds: float) -> int:
    outcomes = sum((Counter(each["outcomes"]) for each in told), Counter())
    not_once = [] if any(codes) else not_run_once(told)
    for line in [line for each in told for line in each["bad"]] + [f"NOT RUN ONCE {test}" for test in not_once]:
        say(line)
    for number, code in enumerate(codes, 1):
        if code:
            say(f"Shard {number} of {len(codes)} ended with {code}.")
    said = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.items())
    say(f"{said or 'nothing was run'} in {len(codes)} shards, {seconds:.0f} s")
    return next((code for code in codes if code), 1 if not_once else 0)


def not_run_once(told: list[dict]) -> list[str]:
    """Whatever any shard has collected must have been run by exactly one."""
    ran = Counter(test for each in told for test in each["ran"])
    collected = {test for each in told for test in each["collected"]}
    return sorted(test for test in collected | ran.keys() if ran[test] != 1)
