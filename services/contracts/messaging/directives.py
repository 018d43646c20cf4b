"""Directives and urgings, and their receipts."""

from marshmallow import fields, validate

from chassis.contract import PATIENCE, Event, Procedure
from contracts.fields import URGENCIES, ById, Id, Moment, Page, Request, Statement, one_of

ASKED_AT_MOST = 200


class NewAsking(Request):
    """What a directive or urging asks for: that these posts acknowledge it by then. Without posts: all who take part
    and whom the sender may direct; without a time: as soon as its urgency has it.
    """

    asked = fields.List(Id(), load_default=None, allow_none=True, validate=validate.Length(1, ASKED_AT_MOST))
    urgency = one_of(URGENCIES, load_default="normal")
    answer_by = Moment(load_default=None, allow_none=True)


class OwnReceipt(Statement):
    """Of a post that the actor serves. With an `urging_id` it is an urging of a task, and answered there."""

    post_id = Id(required=True)
    acknowledged_at = Moment(required=True, allow_none=True)
    ended_at = Moment(required=True, allow_none=True)
    urging_id = Id(required=True, allow_none=True)


class Asking(Statement):
    """`own`: what is asked of the actor."""

    urgency = fields.String(required=True)
    answer_by = Moment(required=True)
    own = fields.List(fields.Nested(OwnReceipt), load_default=list)


class Asked(Statement):
    receipt_id = Id(required=True)
    post_id = Id(required=True)
    unit_id = Id(required=True)
    unit_name = fields.String(load_default="")


class ListReceipts(Page):
    message_id = Id(required=True)


class Receipt(Statement):
    """`delivered_at`: when somebody who serves the post was first given the message; `seen_at`: when the mark up to
    which he has read passed it; `person_id` acknowledged it, for another (`acting_for`) if so. `ended_at` without
    `acknowledged_at`: it is not asked any more.
    """

    id = Id(required=True)
    post_id = Id(required=True)
    unit_id = Id(required=True)
    delivered_at = Moment(required=True, allow_none=True)
    seen_at = Moment(required=True, allow_none=True)
    seen_person_id = Id(required=True, allow_none=True)
    acknowledged_at = Moment(required=True, allow_none=True)
    person_id = Id(required=True, allow_none=True)
    acting_for = Id(required=True, allow_none=True)
    ended_at = Moment(required=True, allow_none=True)


class ReceiptCounts(Statement):
    asked = fields.Integer(required=True)
    delivered = fields.Integer(required=True)
    seen = fields.Integer(required=True)
    acknowledged = fields.Integer(required=True)


class ReceiptPage(Statement):
    """All of them for the sender and those who follow, else those of the posts that the actor serves. `purpose` and
    `retention` say why they are kept, and how long.
    """

    purpose = fields.String(required=True)
    retention = fields.String(required=True)
    answer_by = Moment(required=True)
    counts = fields.Nested(ReceiptCounts, required=True)
    items = fields.List(fields.Nested(Receipt), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class AcknowledgeMessage(Request):
    """For one of several posts that one serves, `post_id` says which."""

    post_id = Id(load_default=None, allow_none=True)


class Acknowledge(AcknowledgeMessage, ById):
    pass


class DirectiveAcknowledged(Statement):
    """`concerns`: the posts that should see it live, beside those who follow in person or as a unit's staff."""

    receipt_id = Id(required=True)
    message_id = Id(required=True)
    conversation_id = Id(required=True)
    number = fields.Integer(required=True)
    sender_post_id = Id(required=True)
    post_id = Id(required=True)
    unit_id = Id(required=True)
    person_id = Id(required=True)
    acting_for = Id(required=True, allow_none=True)
    at = Moment(required=True)
    concerns = fields.List(Id(), required=True)
    concerned_person_ids = fields.List(Id(), load_default=list)
    concerned_unit_ids = fields.List(Id(), load_default=list)


class DirectiveSeen(Statement):
    """Somebody who serves the post has read past it. `concerns` as when it is acknowledged."""

    receipt_id = Id(required=True)
    message_id = Id(required=True)
    number = fields.Integer(required=True)
    sender_post_id = Id(required=True)
    post_id = Id(required=True)
    unit_id = Id(required=True)
    concerns = fields.List(Id(), required=True)
    concerned_person_ids = fields.List(Id(), required=True)
    concerned_unit_ids = fields.List(Id(), required=True)


acknowledge = Procedure(
    "messaging", "acknowledge", Acknowledge, Receipt, "Whoever is asked has taken note, and will act.",
    patience=PATIENCE,
)  # fmt: skip
list_receipts = Procedure(
    "messaging", "list_receipts", ListReceipts, ReceiptPage, "Whom a directive or urging has reached."
)

directive_acknowledged = Event(
    "messaging", "directive_acknowledged", DirectiveAcknowledged, "A post has taken note of a directive.",
    hearers=("reminders", "gateway"),
)  # fmt: skip
