"""Orders: what was ordered, to whom, by when, and where it stands."""

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import PATIENCE, Procedure
from contracts.audit import list_audit_of
from contracts.fields import (
    DUE_STATES,
    MODES,
    REPORTING,
    ROLES,
    SOURCES,
    URGENCIES,
    AudienceName,
    ById,
    Id,
    Line,
    Moment,
    Nothing,
    Page,
    Request,
    Statement,
    Text,
    one_of,
)  # fmt: skip
from contracts.tasks.assignments import AssignmentPage


class WantedAssignment(Request):
    unit_id = Id(required=True)
    role = one_of(ROLES, load_default="lead")
    due_on = fields.Date(load_default=None, allow_none=True)


class Order(Request):
    """An order, as a leader gives it: who answers for it, what product, by when.

    Either `audience` (all its units are leads of their own pieces, mode `each`) or `assignments`.
    Exactly one of `due_on` (a day, Asia/Ho_Chi_Minh), `due_at` (an instant) and `no_deadline`. `reporting` is by
    default monthly, weekly when urgent and above, and none when due within five working days. `field` is what it is
    about, as the statistics count it.
    """

    title = Line(max=300, required=True)
    content = Text(max=20_000, required=True)
    mode = one_of(MODES, required=True)
    audience = AudienceName(load_default=None, allow_none=True)
    assignments = fields.List(
        fields.Nested(WantedAssignment), load_default=None, allow_none=True, validate=validate.Length(1, 400)
    )
    urgency = one_of(URGENCIES, load_default="urgent")
    due_on = fields.Date(load_default=None, allow_none=True)
    due_at = Moment(load_default=None, allow_none=True)
    no_deadline = fields.Boolean(load_default=False)
    expected_result = Text(max=2_000, required=True)
    source = one_of(SOURCES, load_default="city_pc")
    field = Line(max=100, load_default=None, allow_none=True)
    followers = fields.List(Id(), load_default=list, validate=validate.Length(max=50))
    reporting = one_of(REPORTING, load_default=None, allow_none=True)

    @validates_schema
    def _one_of_each(self, data, **_):
        errors = {}
        if (data.get("audience") is None) == (data.get("assignments") is None):
            errors["audience"] = ["Give either audience or assignments."]
        if sum([data.get("due_on") is not None, data.get("due_at") is not None, data.get("no_deadline") is True]) != 1:
            errors["due_on"] = ["Give exactly one of due_on, due_at and no_deadline."]
        if errors:
            raise ValidationError(errors)


class AssignRequest(Request):
    """`idempotency_key` is the client's; the same key with the same order has one answer."""

    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))
    order = fields.Nested(Order, required=True)


class RollUp(Statement):
    """`assigned` counts all pieces but the revoked, the others those of them that have reached the point at least."""

    assigned = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    submitted = fields.Integer(required=True)
    completed = fields.Integer(required=True)
    overdue = fields.Integer(required=True)
    revoked = fields.Integer(load_default=0)  # answers that were kept for their key may not say it


class Warning(Statement):
    code = fields.String(required=True)
    message = fields.String(required=True)
    details = fields.Dict(required=True)


class TaskSummary(Statement):
    id = Id(required=True)
    title = fields.String(required=True)
    mode = fields.String(required=True)
    urgency = fields.String(required=True)
    source = fields.String(required=True)
    state = fields.String(required=True)
    original_due = Moment(required=True, allow_none=True)
    issued_at = Moment(required=True, allow_none=True)
    version = fields.Integer(required=True)
    roll_up = fields.Nested(RollUp, required=True)


class DraftedAssignment(Statement):
    unit_id = Id(required=True)
    role = fields.String(required=True)
    due_on = fields.String(required=True, allow_none=True)


class DraftedOrder(Statement):
    """What the draft of an order says beside its text, as it was given."""

    audience = fields.String(required=True, allow_none=True)
    assignments = fields.List(fields.Nested(DraftedAssignment), required=True, allow_none=True)
    due_on = fields.String(required=True, allow_none=True)
    due_at = fields.String(required=True, allow_none=True)
    no_deadline = fields.Boolean(required=True)
    followers = fields.List(Id(), required=True)
    reporting = fields.String(required=True, allow_none=True)


class SealedTalk(Statement):
    """What was said about an order until it closed, as messaging sealed it: the record in the dossier is this one if
    its SHA-256 is `sha256`. An order that was opened again has the seal of its latest end.
    """

    conversation_id = Id(required=True)
    count = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    sealed_at = Moment(required=True)


