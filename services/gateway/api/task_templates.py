"""Orders that recur."""

from chassis.http import Answer
from contracts import tasks
from gateway import schemas
from gateway.api.assignments import keyed
from gateway.assembling import versioned
from gateway.routes import BASE, route

STEP = ("not_authorised", "wrong_state", "directory_stale")
FAULTS = (
    "recurrence_not_understood", "day_too_far", "dates_in_wrong_order", "unknown_audience", "unknown_unit",
    "unknown_post", "one_lead_needed", "unit_twice", "unit_not_direct", "role_not_in_mode", "directory_stale",
)  # fmt: skip


class TaskTemplatesRoutes:
    @route("POST", "/task-templates", tag="tasks", body=tasks.NewTemplate, answer=tasks.Template, status=201,
           idempotency_key=True, etag=True, refusals=("not_authorised", *FAULTS))  # fmt: skip
    def create_template(self, call):
        """Write down an order that recurs: at its time a draft of it is put before the leader, who gives it or not."""
        request = {"idempotency_key": call.idempotency_key, "template": call.body}
        template = call.ask(tasks.create_template, request)
        return versioned(template, status=201, headers={"Location": f"{BASE}/task-templates/{template['id']}"})

    @route("GET", "/task-templates", tag="tasks", query=schemas.PageQuery, answer=tasks.TemplatePage)
    def list_templates(self, call):
        """The recurring orders that one sees, the newest first."""
        return call.ask(tasks.list_templates, call.query)

    @route("GET", "/task-templates/<uuid:template_id>", tag="tasks", answer=tasks.Template, etag=True)
    def get_template(self, call, template_id):
        """A recurring order with its next occurrences."""
        return versioned(call.ask(tasks.get_template, {"id": template_id}))

    @route("GET", "/task-templates/<uuid:template_id>/occurrences", tag="tasks", query=schemas.PageQuery,
           answer=tasks.OccurrencePage)  # fmt: skip
    def list_occurrences(self, call, template_id):
        """What came of each occurrence, the latest first: drafted, missed, or refused and why."""
        return call.ask(tasks.list_occurrences, call.query | {"template_id": template_id})

    @route("PUT", "/task-templates/<uuid:template_id>", tag="tasks", body=tasks.NewTemplate, answer=tasks.Template,
           idempotency_key=True, if_match=True, etag=True, refusals=(*STEP, *FAULTS))  # fmt: skip
    def change_template(self, call, template_id):
        """Written anew; drafts that stand stay as they are."""
        return versioned(call.ask(tasks.change_template, keyed(call, template_id) | {"template": call.body}))

    @route("POST", "/task-templates/<uuid:template_id>/pause", tag="tasks", answer=tasks.Template,
           idempotency_key=True, if_match=True, etag=True, refusals=STEP)  # fmt: skip
    def pause_template(self, call, template_id):
        """No drafts until it is resumed."""
        return versioned(call.ask(tasks.pause_template, keyed(call, template_id)))

    @route("POST", "/task-templates/<uuid:template_id>/resume", tag="tasks", answer=tasks.Template,
           idempotency_key=True, if_match=True, etag=True, refusals=STEP)  # fmt: skip
    def resume_template(self, call, template_id):
        """Drafts again, from the next occurrence on."""
        return versioned(call.ask(tasks.resume_template, keyed(call, template_id)))

    @route("DELETE", "/task-templates/<uuid:template_id>", tag="tasks", status=204, idempotency_key=True,
           if_match=True, refusals=STEP)  # fmt: skip
    def discard_template(self, call, template_id):
        """It goes; its drafts and orders stay."""
        call.ask(tasks.discard_template, keyed(call, template_id))
        return Answer(status=204)
