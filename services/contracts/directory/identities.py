"""Identities: who an account's holder is to another identity provider. An issuer and a subject, never an address."""

from marshmallow import fields, validate

from chassis.contract import Event, Procedure
from contracts.directory.accounts import SignedIn
from contracts.fields import ById, Id, Moment, Nothing, Request, Statement

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
feed_identity = Procedure("directory", "feed_identity", FeedIdentity, Identity, "Say who a person is to an issuer.")
remove_identity = Procedure(
    "directory", "remove_identity", RemoveIdentity, Nothing, "A person is no longer anybody to an issuer."
)

identity_removed = Event(
    "directory", "identity_removed", IdentityRemoved, "An identity no longer signs in.", hearers=("gateway",)
)
