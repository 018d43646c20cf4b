"""Somebody has used the sealed account: everybody else who administers has it before him until it is sealed again."""

import itertools
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from chassis import clock
from chassis.inbox import Heard
from contracts import directory, reminders
from kernel.directory_copy import tables as t
from kernel.working_time import TZ
from reminders.service import Service
from tests.support.town import LONG_AGO, claims, id_of, person, post, unit

ACCOUNT = id_of("account of the sealed")
USED_AT = datetime(2026, 3, 5, 22, 15, tzinfo=TZ)
SEALED, FIRST, SECOND = "khancap", "admin 1", "admin 2"


@pytest.fixture
def here(town):
    """The town with two administrators, and the sealed account's person in a third such post."""
    found = town("reminders")
    period = {"version": 900, "valid_from": LONG_AGO, "valid_to": None}
    with found.store.transaction() as tx:
        for name in (SEALED, FIRST, SECOND):
            given = {"unit_id": unit("committee"), "kind": "administrator", "title": name, "is_head": False, "rank": 9}
            tx.execute(sa.insert(t.posts).values(id=post(name), **given, **period))
            held = {"person_id": person(name), "post_id": post(name), "primary": True}
            tx.execute(sa.insert(t.memberships).values(id=id_of(f"m {name}"), **held, **period))
    return found


@pytest.fixture
def hear(here):
    handlers = {
        directory.break_glass_used: Service.on_break_glass_used,
        directory.break_glass_sealed: Service.on_break_glass_sealed,
    }

    def heard(event, version: int, at=None) -> None:
        data = {"account_id": ACCOUNT, "person_id": person(SEALED), "at": at or clock.now()}
        with here.store.transaction() as tx:
            handlers[event](Service(), tx, Heard("", event.name, ACCOUNT, version, clock.now(), data))

    return heard


def waiting(here) -> set[str]:
    rows = here.rows("SELECT post_id::text AS id FROM action_items WHERE open AND kind = 'break_glass_used'")
    return {row["id"] for row in rows}


def told(here) -> list[tuple[str, int]]:
    """Of items; the running service nudges as well."""
    return [(name, len(data["items"])) for name, data in here.events() if name != "nudge_due"]


def test_every_other_administrator_has_an_urgent_item_until_it_is_sealed_again(here, hear, run, caller):
    hear(directory.break_glass_used, 1)

    assert waiting(here) == {post(FIRST), post(SECOND)}
    run(Service)
    home = caller(reminders.get_overview, {}, claims=claims(FIRST))
    assert (home["total"], home["items"][0]["urgency"], home["items"][0]["task_id"]) == (1, "express", None)
    assert home["items"][0]["link"] == f"/api/v1/audit?service=directory&subject={ACCOUNT}"
    for nobody in (SEALED, "ward-1 head", "dept auditor"):
        who = claims(nobody)
        assert caller(reminders.get_overview, {}, claims=who)["total"] == 0

    hear(directory.break_glass_sealed, 2)
    assert waiting(here) == set()
    assert told(here) == [("action_items_raised", 2), ("action_items_closed", 2)]


def test_each_use_is_told_and_one_item_stands(here, hear):
    for _ in range(2):
        hear(directory.break_glass_used, 1)

    assert told(here) == [("action_items_raised", 2)] * 2
    assert here.rows("SELECT count(*) AS n FROM action_items") == [{"n": 2}]


@pytest.mark.parametrize(
    "arrival", list(itertools.permutations([("used", 1), ("sealed", 2), ("used", 2), ("sealed", 3)]))
)
def test_whatever_comes_first_what_was_sealed_last_stays_so(here, hear, arrival):
    for what, version in arrival:
        hear(directory.break_glass_used if what == "used" else directory.break_glass_sealed, version)

    assert waiting(here) == set()


@pytest.mark.parametrize("arrival", list(itertools.permutations([("used", 1), ("sealed", 2), ("used", 2)])))
def test_a_use_after_the_sealing_stands_open_whatever_comes_first(here, hear, arrival):
    for what, version in arrival:
        hear(directory.break_glass_used if what == "used" else directory.break_glass_sealed, version)

    assert waiting(here) == {post(FIRST), post(SECOND)}


def nudged(here, state: str = "waiting") -> list[str]:
    query = "SELECT person_id::text AS id FROM nudges WHERE state = :state AND any_hour"
    return sorted(row["id"] for row in here.rows(query, state=state))


def test_each_use_nudges_whoever_administers_at_any_hour_until_it_is_sealed(here, hear):
    both = sorted([person(FIRST), person(SECOND)])
    for at in (USED_AT, USED_AT, USED_AT + timedelta(hours=1)):
        hear(directory.break_glass_used, 1, at)
    assert nudged(here) == sorted(both * 2)
    assert here.rows("SELECT DISTINCT rule, rung, urgency_rank FROM occasions") == [
        {"rule": "break_glass_used", "rung": "used", "urgency_rank": 0}
    ]
    [first, _] = here.rows("SELECT text, link FROM occasions ORDER BY deadline_version")
    assert first == {
        "text": "Tài khoản khẩn cấp được dùng lúc 22:15 05/03/2026.",
        "link": f"/api/v1/audit?service=directory&subject={ACCOUNT}",
    }

    hear(directory.break_glass_sealed, 2)
    assert (nudged(here), nudged(here, "dropped")) == ([], sorted(both * 2))
    hear(directory.break_glass_used, 1, USED_AT + timedelta(hours=2))  # it comes late
    assert nudged(here) == []
    hear(directory.break_glass_used, 3, USED_AT + timedelta(hours=3))
    hear(directory.break_glass_sealed, 2)
    assert nudged(here) == both
