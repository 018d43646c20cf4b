"""Units, posts and named audiences."""

from marshmallow import fields, validate

from chassis.contract import PATIENCE, Procedure
from contracts.directory.people import PersonEntry
from contracts.fields import (
    AUDIENCES,
    THESE_CENTURIES,
    UNIT_KINDS,
    ById,
    Day,
    Id,
    Line,
    Nothing,
    Page,
    Request,
    Statement,
    Text,
    one_of,
)  # fmt: skip


class ListUnits(Page):
    """`on`: the units of that day, as they were called then."""

    on = Day(load_default=None, allow_none=True, validate=THESE_CENTURIES)
    kind = one_of(UNIT_KINDS, load_default=None, allow_none=True)
    parent_id = Id(load_default=None, allow_none=True)
    q = Text(max=100, load_default=None, allow_none=True)


class Unit(Statement):
    id = Id(required=True)
    code = fields.String(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    full_name = fields.String(required=True)
    full_name_en = fields.String(allow_none=True)
    parent_id = Id(allow_none=True)


class UnitPage(Statement):
    items = fields.List(fields.Nested(Unit), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class GetUnit(ById):
    """`on`: the unit of that day, with who led it then."""

    on = Day(load_default=None, allow_none=True, validate=THESE_CENTURIES)


class UnitDetail(Unit):
    version = fields.Integer(required=True)
    head = fields.Nested(PersonEntry, allow_none=True, required=True)
    deputies = fields.List(fields.Nested(PersonEntry), required=True)
    divisions = fields.List(fields.Nested(Unit), required=True)


class UnitLink(Statement):
    """A unit that another one became, or came from."""

    unit_id = Id(required=True)
    code = fields.String(required=True)
    full_name = fields.String(required=True)
    how = fields.String(required=True)
    on_day = Day(required=True)


class Successors(Statement):
    """Which units a unit is today: itself while it stands, else those that followed it and them.

    `to_day` is its last day; `successors` and `predecessors` are the direct ones.
    """

    id = Id(required=True)
    code = fields.String(required=True)
    full_name = fields.String(required=True)
    from_day = Day(required=True)
    to_day = Day(required=True, allow_none=True)
    today = fields.List(fields.Nested(Unit), required=True)
    successors = fields.List(fields.Nested(UnitLink), required=True)
    predecessors = fields.List(fields.Nested(UnitLink), required=True)


class PageOfUnit(Page):
    id = Id(required=True)


class Head(Statement):
    """Who headed a unit, and how his post was called at the end of his time; `to_day` is his last day."""

    id = Id(required=True)
    name = fields.String(required=True)
    post_id = Id(required=True)
    title = fields.String(required=True)
    membership_id = Id(required=True)
    from_day = Day(required=True)
    to_day = Day(required=True, allow_none=True)


class HeadPage(Statement):
    items = fields.List(fields.Nested(Head), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Audience(Statement):
    """A named set of units; `whole-city` names every person and has no units."""

    name = fields.String(required=True, validate=validate.OneOf(AUDIENCES))
    title = fields.String(required=True)
    title_en = fields.String(required=True)
    unit_count = fields.Integer(required=True)


class Audiences(Statement):
    """All of them: `next_cursor` is always null."""

    items = fields.List(fields.Nested(Audience), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class AudienceByName(Request):
    name = fields.String(required=True, validate=validate.Length(1, 100))


class AudienceDetail(Audience):
    version = fields.Integer(required=True)
    unit_ids = fields.List(Id(), required=True)


class AudienceUnits(Request):
    unit_ids = fields.List(Id(), required=True, validate=validate.Length(1, 1000))


class SetAudience(AudienceByName):
    version = fields.Integer(load_default=None, allow_none=True)
    units = fields.Nested(AudienceUnits, required=True)


class SpecialDay(Request):
    """A day that is worked though it is a weekend, or is not though it is none."""

    day = Day(required=True, validate=THESE_CENTURIES)
    working = fields.Boolean(required=True)
    name = Line(max=200, required=True)


class SpecialDays(Request):
    """All of a year's days that differ from Monday to Friday."""

    days = fields.List(fields.Nested(SpecialDay), required=True, validate=validate.Length(max=366))


class Year(Request):
    year = fields.Integer(required=True, validate=validate.Range(2000, 2200))


class SetWorkingDays(Year):
    version = fields.Integer(load_default=None, allow_none=True)
    days = fields.Nested(SpecialDays, required=True)


class SpecialDayFact(Statement):
    day = Day(required=True)
    working = fields.Boolean(required=True)
    name = fields.String(required=True)


class WorkingYear(Statement):
    year = fields.Integer(required=True)
    version = fields.Integer(required=True)
    days = fields.List(fields.Nested(SpecialDayFact), required=True)


list_units = Procedure("directory", "list_units", ListUnits, UnitPage, "Units, in the order of their codes.")
get_unit = Procedure("directory", "get_unit", GetUnit, UnitDetail, "A unit with its head, deputies and divisions.")
get_successors = Procedure("directory", "get_successors", ById, Successors, "Which units a unit is today.")
list_heads = Procedure("directory", "list_heads", PageOfUnit, HeadPage, "Who headed a unit, the latest first.")
list_audiences = Procedure("directory", "list_audiences", Nothing, Audiences, "The named audiences.")
get_audience = Procedure("directory", "get_audience", AudienceByName, AudienceDetail, "A named audience's units.")
set_audience = Procedure(
    "directory", "set_audience", SetAudience, AudienceDetail, "Say which units are in a named audience.",
    patience=PATIENCE,
)  # fmt: skip
get_working_days = Procedure(
    "directory", "get_working_days", Year, WorkingYear, "A year's days that differ from Monday to Friday."
)
set_working_days = Procedure(
    "directory", "set_working_days", SetWorkingDays, WorkingYear, "Say which days of a year differ.", patience=PATIENCE
)
