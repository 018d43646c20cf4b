"""Messages: said, changed, found, and how far one has read them."""

from chassis.http import Answer
from contracts import messaging
from gateway import schemas
from gateway.api.assignments import keyed
from gateway.assembling import versioned, with_all_names, with_mentions, with_names
from gateway.routes import route

READ_ONLY = ("conversation_closed", "conversation_left", "reads_only")
SAYING = (*READ_ONLY, "not_authorised", "directory_stale", "mention_outside", "too_many_to_mention")
ASKING = (
    "nothing_is_asked", "nobody_to_direct", "asked_outside", "not_to_be_directed", "too_many_asked",
    "answer_by_out_of_range", "urge_the_task",
)  # fmt: skip
CHANGING = (*READ_ONLY, "not_authorised", "directory_stale", "message_cannot_change", "message_ended")


class MessagesRoutes:
    @route("GET", "/conversations/<uuid:conversation_id>/messages", tag="messaging", query=schemas.MessagesQuery,
           answer=schemas.MessagePage)  # fmt: skip
    def list_messages(self, call, conversation_id):
        """What was said, newest first."""
        page = call.ask(messaging.list_messages, call.query | {"conversation_id": conversation_id})
        self._dress(call, page["items"])
        return page

    @route("GET", "/messages/search", tag="messaging", query=messaging.SearchMessages,
           answer=schemas.FoundMessagePage, refusals=("not_found",))  # fmt: skip
    def search_messages(self, call):
        """Tìm tin nhắn: in one's own conversations, with or without diacritics, newest first."""
        page = call.ask(messaging.search_messages, call.query)
        self._dress(call, page["items"])
        return page

    @route("POST", "/conversations/<uuid:conversation_id>/messages", tag="messaging", body=schemas.NewMessage,
           answer=schemas.Message, status=201, idempotency_key=True,
           refusals=(*SAYING, *ASKING, "too_many_messages", "unknown_message", "unknown_file",
                     "file_not_scanned"))  # fmt: skip
    def post_message(self, call, conversation_id):
        """Say something; or direct or urge (chỉ đạo, đôn đốc) posts that take part, who are to acknowledge it. The same
        again answers the same message.
        """
        keys = {"conversation_id": conversation_id, "idempotency_key": call.idempotency_key}
        return self._answer(call, call.ask(messaging.post_message, call.body | keys), status=201)

    @route("GET", "/messages/<uuid:message_id>", tag="messaging", answer=schemas.Message, etag=True)
    def get_message(self, call, message_id):
        """One message."""
        return self._answer(call, call.ask(messaging.get_message, {"id": message_id}))

    @route("PATCH", "/messages/<uuid:message_id>", tag="messaging", body=messaging.SaidText, answer=schemas.Message,
           idempotency_key=True, if_match=True, etag=True,
           refusals=(*SAYING, *CHANGING, "message_too_old", "too_many_messages", "too_many_versions"))  # fmt: skip
    def edit_message(self, call, message_id):
        """Sửa: within a day; what it said before is kept."""
        return self._answer(call, call.ask(messaging.edit_message, keyed(call, message_id) | call.body))

    @route("DELETE", "/messages/<uuid:message_id>", tag="messaging", answer=schemas.Message, idempotency_key=True,
           if_match=True, etag=True, refusals=(*CHANGING, "message_too_old"))  # fmt: skip
    def remove_message(self, call, message_id):
        """Xóa: its text goes; its number stays, with who removed it and when."""
        return self._answer(call, call.ask(messaging.remove_message, keyed(call, message_id)))

    @route("POST", "/messages/<uuid:message_id>/withdraw", tag="messaging", body=messaging.Withdrawal,
           answer=schemas.Message, idempotency_key=True, if_match=True, etag=True, refusals=CHANGING)  # fmt: skip
    def withdraw_message(self, call, message_id):
        """Thu hồi: a directive or an urging asks for nothing any more; what it said stays."""
        return self._answer(call, call.ask(messaging.withdraw_message, keyed(call, message_id) | call.body))

    @route("GET", "/messages/<uuid:message_id>/versions", tag="messaging", query=schemas.MessageVersionsQuery,
           answer=schemas.MessageVersionPage, refusals=("not_authorised",))  # fmt: skip
    def list_message_versions(self, call, message_id):
        """What a message said before: for who said it, and for auditors."""
        page = call.ask(messaging.list_message_versions, call.query | {"message_id": message_id})
        with_names(call, self.names, page["items"], "changed_by_person_id", "changed_by_name")
        with_mentions(call, self.names, page["items"])
        return page

    @route("POST", "/conversations/<uuid:conversation_id>/read", tag="messaging", body=schemas.ReadUpTo, status=204)
    def mark_read(self, call, conversation_id):
        """One has read up to this number. Speaking moves the mark too; only this tells a mention as read."""
        call.ask(messaging.mark_read, {"conversation_id": conversation_id, "number": call.body["number"]})
        return Answer(status=204)

    def _answer(self, call, message: dict, status: int = 200) -> Answer:
        self._dress(call, [message])
        return versioned(message, status=status)

    def _dress(self, call, messages: list[dict]) -> None:
        with_all_names(call, self.names, messages)
