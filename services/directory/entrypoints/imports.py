"""Imports and exports on the bus, and the process that carries an import out."""

import os
import subprocess
import sys
from pathlib import Path

import eventlet
import structlog

from chassis import clock
from chassis.rpc import rpc
from chassis.timers import every
from contracts import directory
from directory.use_cases import exports, imports
from kernel import policy
from kernel.capacity import actor_for

log = structlog.get_logger()

SERVICES = Path(__file__).resolve().parents[2]
TOLD = ("CONGVU_LOG_LEVEL", "CONGVU_STATE")


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
        imports.work_on_next(self.db, lambda import_id: _start(self.db.url, import_id), clock.now())

    @every(seconds=3600, alone="forget_imports")
    def forget_imports(self):
        with self.db.transaction() as tx:
            imports.forget(tx, clock.now())


def _administrator(tx, call, now):
    actor = actor_for(tx, call.procedure, call.claims, now)
    policy.require(call.procedure.full_name, actor)
    return actor


def _start(database_url: str, import_id: str) -> None:
    """It is told nothing but where the database is: the file that it reads may be hostile."""
    told = {name: value for name, value in os.environ.items() if not name.startswith("CONGVU_") or name in TOLD}
    environment = told | {"CONGVU_DATABASE_URL": database_url, "PYTHONPATH": str(SERVICES)}
    command = [sys.executable, "-W", "ignore", "-m", "directory.importing", import_id]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)  # noqa: S603
    log.info("import started", import_id=import_id, pid=process.pid)
    eventlet.spawn(_note_end, process, import_id)


def _note_end(process, import_id: str) -> None:
    if code := process.wait():
        log.warning("import process ended", import_id=import_id, code=code)
