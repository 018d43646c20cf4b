"""The audit log: written with the act, by one function only, and whatever is done to it afterwards shows."""

import json
from pathlib import Path

import eventlet
import psycopg
import pytest
from joserfc.jwk import KeySet
from psycopg import errors

from chassis import context
from chassis.audit import denials, verify
from chassis.audit.anchors import HEAD, signed_head
from chassis.contract import Procedure
from chassis.database import Database, RowRefused
from chassis.errors import CallFailed, Refusal
from chassis.identity import Signer
from chassis.rpc import Remote, rpc
from chassis.testing import until
from chassis.tests.interface.samples import CLAIMS, Note, said

SERVICE = "tasks"
keep, refuse, for_reminders = (
    Procedure(SERVICE, "keep", Note, Note, "keep"),
    Procedure(SERVICE, "refuse", Note, Note, "refuse"),
    Procedure(SERVICE, "for_reminders", Note, Note, "x", caller="service", callers=("reminders",)),
)


class NotAuthorised(Refusal):
    refusal_code = "not_authorised"


class Keeper:
    name = SERVICE
    db = Database()

    @rpc(keep)
    def keep(self, call, request):
        with self.db.transaction() as tx:
            tx.audit("note.kept", subject="note-1", words=len(request["text"].split()))
        return request

    @rpc(refuse)
    def refuse(self, call, request):
        with self.db.transaction() as tx:
            tx.audit("note.kept", subject="never")
            raise NotAuthorised("no")

    @rpc(for_reminders)
    def for_reminders(self, call, request):
        return request


@pytest.fixture(autouse=True)
def empty(clean):
    clean(SERVICE)


@pytest.fixture
def database(store):
    return store(SERVICE)


@pytest.fixture
def owner(world):
    with psycopg.connect(world.owners[SERVICE], autocommit=True) as connection:
        yield connection


def write(database, *subjects: str) -> None:
    for subject in subjects:
        with database.transaction() as tx:
            tx.audit("note.kept", subject=subject, to="Quận 1", amount=1.50)


def log(owner) -> list[tuple]:
    return owner.execute("SELECT number, action, subject, actor, details FROM audit_log ORDER BY number").fetchall()


def found(world, anchors=()) -> list[str]:
    with psycopg.connect(world.databases[SERVICE]) as connection:
        return list(verify.faults(connection, anchors))


def test_an_entry_says_who_acts_in_which_session_by_which_call(run, caller, owner):
    run(Keeper)
    with context.working(context.Context("call-7")):
        caller(keep, {"text": "three little words"}, CLAIMS | {"delegation_id": "lent-1"})
    [(number, action, subject, actor, details)] = log(owner)
    assert (number, action, subject, details) == (1, "note.kept", "note-1", {"words": 3})
    assert actor == {
        "sub": "person-1", "session_id": "session-1", "delegation_id": "lent-1", "call_id": "call-7",
    }  # fmt: skip


def test_an_entry_stands_or_falls_with_its_act(database, owner):
    with pytest.raises(ZeroDivisionError), database.transaction() as tx:
        tx.audit("note.kept", subject="lost")
        raise ZeroDivisionError
    write(database, "kept")
    assert [row[2] for row in log(owner)] == ["kept"]


def test_text_from_outside_cannot_end_the_statement(database, owner, world):
    evil = "x'); DELETE FROM outbox; -- \\' $$ %s {} \u0001 Đặng"
    with database.transaction() as tx:
        tx.audit(evil, subject=evil, why=evil)
    [(_, action, subject, _, details)] = log(owner)
    assert (action, subject, details) == (evil, evil, {"why": evil})
    assert found(world) == []


def test_an_entry_that_cannot_be_written_undoes_its_act(database, owner):
    owner.execute("UPDATE audit_head SET number = -1")  # the next would be 0: let it collide
    owner.execute("INSERT INTO audit_log VALUES (0, now(), 'a', 's', '{}', '{}', '', '')")
    with pytest.raises(RowRefused), database.transaction() as tx:
        tx.emit(said, subject="note-1", version=1, data={"text": "x"})
        tx.audit("note.kept", subject="a")
    assert owner.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


def test_entries_of_one_act_keep_their_order(database, owner, world):
    with database.transaction() as tx:
        for subject in "abc":
            tx.audit("note.kept", subject=subject)
    assert [(row[0], row[2]) for row in log(owner)] == [(1, "a"), (2, "b"), (3, "c")]
    assert found(world) == []


