"""What sibling platforms may say to us, each on its own exchange `<system>.inbound`, as CloudEvents in binary mode.

It is data, and gives nobody authority: what it says counts when somebody here has acted on it. `subject` is the
sender's own name of the thing, `aggregateversion` counts its changes there.
"""

from marshmallow import fields, validate

from chassis.contract import OUTSIDE, Event
from contracts.fields import (
    ABOVE,
    CLAUSES_AT_MOST,
    REPORTING,
    SECRECY,
    URGENCIES,
    Day,
    Line,
    Statement,
    Text,
    one_of,
)  # fmt: skip


class SaidClause(Statement):
    label = Line(max=100, required=True)
    text = Text(max=5_000, required=True)
    due_on = Day(load_default=None, allow_none=True)
    reporting = one_of(REPORTING, load_default="none")


class IncomingTask(Statement):
    """A document with what it asks of the city. Of one with a `secrecy` nothing but the number is kept."""

    source = one_of(ABOVE, required=True)
    number = Line(max=100, required=True)
    issued_on = Day(required=True)
    abstract = Text(max=2_000, required=True)
    signer = Line(max=200, load_default=None, allow_none=True)
    urgency = one_of(URGENCIES, load_default="normal")
    secrecy = one_of(SECRECY, load_default="none")
    clauses = fields.List(fields.Nested(SaidClause), required=True, validate=validate.Length(1, CLAUSES_AT_MOST))


class Recall(Statement):
    """The sender asks for the document of this subject back."""

    reason = Text(max=2_000, required=True)


class SaidDocument(Statement):
    number = Line(max=100, required=True)
    issued_on = Day(required=True)


class SuperiorAnswered(Statement):
    """The answer to a request for more time; `subject` is the extension's id, as `extension_decided` said it."""

    granted = fields.Boolean(required=True)
    due_on = Day(load_default=None, allow_none=True)
    document = fields.Nested(SaidDocument, required=True)
    reason = Text(max=2_000, load_default=None, allow_none=True)


incoming_task_received = Event(
    OUTSIDE, "incoming_task_received", IncomingTask, "A superior's document arrived.", hearers=("tasks",)
)
document_recall_asked = Event(
    OUTSIDE, "document_recall_asked", Recall, "The sender asks for a document back.", hearers=("tasks",)
)
superior_answered = Event(
    OUTSIDE, "superior_answered", SuperiorAnswered, "A superior decided on more time.", hearers=("tasks",)
)

INBOUND = {event.name: event for event in (incoming_task_received, document_recall_asked, superior_answered)}
