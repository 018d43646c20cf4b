"""The directory on the bus."""

from chassis.database import Database
from directory.entrypoints.accounts import Accounts
from directory.entrypoints.facts import Facts
from directory.entrypoints.identities import Identities
from directory.entrypoints.organisation import Organisation
from directory.entrypoints.people import People


class Service(Accounts, Facts, Identities, Organisation, People):
    name = "directory"
    db = Database()
