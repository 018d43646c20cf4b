"""Upwards: a date of the superior's moves when his answer is recorded; reports in four classes, approved by another."""

import pytest

from chassis.errors import CallFailed
from contracts import tasks
from tasks.tests.interface.conftest import A_RESULT, DEPT, DEPUTY, DIVISION, HEAD, SUPPORT, VICE, day
from tasks.tests.interface.test_documents import CHAIR, OFFICE, an_order, document, shelf  # noqa: F401
from tests.support.town import claims, post, unit

ANSWER = {"document": {"number": "901/VPCP-TH", "issued_on": day(0)}}
SENT = {"number": "45/UBND-TH", "issued_on": day(0)}
OFFICER = claims("office deputy_chief_of_office")


@pytest.fixture
def piece(desk, shelf, document) -> dict:  # noqa: F811
    """A piece that is due inside the city before the superior wants it."""
    [task] = shelf.issue(document, an_order(1, due_on=day(20)))["tasks"]
    [piece] = desk.ask(tasks.list_assignments, VICE, task_id=task["id"])["items"]
    return desk.accepted(piece)


@pytest.fixture
def asked(desk, piece) -> dict:
    """More time than the superior's date, consented to by the city."""
    return desk(tasks.grant_extension, desk.request(piece, on=day(70))["id"], VICE)


def answer(desk, asked: dict, who: dict = OFFICE, on: str | None = None, **more) -> dict:
    said = {"granted": on is not None, "due_on": on} | ANSWER | more
    return desk(tasks.record_superior_answer, asked["id"], who, **said)


def refused(desk, *args, **kwargs) -> str:
    with pytest.raises(CallFailed) as refusal:
        answer(desk, *args, **kwargs)
    return refusal.value.code


def test_up_to_the_superiors_date_the_city_decides(desk, piece):
    granted = desk(tasks.grant_extension, desk.request(piece, on=day(30))["id"], VICE)

    assert granted["state"] == "granted"
    assert desk.ask(tasks.list_superior_requests, OFFICE)["items"] == []


def test_beyond_it_the_citys_consent_is_a_request_and_the_date_stands(here, desk, piece, asked):
    now = desk.read(piece)

    assert (asked["state"], asked["granted_due"]) == ("awaiting_superior", None)
    assert (now["current_due"], now["version"]) == (piece["current_due"], piece["version"])
    [request] = desk.ask(tasks.list_superior_requests, CHAIR, state="awaiting")["items"]
    assert (request["id"], request["requested_due"]) == (asked["id"], asked["requested_due"])
    *_, told = (data for name, data in here.events() if name == "extension_decided")
    assert (told["state"], told["awaits"]["kind"], told["awaits"]["post_id"]) == (
        "awaiting_superior", "superior_answer_to_record", post("office chief_of_office"),
    )  # fmt: skip
    with pytest.raises(CallFailed) as second:
        desk.request(piece)
    assert second.value.code == "extension_pending"
    assert desk.refused(tasks.grant_extension, asked["id"], VICE) == "already_decided"
    assert desk.refused(tasks.refuse_extension, asked["id"], VICE, reason="x") == "already_decided"


@pytest.mark.parametrize(("on", "state"), [(70, "granted"), (50, "granted_partly")])
def test_the_recorded_answer_moves_the_date(here, desk, piece, asked, on, state):
    sent = desk(tasks.record_request_sent, asked["id"], OFFICER, version=1, **SENT)
    answered = answer(desk, asked, on=day(on), version=2)

    now = desk.read(piece)
    assert (sent["sent"], sent["version"]) == (SENT, 2)
    assert (answered["state"], answered["version"], answered["answer"]) == ("granted", 3, ANSWER["document"])
    assert now["current_due"] == answered["granted_due"] > piece["current_due"]
    assert now["original_due"] == piece["original_due"]
    assert desk.ask(tasks.get_extension, HEAD, id=asked["id"])["state"] == state
    task = desk.ask(tasks.get_task, VICE, id=piece["task_id"])
    assert task["superior_due"] >= now["current_due"]
    *_, told = (data for name, data in here.events() if name == "extension_decided")
    assert (told["state"], told["awaits"], told["current_due"]) == (state, None, now["current_due"])
    assert refused(desk, asked) == "already_decided"


