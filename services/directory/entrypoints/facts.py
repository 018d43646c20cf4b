"""The feed of the copies on the bus."""

from chassis import clock
from chassis.rpc import rpc
from chassis.timers import every
from contracts import directory
from directory.use_cases import facts


class Facts:
    @rpc(directory.get_changes)
    def get_changes(self, call, request):
        with self.db.reading() as tx:
            return facts.get_changes(tx, request["after"], request["limit"])

    @every(seconds=30, alone="directory_heartbeat")
    def beat(self):
        with self.db.transaction() as tx:
            facts.beat(tx, clock.now())
