"""Somebody is gone, and his name goes: nothing in the directory says any more who he was, and his id stays."""

import pytest
import sqlalchemy as sa

from chassis import clock
from contracts import directory as contract
from directory.domain.provisioning import ENTERPRISE
from directory.storage import tables as t
from directory.tests.interface.test_appointments import appoint, day
from directory.tests.interface.test_one_number import add, correct, machine  # noqa: F401
from directory.tests.support import audited, refusal, said
from directory.use_cases import accounts, erasure, people, scim
from kernel.working_time import today

REASON = "Theo yêu cầu ngày 02/11/2026"
WORDS = (
    "Đặng Thị Ngọc Khuê",
    "ngoc khue",
    "khue.dtn",
    "KH-7788",
    "0100 555 777",
    "khue@hcm.example",
    "P. 977",
    "NG-31",
)


def erase(city, person_id, role="administrator", version=None, reason=REASON):
    request = {"id": person_id, "version": version, "reason": reason}
    return city.do(erasure.erase_person, city.claims(role), request, clock.now())


def leaves(city, person_id) -> None:
    """All that he holds is over."""
    change = sa.text(
        "UPDATE memberships SET valid_from = LEAST(valid_from, :day), valid_to = :day WHERE person_id = :id"
    )
    city.do(lambda tx: tx.execute(change, {"day": today(clock.now()), "id": person_id}))


def revoke(city, person_id) -> str:
    account_id = city.one("SELECT id FROM accounts WHERE person_id = :id", id=person_id).id
    city.do(accounts.revoke_account, city.claims("administrator"), account_id, None, clock.now())
    return account_id


def known_of(city) -> str:
    """Everything that stands in the tables of the directory; what was asked with a key is forgotten after a day."""
    rows = [city.all(f'SELECT row_to_json(x)::text FROM "{name}" x') for name in t.metadata.tables]
    rows += [city.all("SELECT data::text FROM outbox"), city.all("SELECT row_to_json(x)::text FROM audit_log x")]
    return "\n".join(row[0] for table in rows for row in table)


@pytest.fixture
def fed(machine):  # noqa: F811
    """Brought by a machine, which has said all that it knows of him."""
    work = {"type": "work"}
    made = machine.make(
        "khue.dtn", name={"formatted": WORDS[0]}, displayName=WORDS[0], externalId="NG-31", number="KH-7788",
        emails=[work | {"value": "khue@hcm.example", "primary": True}],
        phoneNumbers=[{"type": "mobile", "value": "0100 555 777"}],
    )  # fmt: skip
    correct(machine.city, made["id"], room="P. 977", visibility={"mobile": "self"})
    return made["id"]


def test_nothing_says_who_he_was_and_his_id_stays(trial, fed):
    before = known_of(trial)
    assert [word for word in WORDS if word not in before] == []
    account_id, version = revoke(trial, fed), trial.one("SELECT version FROM people WHERE id = :id", id=fed).version
    erased = erase(trial, fed, version=version)

    after = known_of(trial)
    assert [word for word in WORDS if word in after] == []
    assert (erased["id"], erased["name"], erased["version"]) == (fed, erasure.NAME, version + 1)
    assert erased["erased_at"] and set(erased["contact"].values()) == {None} and erased["entries"] == []
    named = trial.ask(people.get_names, [fed])["items"]
    assert [dict(each) for each in named] == [{"id": fed, "name": erasure.NAME}]
    assert said(trial)[-1] == ("person_erased", {"person_id": fed})
    entry = trial.one("SELECT subject, details FROM audit_log WHERE action = 'person.erased'")
    assert (entry.subject, entry.details) == (fed, {"reason": REASON})
    account = trial.one("SELECT * FROM accounts WHERE id = :id", id=account_id)
    assert (str(account.person_id), account.kind, account.password_hash) == (fed, "erased", None)
    assert account.revoked_at is not None


def test_again_it_changes_nothing_and_nothing_brings_him_back(trial, machine, fed):  # noqa: F811
    account_id = revoke(trial, fed)
    first = erase(trial, fed)
    told = len(said(trial))
    assert erase(trial, fed, version=1) == first and len(said(trial)) == told
    assert audited(trial).count("person.erased") == 1

    administrator = trial.claims("administrator")
    assert refusal(correct, trial, fed, name="Trần An") == "person_erased"
    post = trial.one("SELECT post_id FROM memberships WHERE person_id = :id", id=trial.roles["official"]["person_id"])
    assert refusal(appoint, trial, post_id=post.post_id, person_id=fed, from_day=day()) == "unknown_person"
    restore = (accounts.restore_account, administrator, account_id, None, clock.now())
    assert refusal(trial.do, *restore) == "not_found"
    body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "khue.dtn", "active": True}
    assert refusal(machine.put, fed, body) == "not_found"
    assert machine.found('userName sw "erased"')["total"] == 0
    again = machine.make("khue.dtn", displayName=WORDS[0], number="KH-7788")
    assert (again["id"] != fed, again[ENTERPRISE]["employeeNumber"]) == (True, "KH-7788")


def test_a_machine_that_sees_everybody_does_not_see_him(trial, machine):  # noqa: F811
    """Whom no machine has fed."""
    person_id = trial.roles["official"]["person_id"]
    machine.reach = "all"
    by_id = {"resource": "Users", "id": person_id, "attributes": [], "excluded_attributes": [], "if_match": None}
    assert trial.do(scim.get, machine, by_id, clock.now())
    leaves(trial, person_id)
    revoke(trial, person_id)
    erase(trial, person_id)
    assert refusal(trial.do, scim.get, machine, by_id, clock.now()) == "not_found"


def test_nobody_is_erased_who_holds_a_post_or_whose_account_works(trial):
    person_id = trial.roles["official"]["person_id"]
    assert refusal(erase, trial, person_id, "unit_head") == "not_authorised"
    assert refusal(erase, trial, clock.new_id()) == "not_found"
    assert refusal(erase, trial, person_id, version=0) == "stale_version"
    assert refusal(erase, trial, person_id) == "person_in_post"
    leaves(trial, person_id)
    assert refusal(erase, trial, person_id) == "account_not_ended"
    revoke(trial, person_id)
    assert erase(trial, person_id)["name"] == erasure.NAME


def test_who_is_to_take_up_a_post_is_not_erased(trial):
    made = add(trial)
    post = trial.one("SELECT post_id FROM memberships WHERE person_id = :id", id=trial.roles["official"]["person_id"])
    appoint(trial, post_id=post.post_id, person_id=made["id"], from_day=day(7))
    assert refusal(erase, trial, made["id"]) == "person_in_post"


def test_who_never_had_an_account_is_erased_too(trial):
    made = add(trial, mobile="0100 111 222")
    assert refusal(erase, trial, made["id"], reason="Đơn của bà ĐẶNG THỊ MỚI ĐẾN") == "reason_names_person"
    assert erase(trial, made["id"], version=1)["contact"]["mobile"] is None
    assert contract.PersonDetail().dump(erase(trial, made["id"]))["employee_number"] is None
