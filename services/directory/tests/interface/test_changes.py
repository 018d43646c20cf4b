"""What the copies are told: the feed, the events, and that following either ends in the same state."""

from datetime import date

import eventlet

from chassis import clock
from directory.storage import facts as stored
from directory.storage import people as stored_people
from directory.tests.support import moved, refusal
from directory.use_cases import facts, organisation, people

MOVED = date(2026, 6, 1)


def feed(city, limit=700):
    after, items = 0, []
    while True:
        page = city.ask(facts.get_changes, after, limit)
        items += page["items"]
        if len(page["items"]) < limit:
            return items, page["newest"]
        after = items[-1]["version"]


def membership(city, username):
    return city.one(
        "SELECT m.id, m.person_id, m.post_id, m.valid_to FROM memberships m JOIN accounts a USING (person_id)"
        ' WHERE a.username = :username AND m."primary" ORDER BY m.valid_from LIMIT 1',
        username=username,
    )


def promote(city, username="official", place="head.25750"):
    """The official takes up another ward's leading post; answers the new membership's id."""
    post = membership(city, place)
    new = clock.new_id()
    city.do(moved, str(membership(city, username).person_id), str(post.post_id), MOVED, new)
    return new


def test_the_feed_has_every_fact_once_in_the_order_of_versions(city):
    items, newest = feed(city)
    assert [item["version"] for item in items] == list(range(1, newest + 1))
    assert {item["kind"] for item in items} == {
        "unit", "post", "membership", "delegation", "audience", "working_day",
    }  # fmt: skip


def test_facts_hold_ids_and_dates_and_nobodys_name(city):
    items, _ = feed(city)
    by_kind = {item["kind"]: item for item in items}
    assert set(by_kind["unit"]["fact"]) == {
        "code", "kind", "name", "full_name", "full_name_en", "parent_id", "valid_from", "valid_to"
    }  # fmt: skip
    assert set(by_kind["membership"]["fact"]) == {"person_id", "post_id", "primary", "valid_from", "valid_to"}
    assert by_kind["membership"]["fact"]["valid_from"] in ("2021-07-01", "2025-07-01")
    assert date.fromisoformat(by_kind["working_day"]["id"])
    assert len(next(item for item in items if item["id"] == "all-units")["fact"]["unit_ids"]) == 184


def test_the_feed_goes_on_after_a_version(city):
    _, newest = feed(city)
    assert city.ask(facts.get_changes, newest, 10)["items"] == []
    assert [i["version"] for i in city.ask(facts.get_changes, newest - 3, 2)["items"]] == [newest - 2, newest - 1]


def test_an_appointment_ends_what_was_before_and_tells_of_all_of_it(own_city):
    _, before = feed(own_city)
    head, official = membership(own_city, "head.25750"), membership(own_city, "official")
    new = promote(own_city)
    said = own_city.one("SELECT name, subject, version, data FROM outbox")
    assert (said.name, said.subject, said.version) == ("membership_changed", new, before + 3)
    assert said.data["previous"] == before
    facts = {fact["id"]: fact["fact"] for fact in said.data["facts"]}
    assert set(facts) == {str(head.id), str(official.id), new}
    assert facts[str(head.id)]["valid_to"] == facts[str(official.id)]["valid_to"] == "2026-06-01"
    assert facts[new] == {
        "person_id": str(official.person_id), "post_id": str(head.post_id), "primary": True,
        "valid_from": "2026-06-01", "valid_to": None,
    }  # fmt: skip


def test_the_feed_after_an_event_holds_what_the_event_said(own_city):
    _, before = feed(own_city)
    promote(own_city)
    said = own_city.one("SELECT data FROM outbox").data
    assert own_city.ask(facts.get_changes, before, 100)["items"] == said["facts"]


def test_who_was_appointed_is_found_in_his_new_post_and_unit(own_city):
    promote(own_city)
    person_id = own_city.roles["official"]["person_id"]
    shown = own_city.ask(people.get_person, person_id, person_id, clock.now())["entries"]
    assert [entry["title"] for entry in shown] == ["Chủ tịch UBND Phường Phú Lợi"]
    unit_id = shown[0]["unit_id"]
    assert own_city.ask(organisation.get_unit, unit_id, clock.now())["head"]["id"] == person_id


def test_the_searched_lines_hold_who_holds_a_post_and_only_what_differs_is_written(own_city):
    lines = "SELECT membership_id::text AS id, xmin::text AS written_by FROM entries ORDER BY 1"
    before = {row.id: row.written_by for row in own_city.all(lines)}
    left = {str(membership(own_city, name).id) for name in ("official", "head.25750")}
    promote(own_city)
    after = {row.id: row.written_by for row in own_city.all(lines)}
    [came] = after.keys() - before.keys()
    assert before.keys() - after.keys() == left
    assert [id_ for id_ in after if after[id_] != before.get(id_)] == [came]
    own_city.do(stored_people.refresh_entries)
    assert after == {row.id: row.written_by for row in own_city.all(lines)}


def test_an_appointment_of_nobody_changes_nothing(own_city):
    _, before = feed(own_city)
    post_id = str(membership(own_city, "head.25750").post_id)
    assert refusal(own_city.do, moved, clock.new_id(), post_id, MOVED, clock.new_id()) == "unknown_person"
    assert feed(own_city)[1] == before


def test_versions_become_visible_in_their_order_and_without_holes(own_city):
    """Two changes at once: the later version waits for the earlier one's commit."""
    _, before = feed(own_city)
    seen = []

    def slow():
        with own_city.store.transaction() as tx:
            stored.claim_versions(tx, 1)
            eventlet.sleep(0.4)
            seen.append("slow")

    def quick():
        with own_city.store.transaction() as tx:
            seen.append(stored.claim_versions(tx, 1))

    first = eventlet.spawn(slow)
    eventlet.sleep(0.1)
    second = eventlet.spawn(quick)
    eventlet.sleep(0.1)
    assert own_city.ask(stored.newest) == before
    first.wait(), second.wait()
    assert seen == ["slow", before + 1]
