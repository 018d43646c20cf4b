"""Files that come in, alike for every service: their parts, how far they are, and what is wrong with them."""

from marshmallow import fields, validate

from contracts.fields import Id, Request, Statement

MOST_BYTES = 20 * 1024 * 1024  # of a file
PART_BYTES = 2 * 1024 * 1024  # of it in one message, where it is a third longer
IMPORT_STATES = ("receiving", "waiting", "running", "compared", "refused", "applied", "failed", "expired")


class ImportPart(Request):
    """The parts of a file are numbered from 0; `content` is base64."""

    id = Id(required=True)
    number = fields.Integer(required=True, validate=validate.Range(0, MOST_BYTES // PART_BYTES))
    content = fields.String(required=True, validate=validate.Length(1, PART_BYTES * 4 // 3 + 4))


class ImportHeader(Statement):
    """A header of the file, the column that it was taken for, or the one that it might stand for."""

    header = fields.String(required=True)
    column = fields.String(required=True, allow_none=True)
    proposed = fields.String(required=True, allow_none=True)


class ImportFault(Statement):
    """Why the file as a whole was not taken."""

    code = fields.String(required=True)
    details = fields.Dict(required=True)


class ImportProgress(Statement):
    stage = fields.String(required=True, allow_none=True)
    done = fields.Integer(required=True)
    total = fields.Integer(required=True)


class ImportChange(Statement):
    column = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class ImportRowFault(Statement):
    column = fields.String(required=True, allow_none=True)
    code = fields.String(required=True)
