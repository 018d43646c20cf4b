"""Our own key for push services (VAPID, RFC 8292)."""

from base64 import urlsafe_b64encode
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from environs import ValidationError


def read_key(path: str) -> ec.EllipticCurvePrivateKey:
    """Raises ValueError, OSError."""
    key = serialization.load_pem_private_key(Path(path).read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("not a P-256 key")
    return key


def check_key_file(path: str) -> None:
    try:
        if path:
            read_key(path)
    except (ValueError, TypeError, OSError) as error:
        raise ValidationError("must be the path of a P-256 private key (PEM)") from error


def public_key(path: str) -> str:
    """As browsers want it: the point, base64url."""
    point = read_key(path).public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )  # fmt: skip
    return urlsafe_b64encode(point).rstrip(b"=").decode()
