"""Files in and out of a real directory: compared, applied as a whole by a process of its own, read back the same."""

import base64
import csv
import hashlib
import io
import os
import signal
import subprocess
import sys
from datetime import timedelta

import eventlet
import psycopg
import pytest
import sqlalchemy as sa

from chassis import clock
from chassis import imports as chassis_imports
from chassis.database import Database
from chassis.errors import CallFailed
from chassis.testing import until
from contracts import directory as contract
from contracts.directory import ChangeOwnContact
from contracts.imports import PART_BYTES
from directory.importing import work
from directory.importing.__main__ import run as carry_out
from directory.service import Service
from directory.storage.imports import files
from directory.tests.interface.test_appointments import appoint, deputy_of, lend, post_of
from directory.tests.interface.test_changes import membership
from directory.tests.support import waits_for_lock
from directory.use_cases import contact, facts, imports
from kernel.capacity import actor_for
from kernel.directory_copy import HearsDirectory
from kernel.directory_copy.facts import read_state
from kernel.working_time import today

DAY = timedelta(1)
PEOPLE = ["Mã số cán bộ", "Họ và tên", "Mã đơn vị", "Loại chức vụ", "Chức danh"]


class Copyist(HearsDirectory):
    name = "tasks"
    db = Database()


def as_csv(*rows) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()


class Importer:
    """The administrator with files in his hand. The work is done here, by the function that the process runs."""

    def __init__(self, city):
        self.city = city
        self.actor = city.ask(actor_for, contract.begin_import, city.claims("administrator"), clock.now())

    def hand_in(self, what: str, raw: bytes, form: str = "csv", **options) -> str:
        request = {
            "idempotency_key": clock.new_id(), "what": what, "form": form, "size": len(raw), "unit_id": None,
            "sha256": hashlib.sha256(raw).hexdigest(), "dry_run": True, "end_missing": False, "mapping": {},
        } | options  # fmt: skip
        job = self.city.do(imports.begin_import, self.actor, request, clock.now())
        for number, first in enumerate(range(0, len(raw), PART_BYTES)):
            part = base64.b64encode(raw[first : first + PART_BYTES]).decode()
            self.city.do(imports.add_part, job["id"], number, part)
        return job["id"]

    def work(self) -> None:
        files.work_on_next(self.city.store, lambda id_: carry_out(self.city.store.url, id_), clock.now())

    def compared(self, *args, **options) -> dict:
        import_id = self.hand_in(*args, **options)
        return self.worked_on(import_id)

    def applied(self, *args, **options) -> dict:
        return self.compared(*args, **options | {"dry_run": False})

    def apply(self, import_id: str, version=None) -> dict:
        self.city.do(imports.apply_import, import_id, version)
        return self.worked_on(import_id)

    def worked_on(self, import_id: str) -> dict:
        """A service that runs beside may have claimed it: then its process does the work."""
        self.work()

        def ended():
            found = self.city.ask(imports.get_import, import_id)
            return found["state"] not in ("waiting", "running") and found

        return until(ended, 30)

    def rows(self, import_id: str, kind=None) -> list[dict]:
        return self.city.ask(
            imports.list_rows, {"id": import_id, "kind": kind, "limit": 200, "cursor": None})["items"]  # fmt: skip


@pytest.fixture
def importer(own_city):
    return Importer(own_city)


def export(city, caller, what: str, claims=None, **options) -> list[list[str]]:
    lines, cursor = [], None
    while True:
        request = {"what": what, "cursor": cursor, "limit": 1000} | options
        page = caller(contract.export_lines, request, claims or city.claims("administrator"))
        lines += page["rows"] if cursor else [page["headers"], *page["rows"]]
        if not (cursor := page["next_cursor"]):
            return lines


def state_of(city) -> list:
    return city.all(
        "SELECT 'newest', newest::text, '' FROM directory_version UNION ALL SELECT 'people', md5(string_agg(p::text, ''"
        " ORDER BY id)), '' FROM people p UNION ALL SELECT 'held', md5(string_agg(m::text, '' ORDER BY id)), ''"
        " FROM memberships m UNION ALL SELECT 'entries', count(*)::text, '' FROM entries ORDER BY 1"
    )


def number_of(city, role: str) -> str:
    return city.one(
        "SELECT employee_number FROM people WHERE id = :id", id=city.roles[role]["person_id"]
    ).employee_number


