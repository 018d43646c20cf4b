"""Assignments: one unit's (or person's) own piece of an order, and the verbs that move it."""

from marshmallow import fields, validate

from chassis.contract import PATIENCE, Procedure
from contracts.fields import ById, Id, Moment, Page, Request, Statement


class Assignment(Statement):
    id = Id(required=True)
    task_id = Id(required=True)
    unit_id = Id(required=True)
    unit_name = fields.String(required=True)
    post_id = Id(required=True)
    role = fields.String(required=True)
    state = fields.String(required=True)
    original_due = Moment(required=True, allow_none=True)
    current_due = Moment(required=True, allow_none=True)
    due_state = fields.String(required=True)
    version = fields.Integer(required=True)
    accepted_at = Moment(required=True, allow_none=True)


class AssignmentDetail(Assignment):
    """An assignment with the part of its task that the level below may see."""

    title = fields.String(required=True)
    content = fields.String(required=True)
    expected_result = fields.String(required=True)
    urgency = fields.String(required=True)
    assigner_title = fields.String(required=True)
    allowed = fields.List(fields.String(), required=True)  # the verbs that this actor may use now


class AssignmentPage(Statement):
    items = fields.List(fields.Nested(Assignment), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListAssignments(Page):
    task_id = Id(required=True)
    state = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=30))


class Accept(Request):
    """`version` None means "whatever it is now" (If-Match: *)."""

    id = Id(required=True)
    version = fields.Integer(required=True, allow_none=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


list_assignments = Procedure("tasks", "list_assignments", ListAssignments, AssignmentPage, "The pieces of an order.")
get_assignment = Procedure("tasks", "get_assignment", ById, AssignmentDetail, "One piece, as its owner sees it.")
accept = Procedure(
    "tasks", "accept", Accept, AssignmentDetail, "The head of the unit receives the work.", patience=PATIENCE
)
