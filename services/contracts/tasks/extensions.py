"""More time: asked for, granted, refused, withdrawn."""

from marshmallow import fields, validate

from chassis.contract import PATIENCE, Procedure
from contracts.fields import ById, Day, Id, Moment, Request, Statement, Text
from contracts.tasks.assignments import AssignmentDetail, OfAssignment
from contracts.tasks.moves import ForAReason, Keyed, Reason


class NewExtension(Request):
    reason = Text(max=2_000, required=True)
    requested_due_on = Day(required=True)
    progress = Text(max=2_000, required=True)
    plan = Text(max=2_000, required=True)


class RequestExtension(NewExtension):
    """`assignment_id`: more time for which piece."""

    assignment_id = Id(required=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class Grant(Request):
    """Another date than the one asked for, or none: that one."""

    due_on = Day(load_default=None, allow_none=True)


class GrantExtension(Keyed, Grant):
    """The deadline moves."""


class WithdrawExtension(Keyed):
    """The request is taken back."""


class ForChildren(Reason):
    """Without `assignment_ids`: all open pieces passed on from it that are due before that day."""

    due_on = Day(required=True)
    assignment_ids = fields.List(Id(), load_default=None, allow_none=True, validate=validate.Length(1, 400))


class ExtendChildren(Keyed, ForChildren):
    """More time for what was passed on."""


class KeepChildren(Keyed):
    """What was passed on keeps its dates."""


class Extension(Statement):
    """`late`: it was asked for after the due day. `due_before` is the deadline that stood then."""

    id = Id(required=True)
    task_id = Id(required=True)
    assignment_id = Id(required=True)
    version = fields.Integer(required=True)
    round = fields.Integer(required=True)
    state = fields.String(required=True)
    reason = fields.String(required=True)
    progress = fields.String(required=True)
    plan = fields.String(required=True)
    due_before = Moment(required=True)
    requested_due = Moment(required=True)
    granted_due = Moment(required=True, allow_none=True)
    late = fields.Boolean(required=True)
    requested_by_person_id = Id(required=True)
    requested_at = Moment(required=True)
    decided_by_person_id = Id(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)


class ExtensionPage(Statement):
    items = fields.List(fields.Nested(Extension), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


def _verb(name: str, request: type[Request], summary: str, reply: type[Statement] = Extension) -> Procedure:
    return Procedure("tasks", name, request, reply, summary, patience=PATIENCE)


request_extension = _verb("request_extension", RequestExtension, "The head of the unit asks for more time.")
grant_extension = _verb("grant_extension", GrantExtension, "The deadline moves, to the date asked for or to another.")
refuse_extension = _verb("refuse_extension", ForAReason, "The deadline stands.")
withdraw_extension = _verb("withdraw_extension", WithdrawExtension, "The request is taken back before a decision.")
extend_children = _verb("extend_children", ExtendChildren, "What was passed on is due later.", AssignmentDetail)
keep_children = _verb("keep_children", KeepChildren, "What was passed on keeps its dates.", AssignmentDetail)
get_extension = Procedure("tasks", "get_extension", ById, Extension, "One request for more time.")
list_extensions = Procedure(
    "tasks", "list_extensions", OfAssignment, ExtensionPage, "The requests for more time of a piece, round by round."
)