NEW = ["X1", "Đặng Thị Mới", "25747-VP", "Chuyên viên", ""]


def test_what_goes_out_comes_in_without_a_difference(own_city, importer, run, caller):
    run(Service)
    for what in contract.IMPORTED:
        lines = export(own_city, caller, what)
        found = importer.compared(what, as_csv(*lines))
        assert found["counts"] == {
            "new": 0, "changed": 0, "gone": 0, "conflict": 0, "invalid": 0, "unchanged": len(lines) - 1,
        }, importer.rows(found["id"])[:3]  # fmt: skip
    assert own_city.one("SELECT count(*) FROM audit_log WHERE action = 'directory.exported'").count == 3


def test_a_dry_run_shows_and_an_apply_does_it(own_city, importer):
    before = state_of(own_city)
    moving = number_of(own_city, "official")
    raw = as_csv(PEOPLE, NEW, [moving, "Tên Mới", "STC-VP", "Chuyên viên", ""])
    found = importer.compared("people", raw)
    assert (found["state"], found["counts"]["new"], found["counts"]["changed"]) == ("compared", 1, 1)
    assert found["counts"]["gone"] > 2000, "whoever is not in the file is shown"
    assert state_of(own_city) == before
    (changed,) = importer.rows(found["id"], "changed")
    assert changed["line"] == 3
    assert [each["column"] for each in changed["changes"]] == ["name", "post"]

    done = importer.apply(found["id"], found["version"])
    assert (done["state"], done["step"]) == ("applied", "apply")
    person = own_city.one("SELECT name, given FROM people WHERE employee_number = 'X1'")
    assert (person.name, person.given) == ("Đặng Thị Mới", "moi")
    assert membership(own_city, "official").valid_to == today(clock.now())
    entries = own_city.all("SELECT words FROM entries WHERE words LIKE ' dang thi moi|%' OR words LIKE ' ten moi|%'")
    assert len(entries) == 2, "whoever has moved is found where he is now"
    assert own_city.one("SELECT count(*) FROM memberships WHERE valid_to > '2025-07-01'").count == 1, (
        "nobody else ended"
    )
    assert own_city.one("SELECT count(*) FROM import_parts").count == 0
    actions = {row.action for row in own_city.all("SELECT action FROM audit_log")}
    assert {"import.begun", "import.compared", "import.apply_asked", "import.applied"} <= actions

    again = importer.applied("people", raw)
    assert (again["state"], again["counts"]["unchanged"], again["counts"]["new"]) == ("applied", 2, 0)


def test_a_number_in_another_case_makes_nobody_a_second_time(own_city, importer):
    assert importer.applied("people", as_csv(PEOPLE, NEW))["state"] == "applied"
    again = importer.applied("people", as_csv(PEOPLE, ["x1", "Đặng Thị Khác", *NEW[2:]]))
    assert (again["state"], again["counts"]["new"], again["counts"]["changed"]) == ("applied", 0, 1)
    people = own_city.all("SELECT employee_number, name FROM people WHERE lower(employee_number) = 'x1'")
    assert people == [("X1", "Đặng Thị Khác")]


def test_applying_twice_is_applying_once(own_city, importer):
    found = importer.compared("people", as_csv(PEOPLE, NEW))
    own_city.do(imports.apply_import, found["id"], found["version"])
    own_city.do(imports.apply_import, found["id"], found["version"])
    importer.work()
    after = state_of(own_city)
    own_city.do(imports.apply_import, found["id"], found["version"])
    importer.work()
    assert state_of(own_city) == after


def test_what_is_missing_ends_only_if_it_is_said(own_city, importer, run, caller):
    run(Service)
    unit = own_city.one("SELECT id FROM units WHERE code = '25747'").id
    lines = export(own_city, caller, "people", unit_id=unit)
    without = [line for line in lines if line[0] != number_of(own_city, "official")]
    assert len(without) == len(lines) - 1
    found = importer.compared("people", as_csv(*without), unit_id=unit, end_missing=True)
    assert (found["counts"]["gone"], found["counts"]["conflict"]) == (1, 0)
    importer.apply(found["id"])
    assert membership(own_city, "official").valid_to is not None
    assert own_city.one("SELECT count(*) FROM memberships WHERE valid_to > '2025-07-01'").count == 1


