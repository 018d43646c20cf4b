"""The directory on the bus."""

from chassis.database import Database
from contracts import directory
from directory.entrypoints.accounts import Accounts
from directory.entrypoints.appointments import Appointments
from directory.entrypoints.facts import Facts
from directory.entrypoints.organisation import Organisation
from directory.entrypoints.people import People
from directory.entrypoints.provisioning import Provisioning
from directory.entrypoints.reorganisation import Reorganisations
from directory.security import SecurityProvider
from directory.settings import read
from directory.use_cases.budget import BudgetProvider
from kernel.audit_log import audit_reading

read_settings = read  # the launcher looks for it here


class Service(
    Accounts,
    Appointments,
    Facts,
    Organisation,
    People,
    Provisioning,
    Reorganisations,
    audit_reading(directory.list_audit),
):
    name = "directory"
    db = Database()
    security = SecurityProvider()
    budget = BudgetProvider()
