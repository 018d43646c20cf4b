"""Boxes, the exception board and statistics on the bus."""

from chassis import clock
from chassis.rpc import rpc
from chassis.timers import every
from contracts import tasks
from tasks.use_cases import seeing


class Seeing:
    @rpc(tasks.list_pieces)
    def list_pieces(self, call, request):
        with self.db.reading() as tx:
            return seeing.list_pieces(tx, call.claims, request, clock.now())

    @rpc(tasks.get_exception_board)
    def get_exception_board(self, call, request):
        with self.db.reading() as tx:
            return seeing.get_exception_board(tx, call.claims, request, clock.now())

    @rpc(tasks.get_statistics)
    def get_statistics(self, call, request):
        with self.db.reading() as tx:
            return seeing.get_statistics(tx, call.claims, request, clock.now())

    @rpc(tasks.list_counted)
    def list_counted(self, call, request):
        with self.db.reading() as tx:
            return seeing.list_counted(tx, call.claims, request, clock.now())

    @every(seconds=5, alone="settle_outcomes")
    def settle_outcomes(self):
        with self.db.transaction() as tx:
            seeing.settle_outcomes(tx, clock.now())