def lent_by_the_head(city) -> str:
    city.do(lambda tx: tx.execute(sa.text("DELETE FROM delegations")))
    lent = lend(city, grantee_person_id=deputy_of(city, "25747"), to_day=today(clock.now()) + timedelta(60))["id"]
    city.do(lambda tx: tx.execute(sa.text("UPDATE delegations SET valid_from = valid_from - 1")))
    return lent


def ends_on(city, delegation_id: str):
    return city.one("SELECT valid_to FROM delegations WHERE id = :id", id=delegation_id).valid_to


def test_what_a_head_has_lent_ends_with_his_successor(own_city, importer):
    lent = lent_by_the_head(own_city)
    name = own_city.one("SELECT name FROM people WHERE id = :id", id=own_city.roles["unit_head"]["person_id"]).name
    leaving = [number_of(own_city, "unit_head"), name, "STC-VP", "Chuyên viên", ""]
    done = importer.applied("people", as_csv(PEOPLE, leaving, ["X1", "Đặng Thị Mới", "25747", "Trưởng đơn vị", ""]))
    assert done["state"] == "applied", importer.rows(done["id"])[:3]
    assert ends_on(own_city, lent) == today(clock.now())
    said = own_city.all("SELECT name, data FROM outbox WHERE name = 'membership_changed' ORDER BY id")[-1]
    assert {fact["kind"] for fact in said.data["facts"]} == {"membership", "delegation"}


def test_another_primary_post_takes_nothing_from_what_was_lent(own_city, importer):
    """The same memberships go on."""
    second = post_of(own_city, "STC", "clerk")
    head = own_city.roles["unit_head"]["person_id"]
    appoint(own_city, person_id=head, post_id=second, from_day=today(clock.now()), primary=False)
    lent = lent_by_the_head(own_city)
    held = 'SELECT id, post_id, "primary", valid_to FROM memberships WHERE person_id = :id ORDER BY id'
    before = own_city.all(held, id=head)
    number = number_of(own_city, "unit_head")
    name = own_city.one("SELECT name FROM people WHERE id = :id", id=head).name
    raw = as_csv(
        [*PEOPLE, "Chức vụ chính"],
        [number, name, "STC", "clerk", "", "có"], [number, name, "25747", "Trưởng đơn vị", "", "không"],
    )  # fmt: skip
    done = importer.applied("people", raw)
    assert (done["state"], done["counts"]["changed"]) == ("applied", 2), importer.rows(done["id"])[:3]
    assert own_city.all(held, id=head) == [(*row[:2], not row.primary, None) for row in before]
    assert ends_on(own_city, lent) > today(clock.now())


def test_faults_are_told_by_row_and_column_and_nothing_is_applied(own_city, importer):
    before = state_of(own_city)
    head = ["X2", "Đặng Văn Hai", "25747", "Trưởng đơn vị", ""]
    raw = as_csv(PEOPLE, NEW, ["X3", "=1+1", "?", "head", ""], head, ["X4", "NguyÔn V¨n An", "STC-VP", "official", ""])
    found = importer.applied("people", raw)
    assert (found["state"], found["step"], found["counts"]["invalid"], found["counts"]["conflict"]) == (
        "compared", "compare", 2, 1,
    )  # fmt: skip
    faults = {
        (row["line"], fault["column"], fault["code"])
        for kind in ("invalid", "conflict")
        for row in importer.rows(found["id"], kind)
        for fault in row["faults"]
    }
    assert faults == {
        (3, "name", "formula"), (3, "unit_code", "not_a_code"), (4, "unit_code", "post_held"),
        (5, "name", "looks_like_tcvn3"),
    }  # fmt: skip
    with pytest.raises(Exception, match="whole or not at all"):
        importer.apply(found["id"])
    assert state_of(own_city) == before


def test_a_file_that_is_none_is_refused_with_its_reason(own_city, importer):
    refused = importer.compared("people", as_csv(["Mã số cán bô viên", *PEOPLE[1:]], NEW))
    assert (refused["state"], refused["fault"]["code"]) == ("refused", "columns_missing")
    assert refused["headers"][0]["proposed"] == "employee_number"
    mapped = importer.compared(
        "people", as_csv(["Mã số cán bô viên", *PEOPLE[1:]], NEW), mapping={"Mã số cán bô viên": "employee_number"}
    )
    assert mapped["counts"]["new"] == 1
    old = importer.compared("people", "Hä vµ tªn;M· sè\n".encode("latin-1"))
    assert old["fault"] == {"code": "wrong_encoding", "details": {"looks_like": "TCVN3 (ABC)"}}
    bomb = importer.compared("people", b"PK\x03\x04", form="xlsx")
    assert bomb["fault"]["code"] == "not_a_spreadsheet"
    damaged = importer.compared("people", as_csv(PEOPLE, NEW), sha256="0" * 64)
    assert damaged["fault"]["code"] == "incomplete"
    assert own_city.one("SELECT count(*) FROM import_parts WHERE import_id <> :id", id=mapped["id"]).count == 0


