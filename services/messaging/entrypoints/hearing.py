"""What the others say that is talked about, or attached."""

from chassis import clock
from chassis.inbox import hears
from contracts import directory, tasks
from messaging.use_cases import cases, directives, files, taking_part


class Hearing:
    @hears(tasks.task_issued)
    def on_task_issued(self, tx, event):
        cases.open_case(tx, event.data)

    @hears(tasks.document_changed)
    def on_document_changed(self, tx, event):
        for order in event.data["orders"]:
            cases.open_case(tx, order)

    @hears(tasks.tasks_imported)
    def on_tasks_imported(self, tx, event):
        for order in event.data["orders"]:
            cases.open_case(tx, order)

    @hears(tasks.assignment_changed)
    def on_assignment_changed(self, tx, event):
        """Nothing is said in the conversation: 184 heads would read that a 185th has received his piece."""
        cases.follow_pieces(tx, [event.data], event.data["at"])
        files.attach(tx, "tasks", event.data["result_id"], event.data["file_ids"])

    @hears(tasks.progress_reported)
    def on_progress_reported(self, tx, event):
        files.attach(tx, "tasks", event.data["report_id"], event.data["file_ids"])

    @hears(tasks.task_revoked)
    def on_task_revoked(self, tx, event):
        cases.follow_pieces(tx, event.data["pieces"], event.data["at"])

    @hears(tasks.assignments_moved)
    def on_assignments_moved(self, tx, event):
        cases.follow_pieces(tx, event.data["pieces"], event.data["at"])

    @hears(tasks.correction_decided)
    def on_correction_decided(self, tx, event):
        cases.follow_pieces(tx, event.data["pieces"], event.data["at"])

    @hears(tasks.urging_raised)
    def on_urging_raised(self, tx, event):
        directives.post_urging(tx, event.data)

    @hears(directory.account_revoked)
    def on_account_revoked(self, tx, event):
        taking_part.pass_on_groups(tx, event.data["person_id"], clock.now())
