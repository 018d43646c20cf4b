"""messaging on the bus: conversations, the case conversation that every order brings with it, and files."""

from typing import NamedTuple

from nameko.extensions import DependencyProvider

from chassis import clock
from chassis.database import Database
from chassis.inbox import hears
from chassis.rpc import rpc
from contracts import messaging, tasks
from kernel.audit_log import audit_reading
from kernel.directory_copy import HearsDirectory
from messaging import use_cases
from messaging.files.entrypoints import Files
from messaging.files.scanning import Clamd, Command, scanner_of
from messaging.files.storage import attach
from messaging.settings import read

read_settings = read  # the launcher looks for it here


class Scans(NamedTuple):
    """The scanner, if there is one, and what becomes of a file while it does not answer."""

    scanner: Clamd | Command | None
    away: str


class Scanning(DependencyProvider):
    def setup(self):
        settings = self.container.settings
        self._scans = Scans(scanner_of(settings.scanner), settings.scanner_away)

    def get_dependency(self, worker_ctx):
        return self._scans


class Service(Files, HearsDirectory, audit_reading(messaging.list_audit)):
    name = "messaging"
    db = Database()
    scanning = Scanning()

    @hears(tasks.task_issued)
    def on_task_issued(self, tx, event):
        use_cases.open_case(tx, event.data)

    @hears(tasks.document_changed)
    def on_document_changed(self, tx, event):
        for order in event.data["orders"]:
            use_cases.open_case(tx, order)

    @hears(tasks.tasks_imported)
    def on_tasks_imported(self, tx, event):
        for order in event.data["orders"]:
            use_cases.open_case(tx, order)

    @hears(tasks.assignment_changed)
    def on_assignment_changed(self, tx, event):
        """Nothing is said in the conversation: 184 heads would read that a 185th has received his piece."""
        use_cases.follow_pieces(tx, [event.data])
        if event.data["file_ids"]:
            attach(tx, "tasks", event.data["result_id"], event.data["file_ids"])

    @hears(tasks.progress_reported)
    def on_progress_reported(self, tx, event):
        if event.data["file_ids"]:
            attach(tx, "tasks", event.data["report_id"], event.data["file_ids"])

    @hears(tasks.task_revoked)
    def on_task_revoked(self, tx, event):
        use_cases.follow_pieces(tx, event.data["pieces"])

    @hears(tasks.assignments_moved)
    def on_assignments_moved(self, tx, event):
        use_cases.follow_pieces(tx, event.data["pieces"])

    @hears(tasks.correction_decided)
    def on_correction_decided(self, tx, event):
        use_cases.follow_pieces(tx, event.data["pieces"])

    @hears(tasks.urging_raised)
    def on_urging_raised(self, tx, event):
        use_cases.post_urging(tx, event.data)

    @rpc(messaging.list_conversations)
    def list_conversations(self, call, request):
        with self.db.reading() as tx:
            return use_cases.list_conversations(tx, call.claims, request, clock.now())

    @rpc(messaging.get_conversation)
    def get_conversation(self, call, request):
        with self.db.reading() as tx:
            return use_cases.get_conversation(tx, call.claims, request, clock.now())

    @rpc(messaging.list_participants)
    def list_participants(self, call, request):
        with self.db.reading() as tx:
            return use_cases.list_participants(tx, call.claims, request, clock.now())

    @rpc(messaging.list_messages)
    def list_messages(self, call, request):
        with self.db.reading() as tx:
            return use_cases.list_messages(tx, call.claims, request, clock.now())

    @rpc(messaging.post_message)
    def post_message(self, call, request):
        with self.db.transaction() as tx:
            return use_cases.post_message(tx, call.claims, request, clock.now())

    @rpc(messaging.mark_read)
    def mark_read(self, call, request):
        with self.db.transaction() as tx:
            return use_cases.mark_read(tx, call.claims, request, clock.now())

    @rpc(messaging.get_unread)
    def get_unread(self, call, request):
        with self.db.reading() as tx:
            return use_cases.get_unread(tx, call.claims, clock.now())
