"""Progress while the work goes on, and what stops it."""

from marshmallow import fields, validate

from chassis.contract import PATIENCE, Procedure
from contracts.fields import BLOCKER_LEVELS, ById, Day, Id, Moment, Request, Statement, Text, one_of
from contracts.files import AttachedFile, FileIds
from contracts.tasks.assignments import OfAssignment
from contracts.tasks.moves import Keyed


class NewBlocker(Request):
    """`level` is the one that must decide: whoever ordered it, the lead of joint work, the Office, the chairman."""

    text = Text(max=2_000, required=True)
    level = one_of(BLOCKER_LEVELS, load_default="assigner")


class NewProgress(Request):
    """`percent` is advisory."""

    result = Text(max=20_000, required=True)
    percent = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(0, 100))
    request = Text(max=2_000, load_default=None, allow_none=True)
    file_ids = FileIds()
    blocker = fields.Nested(NewBlocker, load_default=None, allow_none=True)


class ReportProgress(NewProgress):
    assignment_id = Id(required=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class RaiseBlocker(NewBlocker):
    assignment_id = Id(required=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class Answer(Request):
    text = Text(max=5_000, required=True)


class AnswerKeyed(Keyed, Answer):
    """What was asked is answered."""


class Blocker(Statement):
    """`resolved_at` without an `answer`: it ended with its piece."""

    id = Id(required=True)
    task_id = Id(required=True)
    assignment_id = Id(required=True)
    version = fields.Integer(required=True)
    text = fields.String(required=True)
    level = fields.String(required=True)
    decides_post_id = Id(required=True)
    raised_by_person_id = Id(required=True)
    raised_at = Moment(required=True)
    answer_due = Moment(required=True)
    answer = fields.String(required=True, allow_none=True)
    resolved_by_person_id = Id(required=True, allow_none=True)
    resolved_at = Moment(required=True, allow_none=True)


class BlockerPage(Statement):
    items = fields.List(fields.Nested(Blocker), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ProgressReport(Statement):
    id = Id(required=True)
    task_id = Id(required=True)
    assignment_id = Id(required=True)
    number = fields.Integer(required=True)
    result = fields.String(required=True)
    percent = fields.Integer(required=True, allow_none=True)
    request = fields.String(required=True, allow_none=True)
    blocker_id = Id(required=True, allow_none=True)
    files = fields.List(fields.Nested(AttachedFile), required=True)
    reported_by_person_id = Id(required=True)
    reported_at = Moment(required=True)


class ProgressPage(Statement):
    """`missing` counts the periods that ended without a report; `next_due` is the end of the present one."""

    items = fields.List(fields.Nested(ProgressReport), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
    reporting = fields.String(required=True)
    missing = fields.Integer(required=True)
    next_due = Day(required=True, allow_none=True)


report_progress = Procedure(
    "tasks", "report_progress", ReportProgress, ProgressReport, "The unit says how far it is.", patience=PATIENCE
)
list_progress = Procedure(
    "tasks", "list_progress", OfAssignment, ProgressPage, "The reports of a piece, and how many are missing."
)
raise_blocker = Procedure(
    "tasks", "raise_blocker", RaiseBlocker, Blocker, "The unit says what stops the work.", patience=PATIENCE
)
answer_blocker = Procedure(
    "tasks", "answer_blocker", AnswerKeyed, Blocker, "The level that must decide has decided.", patience=PATIENCE
)
get_blocker = Procedure("tasks", "get_blocker", ById, Blocker, "One thing that stops the work.")
list_blockers = Procedure("tasks", "list_blockers", OfAssignment, BlockerPage, "What stops, or stopped, a piece.")
