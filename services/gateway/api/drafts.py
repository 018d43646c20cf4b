"""Orders before they are given."""

from chassis.http import Answer
from contracts import tasks
from gateway import schemas
from gateway.api.assignments import keyed, told
from gateway.assembling import versioned, with_names
from gateway.routes import route

STEP = ("not_authorised", "wrong_state", "directory_stale")
FAULTS = (
    "unknown_audience", "unknown_unit", "unknown_post", "one_lead_needed", "unit_twice", "unit_not_direct",
    "role_not_in_mode", "due_in_past", "due_too_far", "due_after_task",
)  # fmt: skip


class DraftsRoutes:
    @route("PUT", "/tasks/<uuid:task_id>", tag="tasks", body=tasks.Order, answer=schemas.Task, idempotency_key=True,
           if_match=True, etag=True, refusals=(*STEP, *FAULTS))  # fmt: skip
    def edit_draft(self, call, task_id):
        """Sửa dự thảo: the draft is written anew."""
        return self._step(call, call.ask(tasks.edit_draft, keyed(call, task_id) | {"order": call.body}))

    @route("DELETE", "/tasks/<uuid:task_id>", tag="tasks", status=204, idempotency_key=True, if_match=True,
           refusals=STEP)  # fmt: skip
    def discard_draft(self, call, task_id):
        """Bỏ dự thảo: only one's own, and only while it is a draft."""
        call.ask(tasks.discard_draft, keyed(call, task_id))
        return Answer(status=204)

    @route("POST", "/tasks/<uuid:task_id>/submit-for-issue", tag="tasks", body=tasks.Leaders, answer=schemas.Task,
           idempotency_key=True, if_match=True, etag=True, refusals=(*STEP, "unknown_post"))  # fmt: skip
    def submit_for_issue(self, call, task_id):
        """Trình giao thay mặt: to a leader, or to a group of whom any one may give it."""
        return self._step(call, call.ask(tasks.submit_for_issue, keyed(call, task_id) | call.body))

    @route("POST", "/tasks/<uuid:task_id>/return-draft", tag="tasks", body=tasks.Reason, answer=schemas.Task,
           idempotency_key=True, if_match=True, etag=True, refusals=STEP)  # fmt: skip
    def return_draft(self, call, task_id):
        """Trả lại dự thảo."""
        return self._step(call, call.ask(tasks.return_draft, keyed(call, task_id) | call.body))

    @route("POST", "/tasks/<uuid:task_id>/issue", tag="tasks", answer=schemas.Task, idempotency_key=True,
           if_match=True, etag=True, refusals=(*STEP, *FAULTS))  # fmt: skip
    def issue_task(self, call, task_id):
        """Giao: the order is given as it was drafted, checked by the rules and the directory of today."""
        return self._step(call, call.ask(tasks.issue, keyed(call, task_id)))

    def _step(self, call, task):
        with_names(call, self.names, [task], "assigner_person_id", "assigner_name")
        told(call, task)
        return versioned(task)
