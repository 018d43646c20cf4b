"""How passwords are kept.

Chosen ones: argon2id, with parameters that OWASP recommends (memory in KiB). Drawn ones have 79 bits and more, so that
guessing is hopeless whatever the hash costs: a salted SHA-256, and 50,000 of them take a second (decision 0019).
"""

import hashlib
import hmac
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from directory.domain.passwords import PAPER_ALPHABET, PAPER_LENGTH, from_paper

HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
NOBODY = HASHER.hash("an account that does not exist takes as long to check as one that does")
DRAWN = "$drawn$"
SALT_BYTES = 16


def draw(length: int = PAPER_LENGTH) -> str:
    return "".join(secrets.choice(PAPER_ALPHABET) for _ in range(length))


def hash_drawn(letters: str) -> str:
    salt = secrets.token_bytes(SALT_BYTES)
    return f"{DRAWN}{salt.hex()}${_digest(salt, letters)}"


def verify(password_hash: str | None, password: str) -> bool:
    """Whether it is the right one. Whatever the hash is, and if there is none, as much time passes."""
    drawn = password_hash is not None and password_hash.startswith(DRAWN)
    chosen = NOBODY if drawn or password_hash is None else password_hash
    try:
        right = HASHER.verify(chosen, password)
    except VerifyMismatchError:
        right = False
    return verify_drawn(password_hash, password) if drawn else right and password_hash is not None


def verify_drawn(password_hash: str | None, password: str) -> bool:
    """Whether it is a drawn one and the right one. As much time passes with any other hash, and with none."""
    drawn = password_hash is not None and password_hash.startswith(DRAWN)
    salt, _, digest = (password_hash if drawn else NOTHING_DRAWN).removeprefix(DRAWN).partition("$")
    return hmac.compare_digest(_digest(bytes.fromhex(salt), from_paper(password)), digest) and drawn


def is_outdated(password_hash: str) -> bool:
    """Whether a right password should be hashed anew, because the parameters have changed."""
    return not password_hash.startswith(DRAWN) and HASHER.check_needs_rehash(password_hash)


def _digest(salt: bytes, letters: str) -> str:
    return hashlib.sha256(salt + letters.encode()).hexdigest()


NOTHING_DRAWN = hash_drawn(draw())
