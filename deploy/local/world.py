"""A world: the names and addresses of one whole platform's databases, accounts and keys on given servers."""

from dataclasses import dataclass
from pathlib import Path

from contracts.catalogue import SERVICES
from contracts.topology import ADMIN, account, definitions
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.state import State


def broker_passwords(secrets: dict[str, str]) -> dict[str, str]:
    """Of each broker account."""
    return {account(service): secrets[f"broker_{service}"] for service in SERVICES} | {ADMIN: secrets["rabbitmq_admin"]}


def topology(vhosts: list[str], secrets: dict[str, str]) -> dict:
    return definitions(vhosts, broker_passwords(secrets))


@dataclass(frozen=True)
class World:
    """Several may share the servers: each has a prefix for its databases, and a vhost. The roles are common."""

    prefix: str
    vhost: str
    state: State
    postgres: Postgres
    rabbitmq: RabbitMQ

    def database(self, service: str) -> str:
        return f"{self.prefix}_{service}"

    def role(self, service: str) -> tuple[str, str]:
        """Name and password of the role that a service works as."""
        return f"congvu_{service}", self.state.secrets()[f"role_{service}"]

    def owner(self, service: str) -> tuple[str, str]:
        """Name and password of the role that owns a service's tables, for migrations."""
        return f"congvu_{service}_owner", self.state.secrets()[f"owner_{service}"]

    def files(self) -> Path:
        """The folder of the store of files."""
        folder = self.state.root / "files" / self.prefix
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def addresses(self) -> dict:
        """All addresses with their passwords, for tools and tests."""
        passwords = broker_passwords(self.state.secrets())

        def database(service: str, role: tuple[str, str]) -> str:
            return self.postgres.url(self.database(service), *role)

        def broker(name: str) -> str:
            return self.rabbitmq.url(name, passwords[name], self.vhost)

        return {
            "databases": {service: database(service, self.role(service)) for service in SERVICES},
            "owners": {service: database(service, self.owner(service)) for service in SERVICES},
            "brokers": {service: broker(account(service)) for service in SERVICES} | {"admin": broker(ADMIN)},
            "postgres_admin": self.postgres.admin_url,
            "broker_admin": self.rabbitmq.admin,
            "keys": str(self.state.keys),
        }

    def broker_is_ready(self) -> bool:
        return self.rabbitmq.admits(ADMIN, self.state.secrets()["rabbitmq_admin"], self.vhost)