def test_a_refusal_leaves_the_date_and_more_may_be_asked_for_again(desk, piece, asked):
    answered = answer(desk, asked, reason="Không gia hạn")

    assert (answered["state"], answered["granted_due"], answered["answer_reason"]) == ("refused", None, "Không gia hạn")
    assert desk.read(piece)["current_due"] == piece["current_due"]
    assert desk.request(piece)["round"] == 2


def test_only_the_office_records_and_only_what_makes_sense(desk, piece, asked):
    for who in (VICE, DEPUTY, HEAD):
        assert refused(desk, asked, who, on=day(70)) == "not_authorised"
    for who in (HEAD, SUPPORT):
        assert desk.refused_to_ask(tasks.get_superior_request, who, id=asked["id"]) == "not_found"
        assert desk.ask(tasks.list_superior_requests, who)["items"] == []
    assert refused(desk, asked, on=day(1)) == "extension_not_later"
    assert refused(desk, asked, on=day(70), granted=False) == "invalid_request"
    assert refused(desk, asked, on=day(70), document={"number": "1", "issued_on": day(1)}) == "day_in_future"
    assert refused(desk, asked, on=day(70), version=9) == "stale_version"
    assert desk.read(piece)["current_due"] == piece["current_due"]


@pytest.mark.parametrize("end", ["withdrawn", "approved"])
def test_what_is_not_wanted_any_more_is_not_asked_any_more(desk, piece, asked, end):
    if end == "withdrawn":
        desk(tasks.withdraw_extension, asked["id"])
    else:
        desk(tasks.submit_result, piece, **A_RESULT)
        desk(tasks.approve_result, piece, VICE, grade="met")

    assert desk.ask(tasks.get_superior_request, OFFICE, id=asked["id"])["state"] == "withdrawn"
    assert desk.ask(tasks.get_extension, HEAD, id=asked["id"])["state"] == "withdrawn"
    assert refused(desk, asked, on=day(70)) == "already_decided"


# reports


def draft(desk, who: dict = OFFICER, **more) -> dict:
    request = {"source": "government_office", "idempotency_key": day(0) + str(more)} | more
    return desk.ask(tasks.draft_superior_report, who, **request)


def lines(desk, report: dict, **more) -> list[dict]:
    return desk.ask(tasks.list_report_lines, OFFICE, report_id=report["id"], **more)["items"]


@pytest.fixture
def four(here, desk, shelf, document) -> dict:  # noqa: F811
    """Four orders, one for each class, by their titles."""
    names = ("in time", "overdue", "on time", "late")
    given = shelf.issue(document, *(an_order(1, title=name) for name in names))["tasks"]
    for task in given[2:]:
        [piece] = desk.ask(tasks.list_assignments, VICE, task_id=task["id"])["items"]
        desk.submitted(piece)
        desk(tasks.approve_result, piece, VICE, grade="met")
    for task in (given[1], given[3]):
        here.do(f"UPDATE tasks SET superior_due = now() - interval '9 days' WHERE id = '{task['id']}'")
    return {task["title"]: task["id"] for task in given}


def test_a_report_counts_each_task_once_and_each_figure_opens_its_list(desk, shelf, four):  # noqa: F811
    desk.order(title="Việc của Thành phố")
    report = draft(desk)

    classes = ("in_progress_in_time", "in_progress_overdue", "completed_on_time", "completed_late")
    assert report["classes"] == {"total": 4} | dict.fromkeys(classes, 1)
    for name, wanted in zip(four, classes, strict=True):
        [one] = lines(desk, report, report_class=wanted)
        assert (one["title"], one["class"], one["clause"]) == (name, wanted, "Điểm 1")
    assert len(lines(desk, report)) == report["classes"]["total"]
    assert draft(desk, since=day(1))["classes"]["total"] == 2  # what was finished before is left out
    assert draft(desk, source="pc_party_committee")["classes"]["total"] == 0


