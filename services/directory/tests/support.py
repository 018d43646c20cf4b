"""Signing in as the tests want it, straight to the use case."""

import pytest

from chassis import clock
from directory.use_cases import signing_in
from kernel.errors import Refused

OFFICE, HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7", "203.0.113.9"


def sign_in(city, security, username, password, totp=None, now=None, address=OFFICE, device=None):
    request = {"username": username, "password": password, "totp": totp, "address": address, "device": device}
    return signing_in.sign_in(city.store, security, request, now or clock.now())


def refusal(act, *arguments, **named) -> str:
    """The code with which it is refused."""
    with pytest.raises(Refused) as refused:
        act(*arguments, **named)
    return refused.value.refusal_code


def audited(city) -> list[str]:
    return [row.action for row in city.all("SELECT action FROM audit_log ORDER BY number")]


def said(city) -> list[tuple[str, dict]]:
    return [(row.name, row.data) for row in city.all("SELECT name, data FROM outbox ORDER BY id")]
