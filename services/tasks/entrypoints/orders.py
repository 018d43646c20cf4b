"""Orders on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import tasks
from tasks.use_cases import orders


class Orders:
    @rpc(tasks.assign)
    def assign(self, call, request):
        with self.db.transaction() as tx:
            return orders.assign(tx, call.claims, request, clock.now())

    @rpc(tasks.get_task)
    def get_task(self, call, request):
        with self.db.reading() as tx:
            return orders.get_task(tx, call.claims, request, clock.now())

    @rpc(tasks.list_tasks)
    def list_tasks(self, call, request):
        with self.db.reading() as tx:
            return orders.list_tasks(tx, call.claims, request, clock.now())

    @rpc(tasks.get_titles)
    def get_titles(self, call, request):
        with self.db.reading() as tx:
            return orders.get_titles(tx, call.claims, request, clock.now())

    @rpc(tasks.get_summary)
    def get_summary(self, call, request):
        with self.db.reading(keep_plans=True) as tx:
            return orders.get_summary(tx, call.claims, clock.now())
