"""Conversations on the bus: which there are, who takes part in them, and the clock that seals what is closed."""

from chassis import clock
from chassis.rpc import rpc
from chassis.timers import every
from contracts import messaging
from messaging.settings import pace_of
from messaging.use_cases import conversations, taking_part, transcripts


class Conversations:
    @rpc(messaging.list_conversations)
    def list_conversations(self, call, request):
        with self.db.reading(walks=True) as tx:
            return conversations.list_conversations(tx, call.claims, request, clock.now())

    @rpc(messaging.get_conversation)
    def get_conversation(self, call, request):
        with self.db.reading() as tx:
            return conversations.get_conversation(tx, call.claims, request, clock.now())

    @rpc(messaging.list_participants)
    def list_participants(self, call, request):
        with self.db.reading() as tx:
            return conversations.list_participants(tx, call.claims, request, clock.now())

    @rpc(messaging.set_conversation_settings)
    def set_conversation_settings(self, call, request):
        with self.db.transaction() as tx:
            return conversations.set_settings(tx, call.claims, request, clock.now())

    @rpc(messaging.begin_conversation)
    def begin_conversation(self, call, request):
        with self.db.transaction() as tx:
            return taking_part.begin_conversation(tx, call.claims, request, pace_of(self.settings), clock.now())

    @rpc(messaging.rename_conversation)
    def rename_conversation(self, call, request):
        with self.db.transaction() as tx:
            return taking_part.rename_conversation(tx, call.claims, request, clock.now())

    @rpc(messaging.add_participants)
    def add_participants(self, call, request):
        with self.db.transaction() as tx:
            return taking_part.add_participants(tx, call.claims, request, pace_of(self.settings), clock.now())

    @rpc(messaging.change_participant)
    def change_participant(self, call, request):
        with self.db.transaction() as tx:
            return taking_part.change_participant(tx, call.claims, request, clock.now())

    @rpc(messaging.remove_participant)
    def remove_participant(self, call, request):
        with self.db.transaction() as tx:
            return taking_part.remove_participant(tx, call.claims, request, clock.now())

    @rpc(messaging.get_transcript)
    def get_transcript(self, call, request):
        with self.db.reading() as tx:
            return transcripts.get_transcript(tx, call.claims, request, clock.now())

    @every(seconds=2)
    def seal_transcripts(self):
        more = True
        while more:
            with self.db.transaction() as tx:
                more = transcripts.seal_next(tx, clock.now())
