"""What moves many pieces at once, on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import tasks
from tasks.use_cases import many


class Many:
    @rpc(tasks.revoke_task)
    def revoke_task(self, call, request):
        with self.db.transaction() as tx:
            return many.revoke_task(tx, call.claims, request, clock.now())

    @rpc(tasks.move_assignments)
    def move_assignments(self, call, request):
        with self.db.transaction() as tx:
            return many.move_assignments(tx, call.claims, request, clock.now())
