"""The whole platform for end-to-end tests: five processes on the run's own instances, started when first asked for."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xmlrpc.client import Fault, ServerProxy

import pytest
from supervisor.xmlrpc import Faults, SupervisorTransport

from deploy.local import fleet
from deploy.local.fleet import is_ready
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.settings import Settings
from deploy.local.state import State
from deploy.local.world import World

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Platform:
    """What run.json says of it, the addresses behind it, and a hand on its processes."""

    base_url: str
    accounts: list[dict]
    ports: dict
    addresses: dict
    log: Path

    def account(self, role: str) -> dict:
        return next(account for account in self.accounts if account["role"] == role)

    @contextlib.contextmanager
    def without(self, service: str) -> Iterator[None]:
        """Stop one service for a while."""
        self._supervisor.stopProcess(f"services:{service}", True)
        try:
            yield
        finally:
            self.start(service)

    @contextlib.contextmanager
    def instead(self, module: str = "chassis.launch", **settings: str) -> Iterator[None]:
        """For a while, five processes of our own in the place of the usual ones: with other settings, or by another
        launcher.
        """
        state = self.state
        place = Postgres(self.addresses["postgres_admin"]), RabbitMQ(self.addresses["place"])
        world = World("congvu_e2e", "e2e", state, *place)
        programs = fleet.programs(world, Settings(http_port=self.ports["http"]), self.ports["admin"])
        self._supervisor.stopProcessGroup("services", True)
        running, path = [], {"PYTHONPATH": f"{CHECKOUT}/services:{CHECKOUT}"}
        try:
            for program in programs:
                if program.name not in self.ports["admin"]:  # the door, which stays
                    continue
                *python, _module, service = program.command
                with (state.log / f"{program.name}.instead.log").open("w") as log:
                    started = subprocess.Popen(
                        [*python, module, service], cwd=CHECKOUT, stdout=log, stderr=log,
                        env=os.environ | program.environment | path | settings,
                    )  # fmt: skip
                running.append(started)
            self._wait_all_ready()
            yield
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(40)
            self._supervisor.startProcessGroup("services", False)
            self._wait_all_ready()

    def _wait_all_ready(self) -> None:
        for service in self.ports["admin"]:
            self.wait_ready(service)

    def start(self, service: str) -> None:
        """Start a stopped service, and wait until it says that it can be used."""
        try:
            self._supervisor.startProcess(f"services:{service}", False)
        except Fault as fault:
            if fault.faultCode != Faults.ALREADY_STARTED:
                raise
        self.wait_ready(service)

    def wait_ready(self, service: str, seconds: float = 180) -> None:
        deadline = time.monotonic() + seconds
        while not is_ready(self.ports["admin"][service]):
            assert time.monotonic() < deadline, f"{service} is not ready; see {self.log / service}.log"
            time.sleep(0.1)

    def end(self, server: str, kill: bool = False) -> None:
        """End "rabbitmq" or "postgres", in peace or not, and see that it is started again, without waiting for it."""
        if kill:
            os.kill(self._supervisor.getProcessInfo(server)["pid"], signal.SIGKILL)
        else:
            self._supervisor.stopProcess(server, True)
            self._supervisor.startProcess(server, False)

    def restart(self, server: str) -> None:
        """Restart the broker or the database, and wait until all services can be used again."""
        self.end(server)
        for service in self.ports["admin"]:
            self.wait_ready(service)

    def pid(self, service: str) -> int:
        return self._supervisor.getProcessInfo(f"services:{service}")["pid"]

    @property
    def state(self) -> State:
        state = State(self.log.parent)
        state.data = Path(self.addresses["socket"]).parent
        return state

    @property
    def _supervisor(self):
        transport = SupervisorTransport(None, None, f"unix://{self.addresses['socket']}")
        return ServerProxy("http://local", transport=transport).supervisor


@pytest.fixture(scope="session")
def platform() -> Platform:
    world_file = os.environ.get("CONGVU_TEST_WORLD")
    if not world_file:
        pytest.fail("no test world: run the tests by `make test`")
    started = subprocess.run(
        [sys.executable, "-m", "deploy.local", "end-to-end"], cwd=CHECKOUT, capture_output=True, text=True
    )
    if started.returncode != 0:
        pytest.fail(f"the platform did not start:\n{started.stdout}\n{started.stderr}", pytrace=False)
    found = json.loads((Path(world_file).parent / "run.json").read_text())
    addresses = json.loads(Path(world_file).read_text())["e2e"]
    return Platform(found["base_url"], found["accounts"], found["ports"], addresses, Path(found["log"]))
