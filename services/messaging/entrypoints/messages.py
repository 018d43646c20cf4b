"""Messages on the bus: what is said, changed and found, and what one has not read."""

from datetime import timedelta

from chassis import clock
from chassis.rpc import rpc
from contracts import messaging
from messaging.settings import pace_of
from messaging.storage.messages import SaidMeanwhile
from messaging.use_cases import messages


class Messages:
    @rpc(messaging.list_messages)
    def list_messages(self, call, request):
        now = clock.now()
        with self.db.reading() as tx:
            found = messages.list_messages(tx, call.claims, request, now)
        self.note_delivered(found["items"], now)
        return found

    @rpc(messaging.search_messages)
    def search_messages(self, call, request):
        with self.db.reading() as tx:
            return messages.search_messages(tx, call.claims, request, clock.now())

    @rpc(messaging.get_message)
    def get_message(self, call, request):
        now = clock.now()
        with self.db.reading() as tx:
            message = messages.get_message(tx, call.claims, request, now)
        self.note_delivered([message], now)
        return message

    @rpc(messaging.list_message_versions)
    def list_message_versions(self, call, request):
        with self.db.transaction() as tx:
            return messages.list_versions(tx, call.claims, request, clock.now())

    @rpc(messaging.post_message)
    def post_message(self, call, request):
        pace, scans = pace_of(self.settings), self.scanning.scanner is not None
        while True:
            try:
                with self.db.transaction() as tx:
                    return messages.post_message(tx, call.claims, request, pace, scans, clock.now())
            except SaidMeanwhile:
                continue  # now it is there to be found

    @rpc(messaging.edit_message)
    def edit_message(self, call, request):
        with self.db.transaction() as tx:
            return messages.edit_message(
                tx, call.claims, request, pace_of(self.settings), self._editable, clock.now()
            )  # fmt: skip

    @rpc(messaging.remove_message)
    def remove_message(self, call, request):
        with self.db.transaction() as tx:
            return messages.remove_message(tx, call.claims, request, self._editable, clock.now())

    @rpc(messaging.withdraw_message)
    def withdraw_message(self, call, request):
        with self.db.transaction() as tx:
            return messages.withdraw_message(tx, call.claims, request, clock.now())

    @rpc(messaging.mark_read)
    def mark_read(self, call, request):
        with self.db.transaction() as tx:
            return messages.mark_read(tx, call.claims, request, clock.now())

    @rpc(messaging.get_unread)
    def get_unread(self, call, request):
        with self.db.reading(walks=True, keep_plans=True) as tx:
            return messages.get_unread(tx, call.claims, clock.now())

    @property
    def _editable(self) -> timedelta:
        return timedelta(hours=self.settings.edit_hours)