def test_a_directory_that_has_changed_meanwhile_is_not_overrun(own_city, importer):
    found = importer.compared("people", as_csv(PEOPLE, NEW))
    importer.applied("people", as_csv(PEOPLE, [NEW[0], "Người Khác", *NEW[2:]]))
    before = state_of(own_city)
    stale = importer.apply(found["id"], found["version"])
    assert (stale["state"], stale["stale"], stale["counts"]["changed"]) == ("compared", True, 1)
    assert state_of(own_city) == before
    assert importer.apply(found["id"], stale["version"])["state"] == "applied"
    assert own_city.one("SELECT name FROM people WHERE employee_number = 'X1'").name == NEW[1]


@pytest.mark.parametrize(
    "said, ends", [(["Tên Mới", "0100"], ("compared", True)), (["Tên Mới", ""], ("applied", False))]
)
def test_what_somebody_says_of_himself_while_files_are_compared_is_not_lost(
    own_city, importer, monkeypatch, said, ends
):
    """Whoever looked at another difference is shown the one that it has become."""
    person = own_city.roles["official"]["person_id"]
    line = [number_of(own_city, "official"), said[0], "25747-VP", "Chuyên viên", "", said[1]]
    found = importer.compared("people", as_csv([*PEOPLE, "Điện thoại"], line))
    compare = work.compare

    def meanwhile(*given):
        comparison = compare(*given)
        monkeypatch.setattr(work, "compare", compare)
        change = ChangeOwnContact().load({"version": None, "phone": "0999"})
        own_city.do(contact.change_own, person, change, clock.now())
        return comparison

    monkeypatch.setattr(work, "compare", meanwhile)
    done = importer.apply(found["id"], found["version"])
    assert (done["state"], done["stale"]) == ends
    now = own_city.one("SELECT name, phone, version FROM people WHERE id = :id", id=person)
    assert (now.phone, now.name == "Tên Mới", now.version) == ("0999", not done["stale"], 2 + (not done["stale"]))


def test_who_is_to_have_another_primary_post_soon_is_not_moved_by_a_file(own_city, importer):
    person = own_city.roles["official"]["person_id"]
    appoint(own_city, person_id=person, post_id=post_of(own_city, "STC", "clerk"), from_day=today(clock.now()) + DAY)
    held = "SELECT * FROM memberships WHERE person_id = :id ORDER BY id"
    before = own_city.all(held, id=person)
    moving = [number_of(own_city, "official"), "Tên Mới", "STC-VP", "Chuyên viên", ""]
    done = importer.applied("people", as_csv(PEOPLE, moving))
    [conflict] = importer.rows(done["id"], "conflict")
    assert (done["state"], [fault["code"] for fault in conflict["faults"]]) == ("compared", ["planned_change"])
    assert own_city.all(held, id=person) == before


def test_units_and_posts_come_in_with_those_above_and_below(own_city, importer):
    units = as_csv(
        ["Mã đơn vị", "Loại đơn vị", "Tên ngắn", "Tên đầy đủ", "Mã đơn vị cấp trên"],
        ["MOI-A", "Phòng ban", "Phòng A", "Phòng A Sở Mới", "MOI"],
        ["MOI", "Sở", "Sở Mới", "Sở Mới", "UBND"],
        ["25747", "Phường", "Phường Đổi Tên", "Phường Đổi Tên", "UBND"],
    )
    assert importer.applied("units", units)["state"] == "applied"
    assert own_city.one("SELECT p.code FROM units u JOIN units p ON p.id = u.parent_id WHERE u.code = 'MOI-A'").code
    assert own_city.one("SELECT folded FROM units WHERE code = '25747'").folded == " phuong doi ten 25747"
    assert own_city.one("SELECT name FROM unit_states").name == "Thủ Dầu Một", "how it was called stays known"
    posts = as_csv(
        ["Mã đơn vị", "Loại chức vụ", "Chức danh", "Số thứ tự", "Đứng đầu"],
        ["MOI", "head", "Giám đốc Sở Mới", "", "có"], ["MOI-A", "clerk", "Văn thư", "1", "không"],
        ["MOI-A", "clerk", "Văn thư", "2", "không"],
    )  # fmt: skip
    assert importer.applied("posts", posts)["counts"]["new"] == 3
    assert importer.applied("posts", posts)["counts"]["unchanged"] == 3
    people = as_csv(PEOPLE, ["X9", "Lê Thị Chín", "MOI", "head", ""])
    assert importer.applied("people", people)["state"] == "applied"
    news = own_city.ask(facts.get_changes, own_city.one("SELECT newest FROM directory_version").newest - 9, 100)
    assert [item["kind"] for item in news["items"]] == [
        "unit", "unit", "unit", "audience", "audience", "post", "post", "post", "membership",
    ]  # fmt: skip


