"""The verbs that move one piece, on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import tasks
from tasks.use_cases import verbs


class Verbs:
    @rpc(tasks.accept)
    def accept(self, call, request):
        with self.db.transaction() as tx:
            return verbs.accept(tx, call.claims, request, clock.now())

    @rpc(tasks.decline)
    def decline(self, call, request):
        with self.db.transaction() as tx:
            return verbs.decline(tx, call.claims, request, clock.now())

    @rpc(tasks.reassign)
    def reassign(self, call, request):
        with self.db.transaction() as tx:
            return verbs.reassign(tx, call.claims, request, clock.now())

    @rpc(tasks.uphold)
    def uphold(self, call, request):
        with self.db.transaction() as tx:
            return verbs.uphold(tx, call.claims, request, clock.now())

    @rpc(tasks.submit_result)
    def submit_result(self, call, request):
        files = self.held(call, request)
        with self.db.transaction() as tx:
            return verbs.submit_result(tx, call.claims, request, clock.now(), files)

    @rpc(tasks.approve_result)
    def approve_result(self, call, request):
        with self.db.transaction() as tx:
            return verbs.approve_result(tx, call.claims, request, clock.now())

    @rpc(tasks.return_result)
    def return_result(self, call, request):
        with self.db.transaction() as tx:
            return verbs.return_result(tx, call.claims, request, clock.now())

    @rpc(tasks.withdraw_result)
    def withdraw_result(self, call, request):
        with self.db.transaction() as tx:
            return verbs.withdraw_result(tx, call.claims, request, clock.now())

    @rpc(tasks.suspend)
    def suspend(self, call, request):
        with self.db.transaction() as tx:
            return verbs.suspend(tx, call.claims, request, clock.now())

    @rpc(tasks.resume)
    def resume(self, call, request):
        with self.db.transaction() as tx:
            return verbs.resume(tx, call.claims, request, clock.now())

    @rpc(tasks.revoke)
    def revoke(self, call, request):
        with self.db.transaction() as tx:
            return verbs.revoke(tx, call.claims, request, clock.now())

    @rpc(tasks.reopen)
    def reopen(self, call, request):
        with self.db.transaction() as tx:
            return verbs.reopen(tx, call.claims, request, clock.now())

    @rpc(tasks.archive)
    def archive(self, call, request):
        with self.db.transaction() as tx:
            return verbs.archive(tx, call.claims, request, clock.now())

    @rpc(tasks.pass_on)
    def pass_on(self, call, request):
        with self.db.transaction() as tx:
            return verbs.pass_on(tx, call.claims, request, clock.now())
