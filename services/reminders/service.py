"""reminders on the bus: what a post must act on now, until it has acted."""

from chassis.database import Database
from contracts import reminders
from kernel.audit_log import audit_reading
from kernel.directory_copy import HearsDirectory
from reminders.entrypoints.channels import Channels
from reminders.entrypoints.hearing import Hearing
from reminders.entrypoints.items import Items
from reminders.entrypoints.ladders import Ladders
from reminders.entrypoints.personal import Personal
from reminders.settings import read

read_settings = read  # the launcher looks for it here


class Service(Hearing, Items, Personal, Ladders, Channels, HearsDirectory, audit_reading(reminders.list_audit)):
    name = "reminders"
    db = Database()
