"""The run's own key for push services (VAPID), made once."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.local.state import write_private


def make_push_key(path: Path) -> None:
    """What exists is kept: browsers have subscribed with it."""
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        write_private(path, key.private_bytes(*pem).decode())
