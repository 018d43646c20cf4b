"""Documents from above and from the city itself: entered by the Office or by a sibling's event; their clauses, the
orders that come out of them, and the status that goes out for them.
"""

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import PATIENCE, Event, Procedure
from contracts.fields import (
    CLAUSES_AT_MOST,
    DOCUMENT_BOXES,
    ORDERS_AT_MOST,
    REPORTING,
    SECRECY,
    SOURCES,
    URGENCIES,
    ById,
    Day,
    Id,
    Line,
    Moment,
    Page,
    Request,
    Statement,
    Text,
    one_of,
)  # fmt: skip
from contracts.tasks.events import TaskIssued, Waiting
from contracts.tasks.moves import ForAReason, Keyed
from contracts.tasks.orders import Order, TaskSummary, Warning


class NewClause(Request):
    """What the document asks for in one place: by when, and how often it wants to be told."""

    label = Line(max=100, required=True)
    text = Text(max=5_000, required=True)
    due_on = Day(load_default=None, allow_none=True)
    reporting = one_of(REPORTING, load_default="none")


class NewDocument(Request):
    """Without `received_on` it was received today. What is marked as a state secret is refused."""

    source = one_of(SOURCES, required=True)
    number = Line(max=100, required=True)
    issued_on = Day(required=True)
    abstract = Text(max=2_000, required=True)
    signer = Line(max=200, load_default=None, allow_none=True)
    urgency = one_of(URGENCIES, load_default="normal")
    secrecy = one_of(SECRECY, load_default="none")
    received_on = Day(load_default=None, allow_none=True)
    clauses = fields.List(fields.Nested(NewClause), required=True, validate=validate.Length(1, CLAUSES_AT_MOST))


class EnterDocument(NewDocument):
    """A document that came on paper, or by other ways than the bus."""

    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class Clause(Statement):
    """`state`: `open`, `drafted` (an order waits to be given), `assigned`, or `no_task`, for the reason given.
    `task_ids` are the orders given because of it.
    """

    number = fields.Integer(required=True)
    label = fields.String(required=True)
    text = fields.String(required=True)
    due_on = Day(required=True, allow_none=True)
    reporting = fields.String(required=True)
    state = fields.String(required=True)
    task_ids = fields.List(Id(), required=True)
    no_task_reason = fields.String(required=True, allow_none=True)


class DocumentSummary(Statement):
    """`clauses_assigned` of `clauses_total` have become orders; it is `settled` when for the others somebody has said
    that they need none. `code` is the status that the document axis was told last; `report_due_on` the day by which
    the superior is to be reported to next.
    """

    id = Id(required=True)
    source = fields.String(required=True)
    number = fields.String(required=True)
    issued_on = Day(required=True)
    abstract = fields.String(required=True, allow_none=True)
    signer = fields.String(required=True, allow_none=True)
    urgency = fields.String(required=True)
    received_on = Day(required=True)
    state = fields.String(required=True)
    code = fields.String(required=True)
    clauses_total = fields.Integer(required=True)
    clauses_assigned = fields.Integer(required=True)
    clauses_without_task = fields.Integer(required=True)
    settled = fields.Boolean(required=True)
    report_due_on = Day(required=True, allow_none=True)
    version = fields.Integer(required=True)


class Document(DocumentSummary):
    """`origin` is the sibling that said it, if one did. `amended`: the sender says something else by now. `recall`:
    whether the sender asked for it back, and the answer.
    """

    origin = fields.String(required=True, allow_none=True)
    origin_id = fields.String(required=True, allow_none=True)
    refusal_reason = fields.String(required=True, allow_none=True)
    recall = fields.String(required=True, allow_none=True)
    amended = fields.Boolean(required=True)
    clauses = fields.List(fields.Nested(Clause), required=True)
    allowed = fields.List(fields.String(), required=True)


