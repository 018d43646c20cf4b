"""The other sides of the channels, for tests: keys of a browser, a push service, a provider of short messages, a real
SMTP server.
"""

import contextlib
import json
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import http_ece
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chassis.rpc import rpc
from chassis.testing import until
from contracts import directory
from kernel.working_time import TZ
from reminders.domain.occasions import Occasion
from reminders.storage import preferences
from reminders.use_cases import attention, dispatching
from tests.support.site import Certificates
from tests.support.town import person


class Directory:
    """Says of everybody how he is reached, but of those whom a test names."""

    name = "directory"
    known: dict = {}
    asked: list = []

    @rpc(directory.get_contacts)
    def get_contacts(self, call, request):
        self.asked.append(request["person_ids"])
        usual = {"email": "an@city.example", "mobile": "0901234567"}
        found = {person_id: self.known.get(person_id, usual) for person_id in request["person_ids"]}
        return {"items": [{"person_id": person_id} | each for person_id, each in found.items() if each is not None]}


MAIL_SERVER = Path(__file__).with_name("mail_server.py")


def new_vapid_key(folder: Path) -> Path:
    path = folder / "vapid.pem"
    path.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


@dataclass(frozen=True)
class BrowserKeys:
    """What a browser keeps of a subscription, and what it tells."""

    private: ec.EllipticCurvePrivateKey
    auth: bytes

    @property
    def public(self) -> dict[str, str]:
        point = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )  # fmt: skip
        return {"p256dh": _written(point), "auth": _written(self.auth)}

    def opened(self, body: bytes) -> dict:
        return json.loads(http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth, version="aes128gcm"))


def new_keys() -> BrowserKeys:
    return BrowserKeys(ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef")


def _written(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class MailServer:
    """A real SMTP server in a process of its own; what it takes in it writes into a folder."""

    port: int
    folder: Path

    @property
    def got(self) -> list[tuple[dict, bytes]]:
        """Envelopes and messages, in the order of their arrival."""
        found = sorted(self.folder.glob("*.json"), key=lambda path: int(path.stem))
        return [(json.loads(path.read_text()), path.with_suffix(".eml").read_bytes()) for path in found]


@contextlib.contextmanager
def mail_server(folder: Path, certificates: Certificates, tls: str = "starttls") -> Iterator[MailServer]:
    command = [sys.executable, str(MAIL_SERVER), str(folder), str(certificates.file), tls]
    said = folder / "port"
    with subprocess.Popen(command) as process:
        try:
            until(lambda: said.exists() or process.poll() is not None, 30)
            yield MailServer(int(said.read_text()), folder)
        finally:
            process.kill()


MORNING = datetime(2026, 11, 24, 9, 0, tzinfo=TZ)  # a Tuesday
SUBJECT = "0192f3a4-0000-7000-8000-{:012d}"


def occasion(number: int = 1, *people: str, **changes) -> Occasion:
    """Something late that the head of a ward, or others, are nudged about."""
    given = {
        "subject_id": SUBJECT.format(number), "rule": "deadline", "rung": "red", "deadline_version": 1,
        "title": f"Rà soát nhà, đất công {number}", "text": "Nhiệm vụ đã quá hạn",
        "link": f"/api/v1/assignments/{number}", "urgency": "normal", "people": people or (person("ward-1 head"),),
    }  # fmt: skip
    return Occasion(**given | changes)


def plan(here, *occasions: Occasion, now: datetime = MORNING) -> int:
    with here.store.transaction() as tx:
        return attention.call_for(tx, occasions, now)


def set_up(here, *channels: str) -> None:
    """As if the operators had."""
    with here.store.transaction() as tx:
        tx.execute(sa.text("DELETE FROM channels"))
        preferences.note_channels(tx, channels, MORNING, MORNING)


def tell(here, now: datetime = MORNING) -> int:
    """Until nothing is due any more; returns how many nudges that were."""
    many = 0
    while True:
        with here.store.transaction() as tx:
            if not (at_once := dispatching.tell(tx, now)):
                return many
        many += at_once


def told(here) -> list[dict]:
    return [each for name, data in here.events() if name == "nudge_due" for each in data["told"]]
