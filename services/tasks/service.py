"""tasks on the bus: what was ordered, to whom, by when, and where it stands."""

from chassis import clock
from chassis.database import Database
from chassis.rpc import rpc
from contracts import tasks
from kernel.audit_log import audit_reading
from kernel.directory_copy import HearsDirectory
from tasks import use_cases


class Service(HearsDirectory, audit_reading(tasks.list_audit)):
    name = "tasks"
    db = Database()

    @rpc(tasks.assign)
    def assign(self, call, request):
        with self.db.transaction() as tx:
            return use_cases.assign(tx, call.claims, request, clock.now())

    @rpc(tasks.accept)
    def accept(self, call, request):
        with self.db.transaction() as tx:
            return use_cases.accept(tx, call.claims, request, clock.now())

    @rpc(tasks.get_task)
    def get_task(self, call, request):
        with self.db.reading() as tx:
            return use_cases.get_task(tx, call.claims, request, clock.now())

    @rpc(tasks.list_tasks)
    def list_tasks(self, call, request):
        with self.db.reading() as tx:
            return use_cases.list_tasks(tx, call.claims, request, clock.now())

    @rpc(tasks.list_assignments)
    def list_assignments(self, call, request):
        with self.db.reading() as tx:
            return use_cases.list_assignments(tx, call.claims, request, clock.now())

    @rpc(tasks.get_assignment)
    def get_assignment(self, call, request):
        with self.db.reading() as tx:
            return use_cases.get_assignment(tx, call.claims, request, clock.now())

    @rpc(tasks.get_summary)
    def get_summary(self, call, request):
        with self.db.reading() as tx:
            return use_cases.get_summary(tx, call.claims, clock.now())
