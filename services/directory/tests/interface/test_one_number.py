"""People made and corrected by administrators, and the one number by which files, machines and people know somebody."""

import json
from dataclasses import dataclass
from importlib import import_module

import psycopg
import pytest
import sqlalchemy as sa

from chassis import clock
from contracts import directory as contract
from directory.domain.provisioning import ENTERPRISE
from directory.tests.interface.test_appointments import appoint, day, make_post, unit_id
from directory.tests.support import audited, refusal, said
from directory.use_cases import contact, handover, people, scim
from kernel.errors import Refused
from kernel.working_time import today

NAME = "Đặng Thị Mới Đến"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def add(city, role="administrator", key=None, **given):
    wanted = contract.NewPerson().load({"name": NAME, "employee_number": "CB-0001"} | given)
    request = {"idempotency_key": key or clock.new_id(), "person": wanted}
    return city.do(contact.add, city.claims(role), request, clock.now())


def correct(city, person_id, role="administrator", version=None, **given):
    request = contract.ChangePerson().load(given | {"id": person_id, "version": version})
    return city.do(contact.correct, city.claims(role), request, clock.now())


@dataclass
class Machine:
    """An outside identity system, taking its steps as the entrypoint does."""

    city: object
    id: str
    name: str = "idp"
    reach: str = "own"

    def act(self, step, **request):
        wanted = {"attributes": [], "excluded_attributes": [], "if_match": None} | request
        answer, first = None, True
        while answer is None:
            answer = self.city.do(step[0], self, wanted, *step[1:], clock.now(), first)
            first = False
        return answer.get("resource")

    def make(self, username, **attributes):
        number = attributes.pop("number", None)
        body = {"schemas": [USER], "userName": username} | attributes
        if number:
            body |= {"schemas": [USER, ENTERPRISE], ENTERPRISE: {"employeeNumber": number}}
        return self.act((scim.create_user,), body=body)

    def put(self, person_id, body):
        return self.act((scim.change_user, scim.scim.replaced), id=person_id, body=body)

    def patch(self, person_id, **operation):
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
        return self.act((scim.change_user, scim.scim.patched), id=person_id, body=body)

    def delete(self, person_id):
        self.act((scim.delete_user,), id=person_id)

    def found(self, text):
        request = {"resource": "Users", "filter": text, "start_index": 1, "count": None}
        request |= {"attributes": [], "excluded_attributes": []}
        return self.city.ask(scim.find, self, request, clock.now())


@pytest.fixture
def machine(trial):
    client_id = clock.new_id()
    made = sa.text("INSERT INTO scim_clients VALUES (:id, 'idp', 'hash', 'own', 100, 0, '2000-01-01', now())")
    trial.do(lambda tx: tx.execute(made, {"id": client_id}))
    return Machine(trial, client_id)


def account_of(city, person_id):
    return city.one("SELECT username, password_hash, revoked_at, revoked_by FROM accounts WHERE person_id = :id",
                    id=person_id)  # fmt: skip


# made and corrected


def test_an_administrator_makes_a_person_who_is_found_as_soon_as_he_holds_a_post(trial):
    made = add(trial, mobile="0100 111 222", visibility={"mobile": "city"})
    assert (made["name"], made["employee_number"], made["version"], made["entries"]) == (NAME, "CB-0001", 1, [])
    assert made["contact"]["mobile"] == "0100 111 222"
    assert audited(trial)[-1] == "person.added"
    assert said(trial) == []
    post = trial.one("SELECT post_id FROM memberships WHERE person_id = :id", id=trial.roles["official"]["person_id"])
    taken = sa.text("INSERT INTO memberships VALUES (:id, 99999999, :person, :post, true, :day, NULL)")
    ids = {"id": clock.new_id(), "person": made["id"], "post": post.post_id, "day": today(clock.now())}
    trial.do(lambda tx: tx.execute(taken, ids))
    corrected = correct(trial, made["id"], name="Đặng Thị Ngọc Khuê", version=1)
    request = contract.SearchPeople().load({"q": "dang thi ngoc khue"})
    seeker = trial.roles["official"]["person_id"]
    [line] = trial.ask(people.search_people, request, seeker, clock.now())["items"]
    assert (line["id"], corrected["version"]) == (made["id"], 2)
    assert [name for name, _ in said(trial)] == ["person_changed"]


