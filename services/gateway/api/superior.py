"""Upwards: more time asked of superiors, and reports to them."""

from contracts import tasks
from gateway import schemas
from gateway.api.assignments import keyed
from gateway.assembling import versioned
from gateway.routes import BASE, route

OFFICE = ("not_authorised", "directory_stale")
WRITE = {"tag": "superior", "idempotency_key": True, "if_match": True, "etag": True}


class SuperiorRoutes:
    @route("GET", "/superior-requests", tag="superior", query=tasks.ListSuperiorRequests,
           answer=tasks.SuperiorRequestPage)  # fmt: skip
    def list_superior_requests(self, call):
        """More time that the city has consented to and asks its superiors for."""
        return call.ask(tasks.list_superior_requests, call.query)

    @route("GET", "/superior-requests/<uuid:request_id>", tag="superior", answer=tasks.SuperiorRequest, etag=True)
    def get_superior_request(self, call, request_id):
        """One request to a superior; its id is that of the extension."""
        return versioned(call.ask(tasks.get_superior_request, {"id": request_id}))

    @route("POST", "/superior-requests/<uuid:request_id>/record-sent", body=tasks.Sent, answer=tasks.SuperiorRequest,
           refusals=(*OFFICE, "already_decided", "day_in_future"), **WRITE)  # fmt: skip
    def record_request_sent(self, call, request_id):
        """Đã gửi xin gia hạn lên cấp trên: under which number."""
        return versioned(call.ask(tasks.record_request_sent, keyed(call, request_id) | call.body))

    @route("POST", "/superior-requests/<uuid:request_id>/answer", body=tasks.SuperiorAnswer,
           answer=tasks.SuperiorRequest,
           refusals=(*OFFICE, "already_decided", "day_in_future", "extension_not_later", "due_in_past", "due_too_far"),
           **WRITE)  # fmt: skip
    def record_superior_answer(self, call, request_id):
        """Ghi nhận trả lời của cấp trên: only now the date moves."""
        return versioned(call.ask(tasks.record_superior_answer, keyed(call, request_id) | call.body))

    @route("POST", "/superior-reports", tag="superior", body=tasks.NewReport, answer=tasks.SuperiorReport, status=201,
           idempotency_key=True, etag=True, refusals=(*OFFICE, "unknown_document", "report_too_long"))  # fmt: skip
    def draft_superior_report(self, call):
        """Lập báo cáo gửi cấp trên: the tasks as they stand now, in four classes."""
        report = call.ask(tasks.draft_superior_report, call.body | {"idempotency_key": call.idempotency_key})
        return versioned(report, status=201, headers={"Location": f"{BASE}/superior-reports/{report['id']}"})

    @route("GET", "/superior-reports", tag="superior", query=tasks.ListSuperiorReports,
           answer=tasks.SuperiorReportPage)  # fmt: skip
    def list_superior_reports(self, call):
        """Reports to superiors, the newest first."""
        return call.ask(tasks.list_superior_reports, call.query)

    @route("GET", "/superior-reports/<uuid:report_id>", tag="superior", answer=tasks.SuperiorReport, etag=True)
    def get_superior_report(self, call, report_id):
        """One report, with its four figures."""
        return versioned(call.ask(tasks.get_superior_report, {"id": report_id}))

    @route("GET", "/superior-reports/<uuid:report_id>/lines", tag="superior", query=schemas.ReportLinesQuery,
           answer=tasks.ReportLinePage)  # fmt: skip
    def list_report_lines(self, call, report_id):
        """The tasks that a report, or one figure of it, counts."""
        return call.ask(tasks.list_report_lines, call.query | {"report_id": report_id})

    @route("POST", "/superior-reports/<uuid:report_id>/approve", answer=tasks.SuperiorReport,
           refusals=(*OFFICE, "wrong_state", "own_report"), **WRITE)  # fmt: skip
    def approve_superior_report(self, call, report_id):
        """Duyệt báo cáo."""
        return versioned(call.ask(tasks.approve_superior_report, keyed(call, report_id)))

    @route("POST", "/superior-reports/<uuid:report_id>/return", body=tasks.Reason, answer=tasks.SuperiorReport,
           refusals=(*OFFICE, "wrong_state", "own_report"), **WRITE)  # fmt: skip
    def return_superior_report(self, call, report_id):
        """Trả lại báo cáo: a new one is drafted."""
        return versioned(call.ask(tasks.return_superior_report, keyed(call, report_id) | call.body))

    @route("POST", "/superior-reports/<uuid:report_id>/record-sent", body=tasks.Sent, answer=tasks.SuperiorReport,
           refusals=(*OFFICE, "wrong_state", "day_in_future"), **WRITE)  # fmt: skip
    def record_report_sent(self, call, report_id):
        """Đã gửi báo cáo: under which number."""
        return versioned(call.ask(tasks.record_report_sent, keyed(call, report_id) | call.body))
