"""Everything at a glance."""

from contracts import messaging, reminders, tasks
from gateway import schemas
from gateway.assembling import in_parallel, reckoned
from gateway.routes import route


class HomeRoutes:
    @route("GET", "/home", tag="home", query=reminders.GetOverview, answer=schemas.Home)
    def get_home(self, call):
        """What the person must act on now, from all services at once. `late_since` says when he looked last."""
        procedures = {
            "tasks": tasks.get_summary, "reminders": reminders.get_overview, "messaging": messaging.get_unread,
        }  # fmt: skip
        asked = {"reminders": {name: value for name, value in call.query.items() if value is not None}}
        patience = self.settings.home_patience
        parts, missing = in_parallel(
            {name: lambda name=name, procedure=procedure: call.ask(procedure, asked.get(name), timeout=patience)
             for name, procedure in procedures.items()}
        )  # fmt: skip
        return reckoned(parts | {"unavailable": missing})
