"""Files of results and reports: the actor's own, attached with them or not at all, for whoever sees the piece."""

import pytest

from chassis.errors import CallFailed
from chassis.rpc import rpc
from contracts import files, tasks
from kernel.errors import Refused
from tasks.tests.interface.conftest import A_RESULT, CLERK, DEPT, DEPUTY, DIVISION, HEAD, SUPPORT, VICE
from tests.support.town import claims, id_of, person

ONE, TWO = id_of("file 1"), id_of("file 2")


class Messaging:
    """Holds the two files of ward 1's head, and nobody else's."""

    name = "messaging"
    asked: list = []

    @rpc(files.hold_files)
    def hold_files(self, call, request):
        self.asked.append(request)
        if request["person_id"] != person("ward-1 head") or not {*request["file_ids"]} <= {ONE, TWO}:
            raise Refused("unknown_file", field="file_ids")
        return {"items": [_file(file_id) for file_id in request["file_ids"]]}


def _file(file_id: str) -> dict:
    return {"id": file_id, "name": f"{file_id[:4]}.pdf", "media_type": "application/pdf", "size": 7}


@pytest.fixture
def store(store, run):
    """The service's databases, with a messaging that holds files."""
    Messaging.asked = []
    run(Messaging)
    return store


def results(desk, piece) -> list[dict]:
    return desk.ask(tasks.list_results, assignment_id=piece["id"])["items"]


def grants(desk, file_id: str, *people: dict) -> list[bool]:
    def granted(who) -> bool:
        try:
            return bool(desk.ask(tasks.grant_file, who, id=file_id)["grant"])
        except CallFailed as refusal:
            assert refusal.code == "not_found"
            return False

    return [granted(who) for who in people]


def test_a_result_bears_its_files_in_order_and_says_so(here, desk, pieces):
    piece = desk.accepted(pieces["ward-1"])
    desk(tasks.submit_result, piece, **A_RESULT, file_ids=[TWO, ONE, TWO])
    [result] = results(desk, piece)
    assert result["files"] == [_file(TWO), _file(ONE)]
    name, data = here.events()[-1]
    assert (name, data["file_ids"], data["result_id"]) == ("assignment_changed", [TWO, ONE], result["id"])
    desk(tasks.withdraw_result, piece)
    desk(tasks.submit_result, piece, **A_RESULT, file_ids=[ONE])
    assert [each["files"] for each in results(desk, piece)] == [[_file(TWO), _file(ONE)], [_file(ONE)]]


def test_a_report_bears_its_files(here, desk, pieces):
    piece = desk.accepted(pieces["ward-1"])
    assert desk.report(piece, HEAD, file_ids=[ONE, TWO])["files"] == [_file(ONE), _file(TWO)]
    desk.report(piece, HEAD)
    listed = desk.ask(tasks.list_progress, assignment_id=piece["id"])["items"]
    assert [each["files"] for each in listed] == [[], [_file(ONE), _file(TWO)]]
    assert here.events()[-2][1]["file_ids"] == [ONE, TWO]


def test_with_a_file_that_is_not_ones_own_nothing_is_done(here, desk, pieces):
    piece = desk.accepted(pieces["ward-1"])
    before = here.events()
    refusal = desk.refusal(tasks.submit_result, piece, **A_RESULT, file_ids=[ONE, id_of("another's")])
    assert (refusal.code, refusal.details) == ("unknown_file", {"field": "file_ids"})
    assert desk.report_refused(piece, CLERK, file_ids=[ONE]) == "unknown_file"
    assert (results(desk, piece), desk.read(piece)["state"], here.events()) == ([], "in_progress", before)
    assert (
        desk.refused(tasks.submit_result, piece, **A_RESULT, file_ids=[id_of(str(n)) for n in range(21)])
        == "invalid_request"
    )


def test_what_is_refused_afterwards_attaches_nothing(here, desk, pieces):
    assert desk.refused(tasks.submit_result, pieces["ward-1"], **A_RESULT, file_ids=[ONE]) == "wrong_state"
    assert here.rows("SELECT 1 FROM attachments") == []


def test_asked_again_the_answer_is_the_same_and_the_files_are_attached_once(here, desk, pieces):
    piece = desk.accepted(pieces["ward-1"])
    first, again = (desk(tasks.submit_result, piece, **A_RESULT, file_ids=[ONE], key="once more") for _ in range(2))
    assert first == again
    assert len(here.rows("SELECT 1 FROM attachments")) == 1


def test_without_files_messaging_is_not_needed(desk, pieces):
    desk.submitted(pieces["ward-1"])
    assert Messaging.asked == []


def test_whoever_sees_the_piece_is_granted_its_files_and_nobody_else(desk, pieces):
    piece = desk.accepted(pieces["ward-1"])
    assert grants(desk, ONE, VICE, HEAD) == [False, False]
    desk.report(piece, HEAD, file_ids=[ONE])
    assert grants(desk, ONE, VICE, HEAD, CLERK, DEPUTY) == [True, True, True, True]
    assert grants(desk, ONE, SUPPORT, DEPT, DIVISION, claims("ward-1 official")) == [False] * 4
    assert grants(desk, TWO, VICE) == [False]
