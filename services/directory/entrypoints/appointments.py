"""Posts, memberships and powers lent on the bus."""

from chassis import clock
from chassis.rpc import rpc
from chassis.timers import every
from contracts import directory
from directory.use_cases import appointments
from kernel import policy


class Appointments:
    @rpc(directory.make_post)
    def make_post(self, call, request):
        with self.db.transaction() as tx:
            return appointments.make_post(tx, call.claims, request, clock.now())

    @rpc(directory.close_post)
    def close_post(self, call, request):
        with self.db.transaction() as tx:
            return appointments.close_post(tx, call.claims, request, clock.now())

    @rpc(directory.list_posts)
    def list_posts(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return appointments.list_posts(tx, request, clock.now())

    @rpc(directory.get_post)
    def get_post(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        return self._show(call, appointments.get_post, request["id"])

    @rpc(directory.list_holders)
    def list_holders(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        return self._show(call, appointments.list_holders, request)

    @rpc(directory.appoint)
    def appoint(self, call, request):
        with self.db.transaction() as tx:
            return appointments.appoint(tx, call.claims, request, clock.now())

    @rpc(directory.end_membership)
    def end_membership(self, call, request):
        with self.db.transaction() as tx:
            return appointments.end_membership(tx, call.claims, request, clock.now())

    @rpc(directory.lend_powers)
    def lend_powers(self, call, request):
        with self.db.transaction() as tx:
            return appointments.lend(tx, call.claims, request, clock.now())

    @rpc(directory.take_powers_back)
    def take_powers_back(self, call, request):
        with self.db.transaction() as tx:
            return appointments.take_back(tx, call.claims, request, clock.now())

    @rpc(directory.list_delegations)
    def list_delegations(self, call, request):
        with self.db.reading() as tx:
            return appointments.list_delegations(tx, call.claims, request, clock.now())

    @rpc(directory.list_post_delegations)
    def list_post_delegations(self, call, request):
        with self.db.reading() as tx:
            return appointments.list_post_delegations(tx, call.claims, request, clock.now())

    @every(seconds=60)
    def count_guardians(self):
        with self.db.reading() as tx:
            appointments.count_guardians(tx, clock.now())
