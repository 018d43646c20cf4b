"""Conversations, and who takes part in them."""

from marshmallow import fields

from chassis.contract import Procedure
from contracts.fields import ById, Id, Moment, Page, Statement


class Conversation(Statement):
    """`role` is the actor's own part: responsible, member or follower."""

    id = Id(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    task_id = Id(required=True, allow_none=True)
    role = fields.String(required=True)
    last_number = fields.Integer(required=True)
    unread = fields.Integer(required=True)
    created_at = Moment(required=True)


class ConversationPage(Statement):
    items = fields.List(fields.Nested(Conversation), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListConversations(Page):
    task_id = Id(load_default=None, allow_none=True)


class Participant(Statement):
    post_id = Id(required=True)
    unit_id = Id(required=True)
    role = fields.String(required=True)


class ParticipantPage(Statement):
    items = fields.List(fields.Nested(Participant), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListParticipants(Page):
    conversation_id = Id(required=True)


list_conversations = Procedure(
    "messaging", "list_conversations", ListConversations, ConversationPage, "The actor's conversations, newest first."
)
get_conversation = Procedure("messaging", "get_conversation", ById, Conversation, "One conversation.")
list_participants = Procedure(
    "messaging", "list_participants", ListParticipants, ParticipantPage, "Who takes part, and as what."
)
