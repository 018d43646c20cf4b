"""Requests for more time on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import tasks
from tasks.use_cases import extensions


class Extensions:
    @rpc(tasks.request_extension)
    def request_extension(self, call, request):
        with self.db.transaction() as tx:
            return extensions.request_extension(tx, call.claims, request, clock.now())

    @rpc(tasks.grant_extension)
    def grant_extension(self, call, request):
        with self.db.transaction() as tx:
            return extensions.grant_extension(tx, call.claims, request, clock.now())

    @rpc(tasks.refuse_extension)
    def refuse_extension(self, call, request):
        with self.db.transaction() as tx:
            return extensions.refuse_extension(tx, call.claims, request, clock.now())

    @rpc(tasks.withdraw_extension)
    def withdraw_extension(self, call, request):
        with self.db.transaction() as tx:
            return extensions.withdraw_extension(tx, call.claims, request, clock.now())

    @rpc(tasks.extend_children)
    def extend_children(self, call, request):
        with self.db.transaction() as tx:
            return extensions.extend_children(tx, call.claims, request, clock.now())

    @rpc(tasks.keep_children)
    def keep_children(self, call, request):
        with self.db.transaction() as tx:
            return extensions.keep_children(tx, call.claims, request, clock.now())

    @rpc(tasks.get_extension)
    def get_extension(self, call, request):
        with self.db.reading() as tx:
            return extensions.get_extension(tx, call.claims, request, clock.now())

    @rpc(tasks.list_extensions)
    def list_extensions(self, call, request):
        with self.db.reading() as tx:
            return extensions.list_extensions(tx, call.claims, request, clock.now())
