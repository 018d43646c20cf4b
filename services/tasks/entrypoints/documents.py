"""Documents on the bus: what persons ask, what siblings say, and what follows from the work."""

from chassis import clock
from chassis.inbox import hears
from chassis.rpc import rpc
from chassis.timers import every
from contracts import inbound, tasks
from tasks.use_cases import documents


class Documents:
    @rpc(tasks.enter_document)
    def enter_document(self, call, request):
        with self.db.transaction() as tx:
            return documents.enter_document(tx, call.claims, request, clock.now())

    @rpc(tasks.receive_document)
    def receive_document(self, call, request):
        with self.db.transaction() as tx:
            return documents.receive_document(tx, call.claims, request, clock.now())

    @rpc(tasks.refuse_document)
    def refuse_document(self, call, request):
        with self.db.transaction() as tx:
            return documents.refuse_document(tx, call.claims, request, clock.now())

    @rpc(tasks.declare_no_task)
    def declare_no_task(self, call, request):
        with self.db.transaction() as tx:
            return documents.declare_no_task(tx, call.claims, request, clock.now())

    @rpc(tasks.answer_recall)
    def answer_recall(self, call, request):
        with self.db.transaction() as tx:
            return documents.answer_recall(tx, call.claims, request, clock.now())

    @rpc(tasks.issue_from_document)
    def issue_from_document(self, call, request):
        with self.db.transaction() as tx:
            return documents.issue_from_document(tx, call.claims, request, clock.now())

    @rpc(tasks.draft_from_document)
    def draft_from_document(self, call, request):
        with self.db.transaction() as tx:
            return documents.draft_from_document(tx, call.claims, request, clock.now())

    @rpc(tasks.get_document)
    def get_document(self, call, request):
        with self.db.reading() as tx:
            return documents.get_document(tx, call.claims, request, clock.now())

    @rpc(tasks.list_documents)
    def list_documents(self, call, request):
        with self.db.reading() as tx:
            return documents.list_documents(tx, call.claims, request, clock.now())

    @rpc(tasks.list_document_tasks)
    def list_document_tasks(self, call, request):
        with self.db.reading() as tx:
            return documents.list_document_tasks(tx, call.claims, request, clock.now())

    @hears(inbound.incoming_task_received)
    def on_incoming_task_received(self, tx, event):
        documents.arrive(tx, event, clock.now())

    @hears(inbound.document_recall_asked)
    def on_document_recall_asked(self, tx, event):
        documents.ask_back(tx, event, clock.now())

    @every(seconds=1)
    def follow_documents(self):
        """Several processes may: each takes another document."""
        more = True
        while more:
            with self.db.transaction() as tx:
                more = documents.follow_one(tx, clock.now())
