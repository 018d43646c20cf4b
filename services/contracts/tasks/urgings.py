"""Đôn đốc: asked of the owner of a piece, open until he answers."""

from marshmallow import fields, validate

from chassis.contract import PATIENCE, Procedure
from contracts.fields import URGED, URGING_KINDS, ById, Id, Moment, Request, Statement, Text, one_of
from contracts.tasks.assignments import OfAssignment
from contracts.tasks.progress import AnswerKeyed


class NewUrging(Request):
    kind = one_of(URGING_KINDS, load_default="urge")
    text = Text(max=2_000, required=True)


class UrgeOne(NewUrging):
    assignment_id = Id(required=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class NewUrgings(NewUrging):
    """`only`: whose pieces are overdue, or not received yet."""

    only = one_of(URGED, required=True)


class UrgeMany(NewUrgings):
    task_id = Id(required=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class Urging(Statement):
    """`answered_at` without an `answer`: it ended with its piece."""

    id = Id(required=True)
    task_id = Id(required=True)
    assignment_id = Id(required=True)
    version = fields.Integer(required=True)
    kind = fields.String(required=True)
    text = fields.String(required=True)
    from_post_id = Id(required=True)
    from_title = fields.String(required=True)
    to_post_id = Id(required=True)
    raised_at = Moment(required=True)
    answer_due = Moment(required=True)
    answer = fields.String(required=True, allow_none=True)
    answered_by_person_id = Id(required=True, allow_none=True)
    answered_at = Moment(required=True, allow_none=True)


class UrgingPage(Statement):
    items = fields.List(fields.Nested(Urging), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class UrgedMany(Statement):
    """How many were urged; whoever has not answered the same yet is not asked again."""

    raised = fields.Integer(required=True)


urge = Procedure("tasks", "urge", UrgeOne, Urging, "The owner of a piece is urged.", patience=PATIENCE)
urge_many = Procedure(
    "tasks", "urge_many", UrgeMany, UrgedMany, "All owners of late pieces, or of those not received, are urged.",
    timeout=10.0, patience=PATIENCE,
)  # fmt: skip
answer_urging = Procedure("tasks", "answer_urging", AnswerKeyed, Urging, "The owner answers.", patience=PATIENCE)
get_urging = Procedure("tasks", "get_urging", ById, Urging, "One urging.")
list_urgings = Procedure("tasks", "list_urgings", OfAssignment, UrgingPage, "The urgings about a piece.")
