"""A platform without a broker, for the tests: made by the operator's command, then HTTP with signatures of its own."""

import base64
import hashlib
import os
import re
import secrets
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from unittest import mock

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519

from chassis import clock
from gateway.partners.__main__ import main

SAYS = ("waiting_item_opened", "waiting_item_changed", "waiting_item_closed")
STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
COVERED = ("@method", "@authority", "@path", "content-type")
_KEY_ID = re.compile(r"^(key id|our key) +(\S+)$", re.MULTILINE)
_PEM = re.compile(r"-----BEGIN (?:PRIVATE|PUBLIC) KEY-----.+?-----END (?:PRIVATE|PUBLIC) KEY-----\n", re.DOTALL)


def told(environment: dict[str, str], *arguments: str) -> str:
    """What the operator's command says."""
    with mock.patch.dict(os.environ, environment), redirect_stdout(StringIO()) as said:
        main(list(arguments))
    return said.getvalue()


@dataclass(frozen=True)
class Partner:
    """What the operator's command has shown."""

    name: str
    key_id: str
    key: Ed25519PrivateKey
    ours: tuple[str, Ed25519PublicKey] | None = None

    def signed(self, url: str, body: bytes, headers: dict[str, str], **changes) -> requests.PreparedRequest:
        """A POST with its signature; `changes` are those of one who does it wrongly."""
        request = requests.Request("POST", url, headers, data=body).prepare()
        key_id, key = changes.pop("key_id", self.key_id), changes.pop("key", self.key)
        attributes = [name.lower() for name in headers if name.lower().startswith("ce-")]
        created = changes.pop("created", clock.now() + changes.pop("off", timedelta()))
        given = {
            "covered_component_ids": (*COVERED, *attributes), "tag": "congvu-event", "nonce": secrets.token_hex(16),
            "body": changes.pop("digested", body),
        } | changes  # fmt: skip
        signer = HTTPMessageSigner(
            signature_algorithm=ED25519, key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: key})
        )
        signer.sign(request, key_id=key_id, created=created, **given)
        return request


def partner(environment: dict[str, str], name: str, *arguments: str, verb: str = "add") -> Partner:
    return shown(name, told(environment, verb, name, *arguments))


def shown(name: str, said: str) -> Partner:
    ids, pems = dict(_KEY_ID.findall(said)), [each.encode() for each in _PEM.findall(said)]
    key = load_pem_private_key(pems[0], None)
    ours = (ids["our key"], load_pem_public_key(pems[1])) if "our key" in ids else None
    return Partner(name, ids["key id"], key, ours)


def an_item(subject: str = "pa/71", version: int = 1, **changes) -> dict:
    """An event that opens an action item."""
    data = {
        "kind": "citizen_case", "unit_code": "26734", "title": "Đèn đường hỏng", "urgency": "urgent",
        "link": "https://1022.tphcm.gov.vn/pa/71",
    }  # fmt: skip
    return {
        "specversion": "1.0", "id": f"{subject} {version}", "type": "waiting_item_opened", "source": "/hotline",
        "time": clock.now().isoformat(), "subject": subject, "aggregateversion": version,
        "data": data | changes.pop("data", {}),
    } | changes  # fmt: skip


def vouched(
    authority: str, path: str, headers: dict[str, str], body: bytes, ours: tuple[str, Ed25519PublicKey]
) -> dict:
    """The parameters of a webhook's signature, once it has been verified: by RFC 9421, with nothing of a library's."""
    label, _, described = headers["signature-input"].partition("=")
    covered = re.match(r"\(([^)]*)\)", described)[1].replace('"', "").split()
    assert covered == ["@method", "@authority", "@path", "content-type", "content-digest"]
    values = {"@method": "POST", "@authority": authority, "@path": path} | headers
    lines = [f'"{name}": {values[name]}' for name in covered] + [f'"@signature-params": {described}']
    signature = base64.b64decode(headers["signature"].removeprefix(f"{label}=").strip(":"))
    try:
        ours[1].verify(signature, "\n".join(lines).encode())
    except InvalidSignature:
        raise AssertionError("this is not our signature") from None
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert headers["content-digest"] == f"sha-256=:{digest}:"
    found = dict(each.split("=", 1) for each in described.split(";")[1:])
    assert found["keyid"] == f'"{ours[0]}"'
    age = clock.now() - datetime.fromtimestamp(int(found["created"]), clock.now().tzinfo)
    assert abs(age) < timedelta(minutes=2)
    return found
