"""Tasks that are under way elsewhere, brought in as files, and tasks taken out in the same columns."""

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import PATIENCE, Event, Procedure
from contracts.fields import ASSIGNMENT_STATES, ById, Day, Id, Moment, Page, Request, Statement, one_of
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
from contracts.tasks.events import PieceNow, TaskIssued
from contracts.tasks.orders import Chosen

TASK_FORMS = ("xlsx", "csv")
TASK_ROW_KINDS = ("new", "changed", "conflict", "incomplete")
TASK_LINES_AT_ONCE = 500
PERIOD_CLASSES = ("given", "completed", "completed_on_time", "completed_late", "due", "open", "overdue")
TASK_BOXES = ("issued", "received", "followed")


class BeginTaskImport(Request):
    """`mapping` names the column that a header of the file stands for, where the header is not one of the known.

    `assigner_post_id` is the leader in whose name the work was ordered; without it the head of the committee.
    Without `dry_run` what is good in it is taken at once.
    """

    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))
    form = one_of(TASK_FORMS, required=True)
    size = fields.Integer(required=True, validate=validate.Range(1, MOST_BYTES))
    sha256 = fields.String(required=True, validate=validate.Length(64, 64))
    assigner_post_id = Id(load_default=None, allow_none=True)
    dry_run = fields.Boolean(load_default=True)
    mapping = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 200)), values=fields.String(validate=validate.Length(1, 50)),
        load_default=dict, validate=validate.Length(max=100),
    )  # fmt: skip


class TaskImportCounts(Statement):
    """How many lines of each kind, and how many change nothing. What is incomplete is parked when the rest is taken."""

    new = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    conflict = fields.Integer(required=True)
    incomplete = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)


class TaskImport(Statement):
    id = Id(required=True)
    version = fields.Integer(required=True)
    form = fields.String(required=True)
    assigner_post_id = Id(required=True)
    dry_run = fields.Boolean(required=True)
    size = fields.Integer(required=True)
    state = one_of(IMPORT_STATES, required=True)
    step = one_of(("compare", "apply"), required=True)
    progress = fields.Nested(ImportProgress, required=True)
    headers = fields.List(fields.Nested(ImportHeader), required=True)
    counts = fields.Nested(TaskImportCounts, required=True, allow_none=True)
    fault = fields.Nested(ImportFault, required=True, allow_none=True)
    person_id = Id(required=True)
    created_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)


class TaskImportPage(Statement):
    items = fields.List(fields.Nested(TaskImport), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListTaskImportRows(Page):
    id = Id(required=True)
    kind = one_of(TASK_ROW_KINDS, load_default=None, allow_none=True)


class TaskImportRow(Statement):
    """One line that changes something, or cannot: `key` is the task's code."""

    number = fields.Integer(required=True)
    kind = one_of(TASK_ROW_KINDS, required=True)
    line = fields.Integer(required=True)
    key = fields.String(required=True)
    changes = fields.List(fields.Nested(ImportChange), required=True)
    faults = fields.List(fields.Nested(ImportRowFault), required=True)


class TaskImportRowPage(Statement):
    items = fields.List(fields.Nested(TaskImportRow), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ApplyTaskImport(Request):
    """`version` is the import's that was looked at; without it whatever it is now."""

    id = Id(required=True)
    version = fields.Integer(load_default=None, allow_none=True)


class ParkedTask(Statement):
    """A line that says too little. `cells` are what it says, by column, as it was written."""

    id = Id(required=True)
    version = fields.Integer(required=True)
    import_id = Id(required=True)
    line = fields.Integer(required=True)
    code = fields.String(required=True)
    cells = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    faults = fields.List(fields.Nested(ImportRowFault), required=True)
    parked_at = Moment(required=True)


class ParkedTaskPage(Statement):
    items = fields.List(fields.Nested(ParkedTask), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Cells(Request):
    """What the line is to say, by column; a column that is not named stays as it was."""

    cells = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 50)), values=fields.String(validate=validate.Length(max=20_000)),
        required=True, validate=validate.Length(1, 50),
    )  # fmt: skip


class CompleteParkedTask(Cells):
    id = Id(required=True)
    version = fields.Integer(required=True, allow_none=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class CompletedTask(Statement):
    """`parked` as it is now, if it still says too little; else the task that it became, or changed."""

    parked = fields.Nested(ParkedTask, required=True, allow_none=True)
    task_id = Id(required=True, allow_none=True)


class DiscardParkedTask(Request):
    id = Id(required=True)
    version = fields.Integer(required=True, allow_none=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class Discarded(Statement):
    id = Id(required=True)


class TaskFilter(Chosen):
    """Which of the orders that the actor sees, chosen as in the lists. With a period, `in_period` says which pieces of
    it: given in it, completed in it, due in it, still open at its end.
    """

    box = one_of(TASK_BOXES, load_default=None, allow_none=True)
    state = one_of(("open", "closed", *ASSIGNMENT_STATES), load_default=None, allow_none=True)
    from_day = Day(data_key="from", load_default=None, allow_none=True)
    to_day = Day(data_key="to", load_default=None, allow_none=True)
    in_period = one_of(PERIOD_CLASSES, load_default=None, allow_none=True)


class ExportTasks(TaskFilter):
    limit = fields.Integer(load_default=TASK_LINES_AT_ONCE, validate=validate.Range(1, TASK_LINES_AT_ONCE))
    cursor = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))


