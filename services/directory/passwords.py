"""Passwords and one-time codes of local accounts.

Hashing takes its time and would stop every other green thread, so it runs in real threads.
"""

import hmac
from datetime import datetime

import pyotp
from argon2.exceptions import VerifyMismatchError
from eventlet import tpool

from directory.hashing import HASHER

NOBODY = HASHER.hash("an account that does not exist takes as long to check as one that does")
TOTP_SECONDS = 30
TOTP_WINDOW = 1  # steps of the clock that may have passed, or be ahead


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the right one; with no hash the same time passes and the answer is no."""
    return tpool.execute(_verify, password_hash or NOBODY, password) and password_hash is not None


def totp_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step that a one-time code belongs to; None when it is wrong or of another time."""
    totp = pyotp.TOTP(secret, interval=TOTP_SECONDS)
    current = int(now.timestamp()) // TOTP_SECONDS
    for step in range(current - TOTP_WINDOW, current + TOTP_WINDOW + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.strip().encode()):
            return step
    return None


def _verify(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password)
    except VerifyMismatchError:
        return False
