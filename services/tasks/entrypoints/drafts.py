"""Orders before they are given, on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import tasks
from tasks.use_cases import drafts


class Drafts:
    @rpc(tasks.draft)
    def draft(self, call, request):
        with self.db.transaction() as tx:
            return drafts.draft(tx, call.claims, request, clock.now())

    @rpc(tasks.edit_draft)
    def edit_draft(self, call, request):
        with self.db.transaction() as tx:
            return drafts.edit_draft(tx, call.claims, request, clock.now())

    @rpc(tasks.discard_draft)
    def discard_draft(self, call, request):
        with self.db.transaction() as tx:
            return drafts.discard_draft(tx, call.claims, request, clock.now())

    @rpc(tasks.submit_for_issue)
    def submit_for_issue(self, call, request):
        with self.db.transaction() as tx:
            return drafts.submit_for_issue(tx, call.claims, request, clock.now())

    @rpc(tasks.return_draft)
    def return_draft(self, call, request):
        with self.db.transaction() as tx:
            return drafts.return_draft(tx, call.claims, request, clock.now())

    @rpc(tasks.issue)
    def issue(self, call, request):
        with self.db.transaction() as tx:
            return drafts.issue(tx, call.claims, request, clock.now())
