"""Services as real processes, started by the real launcher or by a small one around it."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from chassis.testing import until

SERVICES = Path(__file__).resolve().parents[2] / "services"


@dataclass
class Process:
    popen: subprocess.Popen
    log: Path

    def told(self, what: signal.Signals) -> "Process":
        self.popen.send_signal(what)
        return self

    def ends(self, within: float) -> int:
        """Its exit code."""
        return until(lambda: self.popen.poll() is not None and (self.popen.returncode,), within)[0]

    def says(self, text: str) -> bool:
        return text in self.log.read_text()

    @property
    def runs(self) -> bool:
        return self.popen.poll() is None


@pytest.fixture
def launch(world, tmp_path):
    """`launch("tasks", "tasks")`: which service, with whose account and database; keywords are its environment."""
    started = []

    def start(name: str, account: str, *, module: str = "chassis.launch", folder: Path | None = None, **changes):
        environment = os.environ | {
            "PYTHONPATH": f"{SERVICES}:{folder}" if folder else str(SERVICES),
            "CONGVU_AMQP_URL": world.brokers[account],
            "CONGVU_DATABASE_URL": world.databases[account],
            "CONGVU_SIGNING_KEY": f"{world.keys}/{account}.json",
            "CONGVU_TRUSTED_KEYS": f"{world.keys}/trusted.json",
        }
        environment.pop("PSYCOPG_WAIT_FUNC", None)  # the tests' own: the launcher must see to it
        log = tmp_path / f"{account}-{len(started)}.log"
        command = [sys.executable, "-m", module, name]
        with log.open("w") as output:
            popen = subprocess.Popen(command, env=environment | changes, stdout=output, stderr=subprocess.STDOUT)
        started.append(Process(popen, log))
        return started[-1]

    yield start
    for process in started:
        process.popen.kill()
        process.popen.wait()
