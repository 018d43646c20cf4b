"""Messages, and how far one has read them."""

from chassis.http import Answer
from contracts import messaging
from gateway import schemas
from gateway.assembling import with_names
from gateway.routes import route

ASKING = (
    "not_authorised", "nothing_is_asked", "nobody_to_direct", "asked_outside", "not_to_be_directed", "too_many_asked",
    "answer_by_out_of_range", "urge_the_task",
)  # fmt: skip


class MessagesRoutes:
    @route("GET", "/conversations/<uuid:conversation_id>/messages", tag="messaging", query=schemas.MessagesQuery,
           answer=schemas.MessagePage)  # fmt: skip
    def list_messages(self, call, conversation_id):
        """What was said, newest first."""
        page = call.ask(messaging.list_messages, call.query | {"conversation_id": conversation_id})
        with_names(call, self.names, page["items"], "sender_person_id", "sender_name")
        return page

    @route("POST", "/conversations/<uuid:conversation_id>/messages", tag="messaging", body=schemas.NewMessage,
           answer=schemas.Message, status=201, idempotency_key=True, refusals=ASKING)  # fmt: skip
    def post_message(self, call, conversation_id):
        """Say something; or direct or urge (chỉ đạo, đôn đốc) posts that take part, who are to acknowledge it."""
        message = call.ask(
            messaging.post_message,
            call.body | {"conversation_id": conversation_id, "idempotency_key": call.idempotency_key},
        )
        with_names(call, self.names, [message], "sender_person_id", "sender_name")
        return Answer(message, status=201)

    @route("POST", "/conversations/<uuid:conversation_id>/read", tag="messaging", body=schemas.ReadUpTo, status=204)
    def mark_read(self, call, conversation_id):
        """One has read up to this number."""
        call.ask(messaging.mark_read, {"conversation_id": conversation_id, "number": call.body["number"]})
        return Answer(status=204)
