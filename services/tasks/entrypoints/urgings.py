"""Urgings on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import tasks
from tasks.use_cases import urgings


class Urgings:
    @rpc(tasks.urge)
    def urge(self, call, request):
        with self.db.transaction() as tx:
            return urgings.urge(tx, call.claims, request, clock.now())

    @rpc(tasks.urge_many)
    def urge_many(self, call, request):
        with self.db.transaction() as tx:
            return urgings.urge_many(tx, call.claims, request, clock.now())

    @rpc(tasks.answer_urging)
    def answer_urging(self, call, request):
        with self.db.transaction() as tx:
            return urgings.answer_urging(tx, call.claims, request, clock.now())

    @rpc(tasks.get_urging)
    def get_urging(self, call, request):
        with self.db.reading() as tx:
            return urgings.get_urging(tx, call.claims, request, clock.now())

    @rpc(tasks.list_urgings)
    def list_urgings(self, call, request):
        with self.db.reading() as tx:
            return urgings.list_urgings(tx, call.claims, request, clock.now())
