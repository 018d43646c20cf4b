"""Private instances that begin empty and end with whoever asked for them: of `make test`, of `make crash`."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from chassis.identity import make_keys
from chassis.sealing import make_sealing_keys
from contracts.catalogue import SERVICES
from deploy.local import ports, processes, servers
from deploy.local.own_keys import make_push_key, make_webhook_keys
from deploy.local.settings import Settings
from deploy.local.state import RUN, TEST_SLOTS, State
from deploy.local.supervise import Program, Supervisor
from deploy.local.terminal import Refusal, step
from deploy.local.world import World

SPACE = 1000  # megabytes


@contextlib.contextmanager
def slot() -> Iterator[State]:
    """The first folder in which nobody else of this checkout works."""
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


@dataclass(frozen=True)
class Ground:
    """Servers that are prepared but not started, and the ports at which everything on them will listen."""

    state: State
    settings: Settings
    servers: servers.Servers
    admin_ports: dict[str, int]

    @classmethod
    def prepared(cls, state: State, vhosts: list[str], for_tests: bool = False) -> "Ground":
        http_port, *admin = ports.free(1 + len(SERVICES))
        settings = Settings(http_port=http_port)
        servers.choose_folder(state, settings)
        state.need_space(SPACE)
        make_keys(state.keys, SERVICES)
        make_sealing_keys(state.sealing_keys)
        make_sealing_keys(state.feed_keys)
        make_push_key(state.push_key)
        make_webhook_keys(state.webhook_keys)
        found = servers.prepare(state, settings, vhosts, for_tests)
        return cls(state, settings, found, dict(zip(SERVICES, admin, strict=True)))

    def world(self, name: str) -> World:
        return World(f"congvu_{name}", name, self.state, self.servers.postgres, self.servers.rabbitmq)

    @contextlib.contextmanager
    def running(self, world: World, services: list[Program]) -> Iterator[Supervisor]:
        """The servers, with `world`'s databases made; the services are known to the supervisor, not started."""
        supervisor = Supervisor(self.state, self.servers.programs + services)
        try:
            servers.start(supervisor, self.servers, [world])
            servers.wait_for_broker(self.servers, world)
            yield supervisor
        finally:
            with step("Stopping the private instances"):
                supervisor.stop()
