"""Proposals on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import tasks
from tasks.use_cases import proposals


class Proposals:
    @rpc(tasks.propose)
    def propose(self, call, request):
        with self.db.reading() as tx:
            return proposals.propose(tx, call.claims, request, clock.now())
