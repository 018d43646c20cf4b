"""PostgreSQL and RabbitMQ of a run: private instances, or those whose addresses were given."""

from dataclasses import dataclass

from deploy.local import ports, postgres, rabbitmq
from deploy.local.provision import make_databases, make_schemas
from deploy.local.settings import Settings
from deploy.local.state import Account, State
from deploy.local.supervise import Program, Supervisor, check, wait_for_socket
from deploy.local.terminal import say, step, wait_until
from deploy.local.world import World, topology

SLOWEST_START = 180  # seconds; a busy machine of two cores needs 10


@dataclass(frozen=True)
class Servers:
    postgres: postgres.Postgres
    rabbitmq: rabbitmq.RabbitMQ
    programs: list[Program]  # those that are ours to run
    ports: dict[str, int]


def choose_folder(state: State, settings: Settings) -> None:
    """Find where the servers that are ours can have their data."""
    accounts = [] if settings.postgres_url else [Account("postgres")]
    accounts += [] if settings.rabbitmq_url else [Account("rabbitmq")]
    state.choose_data_folder(accounts)
    if state.data != state.root:
        say(f"· The servers cannot enter {state.root}: their data lie in {state.data}")


def prepare(state: State, settings: Settings, vhosts: list[str], for_tests: bool = False) -> Servers:
    """Everything up to their start."""
    secrets = state.secrets()
    definitions = topology(vhosts, secrets)
    postgres_port, rabbitmq_port, dist_port, epmd_port = ports.free(4)
    programs, known = [], {}
    if settings.postgres_url:
        database = postgres.given(settings.postgres_url)
    else:
        private = postgres.PrivatePostgres(state, postgres_port, secrets["postgres_admin"], for_tests)
        private.prepare()
        programs.append(private.program())
        database = private.instance
        known["postgres"] = postgres_port
    if settings.rabbitmq_url:
        broker = rabbitmq.given(settings.rabbitmq_url, settings.rabbitmq_api, definitions)
    else:
        cookie = secrets["rabbitmq_cookie"]
        node = rabbitmq.PrivateRabbitMQ(state, rabbitmq_port, dist_port, epmd_port, cookie, definitions)
        node.prepare()
        programs += node.programs()
        broker = node.instance
        known["rabbitmq"] = rabbitmq_port
    return Servers(database, broker, programs, known)


def start(supervisor: Supervisor, servers: Servers, worlds: list[World]) -> None:
    """Start them; the databases are made while the broker, which is slower, still starts."""
    names = [program.name for program in servers.programs]

    def ready() -> bool:
        check(supervisor.state, names)
        return servers.postgres.answers()

    with step("Starting " + (" and ".join(sorted(set(names) - {"epmd"})) or "the supervisor")):
        supervisor.start()
        wait_for_socket(supervisor)
        wait_until(ready, SLOWEST_START, "PostgreSQL did not start in time.")
    with step("Bringing the databases to the newest schema"):
        for world in worlds:
            make_databases(world)
            make_schemas(world)


def wait_for_broker(servers: Servers, world: World) -> None:
    def ready() -> bool:
        check(world.state, [program.name for program in servers.programs])
        return world.broker_is_ready()

    with step("Waiting for the broker"):
        wait_until(ready, SLOWEST_START, "RabbitMQ did not start in time.", every=0.25)
