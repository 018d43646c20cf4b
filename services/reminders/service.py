"""reminders on the bus: what a post must act on now, until it has acted."""

from chassis import clock
from chassis.database import Database
from chassis.inbox import hears
from chassis.rpc import rpc
from contracts import directory, reminders, tasks
from kernel.audit_log import audit_reading
from kernel.directory_copy import HearsDirectory
from reminders import use_cases


class Service(HearsDirectory, audit_reading(reminders.list_audit)):
    name = "reminders"
    db = Database()

    @hears(tasks.task_issued)
    def on_task_issued(self, tx, event):
        use_cases.raise_items(tx, event.data, event.version)

    @hears(tasks.assignment_changed)
    def on_assignment_changed(self, tx, event):
        use_cases.follow_assignment(tx, event.data)

    @hears(directory.break_glass_used)
    def on_break_glass_used(self, tx, event):
        use_cases.raise_break_glass(tx, event.data, event.version)

    @hears(directory.break_glass_sealed)
    def on_break_glass_sealed(self, tx, event):
        use_cases.close_break_glass(tx, event.data, event.version)

    @rpc(reminders.list_action_items)
    def list_action_items(self, call, request):
        with self.db.reading() as tx:
            return use_cases.list_action_items(tx, call.claims, request, clock.now())

    @rpc(reminders.get_overview)
    def get_overview(self, call, request):
        with self.db.reading() as tx:
            return use_cases.get_overview(tx, call.claims, clock.now())
