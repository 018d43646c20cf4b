"""Reorganisations: units made, renamed, moved, merged, split and dissolved, on a day."""

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import PATIENCE, Procedure
from contracts.fields import THESE_CENTURIES, UNIT_KINDS, ById, Day, Id, Line, Moment, Page, Request, Statement, one_of

REORGANISATION_STATES = ("planned", "done", "withdrawn", "failed")
CHANGES = ("establish", "rename", "move", "merge", "split", "dissolve")


class UnitNames(Request):
    name = Line(max=200, required=True)
    full_name = Line(max=300, required=True)
    full_name_en = Line(max=300, load_default=None, allow_none=True)


class NewUnit(UnitNames):
    """`code` is the official one. Without `head_title` the head is called as usual for the kind."""

    code = fields.String(
        required=True, validate=[validate.Length(1, 30), validate.Regexp(r"[A-Za-z0-9]+([.-][A-Za-z0-9]+)*\Z")]
    )
    kind = one_of(UNIT_KINDS, required=True)
    head_title = Line(max=300, load_default=None, allow_none=True)


class EstablishUnit(Request):
    unit = fields.Nested(NewUnit, required=True)
    parent_id = Id(required=True)


class RenameUnit(UnitNames):
    """Names of divisions and titles of posts that end in the old full name end in the new one."""

    unit_id = Id(required=True)


class MoveUnit(Request):
    unit_id = Id(required=True)
    parent_id = Id(required=True)


class MergeUnits(Request):
    """Into a unit that there is, or into a new one, which then stands where the first unit stood."""

    unit_ids = fields.List(Id(), required=True, validate=validate.Length(1, 50))
    into_unit_id = Id(load_default=None, allow_none=True)
    into = fields.Nested(NewUnit, load_default=None, allow_none=True)

    @validates_schema
    def _one_target(self, data, **_):
        if (data.get("into") is None) == (data.get("into_unit_id") is None):
            raise ValidationError({"into": ["Give either into or into_unit_id."]})


class PartOfUnit(Request):
    """`takes`: ids of the old unit's divisions and posts. What no part takes goes to the first."""

    unit = fields.Nested(NewUnit, required=True)
    takes = fields.List(Id(), load_default=list, validate=validate.Length(max=500))


class SplitUnit(Request):
    unit_id = Id(required=True)
    parts = fields.List(fields.Nested(PartOfUnit), required=True, validate=validate.Length(2, 20))


class DissolveUnit(Request):
    """Without successors the unit above answers for what was done."""

    unit_id = Id(required=True)
    successor_ids = fields.List(Id(), load_default=list, validate=validate.Length(max=20))


class Reorganise(Request):
    """Exactly one change. On this day it is done at once; on a day ahead it is a plan, carried out on its day."""

    on_day = Day(required=True, validate=THESE_CENTURIES)
    document_number = Line(max=100, required=True)
    establish = fields.Nested(EstablishUnit)
    rename = fields.Nested(RenameUnit)
    move = fields.Nested(MoveUnit)
    merge = fields.Nested(MergeUnits)
    split = fields.Nested(SplitUnit)
    dissolve = fields.Nested(DissolveUnit)

    @validates_schema
    def _one_change(self, data, **_):
        if sum(name in data for name in CHANGES) != 1:
            raise ValidationError({"change": ["Give exactly one change."]})


class ReorganiseRequest(Request):
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))
    reorganisation = fields.Nested(Reorganise, required=True)


class ReorganisationFailure(Statement):
    """Why a plan could not be carried out on its day, as it would have been refused at once."""

    code = fields.String(required=True)
    message = fields.String(required=True)
    field = fields.String(allow_none=True)


class Reorganisation(Statement):
    """`unit_ids` are those that the command names, `successor_ids` what they are now, where that is something else;
    `without_post` are the people who hold no post any more.
    """

    id = Id(required=True)
    version = fields.Integer(required=True)
    change = fields.String(required=True)
    command = fields.Dict(required=True)
    unit_ids = fields.List(Id(), required=True)
    on_day = Day(required=True)
    document_number = fields.String(required=True)
    state = fields.String(required=True)
    failure = fields.Nested(ReorganisationFailure, required=True, allow_none=True)
    successor_ids = fields.List(Id(), required=True)
    without_post = fields.List(Id(), required=True)
    entered_as = Id(required=True)
    created_at = Moment(required=True)
    decided_at = Moment(required=True, allow_none=True)


class ListReorganisations(Page):
    state = one_of(REORGANISATION_STATES, load_default=None, allow_none=True)
    unit_id = Id(load_default=None, allow_none=True)


class ReorganisationPage(Statement):
    items = fields.List(fields.Nested(Reorganisation), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ChangeById(ById):
    """A write on an object; `version` None is whatever it is now."""

    version = fields.Integer(load_default=None, allow_none=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


reorganise = Procedure(
    "directory", "reorganise", ReorganiseRequest, Reorganisation, "Reorganise units, now or on a day ahead.",
    patience=PATIENCE, timeout=10.0,
)  # fmt: skip
list_reorganisations = Procedure(
    "directory", "list_reorganisations", ListReorganisations, ReorganisationPage,
    "Reorganisations, done and planned, the latest entered first.",
)  # fmt: skip
get_reorganisation = Procedure("directory", "get_reorganisation", ById, Reorganisation, "One reorganisation.")
withdraw_reorganisation = Procedure(
    "directory", "withdraw_reorganisation", ChangeById, Reorganisation, "Take a plan back before its day.",
    patience=PATIENCE,
)  # fmt: skip
