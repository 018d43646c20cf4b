"""What the small services answer."""

from chassis.contract import Procedure
from chassis.tests.interface.samples import Note


def _procedure(owner: str, name: str) -> Procedure:
    return Procedure(owner, name, Note, Note, name, caller="service", timeout=60)


wait, query = _procedure("tasks", "wait"), _procedure("tasks", "query")
pass_on, spin = _procedure("messaging", "pass_on"), _procedure("messaging", "spin")
count = _procedure("reminders", "count")
