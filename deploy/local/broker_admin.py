"""The broker's accounts, as its administrator sees them: a private node by its own tool, a given one by its
management interface. Both speak in definitions documents, in which a password is a salted hash.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import requests

from deploy.local.state import Account
from deploy.local.terminal import Refusal

TOOL = Path("/usr/lib/rabbitmq/bin/rabbitmqctl")  # the wrapper in sbin insists on the system's node
NODE = "congvu@localhost"
SECONDS = 60


@dataclass(frozen=True)
class PrivateNode:
    """Passwords and documents go by pipes: everybody can read a command line."""

    folder: str
    epmd_port: int

    def export(self) -> dict:
        return json.loads(self._tool("export_definitions", "-"))

    def load(self, definitions: dict) -> None:
        self._tool("import_definitions", given=json.dumps(definitions))

    def delete_user(self, name: str) -> None:
        self._tool("delete_user", name)

    def _tool(self, *arguments: str, given: str = "") -> str:
        environment = {
            "HOME": self.folder,  # the cookie
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self.epmd_port),
            "RABBITMQ_NODENAME": NODE,
            "RABBITMQ_CONF_ENV_FILE": f"{self.folder}/rabbitmq-env.conf",
            "RABBITMQ_CTL_ERL_ARGS": "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
        }
        done = Account("rabbitmq").run(
            [TOOL, "--quiet", *arguments], env=environment, cwd="/", input=given, capture_output=True, text=True,
            timeout=SECONDS,
        )  # fmt: skip
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
            raise Refusal(f"The broker did not do it ({arguments[0]}): {said[0]}")
        return done.stdout


@dataclass(frozen=True)
class ManagementInterface:
    """`api` is http://host:port/api, with an administrator's name and password in it."""

    api: str = field(repr=False)

    def export(self) -> dict:
        return self._ask("GET", "/definitions").json()

    def load(self, definitions: dict) -> None:
        self._ask("POST", "/definitions", json=definitions)

    def delete_user(self, name: str) -> None:
        self._ask("DELETE", f"/users/{quote(name, safe='')}")

    def _ask(self, method: str, path: str, **content) -> requests.Response:
        parts = urlsplit(self.api)
        place = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])).rstrip("/")
        who = (unquote(parts.username or "guest"), unquote(parts.password or "guest"))
        try:
            answer = requests.request(method, place + path, auth=who, timeout=SECONDS, **content)
        except requests.RequestException as error:
            raise Refusal(f"The broker's management interface does not answer: {type(error).__name__}.") from error
        if answer.status_code >= 300:
            raise Refusal(f"The broker's management interface refused {method} {path}: status {answer.status_code}.")
        return answer


def of(facts: dict) -> PrivateNode | ManagementInterface:
    """From what the run has written down of its broker."""
    return ManagementInterface(**facts) if "api" in facts else PrivateNode(**facts)