def many(city, count: int) -> bytes:
    return as_csv(PEOPLE, *([f"N{n}", f"Người Thứ {n}", "25747-VP", "official", ""] for n in range(count)))


def test_a_copy_follows_a_large_import(own_city, importer, clean, store, run, world):
    """Its event would be too large for the bus: the copy asks for what it misses."""
    clean("tasks")
    run(Service)
    run(Copyist)
    with psycopg.connect(world.owners["directory"]) as owner:
        assert importer.applied("people", many(own_city, 2500))["state"] == "applied"
        told = owner.execute("SELECT data FROM outbox ORDER BY id DESC LIMIT 1").fetchone()[0]
    newest = own_city.one("SELECT newest FROM directory_version").newest
    assert (len(told["facts"]), told["previous"]) == (1, newest - 1)
    tasks = store("tasks")

    def followed():
        with tasks.reading() as tx:
            state = read_state(tx)
            return state.complete and state.version == newest

    until(followed, 20)


def test_only_an_administrator_imports_and_others_take_out_their_own_unit(own_city, run, caller):
    run(Service)
    begin = {
        "idempotency_key": "k", "what": "people", "form": "csv", "size": 1, "sha256": "0" * 64, "unit_id": None,
    }  # fmt: skip
    own = str(own_city.one("SELECT id FROM units WHERE code = '25747'").id)
    other = str(own_city.one("SELECT id FROM units WHERE code = '25750'").id)
    for role, procedure, request in [
        ("unit_head", contract.begin_import, begin),
        ("chairman", contract.begin_import, begin),
        ("unit_head", contract.export_lines, {"what": "people"}),
        ("unit_head", contract.export_lines, {"what": "people", "unit_id": other}),
        ("official", contract.export_lines, {"what": "people", "unit_id": own}),
    ]:
        with pytest.raises(CallFailed) as failed:
            caller(procedure, request, own_city.claims(role))
        assert failed.value.code == "not_authorised"
    for role in ("unit_head", "unit_clerk", "administrator"):
        lines = export(own_city, caller, "people", own_city.claims(role), unit_id=own)
        assert {line[6].partition("-")[0] for line in lines[1:]} == {"25747"}
    with pytest.raises(CallFailed) as failed:
        caller(contract.get_import, {"id": clock.new_id()}, own_city.claims("administrator"))
    assert failed.value.code == "not_found"


def test_who_takes_out_his_unit_gets_the_numbers_that_he_may_see(own_city, run, caller):
    """A mobile is for one's own unit, that of a leader for those who serve him, and some for nobody."""
    run(Service)
    own = own_city.one("SELECT id FROM units WHERE code = '25747'").id
    head, clerk, official = (own_city.roles[role]["person_id"] for role in ("unit_head", "unit_clerk", "official"))
    own_city.do(lambda tx: tx.execute(sa.text("UPDATE people SET mobile = '01', room = 'A 1', phone = '02'")))
    hide = sa.text('UPDATE people SET shown_to = \'{"phone": "self", "room": "unit"}\' WHERE id = :id')
    own_city.do(lambda tx: tx.execute(hide, {"id": official}))
    addresses = own_city.all("SELECT CAST(id AS text), email, employee_number FROM people")
    address, number = ({row[0]: row[place] for row in addresses} for place in (1, 2))
    deputy = address[deputy_of(own_city, "25747")]

    def seen(role: str, *places: int) -> dict:
        lines = export(own_city, caller, "people", own_city.claims(role), unit_id=str(own))
        return {line[4]: tuple(line[place] for place in places or (2, 3, 5)) for line in lines[1:]}

    of_head, of_clerk, all_ = seen("unit_head"), seen("unit_clerk"), seen("administrator")
    assert of_head[address[official]] == of_clerk[address[official]] == ("", "01", "A 1")
    assert (of_head[deputy], of_clerk[deputy]) == (("02", "", "A 1"), ("02", "01", "A 1"))
    assert of_head[address[head]] == ("02", "01", "A 1")
    told = {role: {number for (number,) in seen(role, 0).values()} for role in ("unit_head", "unit_clerk")}
    assert told == {"unit_head": {"", number[head]}, "unit_clerk": {"", number[clerk]}}
    assert ("",) not in seen("administrator", 0).values()
    assert set(all_.values()) == {("02", "01", "A 1")}


