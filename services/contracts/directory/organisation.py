"""Units, posts and named audiences."""

from marshmallow import fields, validate

from chassis.contract import Procedure
from contracts.directory.people import PersonEntry
from contracts.fields import AUDIENCES, UNIT_KINDS, ById, Id, Nothing, Page, Statement, Text, one_of


class ListUnits(Page):
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


class UnitDetail(Unit):
    head = fields.Nested(PersonEntry, allow_none=True, required=True)
    deputies = fields.List(fields.Nested(PersonEntry), required=True)
    divisions = fields.List(fields.Nested(Unit), required=True)


class Audience(Statement):
    """A named set of units; `whole-city` names every person and has no units."""

    name = fields.String(required=True, validate=validate.OneOf(AUDIENCES))
    title = fields.String(required=True)
    title_en = fields.String(required=True)
    unit_count = fields.Integer(required=True)


class Audiences(Statement):
    items = fields.List(fields.Nested(Audience), required=True)


list_units = Procedure("directory", "list_units", ListUnits, UnitPage, "Units, in the order of their codes.")
get_unit = Procedure("directory", "get_unit", ById, UnitDetail, "A unit with its head, deputies and divisions.")
list_audiences = Procedure("directory", "list_audiences", Nothing, Audiences, "The named audiences.")
