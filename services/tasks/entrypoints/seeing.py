"""Boxes, the exception board and statistics on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import tasks
from tasks.use_cases import seeing


class Seeing:
    @rpc(tasks.list_pieces)
    def list_pieces(self, call, request):
        with self.db.reading() as tx:
            return seeing.list_pieces(tx, call.claims, request, clock.now())
