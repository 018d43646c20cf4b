"""Proposals: what an assistant reads in the text of an instruction, for a person to confirm, change and order."""

from marshmallow import fields, validate

from chassis.contract import Procedure
from contracts.fields import MODES, ROLES, SOURCES, URGENCIES, Day, Id, Moment, Request, Statement, one_of

READS_AT_MOST = 20_000  # characters
DOUBTS = ("past", "which_year", "no_such_day", "vague")
TO_DECIDE = (
    "unknown_unit", "indefinite_units", "which_unit", "unit_unsure", "support_in_each", "deadline_missing",
    "several_deadlines", "expected_result_missing", *(f"deadline_{doubt}" for doubt in DOUBTS),
)  # fmt: skip
UNIT_FINDINGS = ("unit", "audience", "unknown", "indefinite")
MATCHED = ("full_name", "short_name", "name", "abbreviation", "code", "audience", "reference")
PERIODS = ("weekly", "monthly", "quarterly", "yearly")
RESULTS = ("report", "advice", "submission", "named")


class Instructions(Request):
    """The text as it stands in the document: places in the answer count its characters as they were sent."""

    text = fields.String(required=True, validate=validate.Length(1, READS_AT_MOST))


class Place(Statement):
    """From `start` up to, without, `end`, in characters (code points) of the text that was sent."""

    start = fields.Integer(required=True)
    end = fields.Integer(required=True)
    text = fields.String(required=True)


class ToDecide(Statement):
    """What a person must decide before the order is given; `place` is null where the text says nothing."""

    code = one_of(TO_DECIDE, required=True)
    place = fields.Nested(Place, required=True, allow_none=True)


class ProposedAssignment(Statement):
    unit_id = Id(required=True)
    role = one_of(ROLES, required=True)


class ProposedOrder(Statement):
    """The body of an order as far as the text says it; what it leaves open or unsure is not there."""

    title = fields.String(required=True)
    content = fields.String(required=True)
    mode = one_of(MODES, required=True)
    audience = fields.String()
    assignments = fields.List(fields.Nested(ProposedAssignment))
    urgency = one_of(URGENCIES)
    due_on = Day()
    due_at = Moment()
    expected_result = fields.String()
    source = one_of(SOURCES)


class Finding(Statement):
    place = fields.Nested(Place, required=True)


class UnitCandidate(Statement):
    """A unit or an audience that is meant. `sure`: it is written as it is called, and nothing else is called so."""

    unit_id = Id(required=True, allow_none=True)
    audience = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)
    matched = one_of(MATCHED, required=True)
    sure = fields.Boolean(required=True)


class UnitFinding(Finding):
    """Whom the text names in a role. Without candidates: not in the directory, or nobody in particular is named."""

    kind = one_of(UNIT_FINDINGS, required=True)
    role = one_of(ROLES, required=True)
    candidates = fields.List(fields.Nested(UnitCandidate), required=True)


class DeadlineFinding(Finding):
    """`days`: what it may mean, seen from `given_on`; `at` where an hour is named."""

    days = fields.List(Day(), required=True)
    at = Moment(required=True, allow_none=True)
    doubt = one_of(DOUBTS, required=True, allow_none=True)


class ReportingFinding(Finding):
    period = one_of(PERIODS, required=True)


class DocumentFinding(Finding):
    kind = fields.String(required=True)
    number = fields.String(required=True)
    issued_on = Day(required=True, allow_none=True)


class ResultFinding(Finding):
    kind = one_of(RESULTS, required=True)


class SourceFinding(Finding):
    source = one_of(SOURCES, required=True)


class UrgencyFinding(Finding):
    level = one_of(URGENCIES, required=True)


class Proposal(Finding):
    """One order that the text seems to give, where it stands, and everything that was found for it."""

    order = fields.Nested(ProposedOrder, required=True)
    to_decide = fields.List(fields.Nested(ToDecide), required=True)
    units = fields.List(fields.Nested(UnitFinding), required=True)
    deadlines = fields.List(fields.Nested(DeadlineFinding), required=True)
    reporting = fields.List(fields.Nested(ReportingFinding), required=True)
    documents = fields.List(fields.Nested(DocumentFinding), required=True)
    clauses = fields.List(fields.Nested(Finding), required=True)
    results = fields.List(fields.Nested(ResultFinding), required=True)
    source = fields.Nested(SourceFinding, required=True, allow_none=True)
    urgency = fields.Nested(UrgencyFinding, required=True, allow_none=True)


class Proposals(Statement):
    """`given_on` is the day from which deadlines were counted; `more`: the text has more than are shown."""

    given_on = Day(required=True)
    proposals = fields.List(fields.Nested(Proposal), required=True)
    more = fields.Boolean(required=True)


propose = Procedure(
    "tasks", "propose", Instructions, Proposals, "What orders the text of an instruction seems to give; gives none.",
    timeout=10.0,
)  # fmt: skip
