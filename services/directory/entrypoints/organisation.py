"""Units, audiences and working days on the bus."""

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
            return organisation.get_unit(tx, request["id"], clock.now(), request["on"])

    @rpc(directory.get_successors)
    def get_successors(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return organisation.get_successors(tx, request["id"], clock.now())

    @rpc(directory.list_heads)
    def list_heads(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return organisation.list_heads(tx, request)

    @rpc(directory.list_audiences)
    def list_audiences(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return organisation.list_audiences(tx)

    @rpc(directory.get_audience)
    def get_audience(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return organisation.get_audience(tx, request["name"])

    @rpc(directory.set_audience)
    def set_audience(self, call, request):
        with self.db.transaction() as tx:
            return organisation.set_audience(tx, call.claims, request, clock.now())

    @rpc(directory.get_working_days)
    def get_working_days(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return organisation.get_working_days(tx, request["year"])

    @rpc(directory.set_working_days)
    def set_working_days(self, call, request):
        with self.db.transaction() as tx:
            return organisation.set_working_days(tx, call.claims, request, clock.now())
