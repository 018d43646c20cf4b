"""How the parts are, for operators."""

import time

from chassis import clock
from chassis.errors import CallFailed
from contracts import directory, messaging, reminders, tasks
from gateway import schemas
from gateway.assembling import in_parallel
from gateway.routes import route
from kernel.directory_copy import read_state

# a question that everybody may ask, and that needs the service's database
ASKED = {
    "directory": directory.get_profile, "tasks": tasks.get_summary, "reminders": reminders.get_overview,
    "messaging": messaging.get_unread,
}  # fmt: skip


class HealthRoutes:
    @route("GET", "/health", tag="operators", answer=schemas.Health)
    def get_health(self, call):
        """Which services answer, each asked what everybody may ask it, and how old our copy of the directory is.

        What no answer tells (queues, parked messages, databases) is in each process's own metrics.
        """
        asked = {
            name: lambda procedure=procedure: _answers(call, procedure, self.settings.home_patience)
            for name, procedure in ASKED.items()
        }
        parts, _ = in_parallel(asked)
        with self.db.reading() as tx:
            copy = read_state(tx)
        age = (clock.now() - copy.fresh_at).total_seconds() if copy.fresh_at else None
        return {
            "services": [{"name": name} | parts[name] for name in ASKED],
            "directory_copy": {"complete": copy.complete, "age_seconds": age},
        }


def _answers(call, procedure, patience: float) -> dict:
    started, code = time.monotonic(), None
    try:
        call.ask(procedure, timeout=patience)
    except CallFailed as error:
        code = error.code
    return {"answers": code is None, "code": code, "milliseconds": round((time.monotonic() - started) * 1000)}
