"""Assignments: one unit's (or person's) own piece of an order, as it is read."""

from marshmallow import fields, validate

from chassis.contract import Procedure
from contracts.fields import ROLLED_UP, ById, Day, Id, Moment, Page, Statement, one_of
from contracts.files import AttachedFile


class Assignment(Statement):
    """`due_state` and `due_days` stand against the present deadline, `original_due_state` against the first one.
    `parent_id` is what it was passed on from. While `under_correction` it stands apart from what is overdue. What was
    revoked has no due state.
    """

    id = Id(required=True)
    task_id = Id(required=True)
    parent_id = Id(required=True, allow_none=True)
    unit_id = Id(required=True)
    unit_name = fields.String(required=True)
    post_id = Id(required=True)
    role = fields.String(required=True)
    state = fields.String(required=True)
    original_due = Moment(required=True, allow_none=True)
    current_due = Moment(required=True, allow_none=True)
    due_state = fields.String(required=True, allow_none=True)
    due_days = fields.Integer(required=True)
    original_due_state = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)
    accepted_at = Moment(required=True, allow_none=True)
    submitted_at = Moment(required=True, allow_none=True)
    done_at = Moment(required=True, allow_none=True)
    grade = fields.String(required=True, allow_none=True)
    returns = fields.Integer(required=True)
    under_correction = fields.Boolean(required=True)


class Parent(Statement):
    """What the level below may know of what it was passed on from."""

    title = fields.String(required=True)
    clause = fields.String(required=True, allow_none=True)
    unit_name = fields.String(required=True)
    current_due = Moment(required=True, allow_none=True)


class AssignmentDetail(Assignment):
    """An assignment with the part of its task that the level below may see.

    The order's own `content` and `expected_result` are shown to the units that it names; inside a unit `content` is
    what was said when the work was passed on.
    """

    title = fields.String(required=True)
    clause = fields.String(required=True, allow_none=True)
    content = fields.String(required=True, allow_none=True)
    expected_result = fields.String(required=True, allow_none=True)
    urgency = fields.String(required=True)
    assigner_title = fields.String(required=True)
    proposed_unit_id = Id(required=True, allow_none=True)
    parent = fields.Nested(Parent, required=True, allow_none=True)
    allowed = fields.List(fields.String(), required=True)  # the verbs that this actor may use now


class AssignmentPage(Statement):
    items = fields.List(fields.Nested(Assignment), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListAssignments(Page):
    """`only`: those that this figure of the roll-up counts, or who has not received."""

    task_id = Id(required=True)
    state = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=30))
    only = one_of(ROLLED_UP, load_default=None, allow_none=True)


class OfAssignment(Page):
    assignment_id = Id(required=True)


class OfTask(Page):
    task_id = Id(required=True)


class Happening(Statement):
    """One event of a history. Without `assignment_id` it is about the order as a whole."""

    assignment_id = Id(required=True, allow_none=True)
    version = fields.Integer(required=True)
    change = fields.String(required=True)
    at = Moment(required=True)
    actor_person_id = Id(required=True)
    acting_for = Id(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    data = fields.Dict(required=True)


class HistoryPage(Statement):
    items = fields.List(fields.Nested(Happening), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ResultDocument(Statement):
    number = fields.String(required=True)
    issued_on = Day(required=True)


class Result(Statement):
    """One round of a result; `outcome` is null while nobody has decided."""

    id = Id(required=True)
    round = fields.Integer(required=True)
    summary = fields.String(required=True)
    document = fields.Nested(ResultDocument, required=True)
    receiving_level = fields.String(required=True)
    files = fields.List(fields.Nested(AttachedFile), required=True)
    unanswered_unit_ids = fields.List(Id(), required=True)
    submitted_by_person_id = Id(required=True)
    submitted_at = Moment(required=True)
    outcome = fields.String(required=True, allow_none=True)
    grade = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    decided_by_person_id = Id(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)


class ResultPage(Statement):
    items = fields.List(fields.Nested(Result), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


list_assignments = Procedure("tasks", "list_assignments", ListAssignments, AssignmentPage, "The pieces of an order.")
get_assignment = Procedure("tasks", "get_assignment", ById, AssignmentDetail, "One piece, as its owner sees it.")
list_children = Procedure(
    "tasks", "list_children", OfAssignment, AssignmentPage, "What was passed on from a piece."
)  # fmt: skip
list_results = Procedure("tasks", "list_results", OfAssignment, ResultPage, "The results of a piece, round by round.")
list_history = Procedure("tasks", "list_history", OfAssignment, HistoryPage, "What happened to a piece, in order.")
list_task_history = Procedure(
    "tasks", "list_task_history", OfTask, HistoryPage, "What happened to an order and its pieces, in order."
)
