"""What a run measures on: private PostgreSQL and RabbitMQ, begun empty, with the whole platform and room beside it.

Two worlds share the servers. `city` is the platform of five processes with its people; `bus` has the same databases
and queues but no services, for the chassis alone. A third vhost, `floor`, belongs to the peers.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from xmlrpc.client import ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from contracts.topology import ADMIN
from deploy.local import fleet, provision
from deploy.local.private import Ground, slot
from deploy.local.settings import Settings
from deploy.local.state import State, read_json
from deploy.local.supervise import SERVICES as SERVICE_GROUP
from deploy.local.supervise import Supervisor, information
from deploy.local.world import World, broker_passwords

SPACE = 2500  # megabytes


@dataclass
class Platform:
    """The servers, the worlds on them, and a hand on the five processes."""

    state: State
    city: World
    bus: World
    base_url: str
    admin_ports: dict[str, int]
    supervisor: Supervisor
    people: int
    accounts: dict = field(default_factory=dict)

    @property
    def broker(self) -> str:
        """Address of the vhost that belongs to the peers, for the administrator."""
        passwords = broker_passwords(self.state.secrets())
        return self.city.rabbitmq.url(ADMIN, passwords[ADMIN], "floor")

    def settings(self, service: str) -> dict[str, str]:
        """The environment of a process that takes a service's place in the world `bus`."""
        addresses = self.bus.addresses()
        return {
            "CONGVU_AMQP_URL": addresses["brokers"][service],
            "CONGVU_DATABASE_URL": addresses["databases"][service],
            "CONGVU_SIGNING_KEY": str(self.state.keys / f"{service}.json"),
            "CONGVU_TRUSTED_KEYS": str(self.state.keys / "trusted.json"),
        }

    def start_services(self) -> None:
        fleet.start(self.state, self.admin_ports)

    def stop_services(self) -> None:
        transport = SupervisorTransport(None, None, f"unix://{self.state.socket}")
        ServerProxy("http://local", transport=transport).supervisor.stopProcessGroup(SERVICE_GROUP, True)

    def pid(self, service: str) -> int:
        return information(self.state)[service]["pid"]

    def load(self) -> None:
        """The city's people, and its demo accounts."""
        provision.load_city(self.city, self.people, Settings.seed)
        self.accounts = read_json(self.state.accounts_file)

    def account(self, role: str) -> dict:
        return next(account for account in self.accounts["accounts"] if account["role"] == role)


@contextlib.contextmanager
def platform(people: int) -> Iterator[Platform]:
    """Servers that run, schemas that stand, a city that is loaded; the five services are not started yet."""
    with slot() as state:
        ground = Ground.prepared(state, ["city", "bus", "floor"])
        state.need_space(SPACE)
        city, bus = ground.world("city"), ground.world("bus")
        with ground.running(city, fleet.programs(city, ground.settings, ground.admin_ports)) as supervisor:
            provision.make_databases(bus)
            provision.make_schemas(bus)
            made = Platform(state, city, bus, ground.settings.base_url, ground.admin_ports, supervisor, people)
            made.load()
            yield made
