"""A joint order in the town, and its verbs: ward 1 leads, ward 2 supports, ward 3 is only informed."""

import itertools
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from chassis import clock
from chassis.errors import CallFailed
from contracts import tasks
from kernel.working_time import today
from tasks.service import Service
from tests.support.town import DELEGATION, claims, post, unit

VICE, HEAD, CLERK = claims("committee vice_chairman"), claims("ward-1 head"), claims("ward-1 clerk")
DEPUTY = claims("office deputy_chief_of_office", delegation_id=DELEGATION)  # in the vice chairman's name
SUPPORT, DEPT, DIVISION = claims("ward-2 head"), claims("dept head"), claims("division division_head")
A_RESULT = {"summary": "Đã xong.", "document": {"number": "12/BC-UBND", "issued_on": "2026-03-02"}}
MORE_TIME = {"reason": "Chờ số liệu", "progress": "60%", "plan": "Hoàn thành trong tuần"}
_keys = itertools.count()


def day(ahead: int) -> str:
    return (today(clock.now()) + timedelta(days=ahead)).isoformat()


@pytest.fixture
def here(town, run):
    found = town("tasks")
    run(Service)
    return found


@dataclass
class Desk:
    """Asks tasks for verbs, each with a key of its own; any version unless one is named."""

    caller: object
    pieces: dict = field(default_factory=dict)

    def __call__(self, procedure, piece: dict | str, who: dict = HEAD, version: int | None = None, **body) -> dict:
        id_ = piece if isinstance(piece, str) else piece["id"]
        key = body.pop("key", None) or f"key-{next(_keys)}"
        request = {"id": id_, "version": version, "idempotency_key": key} | body
        return self.caller(procedure, request, claims=who)

    def refused(self, *args, **kwargs) -> str:
        return self.refusal(*args, **kwargs).code

    def refusal(self, *args, **kwargs) -> CallFailed:
        with pytest.raises(CallFailed) as refusal:
            self(*args, **kwargs)
        return refusal.value

    def read(self, piece: dict | str, who: dict = VICE) -> dict:
        return self.caller(tasks.get_assignment, {"id": piece if isinstance(piece, str) else piece["id"]}, claims=who)

    def ask(self, procedure, who: dict = VICE, **request) -> dict:
        return self.caller(procedure, request, claims=who)

    def refused_to_ask(self, procedure, who: dict, **request) -> str:
        with pytest.raises(CallFailed) as refusal:
            self.caller(procedure, request, claims=who)
        return refusal.value.code

    def order(self, who: dict = VICE, **changes) -> dict:
        return self.caller(tasks.assign, self._keyed(order=self.an_order(**changes)), claims=who)

    def _keyed(self, **request) -> dict:
        return {"idempotency_key": f"order-{next(_keys)}"} | request

    def draft(self, who: dict, **changes) -> dict:
        return self.caller(tasks.draft, self._keyed(order=self.an_order(**changes)), claims=who)

    def draft_refused(self, who: dict, **changes) -> str:
        return self.refused_to_ask(tasks.draft, who, **self._keyed(order=self.an_order(**changes)))

    def an_order(self, **changes) -> dict:
        order = {
            "title": "Chuẩn bị diễn tập", "content": "Theo kế hoạch.", "mode": "joint", "due_on": day(30),
            "expected_result": "Kế hoạch", "followers": [post("office chief_of_office")],
            "assignments": [
                {"unit_id": unit("ward-1"), "role": "lead"},
                {"unit_id": unit("ward-2"), "role": "support"},
                {"unit_id": unit("ward-3"), "role": "inform"},
            ],
        } | changes  # fmt: skip
        if "no_deadline" in changes or "due_at" in changes:
            del order["due_on"]
        return order

    def pieces_of(self, task: dict) -> dict[str, dict]:
        by_unit = {unit(name): name for name in ("ward-1", "ward-2", "ward-3", "dept")}
        return {by_unit[piece["unit_id"]]: piece for piece in task["assignments"]["items"]}

    # the way to where a test begins

    def accepted(self, piece: dict, who: dict = HEAD) -> dict:
        return self(tasks.accept, piece, who)

    def submitted(self, piece: dict, who: dict = HEAD) -> dict:
        self.accepted(piece, who)
        return self(tasks.submit_result, piece, who, **A_RESULT)

    def request(self, piece: dict, who: dict = HEAD, on: str | None = None, **body) -> dict:
        request = MORE_TIME | {"requested_due_on": on or day(60), "assignment_id": piece["id"]}
        return self.caller(
            tasks.request_extension, request | {"idempotency_key": f"key-{next(_keys)}"} | body, claims=who
        )

    # what is said about a piece

    def urge(self, piece: dict, who: dict, kind: str = "urge") -> dict:
        return self.caller(tasks.urge, self._urging(piece, kind), claims=who)

    def urge_refused(self, piece: dict, who: dict, kind: str = "urge") -> str:
        return self.refused_to_ask(tasks.urge, who, **self._urging(piece, kind))

    def _urging(self, piece: dict, kind: str) -> dict:
        return self._keyed(assignment_id=piece["id"], kind=kind, text="Đề nghị báo cáo")

    def report(self, piece: dict, who: dict, **body) -> dict:
        return self.caller(tasks.report_progress, self._report(piece, body), claims=who)

    def report_refused(self, piece: dict, who: dict, **body) -> str:
        return self.refused_to_ask(tasks.report_progress, who, **self._report(piece, body))

    def _report(self, piece: dict, body: dict) -> dict:
        return self._keyed(assignment_id=piece["id"], result="Đã xong một nửa", **body)

    def block(self, piece: dict, who: dict, level: str = "assigner") -> dict:
        return self.caller(tasks.raise_blocker, self._blocker(piece, level), claims=who)

    def block_refused(self, piece: dict, who: dict, level: str) -> str:
        return self.refused_to_ask(tasks.raise_blocker, who, **self._blocker(piece, level))

    def _blocker(self, piece: dict, level: str) -> dict:
        return self._keyed(assignment_id=piece["id"], text="Chưa có kinh phí", level=level)

    def correct(self, piece: dict, who: dict, field: str, value: str) -> dict:
        return self.caller(tasks.propose_correction, self._correction(piece, field, value), claims=who)

    def correct_refused(self, piece: dict, who: dict, field: str, value: str) -> str:
        return self.refused_to_ask(tasks.propose_correction, who, **self._correction(piece, field, value))

    def _correction(self, piece: dict, field: str, value: str) -> dict:
        return self._keyed(assignment_id=piece["id"], field=field, value=value, reason="Nhập nhầm")


@pytest.fixture
def desk(here, caller) -> Desk:
    return Desk(caller)


@pytest.fixture
def ended(here):
    """Units that are no more since today."""

    def end(*names: str) -> None:
        for name in names:
            here.do("UPDATE copy_units SET valid_to = :day WHERE id = :id", day=today(clock.now()), id=unit(name))

    return end


@pytest.fixture
def task(desk) -> dict:
    return desk.order()


@pytest.fixture
def pieces(desk, task) -> dict[str, dict]:
    return desk.pieces_of(task)


@pytest.fixture
def dept(desk) -> dict:
    """A department's piece of an order of its own, accepted: it has a division to pass work on to."""
    task = desk.order(mode="each", assignments=[{"unit_id": unit("dept")}], title="Việc của Sở")
    [piece] = task["assignments"]["items"]
    return desk.accepted(piece, DEPT)
