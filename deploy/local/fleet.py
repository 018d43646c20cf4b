"""The five services as programs of the supervisor, and how one sees that they are ready."""

import sys
import urllib.error
import urllib.request

from contracts.catalogue import SERVICES
from deploy.local.settings import Settings, handed_on
from deploy.local.state import CHECKOUT, State
from deploy.local.supervise import Program, check, restart_service, start_services
from deploy.local.terminal import step, wait_until
from deploy.local.world import World

OWN = {  # secrets that nobody else needs
    "gateway": ("CONGVU_OIDC_", "CONGVU_WEBHOOK_"),
    "reminders": ("CONGVU_SMTP_", "CONGVU_VAPID_", "CONGVU_PUSH_", "CONGVU_SMS_", "CONGVU_VOICE_"),
}
ONE_FOR_MANY = {  # a demonstration account stands for a whole city when somebody measures
    f"CONGVU_LIMIT_{name}": "60000/minute" for name in ("READ", "WRITE", "ASSIGN", "SEARCH", "UPLOAD", "SESSION")
}
KEEPERS_OWN = "CONGVU_FILES"  # where files are, with the keys to it
KEEPERS = ("gateway", "messaging")
DOOR = "door"  # holds the gateway's listening socket
SLOWEST_START = 120  # seconds; an idle machine of two cores needs 4


def programs(world: World, chosen: Settings, admin_ports: dict[str, int]) -> list[Program]:
    """Their settings reach them by the environment, never by the command line, which everybody can read. The door
    comes first.
    """
    addresses = world.addresses()
    by_the_door = [sys.executable, "-m", "deploy.local.door"]
    place = [str(world.state.door), chosen.http_host, str(chosen.http_port)]
    made = [Program(DOOR, [*by_the_door, "hold", *place], {}, priority=50)]
    for service in SERVICES:
        common = {k: v for k, v in handed_on().items() if is_for(service, k)}
        environment = common | {
            "PYTHONPATH": str(CHECKOUT / "services"),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore::Warning:__main__",  # eventlet's advice to newcomers
            "CONGVU_AMQP_URL": addresses["brokers"][service],
            "CONGVU_DATABASE_URL": addresses["databases"][service],
            "CONGVU_SIGNING_KEY": str(world.state.keys / f"{service}.json"),
            "CONGVU_TRUSTED_KEYS": str(world.state.keys / "trusted.json"),
            "CONGVU_AUDIT_ANCHORS": str(world.state.log / f"{service}.anchors"),
            "CONGVU_ADMIN_HOST": "127.0.0.1",
            "CONGVU_ADMIN_PORT": str(admin_ports[service]),
        }
        if service in ("directory", "gateway"):
            # a code counts once, and the demonstration's leaders sign in too often for that
            environment = {"CONGVU_TOTP_REQUIRED_FOR": "administrator"} | environment
        if service in KEEPERS:
            environment = {"CONGVU_FILES": str(world.files())} | environment
        if service == "reminders":
            push = {"CONGVU_VAPID_KEY": str(world.state.push_key), "CONGVU_VAPID_SUBJECT": "https://congvu.example"}
            environment = push | environment | {"CONGVU_SEALING_KEYS": str(world.state.feed_keys)}
        if service == "directory":
            environment["CONGVU_SEALING_KEYS"] = str(world.state.sealing_keys)
        if service == "gateway":
            partners = {"CONGVU_WEBHOOK_KEYS": str(world.state.webhook_keys), "CONGVU_PUBLIC_URL": chosen.public_url}
            environment = partners | ONE_FOR_MANY | environment
            environment |= {"CONGVU_HTTP_HOST": chosen.http_host, "CONGVU_HTTP_PORT": str(chosen.http_port)}
        command = [sys.executable, "-m", "chassis.launch", service]
        if service == "gateway":
            command = [*by_the_door, "enter", str(world.state.door), *command]
        program = Program(
            service,
            command,
            environment,
            priority=100,
            stop_seconds=int(chosen.stop_seconds) + 5,
            steady_seconds=5,
            at_once=False,
        )
        made.append(program)
    return made


def is_for(service: str, name: str) -> bool:
    """Whether a setting is handed on to a service."""
    for owner, prefixes in OWN.items():
        if name.startswith(prefixes):
            return service == owner
    return service in KEEPERS or not name.startswith(KEEPERS_OWN)


def is_ready(admin_port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{admin_port}/ready", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def start(state: State, admin_ports: dict[str, int]) -> None:
    """Start the five and wait until each says that it can be used."""

    def ready() -> bool:
        check(state, (DOOR, *SERVICES))
        return all(is_ready(port) for port in admin_ports.values())

    with step("Starting the five services"):
        start_services(state)
        wait_until(ready, SLOWEST_START, "The services did not become ready in time; see " + str(state.log), every=0.2)


def restart(state: State, service: str, admin_port: int) -> None:
    """Let one service finish its work and start it anew; back when it can be used."""

    def ready() -> bool:
        check(state, (service,))
        return is_ready(admin_port)

    with step(f"Restarting {service}"):
        restart_service(state, service)
        wait_until(ready, SLOWEST_START, f"{service} did not become ready in time; see {state.log / service}.log")