def test_an_act_is_written_by_its_event_unless_it_was_written_already(database, owner):
    def act(written: bool, emitted: bool) -> None:
        with database.transaction() as tx:
            tx.audit_what_is_emitted("tasks.keep")
            if written:
                tx.audit("note.kept", subject="by hand")
            if emitted:
                tx.emit(said, subject="note-1", version=1, data={"text": "x"})

    act(False, True), act(True, True), act(False, False)
    assert [row[1:3] for row in log(owner)] == [("tasks.keep", "note-1"), ("note.kept", "by hand")]


def test_a_reading_transaction_writes_nothing_down(database):
    with pytest.raises(RuntimeError, match="reading"), database.reading() as tx:
        tx.audit("note.read", subject="note-1")


def test_many_writers_at_once_make_one_chain(database, owner, world):
    threads = [eventlet.spawn(write, database, *"abcde") for _ in range(6)]
    for thread in threads:
        thread.wait()
    assert [row[0] for row in log(owner)] == list(range(1, 31))
    assert found(world) == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit_log SELECT * FROM audit_log",
        "UPDATE audit_log SET subject = 'other'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "UPDATE audit_head SET number = 0",
        "DELETE FROM audit_head",
        "DROP FUNCTION audit_append",
    ],
)
def test_the_services_own_role_can_only_append(world, statement):
    with psycopg.connect(world.databases[SERVICE]) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement)


def swap(one: int, other: int) -> str:
    """Two entries change places, numbers and all."""
    return (
        f"UPDATE audit_log SET number = -number WHERE number IN ({one}, {other});"
        f"UPDATE audit_log SET number = {one + other} + number WHERE number < 0"
    )


@pytest.mark.parametrize(
    "crime, fault",
    [
        ("UPDATE audit_log SET subject = 'x' WHERE number = 3", "entry 3 was changed"),
        ('UPDATE audit_log SET actor = \'{"sub": "other"}\' WHERE number = 3', "entry 3 was changed"),
        ("UPDATE audit_log SET at = at - interval '1 microsecond' WHERE number = 5", "entry 5 was changed"),
        ("UPDATE audit_log SET details = details - 'amount' WHERE number = 1", "entry 1 was changed"),
        ("DELETE FROM audit_log WHERE number = 2", "entries 2 to 2 are gone"),
        ("DELETE FROM audit_log WHERE number < 3", "entries 1 to 2 are gone"),
        (swap(2, 4), "entry 2 does not follow the one before it"),
        ("DELETE FROM audit_log WHERE number > 3", "the log ends at 3, its head says 5"),
        ("DELETE FROM audit_log", "the log ends at 0, its head says 5"),
        (
            "INSERT INTO audit_log SELECT 6, at, action, subject, actor, details, hash, hash"
            " FROM audit_log WHERE number = 5",
            "entry 6 was changed",
        ),
    ],
)
def test_what_the_databases_owner_does_to_the_log_is_found(database, owner, world, crime, fault):
    write(database, *"abcde")
    assert found(world) == []
    owner.execute(crime)
    assert found(world)[0] == fault


@pytest.fixture
def anchored(database, owner, world):
    """The signed head of five entries, as an operator has carried it outside in a log."""
    write(database, *"abcde")
    word = signed_head(owner.execute(HEAD).fetchone(), Signer(f"{world.keys}/{SERVICE}.json"))
    return f'{{"event": "audit head", "head": "{word}", "service": "tasks"}}\n'


def trusted(world) -> KeySet:
    return KeySet.import_key_set(json.loads((Path(world.keys) / "trusted.json").read_text()))


def test_an_end_that_was_cut_off_together_with_the_head_is_found_by_an_anchor(anchored, database, owner, world):
    anchors = verify.anchors_in(anchored, trusted(world))[SERVICE]
    write(database, "later")
    assert found(world, anchors) == []
    owner.execute("DELETE FROM audit_log WHERE number > 3")
    owner.execute("UPDATE audit_head SET number = 3, hash = (SELECT hash FROM audit_log WHERE number = 3)")
    assert found(world) == []
    assert found(world, anchors) == ["entry 5 was anchored and is gone"]