class ExportedTasks(Statement):
    headers = fields.List(fields.String(), required=True)
    rows = fields.List(fields.List(fields.String()), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class TasksImported(Statement):
    """A part of a file was taken: orders that are new here, and pieces as they are now, each with what waits for whom.
    The open ones among the orders are told whole, as `task_issued` would.
    """

    import_id = Id(required=True)
    at = Moment(required=True)
    actor_person_id = Id(required=True)
    acting_for = Id(required=True, allow_none=True)
    orders = fields.List(fields.Nested(TaskIssued), required=True)
    pieces = fields.List(fields.Nested(PieceNow), required=True)
    task_ids = fields.List(Id(), required=True)


begin_import = Procedure(
    "tasks", "begin_import", BeginTaskImport, TaskImport, "Make room for a file of tasks under way elsewhere.",
    patience=PATIENCE,
)  # fmt: skip
add_import_part = Procedure(
    "tasks", "add_import_part", ImportPart, TaskImport, "A part of the file; with the last one the work begins.",
    timeout=15.0,
)  # fmt: skip
get_import = Procedure("tasks", "get_import", ById, TaskImport, "How far an import is, and what it would change.")
list_imports = Procedure("tasks", "list_imports", Page, TaskImportPage, "Imports of tasks, the newest first.")
list_import_rows = Procedure(
    "tasks", "list_import_rows", ListTaskImportRows, TaskImportRowPage, "The differences that an import found."
)
apply_import = Procedure("tasks", "apply_import", ApplyTaskImport, TaskImport, "Take what is good in a file.")
list_parked = Procedure(
    "tasks", "list_parked", Page, ParkedTaskPage, "Lines that are to be completed, the oldest first."
)
complete_parked = Procedure(
    "tasks", "complete_parked", CompleteParkedTask, CompletedTask,
    "Say what a line lacks; once all is said, it is taken.", patience=PATIENCE,
)  # fmt: skip
discard_parked = Procedure(
    "tasks", "discard_parked", DiscardParkedTask, Discarded, "Throw away a line that nobody will complete.",
    patience=PATIENCE,
)  # fmt: skip
export_tasks = Procedure(
    "tasks", "export_tasks", ExportTasks, ExportedTasks, "Tasks that the actor sees, as lines of a file.", timeout=15.0
)

tasks_imported = Event(
    "tasks", "tasks_imported", TasksImported, "Tasks that were under way elsewhere are followed here now.",
    hearers=("reminders", "messaging"), published=("task_ids",),
)  # fmt: skip


class PeriodReportQuery(Request):
    from_day = Day(data_key="from", required=True)
    to_day = Day(data_key="to", required=True)
    unit_id = Id(load_default=None, allow_none=True)

    @validates_schema
    def _one_after_the_other(self, data, **_):
        if data["from_day"] > data["to_day"]:
            raise ValidationError({"to": ["A period ends after it begins."]})


class PeriodFigures(Statement):
    """`carried_over` and `given` are together what there was to do; all the others together are the same."""

    carried_over = fields.Integer(required=True)
    given = fields.Integer(required=True)
    completed_on_time = fields.Integer(required=True)
    completed_late = fields.Integer(required=True)
    revoked = fields.Integer(required=True)
    in_progress_in_time = fields.Integer(required=True)
    in_progress_overdue = fields.Integer(required=True)


class PeriodFiguresOfUnit(PeriodFigures):
    unit_id = Id(required=True)
    unit_name = fields.String(required=True)


class LateTask(Statement):
    title = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    unit_name = fields.String(required=True)
    due_on = Day(required=True)
    days_late = fields.Integer(required=True)


class Issuer(Statement):
    """Who makes the report: the unit, and how its head signs."""

    unit_name = fields.String(required=True)
    unit_kind = fields.String(required=True)
    signer_title = fields.String(required=True)


class PeriodReport(Statement):
    """`late` are the oldest of those that were overdue at the end of the period, or are now."""

    from_day = Day(data_key="from", required=True)
    to_day = Day(data_key="to", required=True)
    as_of = Moment(required=True)
    unit_id = Id(required=True, allow_none=True)
    issuer = fields.Nested(Issuer, required=True)
    units = fields.List(fields.Nested(PeriodFiguresOfUnit), required=True)
    total = fields.Nested(PeriodFigures, required=True)
    late = fields.List(fields.Nested(LateTask), required=True)


get_period_report = Procedure(
    "tasks", "get_period_report", PeriodReportQuery, PeriodReport, "The work of the city or of a unit in a period.",
    timeout=15.0,
)  # fmt: skip
