"""What the city asks of the superior who gave a task, and what it reports to him."""

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import PATIENCE, Procedure
from contracts.fields import (
    ABOVE,
    REPORT_CLASSES,
    REPORT_STATES,
    SUPERIOR_REQUEST_STATES,
    ById,
    Day,
    Id,
    Line,
    Moment,
    Page,
    Request,
    Statement,
    Text,
    one_of,
)  # fmt: skip
from contracts.tasks.moves import ForAReason, Keyed, NewResultDocument


class NumberedDocument(Statement):
    number = fields.String(required=True)
    issued_on = Day(required=True)


class SaidAnswer(Statement):
    """What a sibling brought; it counts when the Office has recorded it."""

    granted = fields.Boolean(required=True)
    due_on = Day(required=True, allow_none=True)
    document = fields.Nested(NumberedDocument, required=True)
    reason = fields.String(required=True, allow_none=True)


class SuperiorRequest(Statement):
    """More time that the city has consented to and asks its superior for. Its id is that of the extension. The
    deadline stands until the answer is recorded.
    """

    id = Id(required=True)
    task_id = Id(required=True)
    assignment_id = Id(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    source = fields.String(required=True)
    due_before = Moment(required=True)
    requested_due = Moment(required=True)
    consented_at = Moment(required=True)
    sent = fields.Nested(NumberedDocument, required=True, allow_none=True)
    said = fields.Nested(SaidAnswer, required=True, allow_none=True)
    granted_due = Moment(required=True, allow_none=True)
    answer = fields.Nested(NumberedDocument, required=True, allow_none=True)
    answer_reason = fields.String(required=True, allow_none=True)
    answered_at = Moment(required=True, allow_none=True)


class SuperiorRequestPage(Statement):
    items = fields.List(fields.Nested(SuperiorRequest), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListSuperiorRequests(Page):
    state = one_of(SUPERIOR_REQUEST_STATES, load_default=None, allow_none=True)


class Sent(Request):
    """The number and date under which it went up."""

    number = Line(max=100, required=True)
    issued_on = Day(required=True)


class RecordSent(Keyed, Sent):
    """It went up."""


class SuperiorAnswer(Request):
    """With a new date if it is granted; the superior may give another one than was asked for."""

    granted = fields.Boolean(required=True)
    due_on = Day(load_default=None, allow_none=True)
    document = fields.Nested(NewResultDocument, required=True)
    reason = Text(max=2_000, load_default=None, allow_none=True)

    @validates_schema
    def _a_date_if_granted(self, data, **_):
        if data.get("granted") is not None and (data["granted"] is True) != (data.get("due_on") is not None):
            raise ValidationError({"due_on": ["Give a date if, and only if, it is granted."]})


class RecordAnswer(Keyed, SuperiorAnswer):
    """The superior has decided."""


class NewReport(Request):
    """What is reported to whom: all tasks from this source, or those of one document; what was finished before
    `since` is left out.
    """

    source = one_of(ABOVE, required=True)
    document_id = Id(load_default=None, allow_none=True)
    since = Day(load_default=None, allow_none=True)


class DraftReport(NewReport):
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class ReportClasses(Statement):
    """Each task is in one class; `total` is their sum."""

    total = fields.Integer(required=True)
    completed_on_time = fields.Integer(required=True)
    completed_late = fields.Integer(required=True)
    in_progress_in_time = fields.Integer(required=True)
    in_progress_overdue = fields.Integer(required=True)


class SuperiorReport(Statement):
    """A report as the tasks stood at `as_of`."""

    id = Id(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    source = fields.String(required=True)
    document_id = Id(required=True, allow_none=True)
    since = Day(required=True, allow_none=True)
    as_of = Moment(required=True)
    classes = fields.Nested(ReportClasses, required=True)
    drafted_by_person_id = Id(required=True)
    decided_by_person_id = Id(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)
    return_reason = fields.String(required=True, allow_none=True)
    sent = fields.Nested(NumberedDocument, required=True, allow_none=True)
    allowed = fields.List(fields.String(), required=True)


class SuperiorReportPage(Statement):
    items = fields.List(fields.Nested(SuperiorReport), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListSuperiorReports(Page):
    source = one_of(ABOVE, load_default=None, allow_none=True)
    state = one_of(REPORT_STATES, load_default=None, allow_none=True)


class ReportLine(Statement):
    """One task in a report. `days` are working days: left, or too late."""

    number = fields.Integer(required=True)
    task_id = Id(required=True)
    title = fields.String(required=True)
    document_number = fields.String(required=True, allow_none=True)
    clause = fields.String(required=True, allow_none=True)
    units = fields.List(fields.String(), required=True)
    superior_due = Moment(required=True, allow_none=True)
    done_at = Moment(required=True, allow_none=True)
    report_class = fields.String(required=True, data_key="class")
    days = fields.Integer(required=True)


class ReportLinePage(Statement):
    items = fields.List(fields.Nested(ReportLine), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListReportLines(Page):
    report_id = Id(required=True)
    report_class = one_of(REPORT_CLASSES, load_default=None, allow_none=True)


class ApproveReport(Keyed):
    """It may go up."""


def _verb(name: str, request: type[Request], reply: type[Statement], summary: str, **more) -> Procedure:
    return Procedure("tasks", name, request, reply, summary, patience=PATIENCE, **more)


get_superior_request = Procedure(
    "tasks", "get_superior_request", ById, SuperiorRequest, "More time asked of the superior."
)
list_superior_requests = Procedure(
    "tasks", "list_superior_requests", ListSuperiorRequests, SuperiorRequestPage,
    "What was asked of superiors, the newest first.",
)  # fmt: skip
record_request_sent = _verb("record_request_sent", RecordSent, SuperiorRequest, "The request went up.")
record_superior_answer = _verb("record_superior_answer", RecordAnswer, SuperiorRequest, "The superior has decided.")

draft_superior_report = _verb(
    "draft_superior_report", DraftReport, SuperiorReport, "A report, from how the tasks stand.", timeout=15.0
)
approve_superior_report = _verb("approve_superior_report", ApproveReport, SuperiorReport, "It may go up.")
return_superior_report = _verb("return_superior_report", ForAReason, SuperiorReport, "It goes back to the Office.")
record_report_sent = _verb("record_report_sent", RecordSent, SuperiorReport, "The report went up.")
get_superior_report = Procedure("tasks", "get_superior_report", ById, SuperiorReport, "A report to a superior.")
list_superior_reports = Procedure(
    "tasks", "list_superior_reports", ListSuperiorReports, SuperiorReportPage, "Reports to superiors, the newest first."
)
list_report_lines = Procedure(
    "tasks", "list_report_lines", ListReportLines, ReportLinePage, "The tasks that a report counts."
)
