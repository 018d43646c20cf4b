"""How long things are kept, on the bus: legal hold, exports, and the clock that lets go."""

from chassis import clock
from chassis.rpc import rpc
from chassis.timers import every
from contracts import messaging
from messaging.use_cases import exporting, keeping


class Keeping:
    @rpc(messaging.place_hold)
    def place_hold(self, call, request):
        with self.db.transaction() as tx:
            return keeping.place_hold(tx, call.claims, request, clock.now())

    @rpc(messaging.lift_hold)
    def lift_hold(self, call, request):
        with self.db.transaction() as tx:
            return keeping.lift_hold(tx, call.claims, request, clock.now())

    @rpc(messaging.list_holds)
    def list_holds(self, call, request):
        with self.db.reading() as tx:
            return keeping.list_holds(tx, call.claims, request, clock.now())

    @rpc(messaging.begin_export)
    def begin_export(self, call, request):
        with self.db.transaction() as tx:
            return exporting.begin_export(tx, call.claims, request, clock.now())

    @rpc(messaging.read_export)
    def read_export(self, call, request):
        with self.db.reading() as tx:
            return exporting.read_export(tx, call.claims, request, clock.now())

    @rpc(messaging.export_own)
    def export_own(self, call, request):
        with self.db.reading() as tx:
            return exporting.export_own(tx, call.claims, request, clock.now())

    @every(seconds=600, alone="keep")
    def let_go(self):
        keeping.expire_all(self.db, self.settings.kept, clock.now())
