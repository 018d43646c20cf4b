"""Everything at a glance."""

from contracts import messaging, reminders, tasks
from gateway import schemas
from gateway.assembling import in_parallel
from gateway.routes import route


class HomeRoutes:
    @route("GET", "/home", tag="home", answer=schemas.Home)
    def get_home(self, call):
        """What the person must act on now, from all services at once."""
        procedures = {
            "tasks": tasks.get_summary, "reminders": reminders.get_overview, "messaging": messaging.get_unread,
        }  # fmt: skip
        patience = self.settings.home_patience
        parts, missing = in_parallel(
            {name: lambda procedure=procedure: call.ask(procedure, timeout=patience)
             for name, procedure in procedures.items()}
        )  # fmt: skip
        return parts | {"unavailable": missing}
