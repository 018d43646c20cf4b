"""Secrets that must be read again (not only compared) stand in the database sealed, with a key that does not."""

import binascii
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from environs import ValidationError


def make_sealing_keys(path: Path) -> None:
    """Make the file of keys (mode 600) with a first one. A file that exists is kept."""
    if not path.exists():
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(Fernet.generate_key().decode() + "\n")


def holds_sealing_keys(path: str) -> None:
    """For a setting: refuses what is no file of keys."""
    try:
        Sealer(path)
    except (OSError, ValueError):
        raise ValidationError("must be the path of a file of sealing keys") from None


class NotSealedHere(Exception):
    """It was sealed with another key, for another owner, or changed since."""


class Sealer:
    """Seals with the first key of the file and opens with any: a new key is put on top, the old one stays below."""

    def __init__(self, path: str):
        """Raises OSError or ValueError when the file is not there or holds no key."""
        lines = Path(path).read_text().split()
        try:
            self._keys = MultiFernet([Fernet(line) for line in lines])
        except (ValueError, binascii.Error):
            raise ValueError(f"{path} does not hold sealing keys") from None

    def seal(self, secret: str, owner: str) -> str:
        """`owner` is the id of what it belongs to: in another row it does not open."""
        return self._keys.encrypt(f"{owner}\n{secret}".encode()).decode()

    def open(self, sealed: str, owner: str) -> str:
        try:
            whose, _, secret = self._keys.decrypt(sealed).decode().partition("\n")
        except InvalidToken:
            raise NotSealedHere from None
        if whose != owner:
            raise NotSealedHere
        return secret
