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
from tests.support.town import id_of, unit

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