class Task(TaskSummary):
    """`content` and `expected_result` are null for those to whom it was passed on inside a unit. Until it is issued it
    has a `draft`, and neither assigner nor pieces. `leader_post_ids`: in whose name it was drafted. Of a document
    `clause` says where; `superior_due` is the deadline of whoever is above the city, which only he moves. `transcript`
    is null until it has closed, and for those to whom it was passed on inside a unit.
    """

    content = fields.String(required=True, allow_none=True)
    expected_result = fields.String(required=True, allow_none=True)
    assigner_post_id = Id(required=True, allow_none=True)
    assigner_person_id = Id(required=True, allow_none=True)
    assigner_title = fields.String(required=True, allow_none=True)
    reporting = fields.String(required=True)
    field = fields.String(required=True, allow_none=True)
    document_id = Id(required=True, allow_none=True)
    clause = fields.String(required=True, allow_none=True)
    superior_due = Moment(required=True, allow_none=True)
    leader_post_ids = fields.List(Id(), required=True)
    draft = fields.Nested(DraftedOrder, required=True, allow_none=True)
    allowed = fields.List(fields.String(), required=True)  # what this actor may do with the order now
    followers = fields.List(Id(), required=True)
    assignments = fields.Nested(AssignmentPage, required=True)
    transcript = fields.Nested(SealedTalk, required=True, allow_none=True)
    warnings = fields.List(fields.Nested(Warning), required=True)


class TaskPage(Statement):
    items = fields.List(fields.Nested(TaskSummary), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


FILTERS = ("due", "source", "urgency", "unit_id", "field", "q")


class Chosen(Request):
    """What a list is chosen by. `due`: a piece stands so against its deadline; `unit_id`: a piece is this unit's; `q`:
    words of title, content, product, code, document and clause, without diacritics, the last one may be only begun.
    """

    due = one_of(DUE_STATES, load_default=None, allow_none=True)
    source = one_of(SOURCES, load_default=None, allow_none=True)
    urgency = one_of(URGENCIES, load_default=None, allow_none=True)
    unit_id = Id(load_default=None, allow_none=True)
    field = Line(max=100, load_default=None, allow_none=True)
    q = Line(max=200, load_default=None, allow_none=True)


class Wanted(Chosen, Page):
    """What of a box is asked for."""


class ListTasks(Wanted):
    """`issued`: ordered by the actor's post; `received`: given to a post that he answers for; `followed`; `drafts`:
    prepared by his post or, for those who prepare orders there, in his unit; `awaiting_my_issue`: put before him.
    The boxes of drafts are not chosen from. `state`: `open` as long as a piece is that leads, of `received` one's own.
    """

    box = one_of(("issued", "received", "followed", "drafts", "awaiting_my_issue"), load_default="issued")
    state = one_of(("open", "closed", "revoked"), load_default=None, allow_none=True)

    @validates_schema
    def _drafts_are_few(self, data, **_):
        if data.get("box") in ("drafts", "awaiting_my_issue"):
            chosen = [name for name in ("state", *FILTERS) if data.get(name) is not None]
            if chosen:
                raise ValidationError({name: ["Not in this box."] for name in chosen})


class Summary(Statement):
    """What home shows: pieces the actor answers for, and orders that he gave."""

    to_do = fields.Integer(required=True)
    overdue = fields.Integer(required=True)
    issued_open = fields.Integer(required=True)
    issued_overdue = fields.Integer(required=True)
    as_of = Moment(required=True)


class Titled(Request):
    """`kind`: task or assignment."""

    kind = one_of(("task", "assignment"), required=True)
    id = Id(required=True)


class GetTitles(Request):
    items = fields.List(fields.Nested(Titled), required=True, validate=validate.Length(max=500))


class Title(Statement):
    kind = fields.String(required=True)
    id = Id(required=True)
    title = fields.String(required=True)


class Titles(Statement):
    items = fields.List(fields.Nested(Title), required=True)


assign = Procedure("tasks", "assign", AssignRequest, Task, "Give an order to units.", timeout=10.0, patience=PATIENCE)
get_task = Procedure("tasks", "get_task", ById, Task, "An order with its roll-up and first assignments.")
list_tasks = Procedure("tasks", "list_tasks", ListTasks, TaskPage, "Orders in one of the actor's boxes.")
get_titles = Procedure(
    "tasks", "get_titles", GetTitles, Titles, "What orders and pieces are called, of those that the actor sees."
)
get_summary = Procedure("tasks", "get_summary", Nothing, Summary, "Counts for the actor's home page.")

list_audit = list_audit_of("tasks")
