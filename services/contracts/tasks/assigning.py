"""Before an order is given: what the units have to do already, what it may repeat, how long such work has taken."""

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import Procedure
from contracts.fields import SOURCES, URGENCIES, AudienceName, Id, Line, Moment, Request, Statement, Text, one_of
from contracts.tasks.orders import Warning

UNITS_AT_MOST = 400
COLLISIONS = ("day", "week")
LIKENESSES = ("same_document", "same_clause", "similar_title", "similar_content", "same_units")
BASES = ("similar_title", "same_source")


class Units(Request):
    """Either a named audience or units one by one."""

    audience = AudienceName(load_default=None, allow_none=True)
    unit_ids = fields.List(Id(), load_default=None, allow_none=True, validate=validate.Length(1, UNITS_AT_MOST))

    @validates_schema
    def _audience_or_units(self, data, **_):
        if (data.get("audience") is None) == (data.get("unit_ids") is None):
            raise ValidationError({"audience": ["Give either audience or unit_ids."]})


class PlannedOrder(Units):
    """What is known so far of an order that nobody has given yet; with neither `due_on` nor `due_at` it has no
    deadline. `clause` is the one of the document named in the text.
    """

    title = Line(max=300, required=True)
    content = Text(max=20_000, min=0, load_default="")
    clause = Line(max=200, load_default=None, allow_none=True)
    urgency = one_of(URGENCIES, load_default="urgent")
    source = one_of(SOURCES, load_default="city_pc")
    due_on = fields.Date(load_default=None, allow_none=True)
    due_at = Moment(load_default=None, allow_none=True)

    @validates_schema
    def _one_deadline(self, data, **_):
        if data.get("due_on") is not None and data.get("due_at") is not None:
            raise ValidationError({"due_on": ["Give either due_on or due_at."]})


class AskedLoad(Units):
    """Without `due_on` the week is the present one."""

    due_on = fields.Date(load_default=None, allow_none=True)


class UnitLoad(Statement):
    """Open pieces that a unit leads or supports: how many in all, overdue, and due on the day and in the week (Monday
    to Sunday) that are asked about. `collision` says that there are several on that day, or many in that week.
    """

    unit_id = Id(required=True)
    unit_code = fields.String(required=True)
    unit_name = fields.String(required=True)
    open = fields.Integer(required=True)
    overdue = fields.Integer(required=True)
    due_same_day = fields.Integer(required=True)
    due_same_week = fields.Integer(required=True)
    collision = one_of(COLLISIONS, required=True, allow_none=True)


class Likeness(Statement):
    """Why an order may be the same: `value` from 0 to 1, or for `same_units` how many."""

    reason = one_of(LIKENESSES, required=True)
    value = fields.Float(required=True)


class Duplicate(Statement):
    """An open order that this one may repeat; `score` from 0 to 1."""

    task_id = Id(required=True)
    title = fields.String(required=True)
    issued_at = Moment(required=True)
    original_due = Moment(required=True, allow_none=True)
    assigner_title = fields.String(required=True)
    score = fields.Float(required=True)
    reasons = fields.List(fields.Nested(Likeness), required=True)


class Experience(Statement):
    """How long work like this has taken, in working days from its receipt to the submission that was approved; how much
    of it got more time. `pieces` is how many it is counted from.
    """

    basis = one_of(BASES, required=True)
    pieces = fields.Integer(required=True)
    median_days = fields.Integer(required=True)
    p90_days = fields.Integer(required=True)
    extended = fields.Float(required=True)
    planned_days = fields.Integer(required=True, allow_none=True)


class Preview(Statement):
    """`missing_unit_ids` cannot be ordered: there is no such unit now, or nobody heads it. `experience` is null where
    there is too little to count from.
    """

    due = Moment(required=True, allow_none=True)
    units = fields.List(fields.Nested(UnitLoad), required=True)
    missing_unit_ids = fields.List(Id(), required=True)
    duplicates = fields.List(fields.Nested(Duplicate), required=True)
    experience = fields.Nested(Experience, required=True, allow_none=True)
    warnings = fields.List(fields.Nested(Warning), required=True)


class UnitLoads(Statement):
    """All that were asked about: `next_cursor` is always null."""

    items = fields.List(fields.Nested(UnitLoad), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


preview = Procedure(
    "tasks", "preview", PlannedOrder, Preview, "What an order would meet with, before it is given."
)  # fmt: skip
list_unit_load = Procedure("tasks", "list_unit_load", AskedLoad, UnitLoads, "What units have to do now.")
