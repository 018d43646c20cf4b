"""P9: the five services from nothing to ready, with their data in place; the floor is Python importing the same."""

import subprocess
import sys
import time
from statistics import median

from contracts.catalogue import SERVICES
from deploy.local import processes
from deploy.local.fleet import is_ready
from deploy.local.state import CHECKOUT
from deploy.local.supervise import start_services
from deploy.local.terminal import wait_until
from tests.bench.city import City
from tests.bench.client import Wrong
from tests.bench.measure import Options, Row, in_turn, ratios, spread, times
from tests.bench.world import Platform

IMPORTS = "import chassis.launch, {service}.service"


def measure(city: City, options: Options) -> list[Row]:
    found = in_turn(
        max(3, options.rounds // 2), start=lambda: _start(city.platform), imports=lambda: _import(city.platform)
    )
    row = Row(
        "P9",
        "start of the five services until all are ready, data in place, servers running",
        spread(found["start"], " s", 1),
        "five Pythons importing the same at once " + spread(found["imports"], " s", 1),
        times(ratios(found["start"], found["imports"])),
        "<= 5 s",
        median(found["start"]) <= 5,
    )
    return [row]


def _start(platform: Platform) -> float:
    platform.stop_services()
    if any(is_ready(port) for port in platform.admin_ports.values()):
        raise Wrong("a service answers although all were stopped")
    began = time.perf_counter()
    start_services(platform.state)
    waiting = dict(platform.admin_ports)

    def ready() -> bool:
        for service, port in list(waiting.items()):
            if not is_ready(port):
                return False
            del waiting[service]
        return True

    wait_until(ready, 120, "the services did not become ready", every=0.05)
    return time.perf_counter() - began


def _import(platform: Platform) -> float:
    began = time.perf_counter()
    importing = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", IMPORTS.format(service=service)],
            cwd=CHECKOUT, env=processes.mark(platform.state.root) | {"PYTHONPATH": str(CHECKOUT / "services")},
        )
        for service in SERVICES
    ]  # fmt: skip
    if any(one.wait(120) != 0 for one in importing):
        raise Wrong("an import failed")
    return time.perf_counter() - began