def test_whoever_has_the_longest_name_and_post_can_be_appointed_and_is_found(trial):
    """As long as they may be, in letters that take three bytes and more: whatever stands in an index fits into it."""
    letters = [chr(0x20000 + 7 * n) for n in range(700)]  # all different: nothing of it can be written shorter
    made = add(trial, name="".join(letters[:200]))
    title = "".join(letters[200:500])
    post = make_post(trial, unit_id=unit_id(trial, "25747-VP"), title=title)
    appoint(trial, post_id=post["id"], person_id=made["id"], from_day=day())
    request = contract.SearchPeople().load({"q": "".join(letters[:20])})
    seeker = trial.roles["chairman"]["person_id"]
    assert [line["id"] for line in trial.ask(people.search_people, request, seeker, clock.now())["items"]] == [
        made["id"]
    ]


def test_whose_number_it_is_is_told(trial):
    made = add(trial)
    with pytest.raises(Refused) as refused:
        add(trial, employee_number="cb-0001")
    assert refused.value.details["person_id"] == made["id"]


def test_the_same_key_makes_one_person(trial):
    assert add(trial, key="one") == add(trial, key="one")


def test_a_number_is_one_persons_however_it_is_written(trial):
    made, other = add(trial), add(trial, employee_number=None)
    assert refusal(add, trial, employee_number="cb-0001") == "employee_number_taken"
    assert refusal(correct, trial, other["id"], employee_number="Cb-0001") == "employee_number_taken"
    assert correct(trial, made["id"], employee_number="cb-0001")["employee_number"] == "cb-0001"
    assert correct(trial, made["id"], employee_number=None)["employee_number"] is None
    assert correct(trial, other["id"], employee_number="CB-0001")["employee_number"] == "CB-0001"


def test_saying_it_twice_changes_nothing_and_what_has_changed_since_is_refused(trial):
    made = add(trial)
    for _ in range(2):
        assert correct(trial, made["id"], name="Trần An", version=1)["version"] == 2
    assert refusal(correct, trial, made["id"], name="Trần Bình", version=1) == "stale_version"


def test_whom_a_file_had_made_twice_loses_the_number_that_somebody_else_keeps(city, world):
    """The migration, with the people that it may find."""
    migration = import_module("directory.migrations.versions.0009_people")
    first, second, other = (clock.new_id() for _ in range(3))
    with psycopg.connect(world.owners["directory"]) as owner:
        owner.execute("DROP INDEX people_lower_employee_number")
        for id_, number in ((second, "cb-1"), (first, "CB-1"), (other, "CB-2")):
            owner.execute(
                "INSERT INTO people (id, name, folded, given, employee_number) VALUES (%s, 'An', ' an', 'an', %s)",
                (id_, number),
            )
        owner.execute(migration.WRITTEN_TWICE)
        with pytest.raises(psycopg.errors.UniqueViolation), owner.transaction():
            owner.execute("UPDATE people SET employee_number = 'cb-2' WHERE id = %s", (second,))
        numbers = "SELECT employee_number, version FROM people WHERE id = ANY(%s) ORDER BY id"
        assert owner.execute(numbers, ([first, second, other],)).fetchall() == [("CB-1", 1), (None, 2), ("CB-2", 1)]
        last = "SELECT action, subject, details->>'kept_by' FROM audit_log ORDER BY number DESC LIMIT 1"
        assert owner.execute(last).fetchone() == ("person.number_withdrawn", second, first)
        owner.rollback()


@pytest.mark.parametrize("role", ["chairman", "unit_head", "unit_clerk", "official", "auditor"])
def test_only_administrators_do(trial, role):
    assert refusal(add, trial, role) == "not_authorised"
    assert refusal(correct, trial, trial.roles[role]["person_id"], role, name="Tự Đổi") == "not_authorised"


