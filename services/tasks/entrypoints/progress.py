"""Progress and what stops it, on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import tasks
from tasks.use_cases import progress


class Progress:
    @rpc(tasks.report_progress)
    def report_progress(self, call, request):
        files = self.held(call, request)
        with self.db.transaction() as tx:
            return progress.report_progress(tx, call.claims, request, clock.now(), files)

    @rpc(tasks.raise_blocker)
    def raise_blocker(self, call, request):
        with self.db.transaction() as tx:
            return progress.raise_blocker(tx, call.claims, request, clock.now())

    @rpc(tasks.answer_blocker)
    def answer_blocker(self, call, request):
        with self.db.transaction() as tx:
            return progress.answer_blocker(tx, call.claims, request, clock.now())

    @rpc(tasks.list_progress)
    def list_progress(self, call, request):
        with self.db.reading() as tx:
            return progress.list_progress(tx, call.claims, request, clock.now())

    @rpc(tasks.get_blocker)
    def get_blocker(self, call, request):
        with self.db.reading() as tx:
            return progress.get_blocker(tx, call.claims, request, clock.now())

    @rpc(tasks.list_blockers)
    def list_blockers(self, call, request):
        with self.db.reading() as tx:
            return progress.list_blockers(tx, call.claims, request, clock.now())
