"""Đôn đốc: the owners of pieces are asked for something, and answer."""

from contracts import tasks
from gateway import schemas
from gateway.api.assignments import keyed
from gateway.assembling import versioned
from gateway.routes import BASE, route


class UrgingsRoutes:
    @route("GET", "/assignments/<uuid:assignment_id>/urgings", tag="assignments", query=schemas.PageQuery,
           answer=tasks.UrgingPage)  # fmt: skip
    def list_urgings(self, call, assignment_id):
        """The urgings about a piece."""
        return call.ask(tasks.list_urgings, call.query | {"assignment_id": assignment_id})

    @route("POST", "/assignments/<uuid:assignment_id>/urgings", tag="assignments", body=tasks.NewUrging,
           answer=tasks.Urging, status=201, idempotency_key=True, etag=True,
           refusals=("not_authorised", "wrong_state", "urging_open"))  # fmt: skip
    def urge_assignment(self, call, assignment_id):
        """Đôn đốc: by whoever ordered or follows it, or the Office; open until it is answered."""
        request = {"assignment_id": assignment_id, "idempotency_key": call.idempotency_key}
        urging = call.ask(tasks.urge, call.body | request)
        return versioned(urging, status=201, headers={"Location": f"{BASE}/urgings/{urging['id']}"})

    @route("POST", "/tasks/<uuid:task_id>/urgings", tag="tasks", body=tasks.NewUrgings, answer=tasks.UrgedMany,
           idempotency_key=True, refusals=("not_authorised",))  # fmt: skip
    def urge_task(self, call, task_id):
        """Đôn đốc all units whose pieces are overdue, or not received, in one act."""
        request = {"task_id": task_id, "idempotency_key": call.idempotency_key}
        return call.ask(tasks.urge_many, call.body | request)

    @route("GET", "/urgings/<uuid:urging_id>", tag="assignments", answer=tasks.Urging, etag=True)
    def get_urging(self, call, urging_id):
        """One urging."""
        return versioned(call.ask(tasks.get_urging, {"id": urging_id}))

    @route("POST", "/urgings/<uuid:urging_id>/answer", tag="assignments", body=tasks.Answer, answer=tasks.Urging,
           idempotency_key=True, if_match=True, etag=True, refusals=("not_authorised", "already_decided"))  # fmt: skip
    def answer_urging(self, call, urging_id):
        """Trả lời đôn đốc: by the owner of the piece, or his clerk."""
        return versioned(call.ask(tasks.answer_urging, keyed(call, urging_id) | call.body))
