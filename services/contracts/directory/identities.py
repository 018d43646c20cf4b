"""Identities: who an account's holder is to another identity provider. An issuer and a subject, never an address."""

from marshmallow import fields, validate

from chassis.contract import Event, Procedure
from contracts.directory.accounts import SignedIn
from contracts.fields import ById, Id, Moment, Nothing, Page, Request, Statement, one_of

IDENTITY_STATES = ("asked", "linked")
ISSUER_AT_MOST, SUBJECT_AT_MOST = 500, 255


class IdentityRef(Request):
    """`subject` is the issuer's own name for somebody; it means nothing without its issuer."""

    issuer = fields.String(required=True, validate=validate.Length(1, ISSUER_AT_MOST))
    subject = fields.String(required=True, validate=validate.Length(1, SUBJECT_AT_MOST))


class VerifyIdentity(IdentityRef):
    """`second_factor`: whether the issuer has seen to it, so that no one-time code is asked for here."""

    second_factor = fields.Boolean(required=True)
    totp = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 40))


class PresentPassword(Request):
    """Left out by whoever has none."""

    password = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 200))


class FeedIdentity(IdentityRef):
    person_id = Id(required=True)


class RemoveIdentity(Request):
    person_id = Id(required=True)
    issuer = fields.String(required=True, validate=validate.Length(1, ISSUER_AT_MOST))


class Identity(Statement):
    """The subject is not shown: to its holder it says nothing, to others too much."""

    id = Id(required=True)
    issuer = fields.String(required=True)
    linked_at = Moment(required=True)


class IdentityList(Statement):
    items = fields.List(fields.Nested(Identity), required=True)


class ListIdentitiesOf(Page):
    person_id = Id(required=True)


class IdentityOf(Statement):
    """Somebody's, as administrators see it. `asked` opens nothing yet: `asked_by` said so, and another official must
    say the same.
    """

    issuer = fields.String(required=True)
    state = one_of(IDENTITY_STATES, required=True)
    since = Moment(required=True)
    asked_by = Id(required=True, allow_none=True)


class IdentityOfPage(Statement):
    items = fields.List(fields.Nested(IdentityOf), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class IdentityRemoved(Statement):
    issuer = fields.String(required=True)
    subject = fields.String(required=True)


verify_identity = Procedure(
    "directory", "verify_identity", VerifyIdentity, SignedIn, "Whose account an identity is.", caller="service",
    callers=("gateway",),
)  # fmt: skip
list_identities = Procedure("directory", "list_identities", Nothing, IdentityList, "The actor's own identities.")
begin_linking = Procedure(
    "directory",
    "begin_linking",
    PresentPassword,
    Nothing,
    "Whether the actor may add an identity: his password shows it.",
)
link_identity = Procedure("directory", "link_identity", IdentityRef, Identity, "Add an identity to one's own account.")
unlink_identity = Procedure("directory", "unlink_identity", ById, Nothing, "Take one of one's own identities away.")
list_identities_of = Procedure(
    "directory", "list_identities_of", ListIdentitiesOf, IdentityOfPage, "A person's identities, and those asked for."
)
feed_identity = Procedure(
    "directory", "feed_identity", FeedIdentity, IdentityOf,
    "Say who a person is to an issuer: it counts once two officials have said the same.",
)  # fmt: skip
remove_identity = Procedure(
    "directory", "remove_identity", RemoveIdentity, Nothing, "A person is no longer anybody to an issuer."
)

identity_removed = Event(
    "directory", "identity_removed", IdentityRemoved, "An identity no longer signs in.", hearers=("gateway",)
)
