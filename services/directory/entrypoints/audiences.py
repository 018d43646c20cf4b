"""The audiences that the Office keeps, on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import directory
from directory.use_cases import audiences
from kernel import policy


class Audiences:
    @rpc(directory.list_members)
    def list_members(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return audiences.list_members(tx, request, clock.now())

    @rpc(directory.create_audience)
    def create_audience(self, call, request):
        with self.db.transaction() as tx:
            return audiences.create_audience(tx, call.claims, request, clock.now())

    @rpc(directory.change_audience)
    def change_audience(self, call, request):
        with self.db.transaction() as tx:
            return audiences.change_audience(tx, call.claims, request, clock.now())

    @rpc(directory.retire_audience)
    def retire_audience(self, call, request):
        with self.db.transaction() as tx:
            return audiences.retire_audience(tx, call.claims, request, clock.now())
