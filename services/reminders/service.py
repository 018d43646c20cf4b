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
        pieces = [event.data, *event.data["pieces"]]
        use_cases.follow_pieces(tx, event.data, pieces, event.subject, event.version)

    @hears(tasks.task_revoked)
    def on_task_revoked(self, tx, event):
        use_cases.follow_pieces(tx, event.data, event.data["pieces"], event.subject, event.version)

    @hears(tasks.assignments_moved)
    def on_assignments_moved(self, tx, event):
        use_cases.follow_pieces(tx, event.data, event.data["pieces"], event.subject, event.version)

    @hears(tasks.extension_requested)
    def on_extension_requested(self, tx, event):
        use_cases.follow_extension(tx, event.data)

    @hears(tasks.extension_decided)
    def on_extension_decided(self, tx, event):
        use_cases.follow_extension(tx, event.data)

    @hears(tasks.draft_changed)
    def on_draft_changed(self, tx, event):
        use_cases.follow_waiting(tx, event.data, event.subject, event.version)

    @hears(tasks.progress_reported)
    def on_progress_reported(self, tx, event):
        use_cases.follow_waiting(tx, event.data, event.subject, event.version)

    @hears(tasks.blocker_raised)
    def on_blocker_raised(self, tx, event):
        use_cases.follow_waiting(tx, event.data, event.subject, event.version)

    @hears(tasks.blocker_resolved)
    def on_blocker_resolved(self, tx, event):
        use_cases.follow_waiting(tx, event.data, event.subject, event.version)

    @hears(tasks.urging_raised)
    def on_urging_raised(self, tx, event):
        use_cases.follow_waiting(tx, event.data, event.subject, event.version)

    @hears(tasks.urging_answered)
    def on_urging_answered(self, tx, event):
        use_cases.follow_waiting(tx, event.data, event.subject, event.version)

    @hears(tasks.correction_proposed)
    def on_correction_proposed(self, tx, event):
        use_cases.follow_waiting(tx, event.data, event.subject, event.version)

    @hears(tasks.correction_decided)
    def on_correction_decided(self, tx, event):
        use_cases.follow_waiting(tx, event.data, event.subject, event.version)

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
