"""RabbitMQ: a private node on the loopback, or the address that was given."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import amqp

from deploy.local.broker_admin import NODE, ManagementInterface
from deploy.local.state import Account, State, write_private
from deploy.local.supervise import Program
from deploy.local.terminal import Refusal

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # the wrapper in sbin insists on the system's node
ADMIN = "congvu_admin"


@dataclass(frozen=True)
class RabbitMQ:
    """Where the broker is, and how its administrator reaches it."""

    place: str  # scheme://host:port
    admin: dict = field(default_factory=dict)  # for broker_admin.of

    def url(self, user: str, password: str, vhost: str) -> str:
        parts = urlsplit(self.place)
        netloc = f"{quote(user)}:{quote(password)}@{parts.netloc}"
        return urlunsplit(parts._replace(netloc=netloc, path=f"/{quote(vhost, safe='')}"))

    def admits(self, user: str, password: str, vhost: str) -> bool:
        """Whether an account can sign in to a vhost."""
        parts = urlsplit(self.place)
        try:
            with amqp.Connection(
                f"{parts.hostname}:{parts.port or (5671 if parts.scheme == 'amqps' else 5672)}",
                userid=user, password=password, virtual_host=vhost, connect_timeout=2, ssl=parts.scheme == "amqps",
            ):  # fmt: skip
                return True
        except (OSError, amqp.exceptions.AMQPError):
            return False


def given(url: str, api: str, definitions: dict) -> RabbitMQ:
    """An external broker: our accounts, exchanges and queues are given to its management interface."""
    parts, address = urlsplit(url), urlsplit(api)
    who = parts.netloc.rpartition("@")[0] or "guest:guest"
    admin = {"api": urlunsplit(address._replace(netloc=f"{who}@{address.netloc.rpartition('@')[2]}"))}
    try:
        ManagementInterface(**admin).load(definitions)
    except Refusal as refusal:
        raise Refusal(f"Wrong setting: CONGVU_RABBITMQ_API: {refusal}") from refusal
    return RabbitMQ(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], path="")), admin)


@dataclass(frozen=True)
class PrivateRabbitMQ:
    """A node of our own, with a port mapper of our own, both on the loopback; it declares the topology at start."""

    state: State
    port: int
    dist_port: int
    epmd_port: int
    cookie: str
    definitions: dict

    def __post_init__(self):
        object.__setattr__(self, "account", Account("rabbitmq"))

    @property
    def folder(self) -> Path:
        return self.state.data / "rabbitmq"

    @property
    def instance(self) -> RabbitMQ:
        admin = {"folder": str(self.folder), "epmd_port": self.epmd_port}
        return RabbitMQ(f"amqp://127.0.0.1:{self.port}", admin)

    def prepare(self) -> None:
        if not SERVER.exists():
            raise Refusal("The programs of RabbitMQ are missing: apt-get install rabbitmq-server.")
        self.account.folder(self.folder)
        files = {
            "definitions.json": json.dumps(self.definitions),
            "rabbitmq.conf": "\n".join(f"{key} = {value}" for key, value in self._settings().items()) + "\n",
            "enabled_plugins": "[].\n",
            "rabbitmq-env.conf": "",
            ".erlang.cookie": self.cookie,
        }
        for name, content in files.items():
            write_private(self.folder / name, content)
            self.account.own(self.folder / name)

    def _settings(self) -> dict[str, object]:
        return {
            "listeners.tcp.1": f"127.0.0.1:{self.port}",
            "load_definitions": self.folder / "definitions.json",
            "vm_memory_high_watermark.absolute": "512MB",
            "disk_free_limit.absolute": "200MB",
            "raft.wal_max_size_bytes": 64 * 2**20,
            "log.console": "true",
            "log.console.level": "warning",
            "log.file": "false",
        }

    def programs(self) -> list[Program]:
        """The port mapper stands on its own, so that it ends with the rest and not as somebody's daemon."""
        common = {
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP_SECONDS": "0",
        }
        node = common | {
            "RUNNING_UNDER_SYSTEMD": "1",  # the start script becomes the broker, instead of waiting for it as a child
            "RABBITMQ_NODENAME": NODE,
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "no-advanced.config"),
            "RABBITMQ_CONFIG_FILES": str(self.folder / "no-conf.d"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ("-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"),
        }
        user = None if self.account.is_ours else self.account.name
        return [
            Program("epmd", ["epmd"], common, priority=15, user=user, stop_seconds=5),
            Program("rabbitmq", [str(SERVER)], node, priority=20, user=user, stop_seconds=30),
        ]
