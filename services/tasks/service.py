"""tasks on the bus: what was ordered, to whom, by when, and where it stands."""

from chassis.database import Database
from contracts import tasks
from kernel.audit_log import audit_reading
from kernel.directory_copy import HearsDirectory
from tasks.entrypoints.assigning import Assigning
from tasks.entrypoints.assignments import Assignments
from tasks.entrypoints.corrections import Corrections
from tasks.entrypoints.documents import Documents
from tasks.entrypoints.drafts import Drafts
from tasks.entrypoints.extensions import Extensions
from tasks.entrypoints.files import Files
from tasks.entrypoints.hearing import Hearing
from tasks.entrypoints.imports import Imports
from tasks.entrypoints.many import Many
from tasks.entrypoints.orders import Orders
from tasks.entrypoints.progress import Progress
from tasks.entrypoints.proposals import Proposals
from tasks.entrypoints.seeing import Seeing
from tasks.entrypoints.superior import Superior
from tasks.entrypoints.templates import Templates
from tasks.entrypoints.urgings import Urgings
from tasks.entrypoints.verbs import Verbs
from tasks.settings import read

read_settings = read  # the launcher looks for it here


class Service(
    Assignments, Verbs, Extensions, Many, Orders, Drafts, Progress, Urgings, Corrections, Proposals, Files, Documents,
    Superior, Imports, Assigning, Templates, Seeing, Hearing, HearsDirectory, audit_reading(tasks.list_audit),
):  # fmt: skip
    name = "tasks"
    db = Database()
