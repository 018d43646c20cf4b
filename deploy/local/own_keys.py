"""The run's own keys for push services (VAPID) and for webhooks, made once."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.state import write_private


def make_push_key(path: Path) -> None:
    """What exists is kept: browsers have subscribed with it."""
    if not path.exists():
        _write(path, ec.generate_private_key(ec.SECP256R1()))


def make_webhook_keys(path: Path) -> None:
    """What exists is kept: partners know its public half."""
    if not path.exists():
        _write(path, Ed25519PrivateKey.generate())


def _write(path: Path, key) -> None:
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(path, key.private_bytes(*pem).decode())