def test_it_is_approved_by_another_sent_and_what_was_owed_is_told(desk, shelf, document, four):  # noqa: F811
    before = shelf.read(document)["report_due_on"]
    report = draft(desk)
    verbs = ("approve_superior_report", "return_superior_report", "record_report_sent")
    approve, give_back, sent = (getattr(tasks, verb) for verb in verbs)

    assert desk.refused(sent, report, OFFICE, **SENT) == "wrong_state"
    assert desk.refused(approve, report, OFFICE) == "not_authorised"
    assert desk.refused(approve, report, DEPUTY) == "own_report"  # the same person, in the vice chairman's name
    assert desk.refused(approve, report, VICE, version=9) == "stale_version"
    assert desk(approve, report, VICE, version=1)["allowed"] == ["return_superior_report"]
    done = desk(sent, report, OFFICE, **SENT)
    assert (done["state"], done["sent"], done["version"]) == ("sent", SENT, 3)
    assert desk.refused(give_back, report, CHAIR, reason="x") == "wrong_state"
    assert shelf.read(document)["report_due_on"] > before
    assert desk.refused_to_ask(tasks.get_superior_report, HEAD, id=report["id"]) == "not_found"


def test_inside_a_unit_dates_stay_the_heads_own(desk, shelf, document):  # noqa: F811
    order = an_order(1, assignments=[{"unit_id": unit("dept")}])
    [task] = shelf.issue(document, order)["tasks"]
    [own] = desk.ask(tasks.list_assignments, VICE, task_id=task["id"])["items"]
    desk.accepted(own, DEPT)
    [child] = desk(tasks.pass_on, own, DEPT, pieces=[{"unit_id": unit("division"), "due_on": day(5)}])["children"]
    desk.accepted(child, DIVISION)

    inside = desk.request(child, DIVISION, on=day(20))
    assert desk(tasks.grant_extension, inside["id"], DEPT)["state"] == "granted"


def test_of_many_the_clock_stands_still_only_when_everyone_is_suspended(here, desk, shelf, document):  # noqa: F811
    wards = [{"unit_id": unit("ward-1")}, {"unit_id": unit("ward-2")}]
    [task] = shelf.issue(document, an_order(1, assignments=wards))["tasks"]
    one, two = desk.ask(tasks.list_assignments, VICE, task_id=task["id"])["items"]
    here.do("UPDATE tasks SET superior_due = now() - interval '9 days'")
    classes = []
    for piece, who in ((one, HEAD), (two, SUPPORT)):
        desk.accepted(piece, who)
        desk(tasks.suspend, piece, VICE, basis="Công văn 12/UBND")
        here.do("UPDATE assignments SET suspended_at = suspended_at - interval '20 days' WHERE state = 'suspended'")
        [line] = lines(desk, draft(desk, document_id=document["id"], since=day(-len(classes))))
        classes.append(line["class"])
    assert classes == ["in_progress_overdue", "in_progress_in_time"]


def test_when_the_city_consented_stands_whatever_the_superior_says(here, desk, piece, asked):
    consented = [asked[name] for name in ("decided_at", "decided_by_person_id")]
    assert consented[0]
    answer(desk, asked, on=day(70))
    found = desk.ask(tasks.get_extension, HEAD, id=asked["id"])
    assert [found[name] for name in ("decided_at", "decided_by_person_id")] == consented


def test_whoever_waits_for_the_superior_is_not_offered_to_ask_again(desk, piece):
    assert "request_extension" in desk.read(piece, HEAD)["allowed"]
    asked = desk.request(piece, on=day(70))
    assert "request_extension" not in desk.read(piece, HEAD)["allowed"]
    desk(tasks.grant_extension, asked["id"], VICE)
    assert "request_extension" not in desk.read(piece, HEAD)["allowed"]


def test_a_report_of_too_many_is_refused(desk, four, monkeypatch):
    monkeypatch.setattr("tasks.use_cases.superior.MOST_LINES", 3)
    with pytest.raises(CallFailed) as refusal:
        draft(desk)
    assert (refusal.value.code, refusal.value.details["most"]) == ("report_too_long", 3)
    assert draft(desk, since=day(1))["classes"]["total"] == 2