def test_a_log_that_was_written_anew_is_found_by_an_anchor(anchored, database, owner, world):
    anchors = verify.anchors_in(anchored, trusted(world))[SERVICE]
    owner.execute("TRUNCATE audit_log")
    owner.execute("UPDATE audit_head SET number = DEFAULT, hash = DEFAULT")
    write(database, *"abXde")
    assert found(world) == []
    assert found(world, anchors) == ["entry 5 is not the one that was anchored"]


def test_a_head_counts_only_if_its_own_service_has_signed_it(anchored, world):
    forged = Signer(f"{world.keys}/reminders.json").seal("audit-head", {"service": SERVICE, "number": 9, "hash": ""})
    token = Signer(f"{world.keys}/{SERVICE}.json").token("reminders")
    cut = anchored.replace("eyJ", "eyK")
    assert verify.anchors_in(f"{forged} {token} {cut}", trusted(world)) == {}


def test_a_process_signs_the_head_now_and_then_and_at_its_end(run, database, world, tmp_path):
    file = tmp_path / "anchors"
    container = run(Keeper, audit_anchors=str(file), audit_anchor_seconds=0.2)
    write(database, "a")
    until(lambda: file.exists() and file.read_text().endswith("\n"))
    eventlet.sleep(0.7)
    assert [head["number"] for head in heads(file, world)] == [1], "and no second time without anything new"
    write(database, "b", "c")
    container.stop()
    assert [head["number"] for head in heads(file, world)][-1] == 3
    assert file.stat().st_mode & 0o777 == 0o600


def heads(file: Path, world) -> list[dict]:
    return verify.anchors_in(file.read_text(), trusted(world))[SERVICE]


def test_the_tool_tells_by_its_exit_code(database, owner, world, monkeypatch, capsys):
    write(database, *"ab")
    monkeypatch.setenv("CONGVU_AUDIT_DATABASES", json.dumps({SERVICE: world.databases[SERVICE]}))
    monkeypatch.setenv("CONGVU_KEYS", world.keys)
    assert verify.main([]) == 0
    assert capsys.readouterr().out == "tasks: 2 entries, whole\n"
    assert verify.main(["anchor"]) == 0
    assert verify.anchors_in(capsys.readouterr().out, trusted(world))[SERVICE][0]["number"] == 2
    owner.execute("UPDATE audit_log SET action = 'x' WHERE number = 2")
    assert verify.main([]) == 1
    assert capsys.readouterr().out == "tasks: entry 2 was changed\n"


def test_a_refusal_for_want_of_authority_is_written_though_its_act_is_not(run, caller, owner):
    run(Keeper)
    assert code(caller, refuse, CLAIMS) == "not_authorised"
    [(_, action, subject, actor, details)] = log(owner)
    assert (action, subject, details) == ("denied", "tasks.refuse", {"code": "not_authorised"})
    assert actor["sub"] == "person-1"


def test_refusals_are_written_up_to_a_limit_and_counted_beyond_it(run, caller, owner, monkeypatch):
    monkeypatch.setattr(denials, "OF_ONE", 3)
    monkeypatch.setattr(denials, "OF_ALL", 5)
    run(Keeper)
    for person, times in (("person-1", 5), ("person-2", 1), ("person-3", 9)):
        for _ in range(times):
            assert code(caller, refuse, CLAIMS | {"sub": person}) == "not_authorised"
    written = [(row[3]["sub"], row[4].get("left_out")) for row in log(owner)]
    assert written == [("person-1", None)] * 3 + [("person-2", 2), ("person-3", None)]


def test_a_service_that_a_procedure_does_not_name_is_refused_and_written_down(run, caller, owner):
    class Reminders:
        name = "reminders"
        remote = Remote()

    run(Keeper)
    named = next(d for d in run(Reminders).dependencies if isinstance(d, Remote)).bound()
    assert named.call(for_reminders, {"text": "x"}) == {"text": "x"}
    assert log(owner) == []
    assert code(caller, for_reminders, None) == "caller_not_listed"
    [(_, action, subject, actor, _)] = log(owner)
    assert (action, subject, actor["sub"]) == ("denied", "tasks.for_reminders", "service:gateway")


def code(caller, procedure, claims) -> str:
    with pytest.raises(CallFailed) as raised:
        caller(procedure, {"text": "x"}, claims)
    return raised.value.code
