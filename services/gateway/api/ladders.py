"""Ladders, for operators."""

from chassis.http import Answer
from contracts import reminders
from gateway import schemas
from gateway.assembling import versioned, with_names
from gateway.routes import route

WRONG = ("ladder_span_impossible", "rung_out_of_order", "unknown_placeholder", "name_twice")


class LaddersRoutes:
    @route("GET", "/ladders", tag="reminders", answer=schemas.Ladders, etag=True, refusals=("not_authorised",))
    def get_ladders(self, call):
        """Who is nudged about what, and when; and how far open work is reckoned by it."""
        return self._ladders(call, call.ask(reminders.get_ladders))

    @route("GET", "/ladders/versions", tag="reminders", query=schemas.PageQuery, answer=schemas.LadderVersionPage,
           refusals=("not_authorised",))  # fmt: skip
    def list_ladder_versions(self, call):
        """All ladders that were ever set, by whom and why, the newest first."""
        page = call.ask(reminders.list_ladder_versions, call.query)
        with_names(call, self.names, page["items"], "person_id", "person_name")
        return page

    @route("PUT", "/ladders", tag="reminders", body=reminders.LaddersChange, answer=schemas.Ladders, if_match=True,
           etag=True, refusals=("not_authorised", *WRONG))  # fmt: skip
    def change_ladders(self, call):
        """Set other ladders; open work is reckoned anew in the background."""
        return self._ladders(call, call.ask(reminders.change_ladders, call.body | {"version": call.version}))

    @route("POST", "/ladders/simulate", tag="reminders", body=reminders.Rules, answer=schemas.Simulation,
           refusals=("not_authorised", *WRONG))  # fmt: skip
    def simulate_ladders(self, call):
        """What these ladders would have said in the last quarter, against those in force. Nothing is sent."""
        found = call.ask(reminders.simulate_ladders, call.body)
        for simulated in (found["in_force"], found["changed"]):
            with_names(call, self.names, simulated["per_person"], "person_id", "person_name")
        return found

    def _ladders(self, call, ladders: dict) -> Answer:
        with_names(call, self.names, [ladders], "person_id", "person_name")
        return versioned(ladders)
