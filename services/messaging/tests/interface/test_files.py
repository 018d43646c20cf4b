"""The store of files: what is handed in is looked at before it is kept, and given to whoever may have it."""

import hashlib
import sys
import uuid
from datetime import timedelta

import eventlet
import pytest

from chassis import clock
from chassis.blobs.folder import Folder
from chassis.errors import CallFailed
from chassis.grants import Grants
from chassis.rpc import Remote
from chassis.testing import until
from contracts import files, tasks
from messaging.domain.files import MOST_UNATTACHED, MOST_UPLOADS
from messaging.tests.support import DOCX, EICAR, EXE, PDF
from messaging.use_cases import file_bytes
from tests.support.orders import changed
from tests.support.town import claims, id_of, person

HEAD, OTHER = claims("ward-1 head"), claims("ward-2 head")
RESULT = id_of("a result")


class Desk:
    """Hands files in as the gateway does: it writes the bytes, messaging looks at them."""

    def __init__(self, caller, folder):
        self.call, self.store, self.folder = caller, Folder(str(folder)), folder

    def begin(self, name: str, key: str | None = None, who: dict = HEAD) -> dict:
        return self.call(files.begin_file, {"name": name, "idempotency_key": key or uuid.uuid4().hex}, claims=who)

    def finish(self, begun: dict, content: bytes, who: dict = HEAD) -> dict:
        if begun["blob_id"]:
            self.write(begun, content)
        counted = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        return self.call(files.finish_file, begun | counted, claims=who, timeout=20)

    def write(self, begun: dict, content: bytes) -> None:
        writer = self.store.begin(begun["blob_id"])
        writer.write(content)
        writer.commit()

    def hand_in(self, name: str, content: bytes, key: str | None = None, who: dict = HEAD) -> dict:
        return self.finish(self.begin(name, key, who), content, who)

    def open(self, file: dict, who: dict = HEAD, grant: str | None = None) -> dict:
        return self.call(files.open_file, {"id": file["id"], "grant": grant}, claims=who)

    def blobs(self) -> set[str]:
        return {path.name for path in self.folder.glob("??/*")}


@pytest.fixture
def desk(here, caller, tmp_path) -> Desk:
    return Desk(caller, tmp_path)


@pytest.fixture
def tasks_asks(run):
    """Calls as the service tasks, and gives its word."""

    class Tasks:
        name = "tasks"
        remote, grants = Remote(), Grants()

    container = run(Tasks)
    remote, grants = (
        next(each for each in container.dependencies if isinstance(each, kind)) for kind in (Remote, Grants)
    )

    def ask(**request) -> list[dict]:
        return remote.bound().call(files.hold_files, request)["items"]

    ask.grants = grants
    return ask


def refused(call, *args, **kwargs) -> tuple[str, dict]:
    with pytest.raises(CallFailed) as refusal:
        call(*args, **kwargs)
    return refusal.value.code, refusal.value.details


def attach(tell, here, *kept: dict) -> None:
    data = changed("submitted", "result_submitted", 3) | {"result_id": RESULT}
    tell(tasks.assignment_changed, data | {"file_ids": [file["id"] for file in kept]})
    until(lambda: here.rows("SELECT 1 FROM file_attachments WHERE file_id = :id", id=kept[-1]["id"]))


def test_a_file_is_kept_with_its_hash_and_what_it_is(here, desk):
    file = desk.hand_in("../Báo cáo.pdf", PDF)
    assert (file["name"], file["media_type"], file["size"]) == ("Báo cáo.pdf", "application/pdf", len(PDF))
    assert (file["sha256"], file["scan"]) == (hashlib.sha256(PDF).hexdigest(), "unchecked")
    opened = desk.open(file)
    assert (desk.folder / opened["blob_id"][-2:] / opened["blob_id"]).read_bytes() == PDF
    assert here.rows("SELECT * FROM file_uploads") == []


def test_the_same_key_hands_in_once(here, desk):
    first, again = desk.hand_in("a.pdf", PDF, "k"), desk.hand_in("a.pdf", PDF, "k")
    assert first == again
    assert len(here.rows("SELECT 1 FROM files")) == 1


def test_of_what_is_kept_nothing_is_written_any_more(desk):
    desk.hand_in("a.pdf", PDF, "k")
    again = desk.begin("a.pdf", "k")
    assert again["blob_id"] is None
    assert refused(desk.finish, again, DOCX)[0] == "idempotency_key_reused"
    assert refused(desk.finish, desk.begin("b.pdf") | {"blob_id": None}, PDF)[0] == "not_found"
    assert len(desk.blobs()) == 1


