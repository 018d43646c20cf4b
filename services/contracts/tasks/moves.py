"""The verbs that move a piece, one procedure each; and those that move many at once."""

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import PATIENCE, Procedure
from contracts.fields import GRADES, ROLES, Day, Id, Line, Request, Statement, Text, one_of
from contracts.tasks.assignments import Assignment, AssignmentDetail
from contracts.tasks.orders import Task, Warning


class Keyed(Request):
    """What a verb is told beside its own fields. `version` None means "whatever it is now" (If-Match: *)."""

    id = Id(required=True)
    version = fields.Integer(required=True, allow_none=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class Reason(Request):
    reason = Text(max=2_000, required=True)


class Refusal(Reason):
    """Who else should do it; a unit that the city orders directly must be named."""

    proposed_unit_id = Id(load_default=None, allow_none=True)


class NewOwner(Request):
    """Inside a unit the new owner may be a post."""

    unit_id = Id(load_default=None, allow_none=True)
    post_id = Id(load_default=None, allow_none=True)
    due_on = Day(load_default=None, allow_none=True)
    reason = Text(max=2_000, load_default=None, allow_none=True)

    @validates_schema
    def _one_owner(self, data, **_):
        one_owner(data)


def one_owner(data: dict) -> None:
    if (data.get("unit_id") is None) == (data.get("post_id") is None):
        raise ValidationError({"unit_id": ["Give either unit_id or post_id."]})


class NewResultDocument(Request):
    number = Line(max=100, required=True)
    issued_on = Day(required=True)


class NewResult(Request):
    """`receiving_level` is by default the one that ordered it. Whoever leads joint work may say which supporting units
    have not answered him.
    """

    summary = Text(max=20_000, required=True)
    document = fields.Nested(NewResultDocument, required=True)
    receiving_level = Line(max=200, load_default=None, allow_none=True)
    file_ids = fields.List(Id(), load_default=list, validate=validate.Length(max=20))
    unanswered_unit_ids = fields.List(Id(), load_default=list, validate=validate.Length(max=400))


class Approval(Request):
    grade = one_of(GRADES, required=True)
    reason = Text(max=2_000, load_default=None, allow_none=True)


class Suspension(Request):
    """In writing: the reason, or the document that it rests on."""

    reason = Text(max=2_000, load_default=None, allow_none=True)
    basis = Line(max=300, load_default=None, allow_none=True)

    @validates_schema
    def _in_writing(self, data, **_):
        if data.get("reason") is None and data.get("basis") is None:
            raise ValidationError({"reason": ["Missing data for required field."]})


class Resumption(Request):
    """A later `due_on`; where the date has passed, it or `date_stands`: whoever resumes says that it is late."""

    due_on = Day(load_default=None, allow_none=True)
    date_stands = fields.Boolean(load_default=False)

    @validates_schema
    def _one_date(self, data, **_):
        if data.get("due_on") is not None and data.get("date_stands"):
            raise ValidationError({"due_on": ["Give either due_on or date_stands."]})


class NewChild(Request):
    unit_id = Id(load_default=None, allow_none=True)
    post_id = Id(load_default=None, allow_none=True)
    role = one_of(ROLES, load_default="lead")
    title = Line(max=300, load_default=None, allow_none=True)
    content = Text(max=20_000, load_default=None, allow_none=True)
    due_on = Day(load_default=None, allow_none=True)

    @validates_schema
    def _one_owner(self, data, **_):
        one_owner(data)


class Children(Request):
    pieces = fields.List(fields.Nested(NewChild), required=True, validate=validate.Length(1, 50))


class Accept(Keyed):
    """The unit receives the work."""


class Decline(Keyed, Refusal):
    """The unit says that the work is not its own."""


class Reassign(Keyed, NewOwner):
    """A refused piece goes to somebody else."""


class ForAReason(Keyed, Reason):
    """A verb that needs no more than its reason."""


class SubmitResult(Keyed, NewResult):
    """The product, with its document."""


class ApproveResult(Keyed, Approval):
    """The result is accepted, and graded."""


class WithdrawResult(Keyed):
    """The result is taken back before a decision."""


class Suspend(Keyed, Suspension):
    """The clock stops."""


class Resume(Keyed, Resumption):
    """The clock goes on."""


class Archive(Keyed):
    """The dossier is closed."""


class PassOn(Keyed, Children):
    """Pieces inside the unit."""


class PassedOn(AssignmentDetail):
    """The piece with those that were just passed on from it."""

    children = fields.List(fields.Nested(Assignment), required=True)
    warnings = fields.List(fields.Nested(Warning), required=True)


class MoveAssignments(Request):
    """From the unit `id`, which was reorganised, to `unit_id`. `limit` pieces at once: ask until none remain."""

    id = Id(required=True)
    unit_id = Id(required=True)
    reason = Text(max=2_000, required=True)
    limit = fields.Integer(load_default=500, validate=validate.Range(1, 500))
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class MovedAssignments(Statement):
    moved = fields.Integer(required=True)
    remaining = fields.Integer(required=True)


def _verb(name: str, request: type[Request], summary: str, reply: type[Statement] = AssignmentDetail) -> Procedure:
    return Procedure("tasks", name, request, reply, summary, patience=PATIENCE)


accept = _verb("accept", Accept, "The head of the unit receives the work.")
decline = _verb("decline", Decline, "The head of the unit refuses the work, and says whose it is.")
reassign = _verb("reassign", Reassign, "The refused work goes to somebody else.")
uphold = _verb("uphold", ForAReason, "The refusal is not accepted: the owner stays.")
submit_result = _verb("submit_result", SubmitResult, "The head of the unit submits the product.")
approve_result = _verb("approve_result", ApproveResult, "The result is approved and graded.")
return_result = _verb("return_result", ForAReason, "The result is sent back.")
withdraw_result = _verb("withdraw_result", WithdrawResult, "The result is taken back before a decision.")
suspend = _verb("suspend", Suspend, "The clock stops.")
resume = _verb("resume", Resume, "The clock goes on.")
revoke = _verb("revoke", ForAReason, "The piece is no longer wanted, nor what was passed on from it.")
reopen = _verb("reopen", ForAReason, "What was approved is to be worked on again.")
archive = _verb("archive", Archive, "The dossier of a completed piece is closed.")
pass_on = _verb("pass_on", PassOn, "Pieces of the work are given to those below.", PassedOn)
revoke_task = Procedure(
    "tasks", "revoke_task", ForAReason, Task, "An order is taken back with all its open pieces.", timeout=10.0,
    patience=PATIENCE,
)  # fmt: skip
move_assignments = Procedure(
    "tasks", "move_assignments", MoveAssignments, MovedAssignments,
    "Open pieces of a unit that was reorganised go to another.", timeout=10.0, patience=PATIENCE,
)  # fmt: skip
