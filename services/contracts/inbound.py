"""What sibling platforms may say to us, each on its own exchange `<system>.inbound`, as CloudEvents in binary mode, or
by the gateway.

It is data, and gives nobody authority: what it says counts when somebody here has acted on it. `subject` is the
sender's own name of the thing, `aggregateversion` counts its changes there.
"""

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis.contract import OUTSIDE, Event
from contracts.fields import (
    ABOVE,
    CLAUSES_AT_MOST,
    IN_THESE_CENTURIES,
    REPORTING,
    SECRECY,
    URGENCIES,
    WAITING_KINDS,
    Day,
    Id,
    Line,
    Moment,
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


# an address that a person may be sent to: of a host, by TLS, with nobody's name and nothing in it that is not seen
_ADDRESS = r"https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?([/?#][!#-;=?-\[\]_a-z~]*)?\Z"
WHOM = ("unit_code", "post_id", "person_id")


class WaitingItem(Statement):
    """Something there waits for the head of a unit, for a post, or for one person: one of the three is named. `link`
    leads back to it.
    """

    kind = one_of(WAITING_KINDS, required=True)
    unit_code = Line(max=30, load_default=None, allow_none=True)
    post_id = Id(load_default=None, allow_none=True)
    person_id = Id(load_default=None, allow_none=True)
    title = Line(max=500, required=True)
    from_title = Line(max=200, load_default=None, allow_none=True)
    urgency = one_of(URGENCIES, load_default="normal")
    due = Moment(load_default=None, allow_none=True, validate=IN_THESE_CENTURIES)
    link = fields.String(required=True, validate=[validate.Length(max=2_000), validate.Regexp(_ADDRESS)])

    @validates_schema
    def _for_somebody(self, data, **_):
        if sum(data.get(name) is not None for name in WHOM) != 1:
            raise ValidationError(f"Name one of {', '.join(WHOM)}.", "whom")


class WaitingItemClosed(Statement):
    """It waits no longer: there is no more to say."""


DOOR = "gateway"


def _said(name: str, data: type[Schema], summary: str, hearer: str) -> Event:
    return Event(OUTSIDE, name, data, summary, hearers=(hearer,), door=DOOR)


incoming_task_received = _said("incoming_task_received", IncomingTask, "A superior's document arrived.", "tasks")
document_recall_asked = _said("document_recall_asked", Recall, "The sender asks for a document back.", "tasks")
superior_answered = _said("superior_answered", SuperiorAnswered, "A superior decided on more time.", "tasks")

waiting_item_opened = _said("waiting_item_opened", WaitingItem, "Something there waits for somebody here.", "reminders")
waiting_item_changed = _said("waiting_item_changed", WaitingItem, "What waits there, whole, as it is now.", "reminders")
waiting_item_closed = _said("waiting_item_closed", WaitingItemClosed, "It waits there no longer.", "reminders")

INBOUND = {
    event.name: event
    for event in (
        incoming_task_received, document_recall_asked, superior_answered,
        waiting_item_opened, waiting_item_changed, waiting_item_closed,
    )
}  # fmt: skip