def test_a_file_has_only_so_many_uploads_on_their_way_and_one_of_them_stays(desk):
    begun = [desk.begin("a.pdf", "k") for _ in range(MOST_UPLOADS)]
    assert refused(desk.begin, "a.pdf", "k") == ("too_many_uploads", {"most": MOST_UPLOADS, "retry_after": 3600})
    kept = [desk.finish(each, PDF) for each in begun]
    assert kept == [kept[0]] * MOST_UPLOADS
    assert desk.blobs() == {begun[0]["blob_id"]}


def test_other_bytes_under_the_same_key_replace_nothing(desk):
    """Or what was looked at could be exchanged afterwards."""
    late = desk.begin("a.docx", "k")
    file = desk.hand_in("a.docx", DOCX, "k")
    assert refused(desk.finish, late, EXE)[0] == "idempotency_key_reused"
    assert refused(desk.hand_in, "b.docx", DOCX, "k")[0] == "idempotency_key_reused"
    blob = desk.open(file)["blob_id"]
    assert blob != late["blob_id"]
    assert (desk.folder / blob[-2:] / blob).read_bytes() == DOCX


def test_what_is_refused_leaves_no_bytes_and_stays_refused(here, desk):
    refusal = ("file_type_refused", {"reason": "content"})
    assert refused(desk.hand_in, "a.pdf", EXE, "k") == refusal
    assert refused(desk.hand_in, "a.pdf", PDF, "k") == refusal
    assert refused(desk.begin, "a.exe") == ("file_type_refused", {"reason": "extension"})
    [file] = here.rows("SELECT id, state FROM files")
    assert file["state"] == "refused"
    assert refused(desk.open, file)[0] == "not_found"


def test_bytes_that_did_not_arrive_as_counted_are_not_kept(here, desk):
    begun = desk.begin("a.pdf")
    writer = desk.store.begin(begun["blob_id"])
    writer.write(PDF)
    writer.commit()
    counted = {"size": len(PDF) + 1, "sha256": "0" * 64}
    assert refused(desk.call, files.finish_file, begun | counted, claims=HEAD)[0] == "storage_unavailable"
    assert [row["state"] for row in here.rows("SELECT state FROM files")] == ["receiving"]


def test_another_persons_file_does_not_exist(desk):
    begun, file = desk.begin("a.pdf"), desk.hand_in("b.pdf", PDF)
    assert refused(desk.finish, begun, PDF, OTHER)[0] == "not_found"
    assert refused(desk.open, file, OTHER)[0] == "not_found"
    stranger = desk.begin("a.pdf", who=OTHER) | {"blob_id": begun["blob_id"]}
    assert refused(desk.finish, stranger, PDF, OTHER)[0] == "not_found"
    assert refused(desk.open, {"id": id_of("nothing")}, OTHER)[0] == "not_found"


def test_a_person_has_only_so_many_files_that_are_attached_to_nothing(here, desk):
    desk.begin("a.pdf")
    here.do(
        "INSERT INTO files (id, name, state, scan, uploaded_by_person_id, uploaded_at, keep_until) SELECT"
        " gen_random_uuid(), name, state, scan, uploaded_by_person_id, uploaded_at, keep_until"
        " FROM files, generate_series(2, :most)",
        most=MOST_UNATTACHED,
    )
    assert refused(desk.begin, "a.pdf")[0] == "too_many_files"
    desk.begin("a.pdf", who=OTHER)


def test_only_ones_own_kept_files_are_held_to_be_attached(desk, tasks_asks):
    one, two = desk.hand_in("1.pdf", PDF), desk.hand_in("2.pdf", PDF)
    mine = {"person_id": person("ward-1 head")}
    held = tasks_asks(**mine, file_ids=[two["id"], one["id"]])
    assert [(file["id"], file["name"], file["size"]) for file in held] == [
        (two["id"], "2.pdf", len(PDF)), (one["id"], "1.pdf", len(PDF)),
    ]  # fmt: skip
    unknown = ("unknown_file", {"field": "file_ids"})
    assert refused(tasks_asks, person_id=person("ward-2 head"), file_ids=[one["id"]]) == unknown
    assert refused(tasks_asks, **mine, file_ids=[one["id"], id_of("nothing")]) == unknown
    assert refused(tasks_asks, **mine, file_ids=[desk.begin("3.pdf")["id"]]) == unknown
    assert refused(desk.call, files.hold_files, mine | {"file_ids": [one["id"]]})[0] == "caller_not_listed"


