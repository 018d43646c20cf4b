"""Requests and reports upwards, on the bus."""

from chassis import clock
from chassis.inbox import hears
from chassis.rpc import rpc
from contracts import inbound, tasks
from tasks.use_cases import superior


class Superior:
    @rpc(tasks.record_request_sent)
    def record_request_sent(self, call, request):
        with self.db.transaction() as tx:
            return superior.record_request_sent(tx, call.claims, request, clock.now())

    @rpc(tasks.record_superior_answer)
    def record_superior_answer(self, call, request):
        with self.db.transaction() as tx:
            return superior.record_superior_answer(tx, call.claims, request, clock.now())

    @rpc(tasks.draft_superior_report)
    def draft_superior_report(self, call, request):
        with self.db.transaction() as tx:
            return superior.draft_superior_report(tx, call.claims, request, clock.now())

    @rpc(tasks.approve_superior_report)
    def approve_superior_report(self, call, request):
        with self.db.transaction() as tx:
            return superior.approve_superior_report(tx, call.claims, request, clock.now())

    @rpc(tasks.return_superior_report)
    def return_superior_report(self, call, request):
        with self.db.transaction() as tx:
            return superior.return_superior_report(tx, call.claims, request, clock.now())

    @rpc(tasks.record_report_sent)
    def record_report_sent(self, call, request):
        with self.db.transaction() as tx:
            return superior.record_report_sent(tx, call.claims, request, clock.now())

    @rpc(tasks.get_superior_request)
    def get_superior_request(self, call, request):
        with self.db.reading() as tx:
            return superior.get_superior_request(tx, call.claims, request, clock.now())

    @rpc(tasks.list_superior_requests)
    def list_superior_requests(self, call, request):
        with self.db.reading() as tx:
            return superior.list_superior_requests(tx, call.claims, request, clock.now())

    @rpc(tasks.get_superior_report)
    def get_superior_report(self, call, request):
        with self.db.reading() as tx:
            return superior.get_superior_report(tx, call.claims, request, clock.now())

    @rpc(tasks.list_superior_reports)
    def list_superior_reports(self, call, request):
        with self.db.reading() as tx:
            return superior.list_superior_reports(tx, call.claims, request, clock.now())

    @rpc(tasks.list_report_lines)
    def list_report_lines(self, call, request):
        with self.db.reading() as tx:
            return superior.list_report_lines(tx, call.claims, request, clock.now())

    @hears(inbound.superior_answered)
    def on_superior_answered(self, tx, event):
        superior.hear_answer(tx, event, clock.now())
