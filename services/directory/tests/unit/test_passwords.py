"""Passwords and one-time codes."""

import time
from datetime import UTC, datetime, timedelta

import eventlet
import pyotp
import pytest

from directory import passwords
from directory.hashing import HASHER

NOW = datetime(2026, 11, 22, 3, 0, 15, tzinfo=UTC)
SECRET = pyotp.random_base32()


def test_only_the_right_password_matches():
    password_hash = HASHER.hash("mật khẩu")
    assert passwords.matches(password_hash, "mật khẩu")
    assert not passwords.matches(password_hash, "mat khau")


def test_while_a_password_is_checked_everything_else_goes_on():
    """The hash takes its time in C, where no green thread gets a turn: it must be a real thread's."""
    password_hash = HASHER.hash("mật khẩu")
    passwords.matches(password_hash, "warm")
    turns = []

    def others():
        while True:
            turns.append(time.monotonic())
            eventlet.sleep(0.001)

    other = eventlet.spawn(others)
    eventlet.sleep(0.01)
    before = len(turns)
    for _ in range(5):
        passwords.matches(password_hash, "mật khẩu")
    other.kill()
    assert len(turns) - before > 10  # one at most for each, if the hash held them up


def test_nobody_has_a_password():
    assert not passwords.matches(None, "an account that does not exist takes as long to check as one that does")


def test_hashes_are_argon2id_with_the_promised_cost():
    assert HASHER.hash("x").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_a_code_counts_a_little_before_and_after_its_time(seconds):
    at = NOW + timedelta(seconds=seconds)
    code = pyotp.TOTP(SECRET).at(at)
    assert int(at.timestamp()) // 30 == passwords.totp_step(SECRET, code, NOW)


@pytest.mark.parametrize("code", ["", "000000", "12345", "một hai", "1234567890"])
def test_another_code_does_not_count(code):
    if code != pyotp.TOTP(SECRET).at(NOW):
        assert passwords.totp_step(SECRET, code, NOW) is None


def test_an_old_code_does_not_count():
    code = pyotp.TOTP(SECRET).at(NOW - timedelta(seconds=90))
    assert passwords.totp_step(SECRET, code, NOW) is None
