"""Signing in and taking up posts as the tests want it, straight to the use cases."""

import pytest

from chassis import clock
from directory.storage import appointments, facts, organisation
from directory.use_cases import signing_in
from directory.use_cases.appointments import take_up
from kernel.errors import Refused

OFFICE, HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7", "203.0.113.9"


def sign_in(city, security, username, password, totp=None, now=None, address=OFFICE, device=None):
    request = {"username": username, "password": password, "totp": totp, "address": address, "device": device}
    return signing_in.sign_in(city.store, security, request, now or clock.now())


def moved(tx, person_id: str, post_id: str, day, membership_id: str) -> None:
    """A person takes up a post as his primary one, on any day, nobody asking who may."""
    facts.claim_versions(tx, 0)
    [post] = organisation.posts(tx, appointments.posts_by_id([post_id])).values()
    take_up(tx, post, membership_id, person_id=person_id, from_day=day)


def refusal(act, *arguments, **named) -> str:
    """The code with which it is refused."""
    with pytest.raises(Refused) as refused:
        act(*arguments, **named)
    return refused.value.refusal_code


def audited(city) -> list[str]:
    return [row.action for row in city.all("SELECT action FROM audit_log ORDER BY number")]


def said(city) -> list[tuple[str, dict]]:
    return [(row.name, row.data) for row in city.all("SELECT name, data FROM outbox ORDER BY id")]
