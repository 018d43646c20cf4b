"""Pieces of orders: reading them, and the verbs of their life."""

from contracts import tasks
from gateway import problems, schemas
from gateway.assembling import versioned, with_names
from gateway.routes import route


def keyed(call, id_: str) -> dict:
    """What every verb is told."""
    return {"id": id_, "version": call.version, "idempotency_key": call.idempotency_key}


def told(call, *items: dict) -> None:
    """Warnings, in the reader's language."""
    for item in items:
        for warning in item["warnings"]:
            warning["message"] = problems.describe_warning(warning, call.request.language)


COMMON = ("not_authorised", "wrong_state", "directory_stale")


class AssignmentsRoutes:
    @route("GET", "/assignments/<uuid:assignment_id>", tag="assignments", answer=tasks.AssignmentDetail, etag=True)
    def get_assignment(self, call, assignment_id):
        """One piece, as its owner sees it."""
        return versioned(call.ask(tasks.get_assignment, {"id": assignment_id}))

    @route("GET", "/assignments/<uuid:assignment_id>/history", tag="assignments", query=schemas.PageQuery,
           answer=schemas.HistoryPage)  # fmt: skip
    def list_history(self, call, assignment_id):
        """What happened to a piece, in order."""
        page = call.ask(tasks.list_history, call.query | {"assignment_id": assignment_id})
        with_names(call, self.names, page["items"], "actor_person_id", "actor_name")
        return page

    @route("GET", "/assignments/<uuid:assignment_id>/results", tag="assignments", query=schemas.PageQuery,
           answer=tasks.ResultPage)  # fmt: skip
    def list_results(self, call, assignment_id):
        """The results of a piece, round by round."""
        return call.ask(tasks.list_results, call.query | {"assignment_id": assignment_id})

    @route("GET", "/assignments/<uuid:assignment_id>/children", tag="assignments", query=schemas.PageQuery,
           answer=tasks.AssignmentPage)  # fmt: skip
    def list_children(self, call, assignment_id):
        """What was passed on from a piece."""
        return call.ask(tasks.list_children, call.query | {"assignment_id": assignment_id})

    @route("POST", "/assignments/<uuid:assignment_id>/children", tag="assignments", limit="assign", body=tasks.Children,
           answer=tasks.PassedOn, status=201, idempotency_key=True, if_match=True, etag=True,
           refusals=(*COMMON, "unknown_unit", "unknown_post", "unit_not_below", "circular_assignment", "unit_twice",
                     "due_in_past", "due_too_far", "due_after_parent"))  # fmt: skip
    def pass_on_assignment(self, call, assignment_id):
        """Giao tiếp: pieces of it to a division or an official of the unit."""
        piece = call.ask(tasks.pass_on, keyed(call, assignment_id) | call.body)
        told(call, piece)
        return versioned(piece, status=201)

    @route("POST", "/assignments/<uuid:assignment_id>/accept", tag="assignments",
           answer=tasks.AssignmentDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=COMMON)  # fmt: skip
    def accept_assignment(self, call, assignment_id):
        """Tiếp nhận: the unit receives the work."""
        return versioned(call.ask(tasks.accept, keyed(call, assignment_id)))

    @route("POST", "/assignments/<uuid:assignment_id>/decline", tag="assignments", body=tasks.Refusal,
           answer=tasks.AssignmentDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=(*COMMON, "unknown_unit", "proposed_unit_needed"))  # fmt: skip
    def decline_assignment(self, call, assignment_id):
        """Từ chối tiếp nhận: with a reason, and whose work it is instead."""
        return versioned(call.ask(tasks.decline, keyed(call, assignment_id) | call.body))

    @route("POST", "/assignments/<uuid:assignment_id>/reassign", tag="assignments", body=tasks.NewOwner,
           answer=tasks.AssignmentDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=(*COMMON, "unknown_unit", "unknown_post", "unit_twice", "unit_not_direct", "unit_not_below",
                     "circular_assignment", "due_in_past", "due_too_far", "due_after_task",
                     "due_after_parent"))  # fmt: skip
    def reassign_assignment(self, call, assignment_id):
        """Giao lại: refused work goes to a new owner."""
        return versioned(call.ask(tasks.reassign, keyed(call, assignment_id) | call.body))

    @route("POST", "/assignments/<uuid:assignment_id>/uphold", tag="assignments", body=tasks.Reason,
           answer=tasks.AssignmentDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=COMMON)  # fmt: skip
    def uphold_assignment(self, call, assignment_id):
        """Bác từ chối: the owner stays."""
        return versioned(call.ask(tasks.uphold, keyed(call, assignment_id) | call.body))

    @route("POST", "/assignments/<uuid:assignment_id>/submit-result", tag="assignments", body=tasks.NewResult,
           answer=tasks.AssignmentDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=(*COMMON, "day_in_future", "unit_owes_nothing", "unknown_file", "file_not_scanned"))  # fmt: skip
    def submit_result(self, call, assignment_id):
        """Trình kết quả: the product, with its document."""
        return versioned(call.ask(tasks.submit_result, keyed(call, assignment_id) | call.body))

    @route("POST", "/assignments/<uuid:assignment_id>/approve-result", tag="assignments", body=tasks.Approval,
           answer=tasks.AssignmentDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=(*COMMON, "own_result"))  # fmt: skip
    def approve_result(self, call, assignment_id):
        """Duyệt kết quả, with a grade; never by whoever submitted it, nor for one's own unit."""
        return versioned(call.ask(tasks.approve_result, keyed(call, assignment_id) | call.body))

    @route("POST", "/assignments/<uuid:assignment_id>/return-result", tag="assignments", body=tasks.Reason,
           answer=tasks.AssignmentDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=(*COMMON, "own_result"))  # fmt: skip
    def return_result(self, call, assignment_id):
        """Trả lại: the return is counted."""
        return versioned(call.ask(tasks.return_result, keyed(call, assignment_id) | call.body))

    @route("POST", "/assignments/<uuid:assignment_id>/withdraw-result", tag="assignments",
           answer=tasks.AssignmentDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=COMMON)  # fmt: skip
    def withdraw_result(self, call, assignment_id):
        """Rút kết quả: before a decision."""
        return versioned(call.ask(tasks.withdraw_result, keyed(call, assignment_id)))

    @route("POST", "/assignments/<uuid:assignment_id>/suspend", tag="assignments", body=tasks.Suspension,
           answer=tasks.AssignmentDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=COMMON)  # fmt: skip
    def suspend_assignment(self, call, assignment_id):
        """Tạm dừng: the clock stops, in writing."""
        return versioned(call.ask(tasks.suspend, keyed(call, assignment_id) | call.body))

    @route("POST", "/assignments/<uuid:assignment_id>/resume", tag="assignments", body=tasks.Resumption,
           answer=tasks.AssignmentDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=(*COMMON, "due_on_needed", "superior_decides", "extension_not_later", "due_in_past", "due_too_far",
                     "due_after_parent"))  # fmt: skip
    def resume_assignment(self, call, assignment_id):
        """Tiếp tục: the clock goes on; where the date has passed, with a later one or with the word that it stands."""
        return versioned(call.ask(tasks.resume, keyed(call, assignment_id) | call.body))

    @route("POST", "/assignments/<uuid:assignment_id>/revoke", tag="assignments", body=tasks.Reason,
           answer=tasks.AssignmentDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=COMMON)  # fmt: skip
    def revoke_assignment(self, call, assignment_id):
        """Thu hồi: with all that was passed on from it."""
        return versioned(call.ask(tasks.revoke, keyed(call, assignment_id) | call.body))

    @route("POST", "/assignments/<uuid:assignment_id>/reopen", tag="assignments", body=tasks.Reason,
           answer=tasks.AssignmentDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=COMMON)  # fmt: skip
    def reopen_assignment(self, call, assignment_id):
        """Mở lại: what was approved is to be worked on again."""
        return versioned(call.ask(tasks.reopen, keyed(call, assignment_id) | call.body))

    @route("POST", "/assignments/<uuid:assignment_id>/archive", tag="assignments",
           answer=tasks.AssignmentDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=COMMON)  # fmt: skip
    def archive_assignment(self, call, assignment_id):
        """Nộp lưu: the dossier is closed."""
        return versioned(call.ask(tasks.archive, keyed(call, assignment_id)))

    @route("POST", "/units/<uuid:unit_id>/move-assignments", tag="assignments", body=schemas.MoveAssignments,
           answer=tasks.MovedAssignments, idempotency_key=True,
           refusals=("not_authorised", "unknown_unit", "unit_stands", "unit_not_direct", "circular_assignment",
                     "directory_stale"))  # fmt: skip
    def move_assignments(self, call, unit_id):
        """Open pieces of a unit that has ended go to another: ask, with new keys, until none remain."""
        return call.ask(tasks.move_assignments, call.body | {"id": unit_id, "idempotency_key": call.idempotency_key})
