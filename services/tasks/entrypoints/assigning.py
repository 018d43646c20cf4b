"""What helps to assign well, on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import tasks
from tasks.use_cases import assigning


class Assigning:
    @rpc(tasks.preview)
    def preview(self, call, request):
        with self.db.reading() as tx:
            return assigning.preview(tx, call.claims, request, clock.now())

    @rpc(tasks.list_unit_load)
    def list_unit_load(self, call, request):
        with self.db.reading() as tx:
            return assigning.list_unit_load(tx, call.claims, request, clock.now())
