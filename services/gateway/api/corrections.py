"""Đính chính: facts entered wrongly, and classifications that a unit disputes."""

from contracts import tasks
from gateway import schemas
from gateway.api.assignments import keyed
from gateway.assembling import versioned
from gateway.routes import BASE, route

DECISION = ("not_authorised", "own_correction", "already_decided")
POSSIBLE = (
    "wrong_state", "nothing_changes", "correction_impossible", "role_not_in_mode", "no_deadline", "due_too_far",
    "due_after_parent", "superior_decides",
)  # fmt: skip


class CorrectionsRoutes:
    @route("GET", "/assignments/<uuid:assignment_id>/corrections", tag="assignments", query=schemas.PageQuery,
           answer=tasks.CorrectionPage)  # fmt: skip
    def list_corrections(self, call, assignment_id):
        """The corrections and disputes of a piece, with who decided what and why."""
        return call.ask(tasks.list_corrections, call.query | {"assignment_id": assignment_id})

    @route("POST", "/assignments/<uuid:assignment_id>/corrections", tag="assignments", body=tasks.NewCorrection,
           answer=tasks.Correction, status=201, idempotency_key=True, etag=True,
           refusals=("not_authorised", "correction_pending", "no_such_level", *POSSIBLE))  # fmt: skip
    def propose_correction(self, call, assignment_id):
        """Đề nghị đính chính: a fact was entered wrongly, or a classification is disputed; another decides."""
        request = {"assignment_id": assignment_id, "idempotency_key": call.idempotency_key}
        correction = call.ask(tasks.propose_correction, call.body | request)
        return versioned(correction, status=201, headers={"Location": f"{BASE}/corrections/{correction['id']}"})

    @route("GET", "/corrections/<uuid:correction_id>", tag="assignments", answer=tasks.Correction, etag=True)
    def get_correction(self, call, correction_id):
        """One correction."""
        return versioned(call.ask(tasks.get_correction, {"id": correction_id}))

    @route("POST", "/corrections/<uuid:correction_id>/accept", tag="assignments", body=tasks.Reason,
           answer=tasks.Correction, idempotency_key=True, if_match=True, etag=True,
           refusals=(*DECISION, "fact_changed", *POSSIBLE))  # fmt: skip
    def accept_correction(self, call, correction_id):
        """Đồng ý đính chính: the fact is put right, the history keeps what it was."""
        return versioned(call.ask(tasks.accept_correction, keyed(call, correction_id) | call.body))

    @route("POST", "/corrections/<uuid:correction_id>/refuse", tag="assignments", body=tasks.Reason,
           answer=tasks.Correction, idempotency_key=True, if_match=True, etag=True, refusals=DECISION)  # fmt: skip
    def refuse_correction(self, call, correction_id):
        """Không đồng ý đính chính: the fact stands."""
        return versioned(call.ask(tasks.refuse_correction, keyed(call, correction_id) | call.body))

    @route("POST", "/corrections/<uuid:correction_id>/withdraw", tag="assignments", answer=tasks.Correction,
           idempotency_key=True, if_match=True, etag=True, refusals=("not_authorised", "already_decided"))  # fmt: skip
    def withdraw_correction(self, call, correction_id):
        """Rút đề nghị đính chính: before a decision."""
        return versioned(call.ask(tasks.withdraw_correction, keyed(call, correction_id)))
