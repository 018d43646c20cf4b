"""What is announced is told to its readers part by part, until it is withdrawn or over."""

from datetime import datetime, timedelta

import pytest

from chassis import clock
from chassis.contract import schema
from chassis.inbox import Heard
from contracts import messaging
from kernel.working_time import TZ
from reminders.service import Service
from reminders.use_cases import announcements
from tests.support.town import id_of, person, unit

MONDAY = datetime(2026, 3, 2, 9, tzinfo=TZ)
ANNOUNCEMENT = id_of("announcement")
EVERYBODY = "SELECT count(DISTINCT person_id) AS n FROM copy_memberships"


@pytest.fixture
def here(town):
    return town("reminders")


@pytest.fixture
def hear(here):
    def heard(event, **changes) -> None:
        said = {
            "announcement_id": ANNOUNCEMENT, "title": "Diễn tập", "importance": "urgent", "unit_id": unit("office"),
            "by_title": "Chánh Văn phòng", "to": [{"kind": "audience", "id": "whole-city"}],
            "published_at": MONDAY.isoformat(), "withdrawn_at": MONDAY.isoformat(), "valid_until": None,
            "acknowledge": False, "acknowledge_by": None,
        } | changes  # fmt: skip
        said = {name: value for name, value in said.items() if name in schema(event.data).fields}
        with here.store.transaction() as tx:
            handler = getattr(Service, f"on_{event.name}")
            handler(Service(), tx, Heard("", event.name, ANNOUNCEMENT, 1, clock.now(), schema(event.data).load(said)))

    return heard


def tick(here, at_once: int = 500, now: datetime = MONDAY) -> bool:
    with here.store.transaction() as tx:
        return announcements.tell_some(tx, now, at_once)


def told(here, state: str = "waiting") -> list[str]:
    query = (
        "SELECT n.person_id::text AS person FROM nudges n JOIN occasions o ON o.id = n.occasion_id"
        " WHERE o.rule = 'announcement' AND n.state = :state"
    )
    return [row["person"] for row in here.rows(query, state=state)]


def test_everybody_is_told_once_and_no_more_at_once_than_a_part(here, hear):
    for _ in range(2):
        hear(messaging.announcement_published)
    parts = []
    while tick(here, at_once=5):
        parts.append(len(told(here)))

    assert parts[:2] == [5, 10]
    assert len(told(here)) == len(set(told(here))) == here.rows(EVERYBODY)[0]["n"]
    hear(messaging.announcement_published)
    assert not tick(here)


def test_a_units_announcement_reaches_its_people_alone(here, hear):
    hear(messaging.announcement_published, to=[{"kind": "unit", "id": unit("ward-1")}])
    assert tick(here)
    assert len(told(here)) == 3


@pytest.mark.parametrize("early", [False, True])
def test_what_is_withdrawn_is_told_to_nobody_else(here, hear, early):
    acts = [messaging.announcement_published, messaging.announcement_withdrawn]
    if not early:
        hear(acts[0])
        tick(here, at_once=5)
    for act in reversed(acts) if early else acts[1:]:
        hear(act)

    assert told(here) == [] and not tick(here)


@pytest.mark.parametrize("changes", [{"importance": "normal"}, {"valid_until": MONDAY.isoformat()}])
def test_what_is_ordinary_or_over_is_told_to_nobody(here, hear, changes):
    hear(messaging.announcement_published, **changes)
    tick(here, now=MONDAY + timedelta(hours=1))
    assert told(here) == []


def test_a_part_reads_no_more_than_the_part_of_the_city_in_which_it_is(here, hear):
    """Whoever is reached is found by all that were told and are still to be, once."""
    hear(messaging.announcement_published, to=[{"kind": "unit", "id": unit("ward-1")}])
    turns = 0
    while tick(here, at_once=2):
        turns += 1
    assert len(told(here)) == 3
    assert turns == here.rows(EVERYBODY)[0]["n"] // 2 + 1


BY = MONDAY + timedelta(days=3, hours=8)  # Thursday
MUST = {"importance": "normal", "acknowledge": True, "acknowledge_by": BY.isoformat()}
WARD = [{"kind": "unit", "id": unit("ward-1")}]
HEAD, CLERK, OFFICIAL = (person(f"ward-1 {kind}") for kind in ("head", "clerk", "official"))


def told_by(here) -> dict[str, set[str]]:
    rows = here.rows(
        "SELECT rung, n.person_id::text AS person FROM nudges n JOIN occasions o ON o.id = n.occasion_id"
        " WHERE n.state = 'waiting'"
    )
    return {rung: {row["person"] for row in rows if row["rung"] == rung} for rung in {row["rung"] for row in rows}}


def seen(hear, person_id: str, acknowledged: bool = False) -> None:
    at = {"at": MONDAY.isoformat()}
    hear(messaging.announcement_seen, person_id=person_id, acknowledged=acknowledged, **at)


@pytest.mark.parametrize("importance", ["normal", "urgent"])
def test_who_must_acknowledge_is_told_and_before_and_after_the_day_whoever_has_not(here, hear, importance):
    hear(messaging.announcement_published, to=WARD, valid_until=BY.isoformat(), **MUST | {"importance": importance})
    while tick(here):
        pass
    assert told_by(here) == {"published": {HEAD, CLERK, OFFICIAL}}

    seen(hear, CLERK)
    seen(hear, HEAD, acknowledged=True)
    assert told_by(here) == {"published": {OFFICIAL}}
    assert not tick(here, now=MONDAY + timedelta(days=1, hours=14))
    while tick(here, now=MONDAY + timedelta(days=2)):
        pass
    assert told_by(here)["to_acknowledge"] == {CLERK, OFFICIAL}
    seen(hear, CLERK, acknowledged=True)
    assert told_by(here)["to_acknowledge"] == {OFFICIAL}
    assert not tick(here, now=BY)
    while tick(here, now=MONDAY + timedelta(days=4)):
        pass
    assert told_by(here)["unacknowledged"] == {OFFICIAL}
    assert not tick(here, now=MONDAY + timedelta(days=40))


def test_what_is_withdrawn_is_not_followed_up(here, hear):
    hear(messaging.announcement_published, to=WARD, **MUST)
    while tick(here):
        pass
    hear(messaging.announcement_withdrawn)
    assert not tick(here, now=MONDAY + timedelta(days=4)) and told_by(here) == {}


@pytest.mark.parametrize("early", [False, True])
def test_who_has_seen_it_is_not_told(here, hear, early):
    acts = [lambda: hear(messaging.announcement_published, to=WARD), lambda: tick(here), lambda: seen(hear, CLERK)]
    for act in (acts[2], acts[0], acts[1]) if early else acts:
        act()
    assert told_by(here) == {"published": {HEAD, OFFICIAL}}
