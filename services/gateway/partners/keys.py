"""Ed25519 keys (RFC 8032) as files and rows: whoever signs keeps the private half to himself."""

import hashlib
import re
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PEM = re.compile(rb"-----BEGIN PRIVATE[ ]KEY-----.+?-----END PRIVATE KEY-----\n?", re.DOTALL)


def key_id(owner: str, public: Ed25519PublicKey) -> str:
    """By what the key is, so that nobody has to give numbers."""
    return f"{owner}.{hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]}"


def as_text(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """PEM, as every library and openssl read it."""
    pem = serialization.Encoding.PEM
    if isinstance(key, Ed25519PublicKey):
        return key.public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    return key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def read_public(path: str) -> Ed25519PublicKey:
    """Raises OSError or ValueError."""
    content = Path(path).read_bytes()
    try:
        key = serialization.load_pem_public_key(content)
    except (UnsupportedAlgorithm, ValueError):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"{path} does not hold a public Ed25519 key")
    return key


def read_private(path: str) -> list[Ed25519PrivateKey]:
    """All keys of a file; the first signs. Raises OSError or ValueError."""
    content = Path(path).read_bytes()
    try:
        found = [serialization.load_pem_private_key(pem, None) for pem in _PEM.findall(content)]
    except (UnsupportedAlgorithm, ValueError):
        found = []
    if not found or not all(isinstance(each, Ed25519PrivateKey) for each in found):
        raise ValueError(f"{path} does not hold a private Ed25519 key")
    return found
