"""An outside identity system: a client of our SCIM, and plain requests with its token."""

import os
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

from chassis import clock
from chassis.database import Store
from directory.use_cases import scim_clients
from kernel.errors import Refused

CHECKOUT = Path(__file__).resolve().parents[2]
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MEDIA_TYPE = "application/scim+json"


def join(platform, name: str, reach: str = "own", endings_a_day: int = 1000) -> "Scim":
    with _directory(platform) as store, store.transaction() as tx:
        token = scim_clients.add(tx, name, reach, endings_a_day, clock.now())
    return Scim(f"{platform.base_url}/scim/v2", token, name)


def leave(platform, name: str) -> None:
    with suppress(Refused), _directory(platform) as store, store.transaction() as tx:
        scim_clients.remove(tx, name, clock.now())


def operate(platform, *arguments: str) -> str:
    """What the operator's command says."""
    path = f"{CHECKOUT}/services:{CHECKOUT}"
    environment = {"CONGVU_DATABASE_URL": platform.addresses["databases"]["directory"], "PYTHONPATH": path}
    command = [sys.executable, "-W", "ignore", "-m", "directory.clients", *arguments]
    environment = os.environ | environment
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@contextmanager
def _directory(platform):
    store = Store(platform.addresses["databases"]["directory"], pool_size=1)
    try:
        yield store
    finally:
        store.close()


@dataclass
class Scim:
    base_url: str
    token: str
    name: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    def ask(self, method: str, path: str, body=None, **kwargs) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": MEDIA_TYPE} | kwargs.pop("headers", {})
        return self.session.request(method, self.base_url + path, json=body, headers=headers, timeout=30, **kwargs)

    def get(self, path: str, **query) -> requests.Response:
        return self.ask("GET", path, params=query)

    def found(self, wanted: str, resource: str = "Users", **query) -> list[dict]:
        answer = self.get(f"/{resource}", filter=wanted, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["Resources"]

    def make(self, username: str, department: str | None = None, **attributes) -> dict:
        answer = self.ask("POST", "/Users", a_user(username, department, **attributes))
        assert answer.status_code == 201, answer.text
        return answer.json()

    def patch(self, path: str, *operations: dict, **kwargs) -> requests.Response:
        return self.ask("PATCH", path, {"schemas": [PATCH], "Operations": operations}, **kwargs)


def a_user(username: str, department: str | None = None, **attributes) -> dict:
    work = {ENTERPRISE: {"department": department}} if department else {}
    return {"schemas": [USER, *work], "userName": username, **work, **attributes}
