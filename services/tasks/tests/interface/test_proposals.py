"""Proposals from the text of an instruction, over the bus, on a real database."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from chassis import clock
from chassis.errors import CallFailed
from contracts import tasks
from kernel.working_time import today
from tasks.service import Service
from tests.support.town import DELEGATION, claims, unit

VICE = claims("committee vice_chairman")
DUE = today(clock.now()) + timedelta(days=30)
TEXT = (
    f"Giao Sở Nội vụ chủ trì, phối hợp với UBND phường 1, phường 2 rà soát nhà, đất công, "
    f"báo cáo trước {DUE:%d/%m/%Y}.\n"
    f"Yêu cầu UBND các phường niêm yết danh sách, gửi báo cáo trước ngày {DUE:%d/%m/%Y}."
)


@pytest.fixture
def here(town, run):
    found = town("tasks")
    run(Service)
    return found


@pytest.fixture
def propose(here, caller):
    def read(text: str, who: dict = VICE) -> dict:
        return caller(tasks.propose, {"text": text}, claims=who)

    return read


def test_a_proposal_is_given_by_a_person_as_it_stands(propose, caller):
    proposals = propose(TEXT)["proposals"]
    given = [
        caller(tasks.assign, {"idempotency_key": f"key-{number}", "order": proposal["order"]}, claims=VICE)
        for number, proposal in enumerate(proposals)
    ]

    pieces = [[(piece["unit_id"], piece["role"]) for piece in task["assignments"]["items"]] for task in given]
    wards = [unit(f"ward-{number}") for number in (1, 2, 3)]
    assert pieces[0] == [(unit("dept"), "lead"), (wards[0], "support"), (wards[1], "support")]
    assert pieces[1] == [(ward, "lead") for ward in wards]
    assert [task["title"] for task in given] == ["Rà soát nhà, đất công", "Niêm yết danh sách"]
    assert [proposal["to_decide"] for proposal in proposals] == [[], []]


def test_nothing_is_given_and_nothing_is_kept(here, propose):
    assert propose(TEXT)["proposals"]
    assert here.events() == []
    for table in ("tasks", "assignments", "history", "audit_log"):
        assert here.rows(f"SELECT count(*) AS n FROM {table}") == [{"n": 0}]


def test_units_are_those_of_the_directory_today(here, propose):
    text = "Giao phường 3 báo cáo."
    assert propose(text)["proposals"][0]["order"]["assignments"] == [{"unit_id": unit("ward-3"), "role": "lead"}]
    with here.store.transaction() as tx:
        tx.execute(sa.text("UPDATE copy_units SET valid_to = '2026-01-01' WHERE code = 'ward-3'"))
    [proposal] = propose(text)["proposals"]
    assert [each["kind"] for each in proposal["units"]] == ["unknown"] and "assignments" not in proposal["order"]


@pytest.mark.parametrize("name", ["committee standing_member", "office chief_of_office", "dept clerk", "ward-1 clerk"])
def test_who_orders_or_prepares_orders_may_ask(propose, name):
    assert propose(TEXT, claims(name))["proposals"]


def test_a_delegate_of_a_leader_may_ask(propose):
    assert propose(TEXT, claims("office deputy_chief_of_office", delegation_id=DELEGATION))["proposals"]


@pytest.mark.parametrize("name", ["dept official", "dept head", "dept auditor", "division division_head"])
def test_others_may_not(propose, name):
    with pytest.raises(CallFailed) as refusal:
        propose(TEXT, claims(name))
    assert refusal.value.code == "not_authorised"


@pytest.mark.parametrize("text", ["", "x" * 20_001])
def test_a_text_has_a_length(propose, text):
    with pytest.raises(CallFailed) as refusal:
        propose(text)
    assert refusal.value.code == "invalid_request"


def test_a_text_of_the_greatest_length_is_read(propose):
    answer = propose((TEXT * 100)[:20_000])
    assert answer["more"] and len(answer["proposals"]) == 50


def test_a_text_is_in_no_log(propose, capsys):
    assert propose("Giao Sở Nội vụ giải quyết đơn của ông Trần Bí Mật, báo cáo trong tuần này.")["proposals"]
    assert "Bí Mật" not in "".join(capsys.readouterr())
