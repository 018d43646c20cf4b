"""Imports and exports on the bus."""

from functools import partial

from chassis import clock
from chassis.imports import start
from chassis.rpc import rpc
from chassis.timers import every
from contracts import directory
from directory.storage.imports import files
from directory.use_cases import exports, imports
from kernel import policy
from kernel.capacity import actor_for


class Imports:
    @rpc(directory.begin_import)
    def begin_import(self, call, request):
        now = clock.now()
        with self.db.transaction() as tx:
            return imports.begin_import(tx, _administrator(tx, call, now), request, now)

    @rpc(directory.add_import_part)
    def add_import_part(self, call, request):
        with self.db.transaction() as tx:
            _administrator(tx, call, clock.now())
            return imports.add_part(tx, request["id"], request["number"], request["content"])

    @rpc(directory.get_import)
    def get_import(self, call, request):
        with self.db.reading() as tx:
            _administrator(tx, call, clock.now())
            return imports.get_import(tx, request["id"])

    @rpc(directory.list_imports)
    def list_imports(self, call, request):
        with self.db.reading() as tx:
            _administrator(tx, call, clock.now())
            return imports.list_imports(tx, request)

    @rpc(directory.list_import_rows)
    def list_import_rows(self, call, request):
        with self.db.reading() as tx:
            _administrator(tx, call, clock.now())
            return imports.list_rows(tx, request)

    @rpc(directory.apply_import)
    def apply_import(self, call, request):
        with self.db.transaction() as tx:
            _administrator(tx, call, clock.now())
            return imports.apply_import(tx, request["id"], request["version"])

    @rpc(directory.export_lines)
    def export_lines(self, call, request):
        now = clock.now()
        with self.db.transaction() as tx:
            actor = actor_for(tx, call.procedure, call.claims, now)
            return exports.export_lines(tx, actor, call.procedure.full_name, request, now)

    @every(seconds=1)
    def work_on_imports(self):
        files.work_on_next(self.db, partial(start, "directory", self.db.url), clock.now())

    @every(seconds=3600, alone="forget_imports")
    def forget_imports(self):
        with self.db.transaction() as tx:
            imports.forget(tx, clock.now())


def _administrator(tx, call, now):
    actor = actor_for(tx, call.procedure, call.claims, now)
    policy.require(call.procedure.full_name, actor)
    return actor