class DocumentPage(Statement):
    items = fields.List(fields.Nested(DocumentSummary), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListDocuments(Page):
    """`to_receive`: arrived, nobody has received it; `to_assign`: clauses of it are open; `report_due`: a report to the
    superior is owed, the most pressing first. The others the newest first.
    """

    box = one_of(DOCUMENT_BOXES, load_default="all")
    source = one_of(SOURCES, load_default=None, allow_none=True)


class ClauseTask(TaskSummary):
    """An order given because of a document, with the clauses that it points at."""

    clause = fields.String(required=True, allow_none=True)
    superior_due = Moment(required=True, allow_none=True)


class ClauseTaskPage(Statement):
    items = fields.List(fields.Nested(ClauseTask), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListDocumentTasks(Page):
    document_id = Id(required=True)


class DocumentOrder(Order):
    """An order that points at clauses of the document, by their numbers; its source is the document's. Without a
    deadline it has that of its clauses, the earliest; a later one is refused.
    """

    class Meta(Request.Meta):
        exclude = ("source",)

    clauses = fields.List(
        fields.Integer(validate=validate.Range(1, CLAUSES_AT_MOST)), required=True,
        validate=validate.Length(1, CLAUSES_AT_MOST),
    )  # fmt: skip

    @validates_schema
    def _one_of_each(self, data, **_):
        errors = {}
        if (data.get("audience") is None) == (data.get("assignments") is None):
            errors["audience"] = ["Give either audience or assignments."]
        if sum([data.get("due_on") is not None, data.get("due_at") is not None, data.get("no_deadline") is True]) > 1:
            errors["due_on"] = ["Give at most one of due_on, due_at and no_deadline."]
        if errors:
            raise ValidationError(errors)


class DocumentOrders(Request):
    """All of them, or none."""

    orders = fields.List(fields.Nested(DocumentOrder), required=True, validate=validate.Length(1, ORDERS_AT_MOST))


class IssueFromDocument(Keyed, DocumentOrders):
    """`id` and `version` are the document's."""


class IssuedTask(ClauseTask):
    warnings = fields.List(fields.Nested(Warning), required=True)


class IssuedFromDocument(Statement):
    """`version` is the document's."""

    version = fields.Integer(required=True)
    document = fields.Nested(Document, required=True)
    tasks = fields.List(fields.Nested(IssuedTask), required=True)


class ReceiveDocument(Keyed):
    """The city takes it up."""


class ClauseNeedsNoTask(ForAReason):
    number = fields.Integer(required=True, validate=validate.Range(1, CLAUSES_AT_MOST))


class RecallAnswer(Request):
    """Agreed only while no order from it is open."""

    agreed = fields.Boolean(required=True)
    reason = Text(max=2_000, required=True)


class AnswerRecall(Keyed, RecallAnswer):
    """The sender asked for it back."""


class DocumentChanged(Statement):
    """A document's life, one event for each act. `code` is the status for the document axis: it never goes back, but
    for a recall (13 asked, 15 agreed, 16 refused). `orders` are those given by this act, all of them at once.
    """

    document_id = Id(required=True)
    change = fields.String(required=True)
    at = Moment(required=True)
    actor_person_id = Id(required=True, allow_none=True)
    acting_for = Id(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    origin = fields.String(required=True, allow_none=True)
    origin_id = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    urgency = fields.String(required=True)
    state = fields.String(required=True)
    code = fields.String(required=True)
    settled = fields.Boolean(required=True)
    orders = fields.List(fields.Nested(TaskIssued), required=True)
    waiting = fields.List(fields.Nested(Waiting), required=True)


def _verb(name: str, request: type[Request], summary: str, reply: type[Statement] = Document, **more) -> Procedure:
    return Procedure("tasks", name, request, reply, summary, patience=PATIENCE, **more)


enter_document = _verb("enter_document", EnterDocument, "The Office enters a document.")
receive_document = _verb("receive_document", ReceiveDocument, "The city takes up what arrived.")
refuse_document = _verb("refuse_document", ForAReason, "What arrived is not for the city.")
declare_no_task = _verb("declare_no_task", ClauseNeedsNoTask, "A clause needs no order.")
answer_recall = _verb("answer_recall", AnswerRecall, "The sender gets it back, or does not.")
issue_from_document = _verb(
    "issue_from_document", IssueFromDocument, "Orders from one document, all at once.", IssuedFromDocument, timeout=15.0
)
draft_from_document = _verb(
    "draft_from_document", IssueFromDocument, "Orders from one document, drafted.", IssuedFromDocument, timeout=15.0
)
get_document = Procedure("tasks", "get_document", ById, Document, "A document with its clauses.")
list_documents = Procedure("tasks", "list_documents", ListDocuments, DocumentPage, "Documents in one of the boxes.")
list_document_tasks = Procedure(
    "tasks", "list_document_tasks", ListDocumentTasks, ClauseTaskPage, "The orders that came out of a document."
)

document_changed = Event(
    "tasks", "document_changed", DocumentChanged, "A document arrived, became orders, or its status moved on.",
    hearers=("reminders", "messaging"), published=("document_id", "origin", "origin_id", "change", "code"),
)  # fmt: skip
