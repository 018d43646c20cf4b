"""The directory on the bus."""

from chassis.database import Database
from directory.entrypoints.accounts import Accounts
from directory.entrypoints.facts import Facts
from directory.entrypoints.organisation import Organisation
from directory.entrypoints.people import People
from directory.entrypoints.provisioning import Provisioning


class Service(Accounts, Facts, Organisation, People, Provisioning):
    name = "directory"
    db = Database()
