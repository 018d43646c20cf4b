"""Before an order is given: what it would meet with."""

from contracts import tasks
from gateway import schemas
from gateway.routes import route

OF_UNITS = ("not_authorised", "unknown_audience")


class TaskPreviewsRoutes:
    @route("POST", "/task-previews", tag="tasks", body=tasks.PlannedOrder, answer=tasks.Preview,
           refusals=(*OF_UNITS, "due_in_past", "due_too_far"))  # fmt: skip
    def preview_task(self, call):
        """The load of each unit, orders that are probably the same, how long such work has taken. Keeps nothing."""
        return call.ask(tasks.preview, call.body)

    @route("GET", "/unit-load", tag="tasks", query=schemas.UnitLoadQuery, answer=tasks.UnitLoads,
           refusals=OF_UNITS)  # fmt: skip
    def list_unit_load(self, call):
        """Open, overdue and soon due work of the units of an audience, or of one unit."""
        unit_id = call.query["unit_id"]
        asked = {"audience": call.query["audience"], "due_on": call.query["due_on"]}
        return call.ask(tasks.list_unit_load, asked | {"unit_ids": unit_id and [unit_id]})
