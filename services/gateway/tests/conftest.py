"""The gateway in its container, over real HTTP."""

import eventlet
import pytest

from chassis.blobs.settings import Place
from chassis.http import HttpServer, HttpSettings
from gateway.service import Service
from gateway.settings import GatewaySettings
from gateway.tests.support import ANSWERING, NEIGHBOURS, Client
from tests.support.town import town  # noqa: F401


@pytest.fixture
def here(town):  # noqa: F811
    ANSWERING.clear()
    for neighbour in NEIGHBOURS.values():
        neighbour.answers = {}
    return town("gateway")


@pytest.fixture
def neighbours(here, run) -> dict:
    """The containers of the neighbours, by name; each may be stopped."""
    return {name: run(service) for name, service in NEIGHBOURS.items()}


@pytest.fixture
def gateway(world, here, run, neighbours, tmp_path):
    """Starts a gateway with other settings and answers a client: `gateway(session_idle=1)`."""
    clients = []

    def start(**changes) -> Client:
        own = {name: changes.pop(name) for name in ("max_body", "max_flow", "strict_transport") if name in changes}
        common = vars(world.settings("gateway", blobs=changes.pop("blobs", Place(folder=str(tmp_path)))))
        patient = {"home_patience": 20.0} | changes
        settings = GatewaySettings(**common, http=HttpSettings(port=0, stop_seconds=1, **own), **patient)
        container = run(Service, settings=settings)
        server = next(each for each in container.subextensions if isinstance(each, HttpServer))
        client = Client(f"http://127.0.0.1:{server.port}/api/v1")
        client.container = container
        clients.append(client)
        return client

    yield start
    for client in clients:
        for stream in client.streams:
            stream.close()
    everyone = [client.container for client in clients] + list(neighbours.values())
    for stopping in [eventlet.spawn(container.stop) for container in everyone]:
        stopping.wait()


@pytest.fixture
def client(gateway) -> Client:
    """Nobody is signed in."""
    return gateway()


@pytest.fixture
def vice(client) -> Client:
    return client.signed_in("committee vice_chairman")


@pytest.fixture
def head(client) -> Client:
    return client.signed_in("ward-1 head")


@pytest.fixture
def auditor(client) -> Client:
    return client.signed_in("dept auditor")
