"""Directives and urgings on the bus, and their receipts."""

from chassis import clock
from chassis.rpc import rpc
from contracts import messaging
from messaging.use_cases import asking, directives


class Directives:
    @rpc(messaging.list_receipts)
    def list_receipts(self, call, request):
        with self.db.reading() as tx:
            return directives.list_receipts(tx, call.claims, request, clock.now())

    @rpc(messaging.acknowledge)
    def acknowledge(self, call, request):
        with self.db.transaction() as tx:
            return directives.acknowledge(tx, call.claims, request, clock.now())

    def note_delivered(self, messages, now):
        """Written once for each post that is asked, and never for who reads an ordinary message."""
        if receipt_ids := asking.not_delivered(messages):
            with self.db.transaction() as tx:
                asking.note_delivered(tx, receipt_ids, now)
