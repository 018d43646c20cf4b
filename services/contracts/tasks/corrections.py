"""Đính chính: what was entered wrongly, or is disputed, put right by another than proposes it."""

from marshmallow import fields, validate

from chassis.contract import PATIENCE, Procedure
from contracts.fields import CORRECTED_FIELDS, ById, Id, Line, Moment, Request, Statement, Text, one_of
from contracts.tasks.assignments import OfAssignment
from contracts.tasks.moves import ForAReason, Keyed


class NewCorrection(Request):
    """`value` as the field is written: a day, a role, a grade, a document's number."""

    field = one_of(CORRECTED_FIELDS, required=True)
    value = Line(max=100, required=True)
    reason = Text(max=2_000, required=True)


class ProposeCorrection(NewCorrection):
    assignment_id = Id(required=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class WithdrawCorrection(Keyed):
    """It is taken back before a decision."""


class Correction(Statement):
    """`kind` is `dispute` where a unit disputes how its work was classified."""

    id = Id(required=True)
    task_id = Id(required=True)
    assignment_id = Id(required=True)
    version = fields.Integer(required=True)
    round = fields.Integer(required=True)
    kind = fields.String(required=True)
    field = fields.String(required=True)
    was = fields.String(required=True, allow_none=True)
    value = fields.String(required=True)
    reason = fields.String(required=True)
    state = fields.String(required=True)
    decides_post_id = Id(required=True)
    proposed_by_person_id = Id(required=True)
    proposed_by_post_id = Id(required=True)
    proposed_at = Moment(required=True)
    decided_by_person_id = Id(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)


class CorrectionPage(Statement):
    items = fields.List(fields.Nested(Correction), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


def _verb(name: str, request: type[Request], summary: str) -> Procedure:
    return Procedure("tasks", name, request, Correction, summary, patience=PATIENCE)


propose_correction = _verb("propose_correction", ProposeCorrection, "A fact was entered wrongly, or is disputed.")
accept_correction = _verb("accept_correction", ForAReason, "Another than proposed it puts the fact right.")
refuse_correction = _verb("refuse_correction", ForAReason, "The fact stands.")
withdraw_correction = _verb("withdraw_correction", WithdrawCorrection, "The proposal is taken back.")
get_correction = Procedure("tasks", "get_correction", ById, Correction, "One correction.")
list_corrections = Procedure(
    "tasks",
    "list_corrections",
    OfAssignment,
    CorrectionPage,
    "The corrections and disputes of a piece, with decisions.",
)
