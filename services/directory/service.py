"""The directory on the bus."""

from nameko.extensions import DependencyProvider

from chassis.database import Database
from chassis.sealing import Sealer
from contracts import directory
from directory.entrypoints.accounts import Accounts
from directory.entrypoints.appointments import Appointments
from directory.entrypoints.audiences import Audiences
from directory.entrypoints.facts import Facts
from directory.entrypoints.identities import Identities
from directory.entrypoints.imports import Imports
from directory.entrypoints.organisation import Organisation
from directory.entrypoints.people import People
from directory.entrypoints.provisioning import Provisioning
from directory.entrypoints.reorganisation import Reorganisations
from directory.security import Security
from directory.settings import read
from directory.use_cases.budget import Budget
from kernel.audit_log import audit_reading

read_settings = read  # the launcher looks for it here


class SecurityProvider(DependencyProvider):
    """Gives the directory its Security. Without keys the process does not start."""

    def setup(self):
        settings = self.container.settings
        self._security = Security(Sealer(settings.sealing_keys), settings.totp_required_for)

    def get_dependency(self, worker_ctx):
        return self._security


class BudgetProvider(DependencyProvider):
    """Gives the directory its Budget: one for the process."""

    def setup(self):
        settings = self.container.settings
        self._budget = Budget(settings.people_alert, settings.people_most)

    def get_dependency(self, worker_ctx):
        return self._budget


class Service(
    Accounts, Appointments, Audiences, Facts, Identities, Imports, Organisation, People, Provisioning, Reorganisations,
    audit_reading(directory.list_audit),
):  # fmt: skip
    name = "directory"
    db = Database()
    security = SecurityProvider()
    budget = BudgetProvider()
