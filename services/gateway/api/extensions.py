"""Requests for more time."""

from contracts import tasks
from gateway import schemas
from gateway.api.assignments import keyed
from gateway.assembling import versioned
from gateway.routes import BASE, route

DECISION = ("not_authorised", "already_decided")


class ExtensionsRoutes:
    @route("GET", "/assignments/<uuid:assignment_id>/extensions", tag="assignments", query=schemas.PageQuery,
           answer=tasks.ExtensionPage)  # fmt: skip
    def list_extensions(self, call, assignment_id):
        """The requests for more time of a piece, round by round."""
        return call.ask(tasks.list_extensions, call.query | {"assignment_id": assignment_id})

    @route("POST", "/assignments/<uuid:assignment_id>/extensions", tag="assignments", body=tasks.NewExtension,
           answer=tasks.Extension, status=201, idempotency_key=True, etag=True,
           refusals=("not_authorised", "wrong_state", "no_deadline", "extension_pending", "extension_not_later",
                     "due_in_past", "due_too_far", "due_after_parent"))  # fmt: skip
    def request_extension(self, call, assignment_id):
        """Xin gia hạn: the head of the unit asks for more time; the clock does not stop."""
        request = {"assignment_id": assignment_id, "idempotency_key": call.idempotency_key}
        extension = call.ask(tasks.request_extension, call.body | request)
        return versioned(extension, status=201, headers={"Location": f"{BASE}/extensions/{extension['id']}"})

    @route("POST", "/assignments/<uuid:assignment_id>/extend-children", tag="assignments", body=tasks.ForChildren,
           answer=tasks.AssignmentDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=("not_authorised", "wrong_state", "unknown_assignment", "extension_not_later", "due_in_past",
                     "due_too_far", "due_after_parent"))  # fmt: skip
    def extend_children(self, call, assignment_id):
        """Gia hạn cho cấp dưới: what was passed on is due later, with its parent at the latest."""
        return versioned(call.ask(tasks.extend_children, keyed(call, assignment_id) | call.body))

    @route("POST", "/assignments/<uuid:assignment_id>/keep-children", tag="assignments",
           answer=tasks.AssignmentDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=("not_authorised", "wrong_state"))  # fmt: skip
    def keep_children(self, call, assignment_id):
        """Giữ nguyên hạn của cấp dưới: the answer to the offer to extend them."""
        return versioned(call.ask(tasks.keep_children, keyed(call, assignment_id)))

    @route("GET", "/extensions/<uuid:extension_id>", tag="assignments", answer=tasks.Extension, etag=True)
    def get_extension(self, call, extension_id):
        """One request for more time."""
        return versioned(call.ask(tasks.get_extension, {"id": extension_id}))

    @route("POST", "/extensions/<uuid:extension_id>/grant", tag="assignments", body=tasks.Grant, answer=tasks.Extension,
           idempotency_key=True, if_match=True, etag=True,
           refusals=(*DECISION, "superior_decides", "extension_not_later", "due_in_past", "due_too_far",
                     "due_after_parent"))  # fmt: skip
    def grant_extension(self, call, extension_id):
        """Cho gia hạn: the deadline moves, to the date asked for or to another."""
        return versioned(call.ask(tasks.grant_extension, keyed(call, extension_id) | call.body))

    @route("POST", "/extensions/<uuid:extension_id>/refuse", tag="assignments", body=tasks.Reason,
           answer=tasks.Extension, idempotency_key=True, if_match=True, etag=True, refusals=DECISION)  # fmt: skip
    def refuse_extension(self, call, extension_id):
        """Không cho gia hạn: the deadline stands."""
        return versioned(call.ask(tasks.refuse_extension, keyed(call, extension_id) | call.body))

    @route("POST", "/extensions/<uuid:extension_id>/withdraw", tag="assignments", answer=tasks.Extension,
           idempotency_key=True, if_match=True, etag=True, refusals=DECISION)  # fmt: skip
    def withdraw_extension(self, call, extension_id):
        """Rút đề nghị gia hạn, before a decision."""
        return versioned(call.ask(tasks.withdraw_extension, keyed(call, extension_id)))
