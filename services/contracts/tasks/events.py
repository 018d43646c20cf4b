"""What tasks says on the bus."""

from marshmallow import fields

from chassis.contract import Event
from contracts.fields import Id, Moment, Statement


class IssuedAssignment(Statement):
    id = Id(required=True)
    unit_id = Id(required=True)
    unit_name = fields.String(required=True)
    post_id = Id(required=True)
    role = fields.String(required=True)
    current_due = Moment(required=True, allow_none=True)


class TaskIssued(Statement):
    """An order was given: everything its hearers need to act and to render."""

    task_id = Id(required=True)
    title = fields.String(required=True)
    mode = fields.String(required=True)
    urgency = fields.String(required=True)
    source = fields.String(required=True)
    issued_at = Moment(required=True)
    assigner_post_id = Id(required=True)
    assigner_title = fields.String(required=True)
    followers = fields.List(Id(), required=True)
    unit_ids = fields.List(Id(), required=True)
    assignments = fields.List(fields.Nested(IssuedAssignment), required=True)


class AssignmentChanged(Statement):
    """One assignment moved on. `concerns` are the posts that should see it live."""

    change = fields.String(required=True)
    assignment_id = Id(required=True)
    task_id = Id(required=True)
    title = fields.String(required=True)
    unit_id = Id(required=True)
    unit_name = fields.String(required=True)
    post_id = Id(required=True)
    role = fields.String(required=True)
    before = fields.String(required=True)
    after = fields.String(required=True)
    version = fields.Integer(required=True)
    at = Moment(required=True)
    actor_person_id = Id(required=True)
    acting_for = fields.String(required=True, allow_none=True)
    concerns = fields.List(Id(), required=True)


task_issued = Event(
    "tasks", "task_issued", TaskIssued, "An order was given.",
    hearers=("reminders", "messaging"), published=("task_id", "unit_ids"),
)  # fmt: skip
assignment_changed = Event(
    "tasks", "assignment_changed", AssignmentChanged, "A piece of an order moved on.",
    hearers=("reminders", "messaging", "gateway"), published=("assignment_id", "task_id", "unit_id", "change"),
)  # fmt: skip
