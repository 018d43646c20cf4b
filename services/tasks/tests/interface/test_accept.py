"""Receiving the work: who may, once, and what follows."""

import eventlet
import pytest
import sqlalchemy as sa

from chassis.errors import CallFailed
from contracts import tasks
from kernel.directory_copy import tables as t
from tasks.service import Service
from tests.support.town import LONG_AGO, claims, id_of, post, unit

VICE, HEAD, CLERK = claims("committee vice_chairman"), claims("ward-1 head"), claims("ward-1 clerk")
OFFICIAL, LENT = claims("dept official"), id_of("lent by the head")


@pytest.fixture
def here(town, run):
    found = town("tasks")
    run(Service)
    return found


@pytest.fixture
def pieces(here, caller):
    """By unit: the lead's, a support's and an informed unit's piece of one joint order."""
    wanted = [("ward-1", "lead"), ("ward-2", "support"), ("ward-3", "inform")]
    order = {
        "title": "Chuẩn bị diễn tập", "content": "Theo kế hoạch.", "mode": "joint", "no_deadline": True,
        "expected_result": "Kế hoạch", "followers": [post("office chief_of_office")],
        "assignments": [{"unit_id": unit(name), "role": role} for name, role in wanted],
    }  # fmt: skip
    task = caller(tasks.assign, {"idempotency_key": "order", "order": order}, claims=VICE)
    return {name: piece for (name, _), piece in zip(wanted, task["assignments"]["items"], strict=True)}


@pytest.fixture
def accept(caller):
    keys = iter(range(1000))

    def accepting(piece: dict, who: dict = HEAD, version: int | None = None, key: str | None = None) -> dict:
        request = {"id": piece["id"], "version": version, "idempotency_key": key or f"key-{next(keys)}"}
        return caller(tasks.accept, request, claims=who)

    return accepting


def refused(accept, *args, **kwargs) -> str:
    with pytest.raises(CallFailed) as refusal:
        accept(*args, **kwargs)
    return refusal.value.code


@pytest.mark.parametrize("who", ["ward-1 head", "ward-1 clerk"])
def test_the_head_or_the_clerk_of_the_unit_receives_it(here, pieces, accept, who):
    piece = accept(pieces["ward-1"], claims(who), version=1)

    assert (piece["state"], piece["version"]) == ("in_progress", 2)
    assert piece["allowed"] == (["submit_result", "pass_on"] if who == "ward-1 head" else [])
    name, data = here.events()[-1]
    assert (name, data["change"], data["before"], data["after"]) == (
        "assignment_changed", "accepted", "assigned", "in_progress",
    )  # fmt: skip
    assert (data["version"], data["actor_person_id"]) == (2, claims(who)["sub"])
    assert data["concerns"] == [
        post("committee vice_chairman"), post("office chief_of_office"), post("ward-1 head"),
    ]  # fmt: skip


def test_who_is_only_informed_is_done(pieces, accept):
    piece = accept(pieces["ward-3"], claims("ward-3 head"))

    assert (piece["state"], piece["accepted_at"] is not None) == ("completed", True)


def test_the_assigner_sees_who_has_received_it(pieces, accept, caller):
    accept(pieces["ward-1"])
    accept(pieces["ward-3"], claims("ward-3 head"))
    task = caller(tasks.get_task, {"id": pieces["ward-1"]["task_id"]}, claims=VICE)

    assert task["roll_up"] == {"assigned": 3, "accepted": 2, "submitted": 1, "completed": 1, "overdue": 0, "revoked": 0}


def test_nobody_receives_anothers_work(pieces, accept):
    assert refused(accept, pieces["ward-1"], VICE) == "not_authorised"
    assert refused(accept, pieces["ward-1"], claims("ward-2 head")) == "not_found"
    assert refused(accept, pieces["ward-1"], claims("dept head")) == "not_found"
    assert refused(accept, {"id": unit("nowhere")}) == "not_found"


def test_a_second_acceptance_is_refused_but_a_repeated_request_is_answered_again(here, pieces, accept):
    first = accept(pieces["ward-1"], version=1, key="once")

    assert accept(pieces["ward-1"], version=1, key="once") == first
    assert refused(accept, pieces["ward-1"]) == "wrong_state"
    assert refused(accept, pieces["ward-1"], CLERK, version=2) == "wrong_state"
    assert [name for name, _ in here.events()] == ["task_issued", "assignment_changed"]


def test_of_two_who_accept_at_once_one_does(here, pieces, accept):
    def trying(who):
        try:
            return accept(pieces["ward-1"], who)["state"]
        except CallFailed as refusal:
            return refusal.code

    greens = [eventlet.spawn(trying, who) for who in (HEAD, CLERK, HEAD, CLERK)]

    assert sorted(green.wait() for green in greens) == ["in_progress", *["wrong_state"] * 3]
    assert [name for name, _ in here.events()] == ["task_issued", "assignment_changed"]


def test_a_stale_version_changes_nothing(here, pieces, accept):
    assert refused(accept, pieces["ward-1"], version=7) == "stale_version"
    assert len(here.events()) == 1


@pytest.fixture
def lent_and_old(here):
    """The head's powers are lent to the department's official, and the copy has not heard of anything for long."""
    lent = {"grantor_post_id": post("ward-1 head"), "grantee_person_id": OFFICIAL["sub"], "scope": "all"}
    with here.store.transaction() as tx:
        tx.execute(
            sa.insert(t.delegations).values(
                id=LENT, version=900, document_number="1/UQ", valid_from=LONG_AGO, valid_to=None, **lent
            )
        )

    def age(interval: str) -> None:
        with here.store.transaction() as tx:
            tx.execute(sa.text(f"UPDATE copy_state SET fresh_at = now() - interval '{interval}'"))

    return age


@pytest.mark.parametrize("who", [OFFICIAL, OFFICIAL | {"delegation_id": LENT}], ids=["serving", "acting for"])
def test_lent_powers_count_only_while_the_copy_is_fresh(pieces, accept, lent_and_old, who):
    lent_and_old("6 minutes")
    assert refused(accept, pieces["ward-1"], who) == "directory_stale"
    lent_and_old("4 minutes")
    assert accept(pieces["ward-1"], who)["state"] == "in_progress"


def test_ones_own_post_receives_however_old_the_copy_is(pieces, accept, lent_and_old):
    lent_and_old("6 hours")
    assert accept(pieces["ward-1"], CLERK)["state"] == "in_progress"
