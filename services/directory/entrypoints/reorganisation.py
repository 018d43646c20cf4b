"""Reorganisations on the bus, and the clock that carries plans out."""

from chassis import clock
from chassis.rpc import rpc
from chassis.timers import every
from contracts import directory
from directory.use_cases import reorganisation


class Reorganisations:
    @rpc(directory.reorganise)
    def reorganise(self, call, request):
        with self.db.transaction() as tx:
            return reorganisation.reorganise(tx, call.claims, request, clock.now())

    @rpc(directory.list_reorganisations)
    def list_reorganisations(self, call, request):
        with self.db.reading() as tx:
            return reorganisation.listing(tx, call.claims, request, clock.now())

    @rpc(directory.get_reorganisation)
    def get_reorganisation(self, call, request):
        with self.db.reading() as tx:
            return reorganisation.get(tx, call.claims, request, clock.now())

    @rpc(directory.withdraw_reorganisation)
    def withdraw_reorganisation(self, call, request):
        with self.db.transaction() as tx:
            return reorganisation.withdraw(tx, call.claims, request, clock.now())

    @every(seconds=30, alone="reorganisations")
    def carry_out_reorganisations(self):
        reorganisation.carry_out_due(self.db, clock.now())
