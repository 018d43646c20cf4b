"""`make test`: pytest over everything, on private instances that begin empty and end with it.

Two worlds share the instances. `interface` has the five databases with their schemas and a vhost with the topology,
for tests of single services in pytest's own process. `e2e` is a whole platform of five processes; it is loaded and
started only when a test asks for it (tests/support/platform.py).
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from chassis.identity import make_keys
from contracts.catalogue import SERVICES
from deploy.local import fleet, ports, processes, provision, run_file, servers
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.run import Told, heed_signals
from deploy.local.settings import Settings
from deploy.local.state import CHECKOUT, RUN, TEST_SLOTS, State, read_json, write_json
from deploy.local.supervise import Supervisor
from deploy.local.terminal import Refusal, say, step, tail
from deploy.local.world import World

WORLD = "CONGVU_TEST_WORLD"  # the variable that names the file with all addresses
END_TO_END_PEOPLE = 5_000
SPACE = 1000  # megabytes


def test(arguments: list[str]) -> int:
    """Answers pytest's exit code."""
    heed_signals()
    try:
        with _slot() as state:
            return _test(state, arguments)
    except Told:
        return 130


@contextlib.contextmanager
def _slot() -> Iterator[State]:
    """The first folder in which no other `make test` works."""
    RUN.mkdir(exist_ok=True)
    RUN.chmod(0o711)
    for root in TEST_SLOTS:
        state = State(root)
        with state.locked() as alone:
            if alone:
                processes.end_all(state.root, state.databases)
                state.remove()
                state.make()
                yield state
                return
    raise Refusal(f"{len(TEST_SLOTS)} test runs of this checkout are going on already.")


def _test(state: State, arguments: list[str]) -> int:
    http_port, *admin = ports.free(1 + len(SERVICES))
    private = Settings(http_port=http_port)
    servers.choose_folder(state, private)
    state.need_space(SPACE)
    make_keys(state.keys, SERVICES)
    found = servers.prepare(state, private, ["interface", "e2e"])
    interface = World("congvu_interface", "interface", state, found.postgres, found.rabbitmq)
    whole = World("congvu_e2e", "e2e", state, found.postgres, found.rabbitmq)
    admin_ports = dict(zip(SERVICES, admin, strict=True))
    supervisor = Supervisor(state, found.programs + fleet.programs(whole, private, admin_ports))
    try:
        servers.start(supervisor, found, [interface])
        servers.wait_for_broker(found, interface)
        world_file = state.root / "world.json"
        facts = {"base_url": private.base_url, "ports": {"http": http_port, "admin": admin_ports}}
        facts |= {"place": found.rabbitmq.place, "log": str(state.log), "socket": str(state.socket)}
        write_json(world_file, interface.addresses() | {"e2e": whole.addresses() | facts})
        return _pytest(arguments, world_file)
    finally:
        with step("Stopping the test instances"):
            supervisor.stop()


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
