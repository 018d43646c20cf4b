"""The ears of the copy: a service that inherits them hears whatever the directory says."""

from chassis.inbox import hears
from chassis.timers import every
from contracts import directory
from kernel.directory_copy.facts import apply_event, apply_heartbeat
from kernel.directory_copy.filling import DirectoryCopy


class HearsDirectory:
    """`class TasksService(HearsDirectory)`: the service has a copy, filled at its start and kept fresh."""

    directory_copy = DirectoryCopy()

    @every(seconds=1)
    def fill_directory_copy(self):
        self.directory_copy.fill()

    @hears(directory.unit_changed)
    def on_unit_changed(self, tx, event):
        apply_event(tx, event.data)

    @hears(directory.unit_reorganised)
    def on_unit_reorganised(self, tx, event):
        apply_event(tx, event.data)

    @hears(directory.post_changed)
    def on_post_changed(self, tx, event):
        apply_event(tx, event.data)

    @hears(directory.membership_changed)
    def on_membership_changed(self, tx, event):
        apply_event(tx, event.data)

    @hears(directory.delegation_changed)
    def on_delegation_changed(self, tx, event):
        apply_event(tx, event.data)

    @hears(directory.audience_changed)
    def on_audience_changed(self, tx, event):
        apply_event(tx, event.data)

    @hears(directory.working_days_changed)
    def on_working_days_changed(self, tx, event):
        apply_event(tx, event.data)

    @hears(directory.directory_heartbeat)
    def on_directory_heartbeat(self, tx, event):
        apply_heartbeat(tx, event.data["newest"], event.data["at"])