def test_the_number_is_told_to_the_person_and_to_administrators_only(trial):
    person_id = trial.roles["official"]["person_id"]
    correct(trial, person_id, employee_number="CB-7")

    def told(role):
        return trial.ask(people.get_person, person_id, trial.roles[role]["person_id"], clock.now())["employee_number"]

    assert (told("official"), told("administrator"), told("unit_head")) == ("CB-7", "CB-7", None)


# machines know people by the same number


def test_a_machine_that_names_a_number_gives_that_person_his_account(trial, machine):
    made = add(trial, phone="028 0111", email="cu@hcm.example")
    assert machine.found('userName eq "moiden"')["total"] == 0
    user = machine.make("moiden", number="cb-0001", emails=[{"value": "moi@hcm.example", "primary": True}])
    assert user["id"] == made["id"]
    assert (user["displayName"], user[ENTERPRISE]) == (NAME, {"employeeNumber": "CB-0001"})
    found = trial.one("SELECT name, phone, email FROM people WHERE id = :id", id=made["id"])
    assert tuple(found) == (NAME, "028 0111", "moi@hcm.example")
    assert [name for name, _ in said(trial)] == ["person_changed"]
    assert account_of(trial, made["id"]).username == "moiden"


def test_whoever_has_an_account_gets_no_second_one(trial, machine):
    first = machine.make("motnguoi", number="CB-1")
    assert refusal(machine.make, "hainguoi", number="cb-1") == "scim_uniqueness"
    other = machine.make("hainguoi", number="CB-2")
    assert refusal(machine.patch, other["id"], op="replace", path=f"{ENTERPRISE}:employeeNumber", value="CB-1") == (
        "scim_uniqueness"
    )
    assert machine.found(f'{ENTERPRISE}:employeeNumber eq "cb-1"')["resources"][0]["id"] == first["id"]
    assert refusal(add, trial, employee_number="CB-2") == "employee_number_taken"


def test_a_number_that_no_file_could_have_is_refused(machine):
    assert refusal(machine.make, "x", number="CB 1") == "scim_invalid_value"


def test_nobody_who_watches_over_the_platform_is_taken_over(trial, machine):
    person_id = trial.roles["auditor"]["person_id"]
    correct(trial, person_id, employee_number="KS-1")
    trial.do(lambda tx: tx.execute(sa.text("DELETE FROM accounts WHERE person_id = :id"), {"id": person_id}))
    assert refusal(machine.make, "kiemsoat", number="KS-1") == "not_authorised"


def test_whoever_was_deleted_comes_back_as_the_same_person_with_nothing_to_sign_in_by(trial, machine):
    user = machine.make("trolai", number="CB-1", displayName="Lê Trở Lại")
    secret = sa.text("UPDATE accounts SET password_hash = 'x', totp_secret = 'x' WHERE person_id = :id")
    trial.do(lambda tx: tx.execute(secret, {"id": user["id"]}))
    machine.delete(user["id"])
    again = machine.make("trolai", number="CB-1", displayName="Lê Trở Lại")
    assert again["id"] == user["id"] and again["active"]
    assert tuple(account_of(trial, user["id"])) == ("trolai", None, None, None)
    assert machine.found('userName eq "trolai"')["total"] == 1


def test_whom_the_staff_revoked_no_machine_brings_back(trial, machine):
    user = machine.make("trolai", number="CB-1")
    revoked = sa.text("UPDATE accounts SET revoked_at = now(), revoked_by = 'unit' WHERE person_id = :id")
    trial.do(lambda tx: tx.execute(revoked, {"id": user["id"]}))
    machine.delete(user["id"])
    assert refusal(machine.make, "trolai", number="CB-1") == "not_authorised"