def test_numbers_and_rooms_come_in(own_city, importer):
    moved = number_of(own_city, "official")
    columns = [*PEOPLE, "Di động", "Phòng làm việc"]
    rows = [[*NEW, "+84 901 234", "B 2"], [moved, "Tên", "25747-VP", "Chuyên viên", "", "-", "C 3"]]
    found = importer.applied("people", as_csv(columns, *rows))
    assert found["state"] == "applied", importer.rows(found["id"])
    by_number = "SELECT mobile, room, phone IS NULL AS without_phone FROM people WHERE employee_number = :number"
    assert own_city.one(by_number, number="X1") == ("+84 901 234", "B 2", True)
    assert own_city.one(by_number, number=moved) == (None, "C 3", False)


def test_a_file_with_hidden_cells_takes_nothing_away(own_city, importer, run, caller):
    """What a head took out of his own unit, in which an administrator fills the numbers in."""
    run(Service)
    hide = sa.text('UPDATE people SET shown_to = \'{"phone": "self", "email": "self", "room": "self"}\'')
    own_city.do(lambda tx: tx.execute(hide))
    unit = str(own_city.one("SELECT id FROM units WHERE code = '25747'").id)
    lines = export(own_city, caller, "people", own_city.claims("unit_head"), unit_id=unit)
    assert len({tuple(line[2:6]) for line in lines[1:]} & {("", "", "", "")}) == 1
    whole = export(own_city, caller, "people", unit_id=unit)
    lines = [[all_[0], *line[1:]] for all_, line in zip(whole, lines, strict=True)]
    found = importer.compared("people", as_csv(*lines), unit_id=unit)
    assert found["counts"]["unchanged"] == len(lines) - 1, importer.rows(found["id"])[:3]


def test_a_file_comes_over_the_bus_in_parts_and_is_worked_on_by_a_process(own_city, run, caller):
    run(Service)
    claims = own_city.claims("administrator")
    raw = many(own_city, 60_000)
    begin = {
        "idempotency_key": "once", "what": "people", "form": "csv", "size": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(), "mapping": {"nothing": "name"},
    }  # fmt: skip
    job = caller(contract.begin_import, begin, claims)
    assert caller(contract.begin_import, begin, claims)["id"] == job["id"]
    parts = [raw[at : at + PART_BYTES] for at in range(0, len(raw), PART_BYTES)]
    assert len(parts) > 1
    for number, part in [*enumerate(parts), (0, parts[0])]:
        request = {"id": job["id"], "number": number, "content": base64.b64encode(part).decode()}
        answer = caller(contract.add_import_part, request, claims)
    assert answer["state"] in ("waiting", "running", "refused")

    def ended():
        found = caller(contract.get_import, {"id": job["id"]}, claims)
        return found["state"] == "refused" and found

    assert until(ended, 30)["fault"] == {"code": "unknown_mapping", "details": {"headers": ["nothing"]}}


# the process and its end


def process(city, import_id: str, **environment):
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "directory.importing", import_id],
        env=os.environ | {"CONGVU_DATABASE_URL": city.store.url, "PYTHONPATH": os.pathsep.join(sys.path)} | environment,
    )


def claimed(importer, *args, **options) -> str:
    import_id = importer.hand_in(*args, **options)
    importer.city.do(files.claim, clock.now())
    return import_id


def later():
    return clock.now() + 2 * chassis_imports.STARTING


