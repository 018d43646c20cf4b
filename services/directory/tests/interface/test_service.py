"""The directory on the bus, and a hearer whose copy follows it."""

import psycopg
import pytest

from chassis import clock
from chassis.database import Database
from chassis.errors import CallFailed
from chassis.testing import until
from contracts import directory as contract
from directory.service import Service
from directory.storage import facts as stored
from directory.tests.interface.test_changes import membership, promote
from directory.use_cases import facts
from kernel.directory_copy import HearsDirectory, head_posts
from kernel.directory_copy.facts import read_state


class Copyist(HearsDirectory):
    name = "tasks"
    db = Database()


def refusal(call, *arguments, **named):
    with pytest.raises(CallFailed) as failed:
        call(*arguments, **named)
    return failed.value.code


def test_every_question_is_answered(city, run, caller):
    run(Service)
    claims = city.claims("official")
    profile = caller(contract.get_profile, {}, claims)
    assert profile["person"]["id"] == claims["sub"]
    unit_id = profile["memberships"][0]["unit_id"]
    assert caller(contract.get_unit, {"id": unit_id}, claims)["head"]["name"]
    assert caller(contract.list_units, {"kind": "ward", "limit": 200}, claims)["next_cursor"] is None
    assert caller(contract.search_people, {"q": "nguyen"}, claims)["items"]
    assert caller(contract.get_person, {"id": claims["sub"]}, claims)["entries"]
    assert caller(contract.get_names, {"person_ids": [claims["sub"]]}, claims)["items"]
    assert len(caller(contract.list_audiences, {}, claims)["items"]) == 6
    assert caller(contract.get_changes, {"after": 0, "limit": 5})["items"]


def test_bad_questions_are_refused_by_name(city, run, caller):
    run(Service)
    claims = city.claims("official")
    assert refusal(caller, contract.get_unit, {"id": "no id"}, claims) == "invalid_request"
    assert refusal(caller, contract.get_unit, {"id": clock.new_id()}, claims) == "not_found"
    assert refusal(caller, contract.search_people, {"q": "n"}, claims) == "invalid_request"
    assert refusal(caller, contract.search_people, {"q": "nguyen", "cursor": "?"}, claims) == "invalid_request"
    assert refusal(caller, contract.list_units, {"anything": 1}, claims) == "invalid_request"
    assert refusal(caller, contract.get_contacts, {"person_ids": [claims["sub"]]}) == "caller_not_listed"
    assert refusal(caller, contract.get_profile, {}, claims | {"sub": clock.new_id()}) == "not_found"


def test_credentials_are_checked_over_the_bus(city, run, caller):
    run(Service)
    right = {"username": "official", "password": city.password}
    assert caller(contract.verify_credentials, right)["person_id"] == city.roles["official"]["person_id"]
    assert refusal(caller, contract.verify_credentials, right | {"password": "wrong"}) == "wrong_credentials"
    secret = {"username": "administrator", "password": city.password}
    assert refusal(caller, contract.verify_credentials, secret) == "totp_required"


def test_a_copy_fills_itself_with_the_city_and_follows_an_appointment(own_city, clean, store, run):
    clean("tasks")
    run(Service)
    run(Copyist)
    tasks = store("tasks")
    newest = own_city.ask(stored.newest)
    with tasks.reading() as tx:
        assert read_state(tx).version == newest
        heads = head_posts(tx, [head["unit_id"] for head in own_city.heads], clock.now())
    assert len(heads) == 184
    promote(own_city)

    def followed():
        with tasks.reading() as tx:
            return read_state(tx).version == newest + 3

    until(followed)


def test_the_heartbeat_keeps_a_copy_fresh(own_city, clean, store, run):
    clean("tasks")
    run(Service)
    run(Copyist)
    tasks = store("tasks")

    def beaten():
        with tasks.reading() as tx:
            return read_state(tx)

    filled_at = beaten().fresh_at
    own_city.do(facts.beat, clock.now())
    until(lambda: beaten().fresh_at > filled_at)


def test_no_name_and_no_number_reaches_a_copy(own_city, clean, run, world):
    """Whatever the copy's tables hold, it is nobody's name, number or address."""
    clean("tasks")
    run(Service)
    run(Copyist)
    person_id = membership(own_city, "chairman").person_id
    chairman = own_city.one("SELECT name, phone, email FROM people WHERE id = :id", id=person_id)
    with psycopg.connect(world.owners["tasks"]) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'copy_%'").fetchall()
        for (table,) in tables:
            text = str(connection.execute(f"SELECT coalesce(string_agg(t::text, ''), '') FROM {table} t").fetchone())
            assert not any(secret in text for secret in chairman), table
