"""Units and audiences on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import directory
from directory.use_cases import organisation
from kernel import policy


class Organisation:
    @rpc(directory.list_units)
    def list_units(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return organisation.list_units(tx, request, clock.now())

    @rpc(directory.get_unit)
    def get_unit(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return organisation.get_unit(tx, request["id"], clock.now())

    @rpc(directory.list_audiences)
    def list_audiences(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return organisation.list_audiences(tx)
