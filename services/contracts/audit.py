"""The audit log of each service, for those who may read it."""

from marshmallow import fields, validate

from chassis.contract import Procedure
from contracts.fields import Moment, Page, Statement, Text


class ListAudit(Page):
    """`since` up to, without, `until`; `actor` is a person's id or `service:<name>`."""

    action = Text(max=100, load_default=None, allow_none=True)
    subject = Text(max=200, load_default=None, allow_none=True)
    actor = Text(max=100, load_default=None, allow_none=True)
    since = Moment(load_default=None, allow_none=True)
    until = Moment(load_default=None, allow_none=True)


class AuditEntry(Statement):
    """`actor` has the person (`sub`), his session, and the post in which and for which he acted; ids only."""

    number = fields.Integer(required=True)
    at = Moment(required=True)
    action = fields.String(required=True)
    subject = fields.String(required=True)
    actor = fields.Dict(keys=fields.String(), required=True)
    details = fields.Dict(keys=fields.String(), required=True)
    hash = fields.String(required=True, validate=validate.Length(equal=64))


class AuditPage(Statement):
    items = fields.List(fields.Nested(AuditEntry), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


def list_audit_of(service: str) -> Procedure:
    return Procedure(service, "list_audit", ListAudit, AuditPage, "The audit log, newest first.")
