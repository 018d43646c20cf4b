"""Action items on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import reminders
from reminders.use_cases import items


class Items:
    @rpc(reminders.list_action_items)
    def list_action_items(self, call, request):
        with self.db.reading() as tx:
            return items.list_action_items(tx, call.claims, request, clock.now())

    @rpc(reminders.get_overview)
    def get_overview(self, call, request):
        with self.db.reading() as tx:
            return items.get_overview(tx, call.claims, clock.now())
