"""The status of a document only goes onwards, whatever becomes of the work; reports fall due period by period."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refused
from kernel.working_time import WorkingDays, end_of_day
from tasks.domain.document import ONWARDS, Standing, allowed, due_of, onwards, permit, report_due, status, told
from tasks.domain.superior import CLASSES, counted

DAYS = WorkingDays({})
NOTHING = Standing(total=2, assigned=0, without_task=0, orders=0, open_orders=0, begun=False)
RECALLS = ("13", "15", "16")


@pytest.mark.parametrize(
    ("state", "standing", "code"),
    [
        ("arrived", NOTHING, "01"),
        ("refused", NOTHING, "02"),
        ("received", NOTHING, "03"),
        ("received", Standing(2, 1, 0, 1, 1, False), "04"),
        ("received", Standing(2, 1, 0, 1, 1, True), "05"),
        ("received", Standing(2, 1, 0, 1, 0, True), "05"),  # a clause is open: it is not done
        ("received", Standing(2, 2, 0, 1, 1, True), "05"),
        ("received", Standing(2, 1, 1, 1, 0, True), "06"),
        ("received", Standing(2, 0, 2, 0, 0, False), "06"),
    ],
)
def test_the_status_follows_from_how_far_the_clauses_are(state, standing, code):
    assert status(state, standing) == code


def test_it_is_settled_when_every_clause_is_an_order_or_needs_none():
    assert not Standing(3, 1, 1, 1, 0, True).settled
    assert Standing(3, 2, 1, 1, 1, True).settled


STANDINGS = st.builds(
    lambda assigned, without, orders, open_, begun: Standing(3, assigned, without, orders, min(open_, orders), begun),
    *[st.integers(0, 2)] * 4, st.booleans(),
)  # fmt: skip
STEPS = st.one_of(STANDINGS, st.sampled_from(["asked", "refused", "agreed"]))


def life(first: str, steps: list) -> list[tuple[int, str]]:
    """What is told of a document, with its versions, through these steps; a recall is answered only when asked."""
    document = {"reached": "01", "code": "01", "recall": None, "state": "arrived"}
    said = [(1, "01")]
    document["state"] = first
    for step in [NOTHING, *steps]:
        if isinstance(step, str):
            if (document["recall"] == "asked") == (step == "asked") or document["recall"] == "agreed":
                continue
            document["recall"] = step
            standing = NOTHING
        else:
            standing = step
        document |= told(document, status(document["state"], standing))
        if document["code"] != said[-1][1]:
            said.append((said[-1][0] + 1, document["code"]))
    return said


@given(st.sampled_from(["arrived", "received", "refused"]), st.lists(STEPS, max_size=12))
def test_what_is_told_never_goes_back_but_for_a_recall(first, steps):
    codes = [code for _, code in life(first, steps)]

    onward = [ONWARDS.index(code) for code in codes if code not in RECALLS]
    assert onward == sorted(set(onward))
    assert not ({"03", "04", "05", "06"} & set(codes) and "02" in codes)
    for before, after in pairwise(codes):
        assert (after not in ("15", "16")) or before == "13"  # an answer to a question
        assert (before != "13") or after in ("15", "16")  # and nothing else while it is open


@given(st.lists(STEPS, max_size=12), st.data())
def test_whoever_hears_it_shuffled_and_repeated_knows_the_last_and_goes_only_onwards(steps, data):
    said = life("received", steps)
    delivered = data.draw(st.permutations(said * 2))
    version, known, heard = 0, None, []
    for at, code in delivered:
        if at > version:
            version, known = at, code
            heard.append(code)

    assert known == said[-1][1]
    onward = [ONWARDS.index(code) for code in heard if code not in RECALLS]
    assert onward == sorted(set(onward))


def test_what_was_refused_stays_refused():
    assert [onwards("02", code) for code in ONWARDS] == ["02"] * 6


@pytest.mark.parametrize(
    ("verb", "state", "recall", "code"),
    [
        ("receive_document", "arrived", None, None),
        ("receive_document", "received", None, "wrong_state"),
        ("receive_document", "arrived", "asked", "wrong_state"),
        ("refuse_document", "received", None, "wrong_state"),
        ("issue_from_document", "arrived", None, "wrong_state"),
        ("issue_from_document", "received", "refused", None),
        ("issue_from_document", "received", "asked", "wrong_state"),
        ("declare_no_task", "recalled", "agreed", "wrong_state"),
        ("answer_recall", "received", "asked", None),
        ("answer_recall", "received", None, "wrong_state"),
    ],
)
def test_each_verb_has_its_states(verb, state, recall, code):
    document = {"state": state, "recall": recall, "version": 3}

    assert (verb in allowed(document, [verb])) is (code is None)
    try:
        permit(document, verb, 3)
        found = None
    except Refused as refusal:
        found = refusal.refusal_code
    assert found == code


def test_the_deadline_of_orders_is_the_earliest_of_their_clauses_on_a_working_day():
    clauses = [{"due_on": date(2026, 3, 20)}, {"due_on": date(2026, 3, 8)}, {"due_on": None}]  # the 8th is a Sunday

    assert due_of(clauses, "government_office", DAYS) == (date(2026, 3, 8), end_of_day(date(2026, 3, 6)))
    assert due_of(clauses, "city_pc", DAYS) == (date(2026, 3, 8), None)
    assert due_of(clauses[2:], "government_office", DAYS) == (None, None)


def clause(reporting: str, no_task: str | None = None) -> dict:
    return {"reporting": reporting, "no_task_reason": no_task}


@pytest.mark.parametrize(
    ("clauses", "reported", "due"),
    [
        ([clause("none")], [], None),
        ([clause("monthly")], [], date(2026, 4, 2)),
        ([clause("monthly"), clause("weekly")], [], date(2026, 3, 9)),
        ([clause("monthly"), clause("weekly", "để biết")], [], date(2026, 4, 2)),
        ([clause("weekly")], [date(2026, 3, 4)], date(2026, 3, 16)),
        ([clause("weekly")], [date(2026, 3, 9)], date(2026, 3, 16)),  # on the last day is in time
        ([clause("weekly")], [date(2026, 3, 10)], date(2026, 3, 23)),
    ],
)
def test_a_report_is_due_at_the_end_of_the_period_that_has_none(clauses, reported, due):
    assert report_due(clauses, date(2026, 3, 2), reported, DAYS) == due


@given(st.lists(st.integers(0, 100), max_size=5), st.sampled_from(["weekly", "monthly"]))
def test_whoever_has_reported_owes_the_next_one_later(told_after, period):
    since = date(2026, 3, 2)
    reported = [since + timedelta(days=each) for each in told_after]

    due = report_due([clause(period)], since, reported, DAYS)
    assert all(due > day for day in reported) and due > since


@given(st.lists(st.sampled_from(CLASSES)))
def test_the_four_classes_add_up_to_the_whole(classes):
    found = counted(classes)

    assert found.pop("total") == sum(found.values()) == len(classes)
