"""tasks on the bus: what was ordered, to whom, by when, and where it stands."""

from chassis.database import Database
from contracts import tasks
from kernel.audit_log import audit_reading
from kernel.directory_copy import HearsDirectory
from tasks.entrypoints.assignments import Assignments
from tasks.entrypoints.orders import Orders
from tasks.entrypoints.proposals import Proposals


class Service(Assignments, Orders, Proposals, HearsDirectory, audit_reading(tasks.list_audit)):
    name = "tasks"
    db = Database()
