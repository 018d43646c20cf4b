"""Every event and every procedure of the platform, gathered from the owners' files."""

from chassis.contract import Event, Procedure
from contracts import directory, messaging, reminders, tasks

OWNERS = {"directory": directory, "tasks": tasks, "reminders": reminders, "messaging": messaging}
SERVICES = (*OWNERS, "gateway")

EVENTS: dict[str, Event] = {}
PROCEDURES: dict[str, Procedure] = {}
for _module in OWNERS.values():
    for _thing in vars(_module).values():
        if isinstance(_thing, Event):
            EVENTS[_thing.name] = _thing
        elif isinstance(_thing, Procedure):
            PROCEDURES[_thing.full_name] = _thing
