"""Directives and urgings, and their receipts."""

from contracts import messaging
from gateway import schemas
from gateway.assembling import with_names
from gateway.routes import route


class DirectivesRoutes:
    @route("GET", "/messages/<uuid:message_id>/receipts", tag="messaging", query=schemas.ReceiptsQuery,
           answer=schemas.ReceiptPage, refusals=("nothing_is_asked",))  # fmt: skip
    def list_receipts(self, call, message_id):
        """Whom a directive or urging has reached: given, seen, acknowledged. The sender and who follows see all."""
        page = call.ask(messaging.list_receipts, call.query | {"message_id": message_id})
        with_names(call, self.names, page["items"], "person_id", "person_name")
        return page

    @route("POST", "/messages/<uuid:message_id>/acknowledge", tag="messaging", body=messaging.AcknowledgeMessage,
           answer=schemas.Receipt,
           refusals=("not_authorised", "nothing_is_asked", "answer_the_urging", "message_withdrawn"))  # fmt: skip
    def acknowledge_message(self, call, message_id):
        """Xác nhận: whoever is asked, or his clerk, has taken note of a directive or urging and will act."""
        receipt = call.ask(messaging.acknowledge, call.body | {"id": message_id})
        with_names(call, self.names, [receipt], "person_id", "person_name")
        return receipt
