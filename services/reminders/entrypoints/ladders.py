"""Ladders on the bus, and the clock that climbs them."""

from chassis import clock
from chassis.rpc import rpc
from chassis.timers import every
from contracts import reminders
from reminders.metrics import LADDER_LATENESS, LADDER_NUDGES, LADDER_UNREACHED
from reminders.use_cases import climbing, ladders, simulating


class Ladders:
    @every(seconds=1)
    def climb_ladders(self):
        while True:
            with self.db.transaction() as tx:
                climbed = climbing.climb(tx, clock.now())
            if not climbed.pieces:
                return
            LADDER_LATENESS.set(climbed.late.total_seconds())
            for (rule, rung), count in climbed.nudges.items():
                LADDER_NUDGES.labels(rule, rung).inc(count)

    @every(seconds=1)
    def recount_ladders(self):
        more = True
        while more:
            with self.db.transaction() as tx:
                more = climbing.recount(tx, clock.now())

    @every(seconds=10)
    def follow_calendar(self):
        with self.db.transaction() as tx:
            climbing.follow_calendar(tx, clock.now())
        with self.db.reading() as tx:
            LADDER_UNREACHED.set(climbing.count_unreached(tx))

    @every(seconds=3600, alone="forget_ladders")
    def forget_ladders(self):
        more = True
        while more:
            with self.db.transaction() as tx:
                more = climbing.forget(tx, clock.now())

    @rpc(reminders.get_ladders)
    def get_ladders(self, call, request):
        with self.db.reading() as tx:
            return ladders.get_ladders(tx, call.claims, clock.now())

    @rpc(reminders.list_ladder_versions)
    def list_ladder_versions(self, call, request):
        with self.db.reading() as tx:
            return ladders.list_ladder_versions(tx, call.claims, request, clock.now())

    @rpc(reminders.change_ladders)
    def change_ladders(self, call, request):
        with self.db.transaction() as tx:
            return ladders.change_ladders(tx, call.claims, request, clock.now())

    @rpc(reminders.simulate_ladders)
    def simulate_ladders(self, call, request):
        with self.db.reading() as tx:
            return simulating.simulate_ladders(tx, call.claims, request, clock.now())
