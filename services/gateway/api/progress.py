"""Progress while the work goes on, and what stops it."""

from chassis.http import Answer
from contracts import tasks
from gateway import schemas
from gateway.api.assignments import keyed
from gateway.assembling import versioned
from gateway.routes import BASE, route


class ProgressRoutes:
    @route("GET", "/assignments/<uuid:assignment_id>/progress", tag="assignments", query=schemas.PageQuery,
           answer=tasks.ProgressPage)  # fmt: skip
    def list_progress(self, call, assignment_id):
        """The reports of a piece, the newest first, and how many are missing."""
        return call.ask(tasks.list_progress, call.query | {"assignment_id": assignment_id})

    @route("POST", "/assignments/<uuid:assignment_id>/progress", tag="assignments", body=tasks.NewProgress,
           answer=tasks.ProgressReport, status=201, idempotency_key=True,
           refusals=("not_authorised", "wrong_state", "no_such_level", "unknown_file", "file_not_scanned"))  # fmt: skip
    def report_progress(self, call, assignment_id):
        """Báo cáo tiến độ: what is done so far, and what stops the rest."""
        request = {"assignment_id": assignment_id, "idempotency_key": call.idempotency_key}
        return Answer(call.ask(tasks.report_progress, call.body | request), status=201)

    @route("GET", "/assignments/<uuid:assignment_id>/blockers", tag="assignments", query=schemas.PageQuery,
           answer=tasks.BlockerPage)  # fmt: skip
    def list_blockers(self, call, assignment_id):
        """What stops, or stopped, a piece."""
        return call.ask(tasks.list_blockers, call.query | {"assignment_id": assignment_id})

    @route("POST", "/assignments/<uuid:assignment_id>/blockers", tag="assignments", body=tasks.NewBlocker,
           answer=tasks.Blocker, status=201, idempotency_key=True, etag=True,
           refusals=("not_authorised", "wrong_state", "no_such_level"))  # fmt: skip
    def raise_blocker(self, call, assignment_id):
        """Báo vướng mắc: what stops the work, and which level must decide within two days."""
        request = {"assignment_id": assignment_id, "idempotency_key": call.idempotency_key}
        blocker = call.ask(tasks.raise_blocker, call.body | request)
        return versioned(blocker, status=201, headers={"Location": f"{BASE}/blockers/{blocker['id']}"})

    @route("GET", "/blockers/<uuid:blocker_id>", tag="assignments", answer=tasks.Blocker, etag=True)
    def get_blocker(self, call, blocker_id):
        """One thing that stops the work."""
        return versioned(call.ask(tasks.get_blocker, {"id": blocker_id}))

    @route("POST", "/blockers/<uuid:blocker_id>/answer", tag="assignments", body=tasks.Answer, answer=tasks.Blocker,
           idempotency_key=True, if_match=True, etag=True, refusals=("not_authorised", "already_decided"))  # fmt: skip
    def answer_blocker(self, call, blocker_id):
        """Trả lời vướng mắc: by the level that must decide."""
        return versioned(call.ask(tasks.answer_blocker, keyed(call, blocker_id) | call.body))
