"""Documents, and the orders that come out of them."""

from contracts import tasks
from gateway import schemas
from gateway.api.assignments import keyed, told
from gateway.api.drafts import FAULTS
from gateway.assembling import versioned
from gateway.routes import BASE, route

OFFICE = ("not_authorised", "wrong_state", "directory_stale")


class DocumentsRoutes:
    @route("POST", "/documents", tag="documents", body=tasks.NewDocument, answer=tasks.Document, status=201,
           idempotency_key=True, etag=True,
           refusals=("not_authorised", "directory_stale", "state_secret", "document_known", "day_in_future",
                     "dates_in_wrong_order"))  # fmt: skip
    def enter_document(self, call):
        """Vào sổ văn bản đến: the Office enters a document with its clauses."""
        document = call.ask(tasks.enter_document, call.body | {"idempotency_key": call.idempotency_key})
        return versioned(document, status=201, headers={"Location": f"{BASE}/documents/{document['id']}"})

    @route("GET", "/documents", tag="documents", query=tasks.ListDocuments, answer=tasks.DocumentPage)
    def list_documents(self, call):
        """Documents in one of the boxes, for the city's leaders and their Office."""
        return call.ask(tasks.list_documents, call.query)

    @route("GET", "/documents/<uuid:document_id>", tag="documents", answer=tasks.Document, etag=True)
    def get_document(self, call, document_id):
        """A document with its clauses, and how many of them have become orders."""
        return versioned(call.ask(tasks.get_document, {"id": document_id}))

    @route("GET", "/documents/<uuid:document_id>/tasks", tag="documents", query=schemas.PageQuery,
           answer=tasks.ClauseTaskPage)  # fmt: skip
    def list_document_tasks(self, call, document_id):
        """The orders that came out of a document."""
        return call.ask(tasks.list_document_tasks, call.query | {"document_id": document_id})

    @route("POST", "/documents/<uuid:document_id>/tasks", tag="documents", limit="assign",
           body=schemas.NewDocumentOrders,
           answer=tasks.IssuedFromDocument, status=201, idempotency_key=True, if_match=True, etag=True,
           refusals=(*OFFICE, *FAULTS, "unknown_clause", "due_after_superior"))  # fmt: skip
    def create_document_tasks(self, call, document_id):
        """Giao nhiều việc từ một văn bản: up to 20 orders, all or none; with `issue` false they are drafts."""
        procedure = tasks.issue_from_document if call.body["issue"] else tasks.draft_from_document
        issued = call.ask(procedure, keyed(call, document_id) | {"orders": call.body["orders"]})
        told(call, *issued["tasks"])
        return versioned(issued, status=201)

    @route("POST", "/documents/<uuid:document_id>/receive", tag="documents", answer=tasks.Document,
           idempotency_key=True, if_match=True, etag=True, refusals=OFFICE)  # fmt: skip
    def receive_document(self, call, document_id):
        """Tiếp nhận văn bản that a sibling's event brought."""
        return versioned(call.ask(tasks.receive_document, keyed(call, document_id)))

    @route("POST", "/documents/<uuid:document_id>/refuse", tag="documents", body=tasks.Reason, answer=tasks.Document,
           idempotency_key=True, if_match=True, etag=True, refusals=OFFICE)  # fmt: skip
    def refuse_document(self, call, document_id):
        """Từ chối tiếp nhận văn bản."""
        return versioned(call.ask(tasks.refuse_document, keyed(call, document_id) | call.body))

    @route("POST", "/documents/<uuid:document_id>/clauses/<int:number>/no-task", tag="documents", body=tasks.Reason,
           answer=tasks.Document, idempotency_key=True, if_match=True, etag=True,
           refusals=(*OFFICE, "unknown_clause", "clause_assigned"))  # fmt: skip
    def declare_no_task(self, call, document_id, number):
        """A clause that needs no order, and why."""
        request = keyed(call, document_id) | {"number": int(number)}
        return versioned(call.ask(tasks.declare_no_task, request | call.body))

    @route("POST", "/documents/<uuid:document_id>/answer-recall", tag="documents", body=tasks.RecallAnswer,
           answer=tasks.Document, idempotency_key=True, if_match=True, etag=True,
           refusals=(*OFFICE, "orders_open", "drafts_open"))  # fmt: skip
    def answer_recall(self, call, document_id):
        """Đồng ý hoặc từ chối cho lấy lại văn bản."""
        return versioned(call.ask(tasks.answer_recall, keyed(call, document_id) | call.body))