def test_an_attached_file_is_for_whom_the_attaching_service_says(here, desk, tell, tasks_asks, caller):
    file = desk.hand_in("a.pdf", PDF)
    attach(tell, here, file)
    word = tasks_asks.grants.give(OTHER["sub"], file["id"])
    assert desk.open(file, OTHER) == {"file": None, "blob_id": None, "ask": ["tasks"]}
    assert desk.open(file, OTHER, word)["file"]["name"] == "a.pdf"
    assert refused(desk.open, file, claims("ward-3 head"), word)[0] == "invalid_token"
    assert refused(desk.open, desk.hand_in("b.pdf", PDF), OTHER, word)[0] == "invalid_token"
    not_tasks = Grants()
    not_tasks.container = caller.container
    assert refused(desk.open, file, OTHER, not_tasks.give(OTHER["sub"], file["id"]))[0] == "not_found"
    desk.open(file)
    read = here.rows("SELECT subject, actor, details FROM audit_log WHERE action = 'messaging.file_read'")
    assert [(row["subject"], row["actor"]["sub"], row["details"]["granted_by"]) for row in read] == [
        (file["id"], OTHER["sub"], "tasks"), (file["id"], HEAD["sub"], None),
    ]  # fmt: skip


def test_a_grant_lasts_a_minute(here, desk, tell, tasks_asks, monkeypatch):
    file = desk.hand_in("a.pdf", PDF)
    attach(tell, here, file)
    monkeypatch.setattr("chassis.grants.SECONDS", -10)
    word = tasks_asks.grants.give(OTHER["sub"], file["id"])
    assert refused(desk.open, file, OTHER, word)[0] == "invalid_token"


def given(container, name: str):
    """What the service of a container has under this name."""
    return next(each for each in container.dependencies if each.attr_name == name).get_dependency(None)


def sweep(start, **later) -> None:
    """What its timer does, at a time of the test's choosing."""
    file_bytes.sweep(start.container.store, given(start.container, "blobs"), clock.now() + timedelta(**later))


def ids(here) -> set[str]:
    return {str(row["id"]) for row in here.rows("SELECT id FROM files")}


def test_what_is_attached_to_nothing_goes_and_what_is_attached_stays(here, desk, start, tell, tasks_asks):
    attached, loose, held = (desk.hand_in(f"{number}.pdf", PDF) for number in range(3))
    attach(tell, here, attached)
    tasks_asks(person_id=person("ward-1 head"), file_ids=[held["id"]])
    sweep(start, hours=23)
    assert len(ids(here)) == 3
    sweep(start, hours=25)
    assert ids(here) == {attached["id"], held["id"]}
    assert len(desk.blobs()) == 2
    assert refused(desk.open, loose)[0] == "not_found"
    sweep(start, days=8)
    assert ids(here) == {attached["id"]}
    assert desk.open(attached)["file"]["id"] == attached["id"]


def test_what_never_arrived_as_a_whole_goes(here, desk, start):
    begun = desk.begin("a.pdf")
    writer = desk.store.begin(begun["blob_id"])
    writer.write(PDF)
    writer.commit()
    sweep(start, minutes=30)
    assert len(desk.blobs()) == 1
    sweep(start, hours=2)
    assert desk.blobs() == set()
    assert here.rows("SELECT 1 FROM file_uploads") == []


