"""An outside identity system: a SCIM client made by the operator's command, and plain requests with its token."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import requests

CHECKOUT = Path(__file__).resolve().parents[2]
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MEDIA_TYPE = "application/scim+json"


def operate(addresses: dict, *arguments: str) -> str:
    """What the operator's command says."""
    environment = os.environ | {
        "CONGVU_DATABASE_URL": addresses["databases"]["directory"], "PYTHONPATH": f"{CHECKOUT}/services:{CHECKOUT}",
    }  # fmt: skip
    command = [sys.executable, "-W", "ignore", "-m", "directory.clients", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def join(addresses: dict, base_url: str, name: str, *options: str) -> "Scim":
    said = operate(addresses, "add", name, *options)
    token = next(line.split()[1] for line in said.splitlines() if line.startswith("token"))
    return Scim(f"{base_url}/scim/v2", token, name)


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

    def make(self, username: str, **attributes) -> dict:
        answer = self.ask("POST", "/Users", a_user(username, **attributes))
        assert answer.status_code == 201, answer.text
        return answer.json()

    def patch(self, path: str, *operations: dict, **kwargs) -> requests.Response:
        return self.ask("PATCH", path, {"schemas": [PATCH], "Operations": operations}, **kwargs)


def a_user(username: str, department: str | None = None, **attributes) -> dict:
    work = {ENTERPRISE: {"department": department}} if department else {}
    return {"schemas": [USER, *work], "userName": username, **work, **attributes}
