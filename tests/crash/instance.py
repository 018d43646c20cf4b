"""A whole platform of its own for one run: empty servers, a small city, services that can be made to die at points."""

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

from contracts.catalogue import SERVICES
from deploy.local import fleet, provision
from deploy.local.private import Ground, slot
from deploy.local.state import CHECKOUT
from deploy.local.supervise import Program, information
from deploy.local.world import World

PEOPLE = 2_500
NAME = "crash"


@dataclasses.dataclass(frozen=True)
class Instance:
    """`armed` is the folder in which points are armed."""

    world: World
    base_url: str
    admin_ports: dict[str, int]
    accounts: dict  # of accounts.json
    armed: Path

    def processes(self) -> dict[str, dict]:
        return information(self.world.state)

    def is_ready(self) -> bool:
        return all(fleet.is_ready(port) for port in self.admin_ports.values())

    def account(self, role: str) -> dict:
        return next(account for account in self.accounts["accounts"] if account["role"] == role)


@contextlib.contextmanager
def instance(seed: int, fault: str | None = None) -> Iterator[Instance]:
    with slot() as state:
        ground = Ground.prepared(state, [NAME])
        world = ground.world(NAME)
        armed = state.root / "armed"
        armed.mkdir(mode=0o700)
        programs = [
            _killable(each, armed, fault) if each.name in SERVICES else each
            for each in fleet.programs(world, ground.settings, ground.admin_ports)
        ]
        with ground.running(world, programs):
            provision.load_city(world, PEOPLE, seed)
            fleet.start(state, ground.admin_ports)
            accounts = json.loads(state.accounts_file.read_text())
            yield Instance(world, ground.settings.base_url, ground.admin_ports, accounts, armed)


def _killable(program: Program, armed: Path, fault: str | None) -> Program:
    """The service of the same name, started by the launcher that knows the points."""
    *python, _module, service = program.command
    more = {"PYTHONPATH": f"{CHECKOUT / 'services'}:{CHECKOUT}", "CRASH_FOLDER": str(armed)}
    more |= {"PYTHONWARNINGS": "ignore"} | ({"CRASH_FAULT": fault} if fault else {})
    return dataclasses.replace(
        program, command=[*python, "tests.crash.launch", service], environment=program.environment | more
    )
