"""Signing in and taking up posts as the tests want it, straight to the use cases."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from chassis import clock
from directory.storage import appointments, facts, organisation
from directory.use_cases import signing_in
from directory.use_cases.appointments import take_up
from kernel.errors import Refused
from kernel.working_time import today

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


def begun(city, role, days: int) -> None:
    """Whoever has the role took up his posts so many days ago."""
    change = sa.text("UPDATE memberships SET valid_from = :day WHERE person_id = :id")
    values = {"day": today(clock.now()) - timedelta(days), "id": city.roles[role]["person_id"]}
    city.do(lambda tx: tx.execute(change, values))


def waits_for_lock(city) -> bool:
    return (
        city.one(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).count
        > 0
    )
