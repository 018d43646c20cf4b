"""A service that hears the directory: filled at its start, following its events, refilled after a gap."""

import eventlet
import pytest
import sqlalchemy as sa

from chassis import clock
from chassis.container import Container
from chassis.database import Database
from chassis.rpc import rpc
from chassis.testing import until
from contracts import directory
from kernel.directory_copy import HearsDirectory, holders
from kernel.directory_copy import tables as t
from kernel.directory_copy.facts import read_state
from tests.support.town import facts, id_of, person, post


class Copyist(HearsDirectory):
    name = "tasks"
    db = Database()


def directory_with(items: list[dict]):
    class Directory:
        """In place of the directory, over the real bus."""

        name = "directory"

        @rpc(directory.get_changes)
        def get_changes(self, call, request):
            later = [item for item in items if item["version"] > request["after"]]
            return {"items": later[: request["limit"]], "newest": max(item["version"] for item in items)}

    return Directory


@pytest.fixture
def tasks(clean, store):
    clean("tasks")
    return store("tasks")


@pytest.fixture
def items():
    return facts()


def version(store):
    with store.reading() as tx:
        return read_state(tx).version


def appointed(holder: str, place: str, newest: int) -> dict:
    fact = {
        "person_id": person(holder), "post_id": post(place), "primary": True, "valid_from": "2025-07-01",
        "valid_to": None,
    }  # fmt: skip
    return {"kind": "membership", "id": id_of(f"{holder} in {place}"), "version": newest, "fact": fact}


def test_a_process_is_ready_once_its_copy_is_filled(tasks, items, run, world):
    container = Container(Copyist, world.settings("tasks"))
    container.start()
    try:
        until(lambda: container.checks["inbox"]())
        assert not container.checks["directory_copy"]()
        run(directory_with(items))
        until(container.checks["directory_copy"], 10)
        assert version(tasks) == len(items)
    finally:
        container.stop()


def test_events_are_followed_as_they_come(tasks, items, run, tell):
    run(directory_with(items))
    run(Copyist)
    newest = len(items) + 1
    news = appointed("newcomer", "ward-1 official", newest)
    for _ in range(2):
        tell(directory.membership_changed, {"previous": len(items), "facts": [news]}, version=newest)
    until(lambda: version(tasks) == newest)
    with tasks.reading() as tx:
        found = holders(tx, [post("ward-1 official")], clock.now())
    assert person("newcomer") in found[post("ward-1 official")]


def test_a_gap_is_seen_and_filled(tasks, items, run, tell):
    run(directory_with(items))
    run(Copyist)
    newest = len(items) + 2
    items += [appointed("first", "ward-1 official", newest - 1), appointed("second", "ward-1 official", newest)]
    tell(directory.membership_changed, {"previous": newest - 1, "facts": [items[-1]]}, version=newest)
    until(lambda: version(tasks) == newest, 5)
    with tasks.reading() as tx:
        ids = tx.execute(sa.select(t.memberships.c.id).where(t.memberships.c.version >= newest - 1)).scalars().all()
    assert set(ids) == {items[-1]["id"], items[-2]["id"]}


def test_a_heartbeat_that_knows_more_brings_the_rest(tasks, items, run, tell):
    run(directory_with(items))
    run(Copyist)
    newest = len(items) + 1
    items.append(appointed("quiet", "ward-1 official", newest))
    tell(directory.directory_heartbeat, {"newest": newest, "at": "2026-11-22T03:00:00+00:00"}, subject="directory")
    until(lambda: version(tasks) == newest, 5)


def test_two_processes_of_one_service_fill_one_copy(tasks, run, monkeypatch):
    monkeypatch.setattr("kernel.directory_copy.filling.PAGE", 5)
    items = facts()
    run(directory_with(items))
    first, second = eventlet.spawn(run, Copyist), eventlet.spawn(run, Copyist)
    first.wait(), second.wait()
    assert version(tasks) == len(items)
    with tasks.reading() as tx:
        rows = sum(tx.execute(sa.select(sa.func.count()).select_from(table)).scalar() for table in t.KINDS.values())
    assert rows == len(items)
