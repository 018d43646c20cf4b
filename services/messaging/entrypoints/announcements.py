"""Announcements on the bus, and the clock that publishes those whose time comes."""

from chassis import clock
from chassis.rpc import rpc
from chassis.timers import every
from contracts import messaging
from messaging.use_cases import announcements, announcing


class Announcements:
    @property
    def _scans(self) -> bool:
        return self.scanning.scanner is not None

    @rpc(messaging.announce)
    def announce(self, call, request):
        with self.db.transaction() as tx:
            return announcing.announce(tx, call.claims, request, self._scans, clock.now())

    @rpc(messaging.draft_announcement)
    def draft_announcement(self, call, request):
        with self.db.transaction() as tx:
            return announcing.draft(tx, call.claims, request, self._scans, clock.now())

    @rpc(messaging.edit_announcement)
    def edit_announcement(self, call, request):
        with self.db.transaction() as tx:
            return announcing.edit(tx, call.claims, request, self._scans, clock.now())

    @rpc(messaging.discard_announcement)
    def discard_announcement(self, call, request):
        with self.db.transaction() as tx:
            return announcing.discard(tx, call.claims, request, clock.now())

    @rpc(messaging.submit_announcement)
    def submit_announcement(self, call, request):
        with self.db.transaction() as tx:
            return announcing.submit(tx, call.claims, request, clock.now())

    @rpc(messaging.return_announcement)
    def return_announcement(self, call, request):
        with self.db.transaction() as tx:
            return announcing.send_back(tx, call.claims, request, clock.now())

    @rpc(messaging.approve_announcement)
    def approve_announcement(self, call, request):
        with self.db.transaction() as tx:
            return announcing.approve(tx, call.claims, request, clock.now())

    @rpc(messaging.withdraw_announcement)
    def withdraw_announcement(self, call, request):
        with self.db.transaction() as tx:
            return announcing.withdraw(tx, call.claims, request, clock.now())

    @rpc(messaging.list_announcements)
    def list_announcements(self, call, request):
        with self.db.reading(walks=True) as tx:
            return announcements.list_announcements(tx, call.claims, request, clock.now())

    @rpc(messaging.get_announcement)
    def get_announcement(self, call, request):
        with self.db.reading() as tx:
            return announcements.get_announcement(tx, call.claims, request, clock.now())

    @rpc(messaging.see_announcement)
    def see_announcement(self, call, request):
        with self.db.transaction() as tx:
            return announcements.see(tx, call.claims, request, clock.now())

    @rpc(messaging.acknowledge_announcement)
    def acknowledge_announcement(self, call, request):
        with self.db.transaction() as tx:
            return announcements.acknowledge(tx, call.claims, request, clock.now())

    @rpc(messaging.get_reach)
    def get_reach(self, call, request):
        with self.db.reading() as tx:
            return announcements.get_reach(tx, call.claims, request, clock.now())

    @every(seconds=1)
    def publish_announcements(self):
        """Several processes share them by claims."""
        while True:
            with self.db.transaction() as tx:
                if not announcing.publish_due(tx, clock.now()):
                    return
