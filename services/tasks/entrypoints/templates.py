"""Orders that recur, on the bus, and the clock that drafts them."""

from chassis import clock
from chassis.rpc import rpc
from chassis.timers import every
from contracts import tasks
from tasks.use_cases import templates


class Templates:
    @rpc(tasks.create_template)
    def create_template(self, call, request):
        with self.db.transaction() as tx:
            return templates.create_template(tx, call.claims, request, clock.now())

    @rpc(tasks.change_template)
    def change_template(self, call, request):
        with self.db.transaction() as tx:
            return templates.change_template(tx, call.claims, request, clock.now())

    @rpc(tasks.pause_template)
    def pause_template(self, call, request):
        with self.db.transaction() as tx:
            return templates.pause_template(tx, call.claims, request, clock.now())

    @rpc(tasks.resume_template)
    def resume_template(self, call, request):
        with self.db.transaction() as tx:
            return templates.resume_template(tx, call.claims, request, clock.now())

    @rpc(tasks.discard_template)
    def discard_template(self, call, request):
        with self.db.transaction() as tx:
            return templates.discard_template(tx, call.claims, request, clock.now())

    @rpc(tasks.get_template)
    def get_template(self, call, request):
        with self.db.reading() as tx:
            return templates.get_template(tx, call.claims, request, clock.now())

    @rpc(tasks.list_templates)
    def list_templates(self, call, request):
        with self.db.reading() as tx:
            return templates.list_templates(tx, call.claims, request, clock.now())

    @rpc(tasks.list_occurrences)
    def list_occurrences(self, call, request):
        with self.db.reading() as tx:
            return templates.list_occurrences(tx, call.claims, request, clock.now())

    @every(seconds=60, alone="templates")
    def draft_recurring_orders(self):
        templates.draft_due(self.db, clock.now())
