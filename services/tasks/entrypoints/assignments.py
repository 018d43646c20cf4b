"""Pieces on the bus, as they are read."""

from chassis import clock
from chassis.rpc import rpc
from contracts import tasks
from tasks.use_cases import assignments


class Assignments:
    @rpc(tasks.list_assignments)
    def list_assignments(self, call, request):
        with self.db.reading() as tx:
            return assignments.list_assignments(tx, call.claims, request, clock.now())

    @rpc(tasks.get_assignment)
    def get_assignment(self, call, request):
        with self.db.reading() as tx:
            return assignments.get_assignment(tx, call.claims, request, clock.now())

    @rpc(tasks.list_children)
    def list_children(self, call, request):
        with self.db.reading() as tx:
            return assignments.list_children(tx, call.claims, request, clock.now())

    @rpc(tasks.list_results)
    def list_results(self, call, request):
        with self.db.reading() as tx:
            return assignments.list_results(tx, call.claims, request, clock.now())

    @rpc(tasks.list_history)
    def list_history(self, call, request):
        with self.db.reading() as tx:
            return assignments.list_history(tx, call.claims, request, clock.now())

    @rpc(tasks.list_task_history)
    def list_task_history(self, call, request):
        with self.db.reading() as tx:
            return assignments.list_task_history(tx, call.claims, request, clock.now())