@pytest.fixture
def clamd():
    """Speaks INSTREAM as clamd does, and knows one virus. `seen` are the files, `away` lets it hang up, `chokes` on
    what begins so.
    """

    class Clamd:
        def __init__(self):
            self.seen, self.away, self.chokes = [], False, b""
            self.listener = eventlet.listen(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
            self.thread = eventlet.spawn(eventlet.serve, self.listener, self.serve)

        def serve(self, link, _address):
            with link, link.makefile("rb") as told:
                if self.away or told.read(10) != b"zINSTREAM\0":
                    return
                content = b""
                while size := int.from_bytes(told.read(4), "big"):
                    content += told.read(size)
                self.seen.append(content)
                if self.chokes and content.startswith(self.chokes):
                    return
                found = b"Eicar-Test-Signature FOUND" if EICAR in content else b"OK"
                link.sendall(b"stream: " + found + b"\0")

    server = Clamd()
    yield server
    server.thread.kill()
    server.listener.close()


@pytest.fixture
def scanned_desk(town, caller, tmp_path, start, clamd):
    """A desk of a service that has files scanned."""

    def opened(**changes) -> Desk:
        found = town("messaging")
        start(scanner=clamd.address, **changes)
        desk = Desk(caller, tmp_path)
        desk.here = found
        return desk

    return opened


def test_an_infected_file_is_never_kept(scanned_desk, clamd):
    desk = scanned_desk()
    assert desk.hand_in("a.txt", b"ch\xc3\xa0o" * 200_000)["scan"] == "clean"
    assert refused(desk.hand_in, "b.txt", EICAR) == ("file_infected", {})
    assert clamd.seen == [b"ch\xc3\xa0o" * 200_000, EICAR]
    assert len(desk.blobs()) == 1
    [row] = desk.here.rows("SELECT state, scan FROM files WHERE name = 'b.txt'")
    assert row == {"state": "refused", "scan": "infected"}


def test_a_scanner_that_is_away_has_the_client_try_again(scanned_desk, clamd):
    desk = scanned_desk()
    clamd.away = True
    assert refused(desk.hand_in, "a.pdf", PDF, "k") == ("scanner_unavailable", {"retry_after": 60})
    clamd.away = False
    assert desk.hand_in("a.pdf", PDF, "k")["scan"] == "clean"


def test_a_file_may_wait_for_the_scanner_and_is_given_to_nobody_before(scanned_desk, clamd, tasks_asks, start):
    desk = scanned_desk(scanner_away="wait")
    clamd.away = True
    fine, bad = desk.hand_in("a.txt", b"fine"), desk.hand_in("b.txt", EICAR)
    assert fine["scan"] == bad["scan"] == "unchecked"
    assert refused(desk.open, fine)[0] == "file_not_scanned"
    mine = {"person_id": person("ward-1 head"), "file_ids": [fine["id"]]}
    assert refused(tasks_asks, **mine)[0] == "file_not_scanned"
    clamd.away = False
    scan_waiting(start)
    assert desk.open(fine)["file"]["scan"] == "clean"
    assert refused(desk.open, bad)[0] == "file_infected"
    assert len(desk.blobs()) == 1


def scan_waiting(start) -> None:
    container = start.container
    scanner = given(container, "scanning").scanner
    file_bytes.scan_waiting(container.store, given(container, "blobs"), scanner, clock.now())


def test_what_cannot_be_scanned_keeps_nothing_else_waiting(scanned_desk, clamd, start):
    desk = scanned_desk(scanner_away="wait")
    clamd.away = True
    odd = [desk.hand_in(f"{number}.txt", b"odd") for number in range(file_bytes.MOST_FAILURES)]
    fine = desk.hand_in("fine.txt", b"fine")
    clamd.away, clamd.chokes = False, b"odd"
    scan_waiting(start)
    assert clamd.seen == [b"odd"] * file_bytes.MOST_FAILURES
    scan_waiting(start)
    assert desk.open(fine)["file"]["scan"] == "clean"
    clamd.chokes = b""
    scan_waiting(start)
    assert {desk.open(each)["file"]["scan"] for each in odd} == {"clean"}


def test_infected_bytes_go_even_if_whoever_found_them_dies_meanwhile(scanned_desk, clamd, start, monkeypatch):
    desk = scanned_desk(scanner_away="wait")
    clamd.away = True
    desk.hand_in("a.txt", EICAR)
    clamd.away = False

    def dies(*_):
        raise SystemError

    with monkeypatch.context() as patched, pytest.raises(SystemError):
        patched.setattr(Folder, "remove", dies)
        scan_waiting(start)
    assert len(desk.blobs()) == 1
    sweep(start, hours=2)
    assert desk.blobs() == set()


def test_any_command_may_be_the_scanner(town, caller, tmp_path, start):
    town("messaging")
    program = tmp_path / "scan.py"
    program.write_text("import sys; data = sys.stdin.buffer.read(); sys.exit(3 if b'?' in data else b'EICAR' in data)")
    start(scanner=f"exec:{sys.executable} {program}")
    desk = Desk(caller, tmp_path)
    assert desk.hand_in("a.txt", b"fine")["scan"] == "clean"
    assert refused(desk.hand_in, "b.txt", EICAR)[0] == "file_infected"
    assert refused(desk.hand_in, "c.txt", b"what?")[0] == "scanner_unavailable"
