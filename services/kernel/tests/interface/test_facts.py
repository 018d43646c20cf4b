"""Facts into the copy, on a real database: in order, without holes, any number of times."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.directory_copy import tables as t
from kernel.directory_copy.facts import EMPTY, apply_event, apply_heartbeat, apply_page, read_state
from kernel.directory_copy.filling import fill
from tests.support.town import id_of

NOW = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)


class Directory:
    """In place of the directory: what it knows after a number of changes, page by page."""

    def __init__(self, events: list[dict]):
        self.facts = {}
        for event in events:
            self.facts |= {(fact["kind"], fact["id"]): fact for fact in event["facts"]}
        self.asked = 0

    def call(self, procedure, request):
        self.asked += 1
        later = [fact for fact in self.facts.values() if fact["version"] > request["after"]]
        items = sorted(later, key=lambda fact: fact["version"])[: request["limit"]]
        return {"items": items, "newest": max((fact["version"] for fact in self.facts.values()), default=0)}


def membership(name: str, version: int, person: str = "an", valid_to: date | None = None) -> dict:
    fact = {
        "person_id": id_of(person), "post_id": id_of("post"), "primary": True, "valid_from": "2025-07-01",
        "valid_to": valid_to and valid_to.isoformat(),
    }  # fmt: skip
    return {"kind": "membership", "id": id_of(name), "version": version, "fact": fact}


def day(iso: str, version: int, working: bool | None) -> dict:
    fact = None if working is None else {"working": working, "name": "Ngày nghỉ"}
    return {"kind": "working_day", "id": iso, "version": version, "fact": fact}


def event(previous: int, *facts: dict) -> dict:
    return {"previous": previous, "facts": list(facts)}


@pytest.fixture
def tasks(clean, store):
    clean("tasks")
    return store("tasks")


def rows(store, table=t.memberships):
    with store.reading() as tx:
        return {row.id: row._mapping for row in tx.execute(sa.select(table))}


def state(store):
    with store.reading() as tx:
        return read_state(tx)


def hear(store, *events):
    for each in events:
        with store.transaction() as tx:
            apply_event(tx, each)


def test_an_empty_copy_is_not_filled(tasks):
    assert state(tasks) == EMPTY
    assert not state(tasks).complete


def test_an_empty_directory_fills_a_copy_too(tasks):
    fill(tasks, Directory([]))
    assert state(tasks).complete


def test_facts_that_follow_are_taken(tasks):
    hear(tasks, event(0, membership("a", 1)), event(1, membership("b", 2), membership("a", 3, person="binh")))
    assert state(tasks).version == 3
    assert rows(tasks)[id_of("a")]["person_id"] == id_of("binh")


def test_the_same_event_twice_changes_nothing(tasks):
    first, second = event(0, membership("a", 1)), event(1, membership("a", 2, person="binh"))
    hear(tasks, first, second)
    before = rows(tasks)
    hear(tasks, first, second, first)
    assert rows(tasks) == before
    assert state(tasks).version == 2


def test_facts_behind_a_hole_wait_for_the_refill(tasks):
    first, second = event(0, membership("a", 1)), event(1, membership("b", 2))
    directory = Directory([first, second])
    hear(tasks, second)
    assert (state(tasks).version, state(tasks).newest) == (0, 2)
    assert rows(tasks) == {}
    fill(tasks, directory)
    assert set(rows(tasks)) == {id_of("a"), id_of("b")}
    assert state(tasks).complete


def test_a_removed_fact_goes_and_does_not_come_back(tasks):
    made, removed = event(0, day("2026-09-02", 1, False)), event(1, day("2026-09-02", 2, None))
    hear(tasks, made, removed, made)
    assert rows(tasks, t.working_days) == {}


def test_a_kind_that_is_not_known_yet_is_passed_over(tasks):
    hear(tasks, event(0, {"kind": "anthem", "id": "x", "version": 1, "fact": {"text": "..."}}, membership("a", 2)))
    assert state(tasks).version == 2


def test_a_page_that_another_process_has_overtaken_is_dropped(tasks):
    hear(tasks, event(0, membership("a", 1)), event(1, membership("a", 2, person="binh")))
    with tasks.transaction() as tx:
        apply_page(tx, 0, [membership("a", 1)], 1, True, NOW)
    assert rows(tasks)[id_of("a")]["person_id"] == id_of("binh")
    assert state(tasks).version == 2


def test_a_heartbeat_makes_only_a_complete_copy_fresh(tasks):
    def beat(newest, at):
        with tasks.transaction() as tx:
            apply_heartbeat(tx, newest, at)

    beat(0, NOW)
    assert state(tasks).fresh_at is None, "it was never filled"
    fill(tasks, Directory([event(0, membership("a", 1))]))
    later = datetime.now(UTC) + timedelta(seconds=30)
    beat(1, later)
    assert state(tasks).fresh_at == later
    beat(1, NOW)
    assert state(tasks).fresh_at == later, "beats may arrive in any order"
    beat(2, later + timedelta(seconds=30))
    assert state(tasks).fresh_at == later
    assert not state(tasks).complete, "the directory knows of something that is not here"


def test_pages_are_asked_for_until_nothing_is_missing(tasks, monkeypatch):
    monkeypatch.setattr("kernel.directory_copy.filling.PAGE", 10)
    directory = Directory([event(0, *(membership(f"m{n}", n) for n in range(1, 26)))])
    fill(tasks, directory)
    assert (len(rows(tasks)), directory.asked) == (25, 3)
    fill(tasks, directory)
    assert directory.asked == 3, "a complete copy asks nobody"


def test_a_directory_that_does_not_answer_leaves_what_was_filled(tasks, monkeypatch):
    monkeypatch.setattr("kernel.directory_copy.filling.PAGE", 10)
    directory = Directory([event(0, *(membership(f"m{n}", n) for n in range(1, 26)))])
    answers = directory.call

    def failing(procedure, request):
        if request["after"] >= 10:
            raise ConnectionError
        return answers(procedure, request)

    directory.call = failing
    with pytest.raises(ConnectionError):
        fill(tasks, directory)
    assert state(tasks).version == 10 and not state(tasks).filled
    directory.call = answers
    fill(tasks, directory)
    assert len(rows(tasks)) == 25


histories = st.lists(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=3, unique_by=lambda pair: pair[0]),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories, st.randoms(use_true_random=False))
def test_whatever_order_events_come_in_the_copy_ends_like_the_directory(tasks, history, chance: random.Random):
    version, events = 0, []
    for changes in history:
        facts = [membership(f"m{m}", version + n, person=f"p{p}") for n, (m, p) in enumerate(changes, start=1)]
        events.append(event(version, *facts))
        version += len(facts)
    with tasks.transaction() as tx:
        tx.execute(sa.delete(t.memberships))
        tx.execute(sa.delete(t.state))
    delivered = events + chance.choices(events, k=len(events))
    chance.shuffle(delivered)
    directory = Directory(events)
    for each in delivered:
        hear(tasks, each)
        if chance.random() < 0.2:
            fill(tasks, directory)
    fill(tasks, directory)
    expected = {fact["id"]: (fact["version"], fact["fact"]["person_id"]) for fact in directory.facts.values()}
    assert {key: (row["version"], row["person_id"]) for key, row in rows(tasks).items()} == expected
    assert state(tasks).version == version


def test_a_whole_citys_facts_fill_a_copy(tasks):
    facts = [membership(f"m{n}", n, person=f"p{n}") for n in range(1, 60_001)]
    directory = Directory([event(0, *facts)])
    fill(tasks, directory)
    assert len(rows(tasks)) == 60_000