def test_whoever_comes_back_is_handed_his_account_like_anybody_new(trial, machine):
    user = machine.make("trolai", number="CB-1", displayName="Lê Trở Lại", active=True)
    account = trial.one("SELECT id FROM accounts WHERE person_id = :id", id=user["id"]).id
    official = trial.roles["official"]["person_id"]

    def lived(tx):
        for used in (
            "UPDATE accounts SET password_hash = 'x', password_changed_at = now() WHERE id = :account",
            "INSERT INTO known_sources VALUES (:account, '192.0.2.1', 'address', now())",
            "INSERT INTO recoveries VALUES"
            " (gen_random_uuid(), 'password', 'confirmed', :account, '', :official, now(), now())",
            "INSERT INTO memberships SELECT gen_random_uuid(), 99999999, :person, post_id, true, valid_from, NULL"
            ' FROM memberships WHERE person_id = :official AND "primary"',
        ):
            tx.execute(sa.text(used), {"account": account, "official": official, "person": user["id"]})

    trial.do(lived)
    machine.delete(user["id"])
    machine.make("trolai", number="CB-1")
    again = sa.text("UPDATE memberships SET valid_to = NULL WHERE person_id = :id")
    trial.do(lambda tx: tx.execute(again, {"id": user["id"]}))
    unit = trial.one(
        "SELECT CAST(unit_id AS text) AS id FROM posts JOIN memberships ON posts.id = post_id WHERE person_id = :id",
        id=official,
    )
    assert "trolai" in [slip.username for slip in trial.do(handover.hand_over, [unit.id], clock.now())]


def test_whom_the_staff_restored_after_he_was_deleted_comes_back_and_his_sessions_end(trial, machine):
    user = machine.make("trolai", number="CB-1")
    machine.delete(user["id"])
    restored = sa.text("UPDATE accounts SET revoked_at = NULL, revoked_by = NULL WHERE person_id = :id")
    trial.do(lambda tx: tx.execute(restored, {"id": user["id"]}))
    before = len(said(trial))
    assert machine.make("trolai", number="CB-1")["active"]
    assert [name for name, _ in said(trial)[before:]] == ["account_revoked"]


# what is taken away counts, and what a client may not know it is not told


def test_whom_a_machine_shuts_out_as_it_brings_him_counts(trial, machine):
    def spent():
        return trial.one("SELECT endings FROM scim_clients WHERE id = :id", id=machine.id).endings

    add(trial)
    machine.make("khoa", active=False)  # nobody knew him
    assert spent() == 0
    machine.make("khoa.cu", number="CB-0001", active=False)
    assert spent() == 1
    trial.do(lambda tx: tx.execute(sa.text("UPDATE scim_clients SET endings_a_day = 1")))
    add(trial, employee_number="CB-2")
    assert refusal(machine.make, "khoa.nua", number="CB-2", active=False) == "too_many_endings"
    assert machine.make("moi.nua", number="CB-2")["active"]


def test_a_post_that_ends_without_another_counts(trial, machine):
    made = add(trial)
    two_units = trial.all(
        "SELECT DISTINCT ON (u.id) u.code, p.id FROM posts p JOIN units u ON u.id = unit_id WHERE p.kind = 'official'"
        " AND NOT EXISTS (SELECT FROM units WHERE parent_id = u.id) ORDER BY u.id LIMIT 2"
    )
    take = sa.text("INSERT INTO memberships VALUES (:id, :version, :person, :post, :primary, '2025-07-01', NULL)")
    for unit, primary in zip(two_units, (True, False), strict=True):
        held = {"id": clock.new_id(), "version": 99999999 + primary, "person": made["id"]}
        held |= {"post": unit.id, "primary": primary}
        trial.do(lambda tx, held=held: tx.execute(take, held))
    body = {ENTERPRISE: {"employeeNumber": "CB-0001", "department": two_units[1].code}, "schemas": [USER, ENTERPRISE]}
    machine.act((scim.create_user,), body=body | {"userName": "chuyen"})
    assert trial.one("SELECT endings FROM scim_clients WHERE id = :id", id=machine.id).endings == 1


