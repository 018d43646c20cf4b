"""Proposals of orders over HTTP."""

from gateway.examples import EXAMPLES
from gateway.tests.support import Tasks, asked, assert_problem
from tests.support.town import person

TEXT = "Giao Sở Tài chính báo cáo trước 15/12."


def test_a_text_is_read_without_a_key(vice):
    answer = vice.post("/task-proposals", {"text": TEXT})
    assert (answer.status_code, answer.json()) == (200, {"given_on": "2026-11-23", "proposals": [], "more": False})
    [(claims, request)] = asked("tasks.propose")
    assert (claims["sub"], request) == (person("committee vice_chairman"), {"text": TEXT})


def test_the_text_arrives_as_it_was_sent(vice):
    """Places count its characters: nothing may be trimmed or composed on the way."""
    text = "  Giao So\u031b\u0309 \u00a0Y te\u0302\u0301\r\n"
    vice.post("/task-proposals", {"text": text})
    assert asked("tasks.propose")[0][1] == {"text": text}


def test_a_proposal_arrives_whole(vice):
    example = EXAMPLES["propose_tasks"]["answer"]
    Tasks.answers = {"tasks.propose": example}
    assert vice.post("/task-proposals", {"text": TEXT}).json() == example


def test_a_fault_in_the_form_is_named_by_its_field(vice):
    for body in ({}, {"text": ""}, {"text": None}, {"text": "x" * 20_001}, {"text": ["x"]}):
        problem = assert_problem(vice.post("/task-proposals", body), 422, "invalid_request")
        assert [fault["field"] for fault in problem["errors"]] == ["text"], body
    assert not asked("tasks.propose")
