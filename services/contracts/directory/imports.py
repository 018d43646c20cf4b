"""Bringing units, posts and people in and out as files."""

from marshmallow import fields, validate

from chassis.contract import Procedure
from contracts.fields import ById, Id, Moment, Page, Request, Statement, one_of
from contracts.imports import (
    IMPORT_STATES,
    MOST_BYTES,
    ImportChange,
    ImportFault,
    ImportHeader,
    ImportPart,
    ImportProgress,
    ImportRowFault,
)

IMPORTED = ("units", "posts", "people")
FORMS = ("csv", "xlsx")
ROW_KINDS = ("new", "changed", "gone", "conflict", "invalid")
EXPORTED_AT_ONCE = 5000  # lines


class BeginImport(Request):
    """`mapping` names the column that a header of the file stands for, where the header is not one of the known.

    With `end_missing` whatever the file does not have ends: in the whole city, or in `unit_id` and what is below it.
    Without `dry_run` it is applied at once, if nothing is wrong with it.
    """

    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))
    what = one_of(IMPORTED, required=True)
    form = one_of(FORMS, required=True)
    size = fields.Integer(required=True, validate=validate.Range(1, MOST_BYTES))
    sha256 = fields.String(required=True, validate=validate.Length(64, 64))
    unit_id = Id(load_default=None, allow_none=True)
    dry_run = fields.Boolean(load_default=True)
    end_missing = fields.Boolean(load_default=False)
    mapping = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 200)), values=fields.String(validate=validate.Length(1, 50)),
        load_default=dict, validate=validate.Length(max=100),
    )  # fmt: skip


class ImportCounts(Statement):
    """How many rows of each kind, and how many lines change nothing."""

    new = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    gone = fields.Integer(required=True)
    conflict = fields.Integer(required=True)
    invalid = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)


class Import(Statement):
    """`stale`: the directory has changed since the difference was looked at; this is the new one, nothing was applied.

    `step` is what is being done or was done last: compare or apply.
    """

    id = Id(required=True)
    version = fields.Integer(required=True)
    what = fields.String(required=True)
    form = fields.String(required=True)
    unit_id = Id(required=True, allow_none=True)
    dry_run = fields.Boolean(required=True)
    end_missing = fields.Boolean(required=True)
    size = fields.Integer(required=True)
    state = one_of(IMPORT_STATES, required=True)
    step = one_of(("compare", "apply"), required=True)
    progress = fields.Nested(ImportProgress, required=True)
    headers = fields.List(fields.Nested(ImportHeader), required=True)
    counts = fields.Nested(ImportCounts, required=True, allow_none=True)
    stale = fields.Boolean(required=True)
    fault = fields.Nested(ImportFault, required=True, allow_none=True)
    person_id = Id(required=True)
    created_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)


class ImportPage(Statement):
    items = fields.List(fields.Nested(Import), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListImportRows(Page):
    id = Id(required=True)
    kind = one_of(ROW_KINDS, load_default=None, allow_none=True)


class ImportRow(Statement):
    """One difference. `line` is the line of the file; what is gone has none."""

    number = fields.Integer(required=True)
    kind = one_of(ROW_KINDS, required=True)
    line = fields.Integer(required=True, allow_none=True)
    key = fields.String(required=True)
    changes = fields.List(fields.Nested(ImportChange), required=True)
    faults = fields.List(fields.Nested(ImportRowFault), required=True)


class ImportRowPage(Statement):
    items = fields.List(fields.Nested(ImportRow), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ApplyImport(Request):
    """`version` is the import's that was looked at; without it whatever it is now."""

    id = Id(required=True)
    version = fields.Integer(load_default=None, allow_none=True)


class ExportLines(Request):
    what = one_of(IMPORTED, required=True)
    unit_id = Id(load_default=None, allow_none=True)
    limit = fields.Integer(load_default=EXPORTED_AT_ONCE, validate=validate.Range(1, EXPORTED_AT_ONCE))
    cursor = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))


class ExportedLines(Statement):
    headers = fields.List(fields.String(), required=True)
    rows = fields.List(fields.List(fields.String()), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


begin_import = Procedure("directory", "begin_import", BeginImport, Import, "Make room for a file to be imported.")
add_import_part = Procedure(
    "directory", "add_import_part", ImportPart, Import, "A part of the file; with the last one the work begins.",
    timeout=15.0,
)  # fmt: skip
get_import = Procedure("directory", "get_import", ById, Import, "How far an import is, and what it would change.")
list_imports = Procedure("directory", "list_imports", Page, ImportPage, "Imports, the newest first.")
list_import_rows = Procedure(
    "directory", "list_import_rows", ListImportRows, ImportRowPage, "The differences that an import found."
)
apply_import = Procedure("directory", "apply_import", ApplyImport, Import, "Have done what the comparison shows.")
export_lines = Procedure(
    "directory", "export_lines", ExportLines, ExportedLines, "Units, posts or people as lines of a file.", timeout=15.0
)
