"""Messages on the bus: what is said, and what one has not read."""

from chassis import clock
from chassis.rpc import rpc
from contracts import messaging
from messaging.use_cases import messages


class Messages:
    @rpc(messaging.list_messages)
    def list_messages(self, call, request):
        now = clock.now()
        with self.db.reading() as tx:
            found = messages.list_messages(tx, call.claims, request, now)
        self.note_delivered(found["items"], now)
        return found

    @rpc(messaging.post_message)
    def post_message(self, call, request):
        with self.db.transaction() as tx:
            return messages.post_message(tx, call.claims, request, clock.now())

    @rpc(messaging.mark_read)
    def mark_read(self, call, request):
        with self.db.transaction() as tx:
            return messages.mark_read(tx, call.claims, request, clock.now())

    @rpc(messaging.get_unread)
    def get_unread(self, call, request):
        with self.db.reading() as tx:
            return messages.get_unread(tx, call.claims, clock.now())