def test_an_address_that_not_everybody_may_see_is_no_clients_to_know(trial, machine):
    add(trial, email="rieng@hcm.example", visibility={"email": "self"})
    hidden = 'emails.value eq "rieng@hcm.example"'
    user = machine.make("kin", number="CB-0001", title="Chuyên viên")
    everybody = Machine(trial, machine.id, reach="all")
    other = Machine(trial, clock.new_id(), reach="all")
    body = {"schemas": [USER], "userName": "kin", "title": "Chuyên viên chính"}
    assert "emails" not in machine.put(user["id"], body)
    correct(trial, user["id"], email="rieng2@hcm.example")
    assert "emails" not in machine.put(user["id"], body | {"title": "Chuyên viên"})
    for client in (machine, everybody, other):
        assert client.found(hidden.replace("rieng", "rieng2"))["total"] == 0
        [seen] = client.found('userName eq "kin"')["resources"]
        assert "emails" not in seen
    assert trial.one("SELECT email FROM people WHERE id = :id", id=user["id"]).email == "rieng2@hcm.example"
    own = machine.patch(user["id"], op="add", path="emails", value=[{"value": "toi@hcm.example", "type": "work"}])
    assert [each["value"] for each in own["emails"]] == ["toi@hcm.example"]
    assert machine.found('emails.value eq "toi@hcm.example"')["total"] == 1
    assert other.found('emails.value eq "toi@hcm.example"')["total"] == 0
    other.put(user["id"], body)
    assert machine.found('emails.value eq "toi@hcm.example"')["total"] == 1
    correct(trial, user["id"], visibility={"email": "city"})
    assert other.found('emails.value eq "toi@hcm.example"')["total"] == 1


@pytest.mark.parametrize("number", ["NV 001", "CB-9"])  # of a form from before; somebody else's
def test_a_number_that_was_never_taken_over_hinders_nothing(trial, machine, number):
    add(trial, employee_number="CB-9")
    user = machine.make("cu", title="Chuyên viên")
    before = sa.text("UPDATE provisioned SET said = said || CAST(:said AS jsonb) WHERE person_id = :id")
    told = json.dumps({ENTERPRISE: {"employeeNumber": number}})
    trial.do(lambda tx: tx.execute(before, {"said": told, "id": user["id"]}))
    body = {"schemas": [USER, ENTERPRISE], "userName": "cu", ENTERPRISE: {"employeeNumber": number}}
    for title in ("Chuyên viên chính", "Chuyên viên"):
        changed = machine.put(user["id"], body | {"title": title})
        assert (changed["title"], changed.get(ENTERPRISE)) == (title, None)
    machine.patch(user["id"], op="replace", path="title", value="Chuyên viên cao cấp")
    assert machine.put(user["id"], body | {"active": False})["active"] is False
    wrong = body | {ENTERPRISE: {"employeeNumber": "NV 002"}}
    assert refusal(machine.put, user["id"], wrong) == "scim_invalid_value"
    right = machine.put(user["id"], body | {ENTERPRISE: {"employeeNumber": "CB-10"}})
    assert right[ENTERPRISE] == {"employeeNumber": "CB-10"}
    assert trial.one("SELECT employee_number FROM people WHERE id = :id", id=user["id"]).employee_number == "CB-10"


def test_silence_takes_no_number_away_that_somebody_else_gave(trial, machine):
    user = machine.make("imlang", displayName="Lê Im Lặng")
    correct(trial, user["id"], employee_number="CB-9")
    body = {"schemas": [USER], "userName": "imlang", "displayName": "Lê Im Lặng", "title": "Chuyên viên"}
    assert machine.put(user["id"], body)[ENTERPRISE] == {"employeeNumber": "CB-9"}
    machine.patch(user["id"], op="replace", path=f"{ENTERPRISE}:employeeNumber", value="CB-10")
    assert trial.one("SELECT employee_number FROM people WHERE id = :id", id=user["id"]).employee_number == "CB-10"
    machine.patch(user["id"], op="remove", path=f"{ENTERPRISE}:employeeNumber")
    assert trial.one("SELECT employee_number FROM people WHERE id = :id", id=user["id"]).employee_number is None
