"""Passwords and one-time codes of local accounts.

Hashing and judging take their time and would stop every other green thread, so they run in real threads.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

import pyotp
from eventlet import tpool
from zxcvbn import zxcvbn

from directory import hashing
from directory.domain.passwords import LONGEST, SHORTEST, from_paper, is_contextual, normal
from kernel.errors import Refused

TOTP_SECONDS = 30
TOTP_WINDOW = 1  # steps of the clock that may have passed, or be ahead
TOTP_DIGITS = 6
GUESSES_AT_LEAST = 10**8  # as zxcvbn counts them, from its lists of common passwords, words, keyboard runs and dates
JUDGED = 72  # characters; judging takes longer with the square of the length
RECOVERY_CODES = 10


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the right one; with no hash the same time passes and the answer is no."""
    return tpool.execute(hashing.verify, password_hash, normal(password))


def hashed(password: str) -> str:
    return tpool.execute(hashing.HASHER.hash, normal(password))


def require_good(password: str, known: Iterable[str]) -> None:
    """Raises `password_too_short`, `password_contextual` or `password_common`. `known` are words of the account."""
    password = normal(password)
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refused("password_too_short", f"At least {SHORTEST} characters.", field="new_password")
    if is_contextual(password, known):
        raise Refused("password_contextual", "It is made of what anybody knows of the account.", field="new_password")
    if tpool.execute(zxcvbn, password[:JUDGED])["guesses"] < GUESSES_AT_LEAST:
        raise Refused("password_common", "Others have chosen it, or one like it.", field="new_password")


def totp_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step that a one-time code belongs to; None when it is wrong or of another time."""
    totp = pyotp.TOTP(secret, interval=TOTP_SECONDS)
    current = int(now.timestamp()) // TOTP_SECONDS
    for step in range(current - TOTP_WINDOW, current + TOTP_WINDOW + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.strip().encode()):
            return step
    return None


def looks_like_totp(code: str) -> bool:
    code = code.strip()
    return len(code) == TOTP_DIGITS and code.isdecimal()


def recovery_hash(account_id: str, code: str) -> bytes:
    """Recovery codes are drawn like one-time passwords: the account's id is salt enough."""
    return hashlib.sha256(f"{account_id}:{from_paper(code)}".encode()).digest()
