"""Conversations, and who takes part in them."""

from contracts import messaging
from gateway import schemas
from gateway.routes import route


class ConversationsRoutes:
    @route("GET", "/conversations", tag="messaging", query=messaging.ListConversations,
           answer=messaging.ConversationPage)  # fmt: skip
    def list_conversations(self, call):
        """One's conversations, newest first."""
        return call.ask(messaging.list_conversations, call.query)

    @route("GET", "/conversations/<uuid:conversation_id>", tag="messaging", answer=messaging.Conversation)
    def get_conversation(self, call, conversation_id):
        """One conversation."""
        return call.ask(messaging.get_conversation, {"id": conversation_id})

    @route("GET", "/conversations/<uuid:conversation_id>/participants", tag="messaging",
           query=schemas.ParticipantsQuery, answer=messaging.ParticipantPage)  # fmt: skip
    def list_participants(self, call, conversation_id):
        """Who takes part, and as what."""
        return call.ask(messaging.list_participants, call.query | {"conversation_id": conversation_id})
