"""directory: who the city is. Units, posts, people, who holds what, named audiences, accounts."""

from marshmallow import fields, validate

from chassis.contract import Event, Procedure
from contracts.fields import (
    AUDIENCES,
    POST_KINDS,
    UNIT_KINDS,
    ById,
    Id,
    Moment,
    Nothing,
    Page,
    Request,
    Statement,
    Text,
    one_of,
)

COPIES = ("tasks", "reminders", "messaging", "gateway")  # who keeps a copy of the directory's facts


class Credentials(Request):
    username = fields.String(required=True, validate=validate.Length(1, 100))
    password = fields.String(required=True, validate=validate.Length(1, 200))
    totp = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=10))


class Account(Statement):
    account_id = Id(required=True)
    person_id = Id(required=True)


class Person(Statement):
    id = Id(required=True)
    name = fields.String(required=True)


class Membership(Statement):
    """A person holding a post. `title` is how the post is spoken of, with its unit."""

    id = Id(required=True)
    unit_id = Id(required=True)
    post_id = Id(required=True)
    title = fields.String(required=True)
    primary = fields.Boolean(required=True)


class Delegation(Statement):
    id = Id(required=True)
    grantor_post_id = Id(required=True)
    title = fields.String(required=True)
    from_day = fields.Date(required=True)
    to_day = fields.Date(required=True)
    document_number = fields.String(required=True)


class Profile(Statement):
    """Who is signed in, and in which capacities he may act."""

    person = fields.Nested(Person, required=True)
    memberships = fields.List(fields.Nested(Membership), required=True)
    delegations = fields.List(fields.Nested(Delegation), required=True)


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


class UnitDetail(Unit):
    head = fields.Nested(PersonEntry, allow_none=True, required=True)
    deputies = fields.List(fields.Nested(PersonEntry), required=True)
    divisions = fields.List(fields.Nested(Unit), required=True)


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


class Audience(Statement):
    """A named set of units; `whole-city` names every person and has no units."""

    name = fields.String(required=True, validate=validate.OneOf(AUDIENCES))
    title = fields.String(required=True)
    title_en = fields.String(required=True)
    unit_count = fields.Integer(required=True)


class Audiences(Statement):
    items = fields.List(fields.Nested(Audience), required=True)


class ChangesAfter(Request):
    """Every fact whose version is greater than `after`, in the order of versions."""

    after = fields.Integer(required=True, validate=validate.Range(min=0))
    limit = fields.Integer(load_default=2000, validate=validate.Range(1, 5000))


class Fact(Statement):
    """One row of the directory as the others may know it: no name or number of a person.

    `kind` is one of unit, post, membership, delegation, audience, working_day; `id` is its key;
    `version` comes from one sequence over the whole directory; `fact` is None when it was removed.
    """

    kind = fields.String(required=True)
    id = fields.String(required=True)
    version = fields.Integer(required=True)
    fact = fields.Dict(required=True, allow_none=True)


class Changes(Statement):
    items = fields.List(fields.Nested(Fact), required=True)
    newest = fields.Integer(required=True)


class Facts(Statement):
    """Facts that changed together. `previous` is the newest version before them: a hearer whose copy stands
    elsewhere has a gap and asks for what it missed."""

    previous = fields.Integer(required=True)
    facts = fields.List(fields.Nested(Fact), required=True)


class Heartbeat(Statement):
    newest = fields.Integer(required=True)
    at = Moment(required=True)


class AccountRevoked(Statement):
    account_id = Id(required=True)
    person_id = Id(required=True)


verify_credentials = Procedure(
    "directory", "verify_credentials", Credentials, Account, "Check a local account's password.", caller="service"
)
get_profile = Procedure("directory", "get_profile", Nothing, Profile, "Who the actor is and what he holds.")
list_units = Procedure("directory", "list_units", ListUnits, UnitPage, "Units, in the order of their codes.")
get_unit = Procedure("directory", "get_unit", ById, UnitDetail, "A unit with its head, deputies and divisions.")
search_people = Procedure("directory", "search_people", SearchPeople, PeoplePage, "Find people as one types.")
get_person = Procedure("directory", "get_person", ById, PersonDetail, "A person in all his posts.")
get_names = Procedure("directory", "get_names", NamesRequest, Names, "The names of up to 500 people.")
list_audiences = Procedure("directory", "list_audiences", Nothing, Audiences, "The named audiences.")
get_changes = Procedure(
    "directory", "get_changes", ChangesAfter, Changes, "The feed that fills a copy of the directory.",
    caller="service", timeout=15.0,
)  # fmt: skip


def _fact_event(name: str, summary: str) -> Event:
    return Event("directory", name, Facts, summary, hearers=COPIES)


unit_changed = _fact_event("unit_changed", "Units were made, renamed, moved or closed.")
post_changed = _fact_event("post_changed", "Posts were made or closed.")
membership_changed = _fact_event("membership_changed", "People took up or left posts.")
delegation_changed = _fact_event("delegation_changed", "Powers were lent or taken back.")
audience_changed = _fact_event("audience_changed", "Named audiences gained or lost units.")
working_days_changed = _fact_event("working_days_changed", "Days became days off or working days.")
directory_heartbeat = Event(
    "directory", "directory_heartbeat", Heartbeat, "The directory lives; its newest version.", hearers=COPIES
)
account_revoked = Event(
    "directory", "account_revoked", AccountRevoked, "An account may no longer be used.", hearers=("gateway",)
)
