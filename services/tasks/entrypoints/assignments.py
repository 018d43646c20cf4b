"""Assignments on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import tasks
from tasks.use_cases import assignments


class Assignments:
    @rpc(tasks.accept)
    def accept(self, call, request):
        with self.db.transaction() as tx:
            return assignments.accept(tx, call.claims, request, clock.now())

    @rpc(tasks.list_assignments)
    def list_assignments(self, call, request):
        with self.db.reading() as tx:
            return assignments.list_assignments(tx, call.claims, request, clock.now())

    @rpc(tasks.get_assignment)
    def get_assignment(self, call, request):
        with self.db.reading() as tx:
            return assignments.get_assignment(tx, call.claims, request, clock.now())
