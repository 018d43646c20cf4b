"""messaging on the bus: conversations, the case conversation that every order brings with it, and files."""

from typing import NamedTuple

from nameko.extensions import DependencyProvider

from chassis.database import Database
from contracts import messaging
from kernel.audit_log import audit_reading
from kernel.directory_copy import HearsDirectory
from messaging.entrypoints.announcements import Announcements
from messaging.entrypoints.conversations import Conversations
from messaging.entrypoints.directives import Directives
from messaging.entrypoints.files import Files
from messaging.entrypoints.hearing import Hearing
from messaging.entrypoints.keeping import Keeping
from messaging.entrypoints.messages import Messages
from messaging.files.scanning import Clamd, Command, scanner_of
from messaging.settings import read

read_settings = read  # the launcher looks for it here


class Scans(NamedTuple):
    """The scanner, if there is one, and what becomes of a file while it does not answer."""

    scanner: Clamd | Command | None
    away: str


class Scanning(DependencyProvider):
    def setup(self):
        settings = self.container.settings
        self._scans = Scans(scanner_of(settings.scanner), settings.scanner_away)

    def get_dependency(self, worker_ctx):
        return self._scans


class SettingsProvider(DependencyProvider):
    def get_dependency(self, worker_ctx):
        return self.container.settings


class Service(
    Hearing, Conversations, Messages, Directives, Announcements, Keeping, Files, HearsDirectory,
    audit_reading(messaging.list_audit),
):  # fmt: skip
    name = "messaging"
    db = Database()
    settings = SettingsProvider()
    scanning = Scanning()
