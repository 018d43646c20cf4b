"""Accounts: who signs in, and in which capacities he may act."""

from marshmallow import fields, validate

from chassis.contract import Event, Procedure
from contracts.directory.people import Person
from contracts.fields import Id, Nothing, Request, Statement


class Credentials(Request):
    username = fields.String(required=True, validate=validate.Length(1, 100))
    password = fields.String(required=True, validate=validate.Length(1, 200))
    totp = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=10))


class Account(Statement):
    account_id = Id(required=True)
    person_id = Id(required=True)


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


class AccountRevoked(Statement):
    account_id = Id(required=True)
    person_id = Id(required=True)


verify_credentials = Procedure(
    "directory", "verify_credentials", Credentials, Account, "Check a local account's password.", caller="service",
    callers=("gateway",),
)  # fmt: skip
get_profile = Procedure("directory", "get_profile", Nothing, Profile, "Who the actor is and what he holds.")

account_revoked = Event(
    "directory", "account_revoked", AccountRevoked, "An account may no longer be used.", hearers=("gateway",)
)
