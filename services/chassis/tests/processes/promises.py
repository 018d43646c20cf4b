"""What the small services answer."""

from chassis.contract import Procedure
from chassis.tests.interface.samples import Note

EVERYBODY = ("tasks", "reminders", "messaging", "gateway")


def _procedure(owner: str, name: str) -> Procedure:
    return Procedure(owner, name, Note, Note, name, caller="service", callers=EVERYBODY, timeout=60)


wait, query = _procedure("tasks", "wait"), _procedure("tasks", "query")
pass_on, spin = _procedure("messaging", "pass_on"), _procedure("messaging", "spin")
count = _procedure("reminders", "count")
