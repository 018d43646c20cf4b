"""How people can be reached: who sees it, who changes it, and what finds them."""

import eventlet
import pytest

from chassis import clock
from chassis.testing import until
from contracts.directory import ChangeOwnContact, ChangePerson, SearchPeople
from directory.domain.provisioning import Taken
from directory.storage import people as stored
from directory.storage import provisioning
from directory.tests.interface.test_appointments import membership_of
from directory.tests.support import waits_for_lock
from directory.use_cases import appointments, contact, people
from kernel.errors import Refused
from kernel.working_time import today


def sees(city, seeker, person):
    ids = (city.roles[who]["person_id"] for who in (person, seeker))
    return city.ask(people.get_person, *ids, clock.now())


def change(city, who, **changed):
    request = ChangeOwnContact().load({"version": None} | changed)
    return city.do(contact.change_own, city.roles[who]["person_id"], request, clock.now())


def found(city, q, seeker="official"):
    request = SearchPeople().load({"q": q})
    lines = city.ask(people.search_people, request, city.roles[seeker]["person_id"], clock.now())["items"]
    return {line["id"] for line in lines}


def test_a_leaders_mobile_is_not_for_everyone(own_city):
    assert sees(own_city, "official", "unit_head")["contact"]["mobile"] is None
    assert sees(own_city, "official", "unit_head")["contact"]["phone"].startswith("(028) 0")
    for seeker in ("unit_head", "unit_clerk", "chairman", "office_clerk", "administrator"):
        assert sees(own_city, seeker, "unit_head")["contact"]["mobile"].startswith("01"), seeker


def test_an_officials_mobile_is_for_his_unit(own_city):
    assert sees(own_city, "unit_head", "official")["contact"]["mobile"]
    assert sees(own_city, "department_head", "official")["contact"]["mobile"] is None


def test_only_who_may_change_it_is_told_who_sees_what(own_city):
    assert sees(own_city, "official", "unit_head")["visibility"] is None
    assert sees(own_city, "unit_head", "unit_head")["visibility"]["mobile"] == "staff"
    assert sees(own_city, "administrator", "unit_head")["visibility"]["mobile"] == "staff"


def test_what_a_person_changes_is_told_thinly_and_written_down(own_city):
    changed = change(own_city, "official", mobile="0100 222 333", room=None, visibility={"phone": "self"})
    assert (changed["contact"]["mobile"], changed["contact"]["room"], changed["version"]) == ("0100 222 333", None, 2)
    person_id = own_city.roles["official"]["person_id"]
    told = own_city.one("SELECT data, thin FROM outbox WHERE name = 'person_changed'")
    assert (told.data, told.thin) == ({"person_id": person_id}, None)
    written = own_city.one(
        "SELECT details FROM audit_log WHERE action = 'person.contact_changed' ORDER BY number DESC LIMIT 1"
    )
    assert written.details == {"fields": ["mobile", "room", "shown_to"]}


def test_doing_it_twice_changes_nothing_more(own_city):
    assert change(own_city, "official", mobile="0100 222 333")["version"] == 2
    assert change(own_city, "official", mobile="0100 222 333")["version"] == 2


def test_a_stale_version_is_refused(own_city):
    change(own_city, "official", room="P. 101")
    with pytest.raises(Refused) as refused:
        change(own_city, "official", room="P. 102", version=1)
    assert refused.value.refusal_code == "stale_version"
    assert change(own_city, "official", room="P. 101", version=1)["version"] == 2


def test_only_an_administrator_changes_it_for_others(own_city):
    wanted = {"id": own_city.roles["official"]["person_id"], "version": None, "room": "P. 7"}
    request = ChangePerson().load(wanted)
    changed = own_city.do(contact.correct, own_city.claims("administrator"), request, clock.now())
    assert changed["contact"]["room"] == "P. 7"
    with pytest.raises(Refused) as refused:
        own_city.do(contact.correct, own_city.claims("unit_head"), request, clock.now())
    assert refused.value.refusal_code == "not_authorised"


def test_no_search_finds_by_a_number_that_is_not_open(own_city):
    person_id = own_city.roles["official"]["person_id"]
    change(own_city, "official", mobile="0187 654 321", phone="0287 654 321")
    assert person_id in found(own_city, "0287654")
    assert person_id not in found(own_city, "0187654")
    change(own_city, "official", visibility={"mobile": "city", "phone": "unit"})
    assert person_id in found(own_city, "0187 654")
    assert person_id not in found(own_city, "0287.654", seeker="unit_head")


def test_what_is_hidden_is_not_in_lists_either(own_city):
    change(own_city, "official", visibility={"phone": "unit", "email": "self"})
    person_id = own_city.roles["official"]["person_id"]
    name = own_city.one("SELECT name FROM people WHERE id = :id", id=person_id).name
    request = SearchPeople().load({"q": name, "limit": 50})
    unit_head = own_city.roles["unit_head"]["person_id"]
    lines = own_city.ask(people.search_people, request, unit_head, clock.now())["items"]
    lines += sees(own_city, "chairman", "official")["entries"]
    assert {(line["phone"], line["email"]) for line in lines if line["id"] == person_id} == {(None, None)}


def test_who_leaves_his_post_while_a_machine_renames_him_is_not_found_by_it(own_city):
    """Both make his lines anew, at once."""
    person_id = own_city.roles["official"]["person_id"]
    left = str(membership_of(own_city, "official").id)
    number = own_city.one("SELECT employee_number FROM people WHERE id = :id", id=person_id).employee_number
    leave = {"idempotency_key": "k", "id": left, "version": None, "on_day": today(clock.now())}

    def rename(tx):
        provisioning.change_person(tx, person_id, Taken("Lê Đổi Tên", None, None, None, number))
        stored.refresh_entries(tx, [person_id])

    with own_city.store.transaction() as tx:
        appointments.end_membership(tx, own_city.claims("administrator"), leave, clock.now())
        renaming = eventlet.spawn(own_city.do, rename)
        until(lambda: renaming.dead or waits_for_lock(own_city), 10)
    renaming.wait()
    assert own_city.all("SELECT words FROM entries WHERE membership_id = :id", id=left) == []
