"""Corrections and disputes on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import tasks
from tasks.use_cases import corrections


class Corrections:
    @rpc(tasks.propose_correction)
    def propose_correction(self, call, request):
        with self.db.transaction() as tx:
            return corrections.propose_correction(tx, call.claims, request, clock.now())

    @rpc(tasks.accept_correction)
    def accept_correction(self, call, request):
        with self.db.transaction() as tx:
            return corrections.accept_correction(tx, call.claims, request, clock.now())

    @rpc(tasks.refuse_correction)
    def refuse_correction(self, call, request):
        with self.db.transaction() as tx:
            return corrections.refuse_correction(tx, call.claims, request, clock.now())

    @rpc(tasks.withdraw_correction)
    def withdraw_correction(self, call, request):
        with self.db.transaction() as tx:
            return corrections.withdraw_correction(tx, call.claims, request, clock.now())

    @rpc(tasks.get_correction)
    def get_correction(self, call, request):
        with self.db.reading() as tx:
            return corrections.get_correction(tx, call.claims, request, clock.now())

    @rpc(tasks.list_corrections)
    def list_corrections(self, call, request):
        with self.db.reading() as tx:
            return corrections.list_corrections(tx, call.claims, request, clock.now())
