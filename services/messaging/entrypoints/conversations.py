"""Conversations on the bus: which there are, and who takes part in them."""

from chassis import clock
from chassis.rpc import rpc
from contracts import messaging
from messaging.use_cases import conversations


class Conversations:
    @rpc(messaging.list_conversations)
    def list_conversations(self, call, request):
        with self.db.reading() as tx:
            return conversations.list_conversations(tx, call.claims, request, clock.now())

    @rpc(messaging.get_conversation)
    def get_conversation(self, call, request):
        with self.db.reading() as tx:
            return conversations.get_conversation(tx, call.claims, request, clock.now())

    @rpc(messaging.list_participants)
    def list_participants(self, call, request):
        with self.db.reading() as tx:
            return conversations.list_participants(tx, call.claims, request, clock.now())
