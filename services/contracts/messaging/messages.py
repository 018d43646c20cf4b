"""Messages, and how far one has read them."""

from marshmallow import fields, validate

from chassis.contract import PATIENCE, Event, Procedure
from contracts.fields import Id, Moment, Nothing, Page, Request, Statement, Text
from contracts.messaging.announcements import UnseenAnnouncements


class Message(Statement):
    """`number` counts up within the conversation without gaps."""

    id = Id(required=True)
    conversation_id = Id(required=True)
    number = fields.Integer(required=True)
    kind = fields.String(required=True)
    text = fields.String(required=True)
    sender_person_id = Id(required=True)
    sender_post_id = Id(required=True)
    sender_title = fields.String(required=True)
    sent_at = Moment(required=True)


class MessagePage(Statement):
    """Newest first; the cursor goes back in time."""

    items = fields.List(fields.Nested(Message), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListMessages(Page):
    conversation_id = Id(required=True)


class PostMessage(Request):
    conversation_id = Id(required=True)
    text = Text(max=20_000, required=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class MarkRead(Request):
    conversation_id = Id(required=True)
    number = fields.Integer(required=True, validate=validate.Range(min=0, max=2**53))


class Unread(Statement):
    """What one has muted is counted apart."""

    conversations = fields.Integer(required=True)
    messages = fields.Integer(required=True)
    announcements = fields.Nested(UnseenAnnouncements, required=True)
    muted_conversations = fields.Integer(load_default=0)
    muted_messages = fields.Integer(load_default=0)


class MessagePosted(Message):
    """`conversation_name` is null between two persons."""

    conversation_name = fields.String(required=True, allow_none=True)
    participant_post_ids = fields.List(Id(), required=True)
    participant_person_ids = fields.List(Id(), load_default=list)
    participant_unit_ids = fields.List(Id(), load_default=list)


list_messages = Procedure("messaging", "list_messages", ListMessages, MessagePage, "What was said, newest first.")
post_message = Procedure("messaging", "post_message", PostMessage, Message, "Say something.", patience=PATIENCE)
mark_read = Procedure(
    "messaging", "mark_read", MarkRead, Nothing, "The actor has read up to this number.", patience=PATIENCE
)
get_unread = Procedure("messaging", "get_unread", Nothing, Unread, "Unread counts for the home page.")

message_posted = Event("messaging", "message_posted", MessagePosted, "Somebody spoke.", hearers=("gateway",))
