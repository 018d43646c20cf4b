"""People as the directory shows them."""

from marshmallow import fields, validate

from chassis.contract import Procedure
from contracts.fields import POST_KINDS, ById, Id, Request, Statement, Text, one_of


class Person(Statement):
    id = Id(required=True)
    name = fields.String(required=True)


class PersonEntry(Statement):
    """One line of the directory: a person in a post. `phone` is the office number."""

    id = Id(required=True)
    name = fields.String(required=True)
    post_id = Id(required=True)
    post_kind = fields.String(required=True)
    title = fields.String(required=True)
    unit_id = Id(required=True)
    unit_name = fields.String(required=True)
    phone = fields.String(allow_none=True)
    email = fields.String(allow_none=True)


class SearchPeople(Request):
    """`q` as people type it: without diacritics, in any order of name parts; from 2 characters."""

    q = Text(max=100, min=2, load_default=None, allow_none=True)
    unit_id = Id(load_default=None, allow_none=True)
    sub_units = fields.Boolean(load_default=True)
    post = one_of(POST_KINDS, load_default=None, allow_none=True)
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 50))
    cursor = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))


class PeoplePage(Statement):
    items = fields.List(fields.Nested(PersonEntry), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PersonDetail(Person):
    entries = fields.List(fields.Nested(PersonEntry), required=True)


class NamesRequest(Request):
    person_ids = fields.List(Id(), required=True, validate=validate.Length(max=500))


class Names(Statement):
    items = fields.List(fields.Nested(Person), required=True)


search_people = Procedure("directory", "search_people", SearchPeople, PeoplePage, "Find people as one types.")
get_person = Procedure("directory", "get_person", ById, PersonDetail, "A person in all his posts.")
get_names = Procedure("directory", "get_names", NamesRequest, Names, "The names of up to 500 people.")
