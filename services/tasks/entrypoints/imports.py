"""Files of tasks on the bus, coming in and going out."""

from functools import partial

from chassis import clock
from chassis.imports import TOLD, start
from chassis.rpc import rpc
from chassis.timers import every
from contracts import tasks
from tasks.settings import IMPORTED_LINES
from tasks.storage.imports import files
from tasks.use_cases import exports, imports


class Imports:
    @rpc(tasks.begin_import)
    def begin_import(self, call, request):
        with self.db.transaction() as tx:
            return imports.begin_import(tx, call.claims, request, clock.now())

    @rpc(tasks.add_import_part)
    def add_import_part(self, call, request):
        with self.db.transaction() as tx:
            return imports.add_part(tx, call.claims, request, clock.now())

    @rpc(tasks.get_import)
    def get_import(self, call, request):
        with self.db.reading() as tx:
            return imports.get_import(tx, call.claims, request, clock.now())

    @rpc(tasks.list_imports)
    def list_imports(self, call, request):
        with self.db.reading() as tx:
            return imports.list_imports(tx, call.claims, request, clock.now())

    @rpc(tasks.list_import_rows)
    def list_import_rows(self, call, request):
        with self.db.reading() as tx:
            return imports.list_rows(tx, call.claims, request, clock.now())

    @rpc(tasks.apply_import)
    def apply_import(self, call, request):
        with self.db.transaction() as tx:
            return imports.apply_import(tx, call.claims, request, clock.now())

    @rpc(tasks.list_parked)
    def list_parked(self, call, request):
        with self.db.reading() as tx:
            return imports.list_parked(tx, call.claims, request, clock.now())

    @rpc(tasks.complete_parked)
    def complete_parked(self, call, request):
        with self.db.transaction() as tx:
            return imports.complete_parked(tx, call.claims, request, clock.now())

    @rpc(tasks.discard_parked)
    def discard_parked(self, call, request):
        with self.db.transaction() as tx:
            return imports.discard_parked(tx, call.claims, request, clock.now())

    @rpc(tasks.export_tasks)
    def export_tasks(self, call, request):
        with self.db.transaction() as tx:
            return exports.export_tasks(tx, call.claims, request, clock.now())

    @rpc(tasks.get_period_report)
    def get_period_report(self, call, request):
        with self.db.transaction() as tx:
            return exports.get_period_report(tx, call.claims, request, clock.now())

    @every(seconds=1)
    def work_on_imports(self):
        told = (*TOLD, IMPORTED_LINES)
        files.work_on_next(self.db, partial(start, "tasks", self.db.url, told=told), clock.now())

    @every(seconds=3600, alone="forget_imports")
    def forget_imports(self):
        with self.db.transaction() as tx:
            imports.forget(tx, clock.now())
