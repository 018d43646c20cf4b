"""reminders on the bus: what a post must act on now, until it has acted."""

from nameko.extensions import DependencyProvider

from chassis.database import Database
from chassis.rpc import Remote
from chassis.sealing import Sealer
from contracts import reminders
from kernel.audit_log import audit_reading
from kernel.directory_copy import HearsDirectory
from reminders.channels.outlets import Outlets
from reminders.channels.settings import NONE
from reminders.entrypoints.channels import Channels
from reminders.entrypoints.hearing import Hearing
from reminders.entrypoints.items import Items
from reminders.entrypoints.ladders import Ladders
from reminders.entrypoints.personal import Personal
from reminders.settings import RemindersSettings, read

read_settings = read  # the launcher looks for it here


class OutletsProvider(Remote):
    """The channels as the operators have set them up."""

    def setup(self):
        settings = self.container.settings
        chosen = settings.channels if isinstance(settings, RemindersSettings) else NONE
        self._outlets = Outlets(chosen, self.container.store, self.bound())

    def get_dependency(self, worker_ctx):
        return self._outlets


class SealerProvider(DependencyProvider):
    """None where the operators gave no keys: then an address is shown once."""

    def setup(self):
        path = getattr(self.container.settings, "sealing_keys", None)
        self._sealer = Sealer(path) if path else None

    def get_dependency(self, worker_ctx):
        return self._sealer


class Service(Hearing, Items, Personal, Ladders, Channels, HearsDirectory, audit_reading(reminders.list_audit)):
    name = "reminders"
    db = Database()
    outlets = OutletsProvider()
    sealer = SealerProvider()
