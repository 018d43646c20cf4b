"""`make test`: pytest over everything, on private instances that begin empty and end with it.

Two worlds share the instances. `interface` has the five databases with their schemas and a vhost with the topology,
for tests of single services in pytest's own process. `e2e` is a whole platform of five processes; it is loaded and
started only when a test asks for it (tests/support/platform.py).
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from contracts.catalogue import SERVICES
from deploy.local import fleet, processes, provision, run_file
from deploy.local.postgres import Postgres
from deploy.local.private import Ground, slot
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.run import Told, heed_signals
from deploy.local.settings import Settings
from deploy.local.state import CHECKOUT, State, read_json, write_json
from deploy.local.terminal import Refusal, say, tail
from deploy.local.world import World

WORLD = "CONGVU_TEST_WORLD"  # the variable that names the file with all addresses
END_TO_END_PEOPLE = 5_000


def test(arguments: list[str]) -> int:
    """Answers pytest's exit code."""
    heed_signals()
    try:
        with slot() as state:
            return _test(state, arguments)
    except Told:
        return 130


def _test(state: State, arguments: list[str]) -> int:
    ground = Ground.prepared(state, ["interface", "e2e"], for_tests=True)
    interface, whole = ground.world("interface"), ground.world("e2e")
    with ground.running(interface, fleet.programs(whole, ground.settings, ground.admin_ports)):
        world_file = state.root / "world.json"
        facts = {
            "base_url": ground.settings.base_url,
            "ports": {"http": ground.settings.http_port, "admin": ground.admin_ports},
            "place": ground.servers.rabbitmq.place,
            "log": str(state.log),
            "socket": str(state.socket),
        }
        write_json(world_file, interface.addresses() | {"e2e": whole.addresses() | facts})
        return _pytest(arguments, world_file)


def _pytest(arguments: list[str], world_file: Path) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    environment = os.environ | {WORLD: str(world_file)} | processes.mark(world_file.parent)
    with subprocess.Popen(command, cwd=CHECKOUT, env=environment) as pytest:
        try:
            return pytest.wait()
        except Told:
            say("Ending the tests")
            processes.end([pytest.pid], signal.SIGTERM, 10)
            processes.end([pytest.pid], signal.SIGKILL, 5)
            raise


def start_end_to_end() -> None:
    """Load and start the `e2e` world of the test run that we are part of; what it is stands in its run.json."""
    if WORLD not in os.environ:
        raise Refusal("The end-to-end platform belongs to a test run: use make test.")
    world_file = Path(os.environ[WORLD])
    state = State(world_file.parent)
    facts = read_json(world_file)["e2e"]
    world = World("congvu_e2e", "e2e", state, Postgres(facts["postgres_admin"]), RabbitMQ(facts["place"]))
    provision.make_databases(world)
    provision.make_schemas(world)
    accounts = provision.load_city(world, END_TO_END_PEOPLE, Settings.seed)
    try:
        fleet.start(state, facts["ports"]["admin"])
    except Refusal:
        for service in SERVICES:
            say(tail(state.log / f"{service}.log"))
        raise
    run_file.write(state, facts["base_url"], facts["ports"], accounts, run_file.process_ids(state))
