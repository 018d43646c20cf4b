"""Signing in as the tests want it, straight to the use case."""

import pytest
import sqlalchemy as sa

from chassis import clock
from directory.use_cases import signing_in
from kernel.errors import Refused
from kernel.working_time import today

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


def appoint_tomorrow(city, role, like) -> None:
    """Whoever has the one role is to take up the post of the other, beside his own, from tomorrow."""
    with city.store.transaction() as tx:
        tx.execute(
            sa.text("""
                INSERT INTO memberships
                SELECT gen_random_uuid(), (SELECT max(version) + 1 FROM memberships), :person, post_id, false,
                    CAST(:day AS date) + 1, NULL
                FROM memberships WHERE person_id = :like AND "primary" AND valid_to IS NULL"""),
            {
                "person": city.roles[role]["person_id"], "like": city.roles[like]["person_id"],
                "day": today(clock.now()),
            },
        )  # fmt: skip
