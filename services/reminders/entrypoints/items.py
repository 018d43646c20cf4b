"""Action items on the bus: what people ask, and what was said for posts that nobody knew."""

import time

from chassis import clock
from chassis.rpc import rpc
from chassis.timers import every
from contracts import reminders
from reminders.metrics import ITEM_LATENESS
from reminders.use_cases import items, reading, siblings

TICK_SECONDS = 5.0  # what is left is the next tick's


class Items:
    @rpc(reminders.list_action_items)
    def list_action_items(self, call, request):
        with self.db.reading(walks=True, keep_plans=True) as tx:
            return reading.list_action_items(tx, call.claims, request, clock.now())

    @rpc(reminders.get_action_item)
    def get_action_item(self, call, request):
        with self.db.reading(walks=True, keep_plans=True) as tx:
            return reading.get_action_item(tx, call.claims, request, clock.now())

    @rpc(reminders.count_action_items)
    def count_action_items(self, call, request):
        with self.db.reading(walks=True, keep_plans=True) as tx:
            return reading.count_action_items(tx, call.claims, clock.now())

    @rpc(reminders.get_overview)
    def get_overview(self, call, request):
        with self.db.reading(walks=True, keep_plans=True) as tx:
            return reading.get_overview(tx, call.claims, request, clock.now())

    @rpc(reminders.snooze_action_item)
    def snooze_action_item(self, call, request):
        with self.db.transaction() as tx:
            return reading.snooze_action_item(tx, call.claims, request, clock.now())

    @rpc(reminders.unsnooze_action_item)
    def unsnooze_action_item(self, call, request):
        with self.db.transaction() as tx:
            return reading.unsnooze_action_item(tx, call.claims, request, clock.now())

    @every(seconds=1)
    def place_items(self):
        """Several processes may: each takes others."""
        ends, more = time.monotonic() + TICK_SECONDS, True
        while more and time.monotonic() < ends:
            with self.db.transaction() as tx:
                more = siblings.place_some(tx, clock.now())

    @every(seconds=1)
    def nudge_about_items(self):
        ends = time.monotonic() + TICK_SECONDS
        while time.monotonic() < ends:
            with self.db.transaction() as tx:
                looked_at, late = items.nudge_some(tx, clock.now())
            if not looked_at:
                return
            ITEM_LATENESS.set(late.total_seconds())