def test_a_process_that_is_killed_while_it_writes_leaves_nothing_and_is_taken_up_again(own_city, importer, world):
    before = state_of(own_city)
    import_id = claimed(importer, "people", many(own_city, 200), dry_run=False)
    with psycopg.connect(world.owners["directory"]) as blocking:
        blocking.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")  # where it stands when all is written but that
        working = process(own_city, import_id)
        until(lambda: waits_for_lock(own_city), 20)
        importer.work()
        assert own_city.ask(imports.get_import, import_id)["state"] == "running", "its process lives"
        os.kill(working.pid, signal.SIGKILL)
        working.wait()
        until(lambda: not waits_for_lock(own_city), 10)
    assert state_of(own_city) == before
    files.work_on_next(own_city.store, lambda id_: carry_out(own_city.store.url, id_), later())
    assert own_city.ask(imports.get_import, import_id)["state"] == "applied"
    assert own_city.one("SELECT count(*) FROM people WHERE employee_number LIKE 'N%'").count == 200


def test_an_import_whose_process_dies_each_time_is_given_up(own_city, importer):
    import_id = importer.hand_in("people", as_csv(PEOPLE, NEW))
    for attempt in range(chassis_imports.MOST_ATTEMPTS + 1):
        files.work_on_next(own_city.store, lambda _: None, clock.now() + 2 * attempt * chassis_imports.STARTING)
    found = own_city.ask(imports.get_import, import_id)
    assert (found["state"], found["fault"]["code"]) == ("failed", "process_died")


def test_a_second_process_leaves_the_work_to_the_first(own_city, importer):
    import_id = claimed(importer, "people", as_csv(PEOPLE, NEW))
    with chassis_imports.alive(own_city.store.url, import_id) as first:
        assert first
        assert process(own_city, import_id).wait(20) == 3
    assert process(own_city, import_id).wait(20) == 0
    assert process(own_city, import_id).wait(20) == 3, "it is done"


def test_one_import_is_worked_on_at_a_time(own_city, importer):
    first, second = (importer.hand_in("people", as_csv(PEOPLE, NEW)) for _ in range(2))
    assert own_city.do(files.claim, clock.now()) == first
    assert own_city.do(files.claim, clock.now()) is None
    assert own_city.ask(imports.get_import, second)["state"] == "waiting"


def test_two_who_claim_at_once_take_one_import(own_city, importer):
    first, _ = (importer.hand_in("people", as_csv(PEOPLE, NEW)) for _ in range(2))
    with own_city.store.transaction() as tx:
        assert files.claim(tx, clock.now()) == first
        other = eventlet.spawn(own_city.do, files.claim, clock.now())
        until(lambda: other.dead or waits_for_lock(own_city), 10)
    assert other.wait() is None


def test_memory_is_bounded_and_running_out_of_it_is_told(own_city, importer, monkeypatch):
    def greedy(*_):
        raise MemoryError

    monkeypatch.setattr(work, "compare", greedy)
    found = importer.compared("people", as_csv(PEOPLE, NEW))
    assert (found["state"], found["fault"]["code"]) == ("refused", "too_costly")


def test_the_database_waits_while_an_import_compares(own_city, importer, monkeypatch):
    """Longer than for other work, in which a silent client is taken for a hung one."""
    compare, waits = work.compare, []

    def asked(tx, *given):
        limit = sa.text("SELECT setting FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'")
        waits.append(int(tx.execute(limit).scalar_one()))
        return compare(tx, *given)

    monkeypatch.setattr(work, "compare", asked)
    importer.apply(importer.compared("people", as_csv(PEOPLE, NEW))["id"])
    assert waits == [chassis_imports.COMPARING_MS] * 2
    assert chassis_imports.COMPARING_MS > 1000 * chassis_imports.CPU_SECONDS


def test_what_was_in_old_files_is_forgotten(own_city, importer):
    found = importer.compared("people", as_csv(PEOPLE, NEW))
    own_city.do(imports.forget, clock.now())
    assert own_city.one("SELECT count(*) FROM import_rows").count > 0
    own_city.do(imports.forget, clock.now() + 2 * imports.KEPT)
    assert own_city.one("SELECT count(*) FROM import_rows").count == 0
    assert own_city.one("SELECT count(*) FROM import_parts").count == 0
    assert own_city.ask(imports.get_import, found["id"])["state"] == "expired"


def test_two_begin_with_one_key_at_once(own_city, importer):
    started = [eventlet.spawn(importer.hand_in, "people", as_csv(PEOPLE, NEW), idempotency_key="k") for _ in range(2)]
    assert len({each.wait() for each in started}) == 1
